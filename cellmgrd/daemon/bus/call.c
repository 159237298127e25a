// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "call.h"

#include <inttypes.h>

#include "bus-error.h"
#include "cleanup.h"
#include "service.h"

/* The object may have gone while polkit was asked, hence by path and not by pointer. */
int call_target(struct service *service, sd_bus_message *call, struct cell_object **ret,
		sd_bus_error *error)
{
	CLEANUP_FREE char *name_of_path = NULL;
	const char *path = sd_bus_message_get_path(call), *name;
	struct cell_object *cell;
	int r;

	if (sd_bus_path_decode(path, CELL_PATH_PREFIX, &name_of_path) > 0) {
		name = name_of_path;
	} else {
		r = sd_bus_message_read(call, "s", &name);
		if (r < 0)
			return r;
	}

	r = manager_refresh(service->manager);
	if (r < 0)
		return r;
	cell = manager_find(service->manager, name);
	if (!cell)
		return bus_error_no_such_cell(error, name);

	*ret = cell;
	return 0;
}

int call_read_flags(sd_bus_message *call, uint64_t known, uint64_t *ret, sd_bus_error *error)
{
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	if (r < 0)
		return r;
	if (flags & ~known)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "%s does not know the flags 0x%" PRIx64
					 "; it knows 0x%" PRIx64 ".",
					 sd_bus_message_get_member(call), flags & ~known, known);

	*ret = flags;
	return 0;
}
