// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "device-bus.h"

#include <errno.h>
#include <string.h>

#include "authorize.h"
#include "bus-error.h"
#include "cleanup.h"
#include "worker.h"

#define LIST_SECONDS 30
#define N_STRINGS 7

/* Strings, and whether it is assignable as one more. */
static int write_device(void *userdata, const struct cell_device *device)
{
	FILE *result = userdata;

	fprintf(result, "%s%c%04x:%04x%c%s%c%s%c%s%c%s%c%s%c%s%c%s%c", device->function, 0,
		device->vendor, device->device, 0, device->class_name, 0, device->driver, 0,
		device->group, 0, device->resets, 0, device->cell, 0,
		device->is_assignable ? "1" : "", 0, device->reason, 0);
	return 0;
}

/* Reading the registers of a device that sleeps wakes it, which takes its time. */
static int run_list(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_HOST cell_host *host = NULL;
	int r = cell_host_new(context, NULL, &host);

	(void)task;
	return r < 0 ? r : cell_device_list(host, write_device, result);
}

static const char *next_string(const char **cursor)
{
	const char *text = *cursor;

	*cursor += strlen(text) + 1;
	return text;
}

static int append_device(sd_bus_message *reply, const char **cursor)
{
	const char *texts[N_STRINGS], *assignable, *reason;

	for (size_t i = 0; i < N_STRINGS; i++)
		texts[i] = next_string(cursor);
	assignable = next_string(cursor);
	reason = next_string(cursor);
	return sd_bus_message_append(reply, "(sssssssbs)", texts[0], texts[1], texts[2], texts[3],
				     texts[4], texts[5], texts[6], *assignable == '1', reason);
}

static int reply_list(struct service *service, sd_bus_message *call, const struct worker_task *task,
		      const char *result, size_t size)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *end = result + size;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)service, (void)task;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sssssssbs)");
	while (r >= 0 && result < end)
		r = append_device(reply, &result);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int device_bus_list(sd_bus_message *call, void *service, sd_bus_error *error)
{
	struct worker_task task = {.run = run_list,
				   .reply = reply_list,
				   .fd = -1,
				   .timeout_s = LIST_SECONDS,
				   .for_anyone = true};
	int r = authorize_sender(call, &task.uid);

	if (r >= 0)
		r = worker_start(service, call, &task, error);
	return bus_error_complete(error, r, call);
}
