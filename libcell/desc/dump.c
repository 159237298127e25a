// SPDX-License-Identifier: LGPL-2.1-or-later
/* Binary configurations back to descriptions, with every placement written out. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <cellhv/guest.h>
#include <core/pci_name.h>

#include "base/blob.h"
#include "base/export.h"
#include "desc/link.h"
#include "text/json.h"

/* Takes a value over, or notes that memory ran out: a NULL value is JSON's null and never wanted
 * here. */
static void add(struct json_object *object, const char *key, struct json_object *value,
		bool *failed)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return;

	json_object_put(value);
	*failed = true;
}

static void append(struct json_object *array, struct json_object *value, bool *failed)
{
	if (value && json_object_array_add(array, value) == 0)
		return;

	json_object_put(value);
	*failed = true;
}

static struct json_object *string(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct json_object *string(const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return json_object_new_string(text);
}

static struct json_object *dump_region(const struct cellhv_memory_region *region, bool *failed)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;

	add(object, "size", string("0x%" PRIx64, region->size), failed);
	add(object, "at", string("0x%" PRIx64, region->guest), failed);
	add(object, "access",
	    string("r%s%s", region->flags & CELLHV_MEMORY_WRITE ? "w" : "",
		   region->flags & CELLHV_MEMORY_EXECUTE ? "x" : ""),
	    failed);
	add(object, "phys", string("0x%" PRIx64, region->phys), failed);
	if (region->flags & CELLHV_MEMORY_DEVICE)
		add(object, "device", json_object_new_boolean(1), failed);
	return object;
}

static void dump_lists(const struct cellhv_cell_config *config, struct json_object *object,
		       bool *failed)
{
	struct json_object *cpus = json_object_new_array(), *memory = json_object_new_array(),
			   *ports = json_object_new_array();

	add(object, "cpus", cpus, failed);
	add(object, "memory", memory, failed);
	add(object, "ports", ports, failed);
	if (*failed)
		return;

	for (uint32_t i = 0; i < config->cpus.count; i++)
		append(cpus, json_object_new_int64(blob_cpus(config)[i]), failed);
	for (uint32_t i = 0; i < config->memory.count; i++)
		append(memory, dump_region(&blob_memory(config)[i], failed), failed);
	for (uint32_t i = 0; i < config->ports.count; i++) {
		const struct cellhv_port_range *range = &blob_ports(config)[i];

		append(ports, string("0x%x-0x%x", range->base, range->base + range->count - 1),
		       failed);
	}
}

static struct json_object *dump_link(const struct cellhv_link *link, bool *failed)
{
	const struct cellhv_link_shared *shared = &link->shared;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;

	add(object, "name", json_object_new_string(shared->name), failed);
	/* Which makes Linux the other end; between two cells the rest says it. */
	if (link_kind_of(shared) == LINK_NETWORK && shared->flags & CELLHV_LINK_ROOT)
		add(object, "kind", json_object_new_string(link_kinds[LINK_NETWORK]), failed);
	add(object, "protocol", string("%s", link_protocols[link_protocol_of(shared)].name),
	    failed);
	add(object, "size", string("0x%" PRIx64, shared->common_size), failed);
	add(object, "output", string("0x%" PRIx64, shared->output_size), failed);
	add(object, "peers", json_object_new_int64(shared->max_peers), failed);
	add(object, "vectors", json_object_new_int64(shared->vectors), failed);
	add(object, "class", string("0x%x", shared->class_protocol), failed);
	add(object, "id", json_object_new_int64(link->id), failed);
	add(object, "function", string(PCI_NAME, PCI_NAME_OF(link->function)), failed);
	add(object, "at", string("0x%" PRIx64, link->guest), failed);
	add(object, "phys", string("0x%" PRIx64, shared->phys), failed);
	return object;
}

/* Left out where there are none. */
static void dump_links(const struct cellhv_cell_config *config, struct json_object *object,
		       bool *failed)
{
	struct json_object *list;

	if (!config->links.count)
		return;

	list = json_object_new_array();
	add(object, "links", list, failed);
	for (uint32_t i = 0; i < config->links.count && !*failed; i++)
		append(list, dump_link(&blob_links(config)[i], failed), failed);
}

static struct json_object *dump_function(const struct cellhv_function *function, bool *failed)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;

	add(object, "function", string(PCI_NAME, PCI_NAME_OF(function->address)), failed);
	if (function->flags & CELLHV_FUNCTION_NO_RESET)
		add(object, "reset", json_object_new_string("none"), failed);
	if (function->flags & CELLHV_FUNCTION_VENDOR_CONFIG)
		add(object, "vendor-config", json_object_new_boolean(1), failed);
	return object;
}

static struct json_object *dump_pin(const struct cellhv_pin *pin, bool *failed)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;

	add(object, "ioapic", string("0x%" PRIx64, pin->ioapic), failed);
	add(object, "pin", json_object_new_int64(pin->pin), failed);
	add(object, "level", json_object_new_boolean(pin->flags & CELLHV_PIN_LEVEL), failed);
	add(object, "low", json_object_new_boolean(!!(pin->flags & CELLHV_PIN_LOW)), failed);
	return object;
}

