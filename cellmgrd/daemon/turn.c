// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "turn.h"

#include <errno.h>

#include "bus-error.h"
#include "cleanup.h"
#include "manager.h"

struct turn {
	struct turn *next;
	sd_bus_message *call;
	turn_fn fn;
};

static void drop_first(struct manager *manager)
{
	struct turn *turn = manager->turns;

	manager->turns = turn->next;
	sd_bus_message_unref(turn->call);
	free(turn);
}

static void begin_first(struct manager *manager)
{
	while (manager->turns) {
		CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
		struct turn *turn = manager->turns;
		int r = turn->fn(manager, turn->call, &error);

		if (r >= 0)
			return;
		bus_error_reply(turn->call, r, &error);
		drop_first(manager);
	}
}

int turn_take(struct manager *manager, sd_bus_message *call, turn_fn fn)
{
	struct turn **link = &manager->turns, *turn = calloc(1, sizeof(*turn));
	bool is_first = !manager->turns;

	if (!turn)
		return -ENOMEM;

	*turn = (struct turn){NULL, sd_bus_message_ref(call), fn};
	while (*link)
		link = &(*link)->next;
	*link = turn;
	if (is_first)
		begin_first(manager);
	return 1;
}

void turn_end(struct manager *manager)
{
	drop_first(manager);
	begin_first(manager);
}

void turn_free_all(struct manager *manager)
{
	while (manager->turns)
		drop_first(manager);
}
