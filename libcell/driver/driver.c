// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "driver/explain.h"

static int kernel_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int kernel_call(int fd, unsigned long request, void *argument)
{
	int r = ioctl(fd, request, argument);

	return r < 0 ? -errno : r;
}

static const struct driver_ops kernel = {
	.open = kernel_open,
	.call = kernel_call,
};

static const struct driver_ops *ops_of(const cell_context *context)
{
	return context->driver ?: &kernel;
}

int driver_open(cell_context *context)
{
	char path[PATH_MAX];
	int r;

	r = file_path(path, context->root, "%s", CELLHV_DEVICE);
	if (r < 0)
		return r;
	return ops_of(context)->open(path);
}

int driver_try(cell_context *context, int fd, unsigned long request, void *argument)
{
	return ops_of(context)->call(fd, request, argument);
}

int driver_call(cell_context *context, int fd, unsigned long request, void *argument,
		const struct cellhv_error *error, const char *what)
{
	int r = ops_of(context)->call(fd, request, argument);

	if (r < 0)
		explain_failure(context, fd, r, error, what);
	return r;
}