/* Left out where there are none. */
static void dump_devices(const struct cellhv_cell_config *config, struct json_object *object,
			 bool *failed)
{
	struct json_object *list;

	if (config->functions.count && !*failed) {
		list = json_object_new_array();
		add(object, "pci", list, failed);
		for (uint32_t i = 0; i < config->functions.count && !*failed; i++)
			append(list, dump_function(&blob_functions(config)[i], failed), failed);
	}
	if (config->pins.count && !*failed) {
		list = json_object_new_array();
		add(object, "irqs", list, failed);
		for (uint32_t i = 0; i < config->pins.count && !*failed; i++)
			append(list, dump_pin(&blob_pins(config)[i], failed), failed);
	}
	if (config->flags & CELLHV_CELL_DMA_TRUSTED)
		add(object, "dma", json_object_new_string("trusted"), failed);
}

static struct json_object *dump_console(const struct cellhv_cell_config *config, bool *failed)
{
	struct json_object *object;

	if (config->console.type != CELLHV_CONSOLE_8250)
		return json_object_new_string(
			config->flags & CELLHV_CELL_CONSOLE_VIRTUAL ? "virtual" : "none");

	object = json_object_new_object();
	if (!object)
		return NULL;

	add(object, config->console.flags & CELLHV_CONSOLE_FLAG_MMIO ? "mmio" : "uart",
	    string("0x%" PRIx64, config->console.address), failed);
	if (config->console.flags & CELLHV_CONSOLE_FLAG_DISTANCE_4)
		add(object, "register-distance", json_object_new_int64(4), failed);
	add(object, "baud",
	    json_object_new_int64(config->console.divider ? 115200 / config->console.divider : 0),
	    failed);
	return object;
}

static struct json_object *dump_comm(const struct cellhv_cell_config *config, bool *failed)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;

	add(object, "at", string("0x%" PRIx64, config->comm_address), failed);
	if (config->flags & CELLHV_CELL_PASSIVE_COMM)
		add(object, "passive", json_object_new_boolean(1), failed);
	return object;
}

static struct json_object *dump_revision(const struct cellhv_cell_config *config)
{
	return config->comm_revision == CELLHV_COMM_LEGACY ? json_object_new_string("legacy")
							   : string("%u", config->comm_revision);
}

static bool owns_ports(const struct cellhv_cell_config *config, uint64_t base, uint32_t count)
{
	for (uint32_t i = 0; i < config->ports.count; i++) {
		const struct cellhv_port_range *range = &blob_ports(config)[i];

		if (base >= range->base && base + count <= (uint64_t)range->base + range->count)
			return true;
	}
	return false;
}

static bool is_expressible_uart(const struct cellhv_cell_config *config)
{
	const struct cellhv_console *console = &config->console;
	bool distance_4 = console->flags & CELLHV_CONSOLE_FLAG_DISTANCE_4;

	if (config->flags & CELLHV_CELL_CONSOLE_VIRTUAL ||
	    (console->divider && 115200 % console->divider))
		return false;
	if (console->flags & CELLHV_CONSOLE_FLAG_MMIO)
		return console->size == (distance_4 ? 32 : 8);
	return console->size == 8 && !distance_4 && console->address <= UINT16_MAX &&
	       owns_ports(config, console->address, console->size);
}

/* A description has no words for some of the consoles that a configuration may hold. */
static bool is_expressible(const struct cellhv_cell_config *config)
{
	const struct cellhv_console *console = &config->console;

	if (console->gate || console->clock_register)
		return false;
	if (console->type == CELLHV_CONSOLE_NONE)
		return !console->address && !console->size && !console->flags && !console->divider;
	return console->type == CELLHV_CONSOLE_8250 && is_expressible_uart(config);
}

LIBCELL_PUBLIC int cell_blob_dump_json(cell_blob *blob, char **ret_json)
{
	const struct cellhv_cell_config *config = blob->config;
	struct json_object *object;
	bool failed = false;
	char *text;

	context_begin(blob->context);
	if (!is_expressible(config))
		return context_fail(blob->context, -EOPNOTSUPP, "InvalidConfiguration",
				    "The console of this configuration is one that no description "
				    "can ask for.");

	object = json_object_new_object();
	if (!object)
		return context_oom(blob->context);

	add(object, "name", json_object_new_string(config->name), &failed);
	dump_lists(config, object, &failed);
	dump_links(config, object, &failed);
	dump_devices(config, object, &failed);
	add(object, "console", dump_console(config, &failed), &failed);
	add(object, "comm", dump_comm(config, &failed), &failed);
	add(object, "comm-revision", dump_revision(config), &failed);
	if (config->flags & CELLHV_CELL_STRICT_MSRS)
		add(object, "msr-policy", json_object_new_string("strict"), &failed);
	if (config->flags & CELLHV_CELL_PLATFORM_PC)
		add(object, "platform", json_object_new_string("pc"), &failed);
	if (config->flags & CELLHV_CELL_SIGNATURE_KVM)
		add(object, "signature", json_object_new_string("kvm"), &failed);
	add(object, "entry", string("0x%" PRIx64, config->entry), &failed);

	text = failed ? NULL : json_to_text(object);
	json_object_put(object);
	if (!text)
		return context_oom(blob->context);

	*ret_json = text;
	return 0;
}
