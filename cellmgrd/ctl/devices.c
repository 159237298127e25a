// SPDX-License-Identifier: LGPL-2.1-or-later
/* PCI functions: host devices (which of them a cell may have), status (those that it has). */
#include "devices.h"

#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "exit-status.h"

struct list {
	struct table table;
	json_object *array;
};

static const char *verdict(const struct cell_device *device)
{
	return *device->cell ? device->cell : device->is_assignable ? "yes" : "no";
}

static json_object *to_json(const struct cell_device *device)
{
	json_object *object = json_object_new_object();
	char ids[16];
	const struct {
		const char *key, *value;
	} texts[] = {
		{"function", device->function}, {"ids", ids},
		{"class", device->class_name},	{"driver", device->driver},
		{"group", device->group},	{"resets", device->resets},
		{"cell", device->cell},		{"reason", device->reason},
	};

	snprintf(ids, sizeof(ids), "%04x:%04x", device->vendor, device->device);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		json_object_object_add(object, texts[i].key,
				       json_object_new_string(texts[i].value));
	json_object_object_add(object, "classCode", json_object_new_int((int)device->class_code));
	json_object_object_add(object, "assignable",
			       json_object_new_boolean(device->is_assignable));
	return object;
}

static int add_device(void *userdata, const struct cell_device *device)
{
	struct list *list = userdata;

	json_object_array_add(list->array, to_json(device));
	table_add(&list->table, "%s", device->function);
	table_add(&list->table, "%04x:%04x", device->vendor, device->device);
	table_add(&list->table, "%s", device->class_name);
	table_add(&list->table, "%s", *device->driver ? device->driver : "-");
	table_add(&list->table, "%s", device->group);
	table_add(&list->table, "%s", *device->resets ? device->resets : "-");
	table_add(&list->table, "%s", verdict(device));
	table_add(&list->table, "%s", device->reason);
	return 0;
}

int devices_host(struct ctl *ctl, cell_host *host)
{
	static const struct table_column columns[] = {
		{"Function", "function", false, false}, {"IDs", "ids", false, false},
		{"Class", "class", false, false},	{"Driver", "driver", false, false},
		{"Group", "group", false, false},	{"Reset", "resets", false, false},
		{"For a cell", "cell", false, false},	{"Why", "reason", false, false},
	};
	CLEANUP_JSON json_object *array = json_object_new_array();
	struct list list = {{.columns = columns, .n_columns = ARRAY_SIZE(columns)}, array};
	int r = cell_device_list(host, add_device, &list);

	if (r == 0 && ctl->format != TABLE_TEXT)
		puts(json_object_to_json_string_ext(array, ctl_json_flags(ctl)));
	else if (r == 0)
		table_print(&list.table, ctl->format, ctl->legend, ctl->full);
	table_release(&list.table);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}

/* What a line of status says of a function beside its name; "" where nobody can tell. */
struct words {
	const char *function;
	char text[128];
};

static int find_device(void *userdata, const struct cell_device *device)
{
	struct words *words = userdata;

	if (strcmp(device->function, words->function) != 0)
		return 0;
	snprintf(words->text, sizeof(words->text), " %s (%04x:%04x)", device->class_name,
		 device->vendor, device->device);
	return 1;
}

/* The same of an entry of ListDevices; 0: there is no more. */
static int read_device(sd_bus_message *reply, struct words *words)
{
	const char *function, *ids, *class, *skipped[5];
	int is_assignable, r;

	r = sd_bus_message_read(reply, "(sssssssbs)", &function, &ids, &class, &skipped[0],
				&skipped[1], &skipped[2], &skipped[3], &is_assignable, &skipped[4]);
	if (r > 0 && strcmp(function, words->function) == 0)
		snprintf(words->text, sizeof(words->text), " %s (%s)", class, ids);
	return r;
}

static void find_on_bus(sd_bus_message *reply, struct words *words)
{
	if (sd_bus_message_rewind(reply, true) < 0 ||
	    sd_bus_message_enter_container(reply, 'a', "(sssssssbs)") < 0)
		return;
	while (!*words->text && read_device(reply, words) > 0)
		;
}

static void list_on_bus(struct ctl *ctl, sd_bus_message **ret)
{
	sd_bus *bus;

	if (bus_connect(ctl, &bus) == EXIT_OK)
		sd_bus_call_method(bus, CELLMGR_NAME, CELLMGR_PATH, CELLMGR_MANAGER, "ListDevices",
				   NULL, ret, "");
}

/* Whoever may not ask the kernel is not told by the daemon either. */
static void print_confinement(const struct ctl *ctl)
{
	struct cell_protection protection;

	if (ctl->hv && cell_hv_protection(ctl->hv, &protection) >= 0)
		printf("      DMA: %s; interrupts %s\n", cell_dma_to_string(protection.dma),
		       cell_interrupts_to_string(protection.interrupts));
}

void devices_status(struct ctl *ctl, char *const *names)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	const char *title = "  Devices:";

	if (!names || !*names)
		return;
	if (!ctl->hv)
		list_on_bus(ctl, &reply);
	else
		cell_host_new(ctl->context, NULL, &host);
	for (; *names; names++) {
		struct words words = {.function = *names};

		if (host)
			cell_device_list(host, find_device, &words);
		else if (reply)
			find_on_bus(reply, &words);
		printf("%s %s%s\n", title, *names, words.text);
		title = "          ";
	}
	print_confinement(ctl);
}
