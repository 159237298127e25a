// SPDX-License-Identifier: LGPL-2.1-or-later
/* host devices: PCI functions, and which of them a cell may have. */
#include "devices.h"

#include <stdio.h>

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
