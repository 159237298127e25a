// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mock.h"

#include <errno.h>
#include <fcntl.h>

#include "check.h"

static const struct mock_step *script;
static size_t left;
static bool present;

void mock_expect(const struct mock_step *steps, size_t n)
{
	script = steps;
	left = n;
	present = n > 0;
}

size_t mock_left(void)
{
	return left;
}

static int mock_open(const char *path)
{
	CHECK(strstr(path, "/dev/cellhv"));
	return present ? open("/dev/null", O_RDWR | O_CLOEXEC) : -ENOENT;
}

static int mock_call(int fd, unsigned long request, void *argument)
{
	const struct mock_step *step = script;

	CHECK(fd >= 0);
	CHECK(left > 0);
	CHECK_EQ(request, step->request);
	script++;
	left--;
	if (step->act)
		step->act(argument);
	return step->result;
}

const struct driver_ops mock_driver = {.open = mock_open, .call = mock_call};

static void fill_info(struct cellhv_info *info, uint32_t state)
{
	CHECK_EQ(info->size, sizeof(*info));
	info->driver_version = CELLHV_DRIVER_VERSION;
	info->abi_version = CELLHV_ABI_VERSION;
	info->state = state;
	strcpy(info->version, "test");
}

void mock_info_enabled(void *argument)
{
	fill_info(argument, CELLHV_HYPERVISOR_ENABLED);
}

void mock_info_disabled(void *argument)
{
	fill_info(argument, CELLHV_HYPERVISOR_DISABLED);
}
