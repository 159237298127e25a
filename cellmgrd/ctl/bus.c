// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "bus.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "exit-status.h"

/* What a person may have to type a password for takes as long as it takes; so does enabling. */
#define CALL_TIMEOUT_USEC (10 * 60 * UINT64_C(1000000))

bool bus_is_needed(const struct ctl *ctl)
{
	return ctl->host || geteuid() != 0;
}

int bus_connect(struct ctl *ctl, sd_bus **ret)
{
	int r = 0;

	if (!ctl->bus)
		r = ctl->host ? sd_bus_open_system_remote(&ctl->bus, ctl->host)
			      : sd_bus_open_system(&ctl->bus);
	if (r < 0)
		return ctl_fail("The system bus%s%s cannot be reached: %s", ctl->host ? " of " : "",
				ctl->host ? ctl->host : "", strerror(-r));

	sd_bus_set_allow_interactive_authorization(ctl->bus, true);
	*ret = ctl->bus;
	return EXIT_OK;
}

int bus_fail(const sd_bus_error *error, int r)
{
	size_t prefix = strlen(CELLMGR_NAME ".");

	if (error && error->name && strncmp(error->name, CELLMGR_NAME ".", prefix) == 0)
		return ctl_fail_named(error->name + prefix, error->message);

	return ctl_fail("%s", error && error->message ? error->message : strerror(-r));
}

int bus_new_call(struct ctl *ctl, const char *name, const char *member, sd_bus_message **ret)
{
	CLEANUP_FREE char *path = NULL;
	sd_bus *bus = NULL;
	int r = bus_connect(ctl, &bus);

	if (r != EXIT_OK)
		return r;

	r = name ? sd_bus_path_encode(CELLMGR_CELL_PREFIX, name, &path) : 0;
	if (r >= 0)
		r = sd_bus_message_new_method_call(bus, ret, CELLMGR_NAME,
						   name ? path : CELLMGR_PATH,
						   name ? CELLMGR_CELL : CELLMGR_MANAGER, member);
	return r < 0 ? bus_fail(NULL, r) : EXIT_OK;
}

int bus_call(struct ctl *ctl, sd_bus_message *m, sd_bus_message **ret)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(ctl->bus, m, CALL_TIMEOUT_USEC, &error, ret);

	return r < 0 ? bus_fail(&error, r) : EXIT_OK;
}

int bus_request(struct ctl *ctl, const char *name, const char *member, const char *types, ...)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	va_list ap;
	int r = bus_new_call(ctl, name, member, &m);

	if (r != EXIT_OK)
		return r;

	va_start(ap, types);
	r = sd_bus_message_appendv(m, types, ap);
	va_end(ap);
	return r < 0 ? bus_fail(NULL, r) : bus_call(ctl, m, NULL);
}

int bus_process(sd_bus *bus, uint64_t usec)
{
	int r = sd_bus_wait(bus, usec);

	while (r >= 0 && (r = sd_bus_process(bus, NULL)) > 0)
		;
	return r == -EINTR ? 0 : r;
}
