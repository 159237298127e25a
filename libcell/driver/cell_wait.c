// SPDX-License-Identifier: LGPL-2.1-or-later
/* Waiting for what a guest does. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/export.h"
#include "driver/cell_object.h"
#include "driver/driver.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(const cell_cell *cell, int error, const char *what)
{
	return context_fail(cell->hv->context, error, "Failed", "Cannot %s %s: %s.", what,
			    CELLHV_DEVICE, strerror(-error));
}

/* Until anything has changed, or the end; -EINTR is left to the caller, whose signal it is. */
static int wait_for_change(const cell_cell *cell, int fd, int timeout_ms, int64_t end)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
	uint64_t changes;

	if (timeout_ms >= 0 && left <= 0)
		return context_fail(cell->hv->context, -ETIMEDOUT, "TimedOut",
				    "The cell %s did not get into such a state within %d ms.",
				    cell->name, timeout_ms);
	if (poll(&wait, 1, (int)left) < 0)
		return fail(cell, -errno, "wait for");
	if (read(fd, &changes, sizeof(changes)) < 0 && errno != EAGAIN)
		return fail(cell, -errno, "read");
	return 0;
}

static int wait_for_state(cell_cell *cell, int fd, unsigned states, int timeout_ms,
			  enum cell_state *ret_state)
{
	int64_t end = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;
	struct cellhv_cell_info info;
	int r;

	while ((r = cell_object_info(cell, &info)) >= 0) {
		if (info.state < 32 && states >> info.state & 1) {
			*ret_state = (enum cell_state)info.state;
			return 0;
		}
		r = wait_for_change(cell, fd, timeout_ms, end);
		if (r < 0)
			break;
	}
	return r;
}

/* With a descriptor of its own: that of the hypervisor's object tells its owner of changes. */
LIBCELL_PUBLIC int cell_cell_wait(cell_cell *cell, unsigned states, int timeout_ms,
				  enum cell_state *ret_state)
{
	int fd, r;

	context_begin(cell->hv->context);
	fd = driver_open(cell->hv->context);
	if (fd < 0)
		return fail(cell, fd, "open");

	r = wait_for_state(cell, fd, states, timeout_ms, ret_state);
	close(fd);
	return r;
}
