// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_driver.h"

#include <errno.h>
#include <fcntl.h>

#include "base/blob.h"
#include "check.h"
#include "mock.h"

#define ID 7

struct fake_driver fake_driver;

void fake_driver_begin(void)
{
	fake_driver = (struct fake_driver){.enabled = true};
}

static struct cellhv_cell_config *config(void)
{
	return (void *)fake_driver.config;
}

static int fake_open(const char *path)
{
	(void)path;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int give_info(struct cellhv_cell_info *info)
{
	bool is_it = info->flags & CELLHV_CELL_NEXT ? info->id < ID : info->id == ID;

	if (!fake_driver.exists || !is_it)
		return -ENOENT;

	info->id = ID;
	info->state = fake_driver.state;
	info->config_size = config()->header.total_size;
	strcpy(info->name, config()->name);
	for (uint32_t i = 0; i < config()->cpus.count; i++)
		info->cpus[0] |= 1ull << blob_cpus(config())[i];
	return 0;
}

static int give_config(struct cellhv_cell_read_config *request)
{
	CHECK(fake_driver.exists);
	request->length = config()->header.total_size;
	memcpy((void *)(uintptr_t)request->buffer, config(), request->length);
	return 0;
}

static int create(struct cellhv_cell_create *request)
{
	CHECK(!fake_driver.exists && fake_driver.enabled);
	memcpy(fake_driver.config, (void *)(uintptr_t)request->config, request->config_size);
	CHECK(blob_is_valid(config(), request->config_size));
	fake_driver.exists = true;
	fake_driver.state = CELLHV_STATE_STOPPED;
	request->id = ID;
	return 0;
}

static int destroy(const struct cellhv_cell_op *op)
{
	CHECK(fake_driver.exists);
	CHECK_EQ(op->id, ID);
	fake_driver.exists = false;
	return 0;
}

static void give_hypervisor(struct cellhv_info *info)
{
	(fake_driver.enabled ? mock_info_enabled : mock_info_disabled)(info);
	info->dma = fake_driver.dma;
	info->interrupts = fake_driver.interrupts;
	info->iommu = fake_driver.iommu;
}

static int fake_call(int fd, unsigned long request, void *argument)
{
	CHECK(fd >= 0);
	if (request == fake_driver.refused)
		return -EIO;
	switch (request) {
	case CELLHV_IOC_INFO:
		give_hypervisor(argument);
		return 0;
	case CELLHV_IOC_ENABLE:
	case CELLHV_IOC_DISABLE:
		fake_driver.enabled = request == CELLHV_IOC_ENABLE;
		return 0;
	case CELLHV_IOC_CELL_INFO:
		return give_info(argument);
	case CELLHV_IOC_CELL_CONFIG:
		return give_config(argument);
	case CELLHV_IOC_CELL_CREATE:
		return create(argument);
	case CELLHV_IOC_CELL_DESTROY:
		return destroy(argument);
	default:
		CHECK_EQ(request, CELLHV_IOC_CELL_LOAD);
		return 0;
	}
}

const struct driver_ops fake_driver_ops = {.open = fake_open, .call = fake_call};
