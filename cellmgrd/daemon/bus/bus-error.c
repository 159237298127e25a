// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "bus-error.h"

#include <string.h>

#include "cleanup.h"
#include "printable.h"

int bus_error_set_named(sd_bus_error *error, const char *name, const char *sentence)
{
	/* A name that was cut within a character would make a message that cannot be sent. */
	CLEANUP_FREE char *full = NULL, *text = printable_copy(sentence);

	if (!text || asprintf(&full, BUS_ERROR_PREFIX "%s", name) < 0)
		return sd_bus_error_set(error, SD_BUS_ERROR_NO_MEMORY, NULL);
	if (strcmp(name, "AccessDenied") == 0)
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, text);

	return sd_bus_error_set(error, full, text);
}

int bus_error_complete(sd_bus_error *error, int r, sd_bus_message *call)
{
	if (r < 0 && !sd_bus_error_is_set(error))
		sd_bus_error_setf(error, BUS_ERROR_PREFIX "Failed", "%s failed: %s.",
				  sd_bus_message_get_member(call), strerror(-r));
	return r;
}

int bus_error_reply(sd_bus_message *call, int r, sd_bus_error *error)
{
	CLEANUP_BUS_ERROR sd_bus_error unnamed = SD_BUS_ERROR_NULL;

	if (!error)
		error = &unnamed;
	bus_error_complete(error, r, call);
	return sd_bus_reply_method_error(call, error);
}

int bus_error_from_context(sd_bus_error *error, const cell_context *context, int r)
{
	const char *name = cell_context_last_error_name(context);

	if (!*name)
		return bus_error_set_named(error, "Failed", strerror(-r));

	return bus_error_set_named(error, name, cell_context_last_error(context));
}

int bus_error_no_such_cell(sd_bus_error *error, const char *name)
{
	return sd_bus_error_setf(error, BUS_ERROR_PREFIX "NoSuchCell",
				 "There is no cell \"%s\": it does not exist and no %s.json "
				 "describes it in /etc/cells, /run/cells or /usr/lib/cells.",
				 name, name);
}
