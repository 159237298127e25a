// SPDX-License-Identifier: LGPL-2.1-or-later
/* The facts about this machine as JSON, for people and bug reports. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "host/describe_devices.h"
#include "host/host.h"
#include "text/json.h"

struct fact {
	const char *name;
	struct json_object *value;
};

static struct json_object *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}

static struct json_object *list(const struct cpuset *set)
{
	char text[1024];

	cpuset_format(set, text, sizeof(text));
	return json_object_new_string(text);
}

static struct json_object *number(uint64_t value)
{
	return json_object_new_int64((int64_t)value);
}

/* Takes the values over; NULL where memory ran out. */
static struct json_object *object_of(const struct fact *facts, size_t n)
{
	struct json_object *object = json_object_new_object();
	bool failed = !object;

	for (size_t i = 0; i < n; i++) {
		if (failed || !facts[i].value ||
		    json_object_object_add(object, facts[i].name, facts[i].value) < 0) {
			json_object_put(facts[i].value);
			failed = true;
		}
	}
	if (!failed)
		return object;

	json_object_put(object);
	return NULL;
}

static struct json_object *describe_memory(const cell_host *host)
{
	_cleanup_ranges_ struct ranges pool = {0};

	if (memory_pool(&host->memory, &pool) < 0)
		return NULL;

	const struct fact facts[] = {
		{"top", hex(host->memory.top)},
		{"blockSize", number(host->memory.block_size)},
		{"removable", number(memory_removable(&host->memory))},
		{"pool", number(ranges_total(&pool))},
		{"reserved", number(ranges_total(&host->memory.reserved))},
	};
	return object_of(facts, ELEMENTS(facts));
}

LIBCELL_PUBLIC int cell_host_describe(cell_host *host, char **ret_json)
{
	const struct acpi *acpi = &host->acpi;
	struct json_object *object;
	char *text;
	int r;

	context_begin(host->context);
	r = host_refresh(host);
	if (r < 0)
		return r;

	const struct fact cpu[] = {
		{"vendor", json_object_new_string(host->vendor)},
		{"model", json_object_new_string(host->model)},
		{"svm", json_object_new_boolean(host->has_svm)},
		{"vmx", json_object_new_boolean(host->has_vmx)},
		{"nestedPaging", json_object_new_boolean(host->has_nested_paging)},
		{"guest", json_object_new_boolean(host->is_guest)},
		{"present", list(&host->present)},
		{"online", list(&host->online)},
	};
	const struct fact firmware[] = {
		{"pmTimerPort", hex(acpi->pm_timer_port)},
		{"mmconfigBase", hex(acpi->mmconfig_base)},
		{"mmconfigEndBus", number(acpi->mmconfig_end_bus)},
		{"apics", number(acpi->n_apics)},
		{"dmar", json_object_new_boolean(acpi->has_dmar)},
		{"ivrs", json_object_new_boolean(acpi->has_ivrs)},
		{"iommus", number(acpi->iommus_are_wrong ? 0 : acpi->n_iommus)},
		{"ioapics", number(acpi->ioapics_are_wrong ? 0 : acpi->n_ioapics)},
	};
	const struct fact all[] = {
		{"kernel", json_object_new_string(host->kernel)},
		{"cpu", object_of(cpu, ELEMENTS(cpu))},
		{"firmware", object_of(firmware, ELEMENTS(firmware))},
		{"memory", describe_memory(host)},
		{"devices", describe_devices(host)},
	};
	object = object_of(all, ELEMENTS(all));
	text = object ? json_to_text(object) : NULL;
	json_object_put(object);
	if (!text)
		return context_oom(host->context);

	*ret_json = text;
	return 0;
}
