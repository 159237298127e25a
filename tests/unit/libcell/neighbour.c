// SPDX-License-Identifier: LGPL-2.1-or-later
#include "neighbour.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/blob.h"
#include "base/file.h"
#include "check.h"
#include "driver/driver.h"
#include "mock.h"
#include "pcibox.h"

static cell_blob *blob;

static int neighbour_open(const char *path)
{
	(void)path;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int answer_info(struct cellhv_cell_info *info)
{
	if (info->flags & CELLHV_CELL_NEXT ? info->id >= 1 : info->id != 1)
		return -ENOENT;

	info->id = 1;
	info->state = CELLHV_STATE_RUNNING;
	info->config_size = (uint32_t)blob->size;
	strcpy(info->name, blob->config->name);
	for (uint32_t i = 0; i < blob->config->cpus.count; i++)
		info->cpus[0] |= 1ull << blob_cpus(blob->config)[i];
	return 0;
}

static int neighbour_call(int fd, unsigned long request, void *argument)
{
	struct cellhv_cell_read_config *read_config = argument;

	CHECK(fd >= 0);
	if (request == CELLHV_IOC_CELL_INFO)
		return answer_info(argument);

	if (request == CELLHV_IOC_INFO) {
		mock_info_enabled(argument);
		return 0;
	}

	CHECK_EQ(request, CELLHV_IOC_CELL_CONFIG);
	memcpy((void *)(uintptr_t)read_config->buffer, blob->config, blob->size);
	read_config->length = (uint32_t)blob->size;
	return 0;
}

static const struct driver_ops neighbour_driver = {.open = neighbour_open, .call = neighbour_call};

void neighbour_move_in(struct sysroot *root, const char *description)
{
	cell_host *host;
	cell_desc *desc;
	size_t size;
	char *text;

	pcibox_plug(root);
	CHECK_EQ(file_load(description, 4096, &text, &size), 0);
	sysroot_write_bytes(root, "/etc/cells/rt-io.json", text, size);
	free(text);
	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root->context, "rt-io", &desc), 0);
	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	root->context->driver = &neighbour_driver;
	cell_desc_unref(desc);
	cell_host_unref(host);
}

void neighbour_move_out(struct sysroot *root)
{
	root->context->driver = &mock_driver;
	blob = cell_blob_unref(blob);
}
