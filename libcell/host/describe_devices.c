// SPDX-License-Identifier: LGPL-2.1-or-later
/* PCI functions as JSON: what cell_device_list() tells but for whose they are. */
#include "host/describe_devices.h"

#include <stdio.h>

#include "host/pci_judge.h"

struct description {
	struct json_object *array;
	struct json_object *findings; /* of the function at hand */
	bool is_assignable;
	bool failed;
};

static void add(struct json_object *object, const char *key, struct json_object *value,
		struct description *all)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return;

	json_object_put(value);
	all->failed = true;
}

static void note(void *userdata, bool is_error, const char *code, const char *text)
{
	struct description *all = userdata;
	struct json_object *value = json_object_new_string(text);

	(void)code;
	if (is_error)
		all->is_assignable = false;
	if (!value || json_object_array_add(all->findings, value) < 0) {
		json_object_put(value);
		all->failed = true;
	}
}

static void add_function(const cell_host *host, const struct pci *pci,
			 const struct pci_function *function, struct json_object *object,
			 struct description *all)
{
	const struct pci_question question = {.host = host, .pci = pci, .function = function};
	char ids[16];

	snprintf(ids, sizeof(ids), "%04x:%04x", function->vendor, function->device);
	add(object, "function", json_object_new_string(function->name), all);
	add(object, "ids", json_object_new_string(ids), all);
	add(object, "class", json_object_new_string(pci_class_name(function->class)), all);
	add(object, "driver", json_object_new_string(function->driver), all);
	add(object, "group", json_object_new_string(pci->functions[function->group].name), all);
	add(object, "resets", json_object_new_string(function->resets), all);
	all->findings = json_object_new_array();
	all->is_assignable = true;
	add(object, "findings", all->findings, all);
	if (!all->failed && pci_judge(&question, note, all) < 0)
		all->failed = true;
	add(object, "assignable", json_object_new_boolean(all->is_assignable), all);
}

struct json_object *describe_devices(const cell_host *host)
{
	struct description all = {.array = json_object_new_array()};
	_cleanup_pci_ struct pci pci = {0};

	all.failed = !all.array || pci_read(host->root, &pci) < 0;
	for (size_t i = 0; i < pci.n && !all.failed; i++) {
		struct json_object *object = json_object_new_object();

		if (!object || json_object_array_add(all.array, object) < 0) {
			json_object_put(object);
			all.failed = true;
			break;
		}
		add_function(host, &pci, &pci.functions[i], object, &all);
	}
	if (!all.failed)
		return all.array;

	json_object_put(all.array);
	return NULL;
}
