// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit-list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "facts.h"
#include "name.h"
#include "systemd-call.h"

#define TIMEOUT_USEC 25000000

struct unit {
	char name[32];
	char state[16];
};

static struct unit *find(const struct unit_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];

	return NULL;
}

const char *unit_list_state(const void *list, const char *name)
{
	const struct unit *unit = find(list, name);

	return unit ? unit->state : "inactive";
}

static struct unit *add(struct unit_list *list, const char *name)
{
	struct unit *items = reallocarray(list->items, list->n + 1, sizeof(*items));
	struct unit *unit;

	if (!items)
		return NULL;

	list->items = items;
	unit = &items[list->n++];
	*unit = (struct unit){.state = "inactive"};
	snprintf(unit->name, sizeof(unit->name), "%s", name);
	return unit;
}

/* The main process has ended, ExecStopPost= runs: stop-post, final-sigterm, final-sigkill. */
static bool is_reaping(const char *state, const char *sub)
{
	return strcmp(state, "deactivating") == 0 &&
	       (strcmp(sub, "stop-post") == 0 || strncmp(sub, "final-", strlen("final-")) == 0);
}

bool unit_list_set(struct unit_list *list, const char *unit_name, const char *state,
		   const char *sub)
{
	CLEANUP_FREE char *name = name_from_unit(unit_name);
	struct unit *unit;

	if (is_reaping(state, sub))
		state = UNIT_REAPING;
	if (!name || strcmp(unit_list_state(list, name), state) == 0)
		return false;

	unit = find(list, name);
	if (!unit)
		unit = add(list, name);
	if (unit)
		snprintf(unit->state, sizeof(unit->state), "%s", state);
	return unit;
}

static int read_answer(struct unit_list *list, sd_bus_message *answer)
{
	const char *unit, *state, *sub;
	int r = sd_bus_message_enter_container(answer, 'a', "(ssssssouso)");

	while (r >= 0 && (r = sd_bus_message_read(answer, "(ssssssouso)", &unit, NULL, NULL, &state,
						  &sub, NULL, NULL, NULL, NULL, NULL)) > 0)
		unit_list_set(list, unit, state, sub);
	return r;
}

static bool is_absent(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

int unit_list_read(struct unit_list *list, sd_bus *bus)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *answer = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					       "ListUnitsByPatterns");

	if (r >= 0)
		r = sd_bus_message_append(m, "asas", 0, 1, "cell@*.service");
	if (r >= 0)
		r = sd_bus_call(bus, m, TIMEOUT_USEC, &error, &answer);
	if (r < 0)
		return is_absent(&error) ? 0 : r;

	return read_answer(list, answer);
}

void unit_list_free(struct unit_list *list)
{
	free(list->items);
	*list = (struct unit_list){0};
}
