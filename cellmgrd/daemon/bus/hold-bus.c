// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hold-bus.h"

#include <errno.h>
#include <string.h>

#include "authorize.h"
#include "bus-error.h"
#include "call.h"
#include "cleanup.h"
#include "record.h"
#include "service.h"

static int fail(sd_bus_error *error, int r)
{
	switch (r) {
	case -EUSERS:
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "There are %d holds already.", HOLDS_MAX);
	case -EINVAL:
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"Who and why are one line each, of 1 to 63 and 1 to 127 "
					"bytes.");
	default:
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "Failed",
					 "Cannot record the hold in %s: %s.", record_directory(),
					 strerror(-r));
	}
}

int hold_bus_take(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	CLEANUP_FD int fd = -1;
	struct cell_object *cell;
	const char *who, *why;
	uid_t uid;
	int r = call_target(service, call, &cell, error);

	if (r >= 0)
		r = sd_bus_message_read(call, "ss", &who, &why);
	if (r >= 0)
		r = authorize_sender(call, &uid);
	if (r < 0)
		return r;

	fd = hold_take(&service->manager->holds, cell->facts.name, who, why, uid);
	return fd < 0 ? fail(error, fd) : sd_bus_reply_method_return(call, "h", fd);
}

int hold_bus_check(struct service *service, const char *cell, sd_bus_error *error)
{
	const struct hold *hold = hold_next(&service->manager->holds, NULL, cell);

	if (!hold)
		return 0;

	return sd_bus_error_setf(error, BUS_ERROR_PREFIX "Held",
				 "The cell \"%s\" is held by %s: %s.", cell,
				 hold_file_of(hold)->who, hold_file_of(hold)->why);
}

int hold_bus_append(struct service *service, const char *cell, sd_bus_message *reply)
{
	const struct hold *hold = NULL;
	int r = sd_bus_message_open_container(reply, 'a', "(sstu)");

	while (r >= 0 && (hold = hold_next(&service->manager->holds, hold, cell))) {
		const struct hold_file *file = hold_file_of(hold);

		r = sd_bus_message_append(reply, "(sstu)", file->who, file->why, file->since,
					  (uint32_t)file->uid);
	}

	return r < 0 ? r : sd_bus_message_close_container(reply);
}
