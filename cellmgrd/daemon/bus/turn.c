// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "turn.h"

#include <errno.h>

#include "bus-error.h"
#include "cleanup.h"
#include "service.h"

struct turn {
	struct turn *next;
	sd_bus_message *call;
	turn_fn fn;
};

static void drop_first(struct service *service)
{
	struct turn *turn = service->turns;

	service->turns = turn->next;
	sd_bus_message_unref(turn->call);
	free(turn);
}

static void begin_first(struct service *service)
{
	while (service->turns) {
		CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
		struct turn *turn = service->turns;
		int r = turn->fn(service, turn->call, &error);

		if (r >= 0)
			return;
		bus_error_reply(turn->call, r, &error);
		drop_first(service);
	}
}

int turn_take(struct service *service, sd_bus_message *call, turn_fn fn)
{
	struct turn **link = &service->turns, *turn = calloc(1, sizeof(*turn));
	bool is_first = !service->turns;

	if (!turn)
		return -ENOMEM;

	*turn = (struct turn){NULL, sd_bus_message_ref(call), fn};
	while (*link)
		link = &(*link)->next;
	*link = turn;
	if (is_first)
		begin_first(service);
	return 1;
}

void turn_end(struct service *service)
{
	drop_first(service);
	begin_first(service);
}

void turn_free_all(struct service *service)
{
	while (service->turns)
		drop_first(service);
}
