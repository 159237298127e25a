// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The dispatch tables below are the authority on what a description may say; the schema in schemas/
 * serves editors and is held to the same corpus by a test.
 */
#include "keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "cleanup.h"
#include "number.h"

static void key_name(const struct value *value)
{
	const char *name = json_object_get_string(value->json);

	/* A name with a zero byte in it is longer than it looks. */
	if (!parse_is_name(name) ||
	    strlen(name) != (size_t)json_object_get_string_len(value->json)) {
		parse_error(value, "bad-name",
			    "a cell's name has up to 31 letters, digits and ._- and begins with a "
			    "letter "
			    "or digit");
		return;
	}
	strcpy(value->desc->name, name);
}

static void key_nothing(const struct value *value)
{
	(void)value;
}

static void key_cpu(const struct value *value)
{
	cell_desc *desc = value->desc;
	uint64_t cpu;

	if (!parse_number(value, &cpu))
		return;

	if (cpu >= CELLHV_MAX_CPUS) {
		parse_error(value, "out-of-range", "CPU numbers end at %d", CELLHV_MAX_CPUS - 1);
	} else if (cpuset_has(&desc->cpus, cpu)) {
		parse_error(value, "cpu-twice", "CPU %" PRIu64 " is listed twice", cpu);
	} else {
		cpuset_add(&desc->cpus, cpu);
		desc->cpu_list[desc->n_cpu_list++] = (uint32_t)cpu;
	}
}

static void key_cpus(const struct value *value)
{
	uint64_t count;

	if (json_object_is_type(value->json, json_type_array)) {
		if (json_object_array_length(value->json) == 0)
			parse_error(value, "no-cpus", "a cell needs at least one CPU");
		parse_list(value, PARSE_INTEGER, CELLHV_MAX_CPUS, key_cpu);
		return;
	}
	if (!parse_number(value, &count))
		return;
	if (count == 0 || count >= CELLHV_MAX_CPUS)
		parse_error(value, "no-cpus", "a cell has 1 to %d CPUs", CELLHV_MAX_CPUS - 1);
	else
		value->desc->n_cpus_wanted = (uint32_t)count;
}

static void key_memory_size(const struct value *value)
{
	struct desc_memory *memory = value->target;

	if (parse_aligned(value, &memory->size) && memory->size == 0)
		parse_error(value, "out-of-range", "a region of 0 bytes is none");
}

static void key_memory_at(const struct value *value)
{
	parse_aligned(value, &((struct desc_memory *)value->target)->guest);
}

static void key_memory_phys(const struct value *value)
{
	struct desc_memory *memory = value->target;

	memory->pinned = parse_aligned(value, &memory->phys);
}

static void key_memory_device(const struct value *value)
{
	struct desc_memory *memory = value->target;

	if (json_object_get_boolean(value->json))
		memory->flags |= CELLHV_MEMORY_DEVICE;
}

static void key_memory_access(const struct value *value)
{
	static const char letters[] = "rwx"; /* bit 0, 1, 2 of CELLHV_MEMORY_* */
	struct desc_memory *memory = value->target;
	uint32_t flags = 0;

	for (const char *c = json_object_get_string(value->json); *c; c++) {
		const char *letter = strchr(letters, *c);
		uint32_t flag = letter ? 1u << (letter - letters) : 0;

		if (!flag || flags & flag) {
			flags = 0;
			break;
		}
		flags |= flag;
	}
	if (!(flags & CELLHV_MEMORY_READ)) {
		parse_error(value, "bad-access", "access is \"r\", \"rw\", \"rx\" or \"rwx\"");
		return;
	}
	memory->flags = (memory->flags & CELLHV_MEMORY_DEVICE) | flags;
}

static const struct key memory_keys[] = {
	{"size", PARSE_NUMBER, true, key_memory_size},
	{"at", PARSE_NUMBER, true, key_memory_at},
	{"access", PARSE_STRING, false, key_memory_access},
	{"phys", PARSE_NUMBER, false, key_memory_phys},
	{"device", PARSE_BOOL, false, key_memory_device},
	{0},
};

static void key_memory_region(const struct value *value)
{
	struct desc_memory *memory = &value->desc->memory[value->desc->n_memory++];

	memory->flags = CELLHV_MEMORY_READ | CELLHV_MEMORY_WRITE | CELLHV_MEMORY_EXECUTE;
	parse_object(value, memory_keys, memory);
}

static void key_memory(const struct value *value)
{
	parse_list(value, PARSE_OBJECT, CELLHV_MAX_MEMORY_REGIONS, key_memory_region);
}

static void key_image_file(const struct value *value)
{
	struct desc_image *image = value->target;
	const char *file = json_object_get_string(value->json);

	if (!*file || strlen(file) != (size_t)json_object_get_string_len(value->json))
		parse_error(value, "bad-file", "this is not the name of a file");
	free(image->file);
	image->file = strdup(file);
	if (!image->file)
		parse_error(value, "bad-file", "this process is out of memory");
}

static void key_image_at(const struct value *value)
{
	parse_number(value, &((struct desc_image *)value->target)->guest);
}

static const struct key image_keys[] = {
	{"file", PARSE_STRING, true, key_image_file},
	{"at", PARSE_NUMBER, true, key_image_at},
	{0},
};

static void key_image(const struct value *value)
{
	parse_object(value, image_keys, &value->desc->images[value->desc->n_images++]);
}

static void key_images(const struct value *value)
{
	parse_list(value, PARSE_OBJECT, DESC_IMAGES_MAX, key_image);
}

static bool key_port(const struct value *value, const char *text, uint32_t *ret)
{
	uint64_t port;

	if (number_parse(text, &port) < 0 || port > 0xffff) {
		parse_error(value, "bad-port",
			    "I/O ports are 0 to 65535, or ranges such as \"0x2f8-0x2ff\"");
		return false;
	}
	*ret = (uint32_t)port;
	return true;
}

static void key_port_range(const struct value *value)
{
	_cleanup_free_ char *text = strdup(json_object_get_string(value->json));
	char *dash = text ? strchr(text, '-') : NULL;
	uint32_t first, last;

	if (dash && json_object_is_type(value->json, json_type_string))
		*dash++ = '\0';
	else
		dash = NULL;
	if (!text || !key_port(value, text, &first) || !key_port(value, dash ?: text, &last))
		return;

	if (last < first) {
		parse_error(value, "bad-port", "this range ends before it begins");
		return;
	}
	value->desc->ports[value->desc->n_ports++] = (struct desc_ports){first, last - first + 1};
}

static void key_ports(const struct value *value)
{
	/* One range is kept for the ports that a UART console adds. */
	parse_list(value, PARSE_NUMBER, CELLHV_MAX_PORT_RANGES - 1, key_port_range);
}

static void key_console_uart(const struct value *value)
{
	uint32_t port;

	if (!key_port(value, json_object_get_string(value->json), &port))
		return;

	value->desc->flags &= ~CELLHV_CELL_CONSOLE_VIRTUAL;
	value->desc->console.address = port;
	value->desc->console.size = 8;
	value->desc->console.type = CELLHV_CONSOLE_8250;
}

static void key_console_baud(const struct value *value)
{
	uint64_t baud;

	if (!parse_number(value, &baud))
		return;

	/* A 16550 divides 1.8432 MHz / 16. */
	if (baud == 0 || baud > 115200 || 115200 % baud)
		parse_error(value, "bad-baud", "a rate has to divide 115200");
	else
		value->desc->console.divider = (uint32_t)(115200 / baud);
}

static const struct key console_keys[] = {
	{"uart", PARSE_NUMBER, true, key_console_uart},
	{"baud", PARSE_NUMBER, false, key_console_baud},
	{0},
};

static void key_console(const struct value *value)
{
	const char *kind = json_object_get_string(value->json);

	if (json_object_is_type(value->json, json_type_object)) {
		value->desc->console.divider = 1;
		parse_object(value, console_keys, NULL);
	} else if (strcmp(kind, "none") == 0) {
		value->desc->flags &= ~CELLHV_CELL_CONSOLE_VIRTUAL;
	} else if (strcmp(kind, "virtual") != 0) {
		parse_error(value, "bad-console",
			    "a console is \"virtual\", \"none\" or { \"uart\": \"0x2f8\" }");
	}
}

static void key_comm_at(const struct value *value)
{
	parse_aligned(value, &value->desc->comm);
}

static void key_comm_passive(const struct value *value)
{
	if (json_object_get_boolean(value->json))
		value->desc->flags |= CELLHV_CELL_PASSIVE_COMM;
}

static const struct key comm_keys[] = {
	{"at", PARSE_NUMBER, false, key_comm_at},
	{"passive", PARSE_BOOL, false, key_comm_passive},
	{0},
};

static void key_comm(const struct value *value)
{
	parse_object(value, comm_keys, NULL);
}

static void key_comm_revision(const struct value *value)
{
	const char *revision = json_object_get_string(value->json);

	if (strcmp(revision, "legacy") == 0)
		value->desc->flags |= CELLHV_CELL_COMM_LEGACY;
	else if (strcmp(revision, "1") != 0)
		parse_error(value, "bad-revision", "revisions are \"1\" and \"legacy\"");
}

static void key_entry(const struct value *value)
{
	if (parse_number(value, &value->desc->entry) && value->desc->entry > UINT32_MAX)
		parse_error(value, "out-of-range", "the reset address has to be below 4 GiB");
}

static void key_timeout(const struct value *value)
{
	uint32_t *timeout = &value->desc->shutdown_timeout_ms;
	const char *text = json_object_get_string(value->json);

	if (number_parse_duration(text, timeout) < 0 || *timeout < 1 || *timeout > 3600000)
		parse_error(value, "bad-duration",
			    "\"%s\" is not a time from \"1ms\" to \"60min\" (ms, s, min)", text);
}

static void key_on_refusal(const struct value *value)
{
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "destroy") == 0)
		value->desc->destroy_on_refusal = true;
	else if (strcmp(policy, "keep") != 0)
		parse_error(value, "bad-policy",
			    "on refusal a cell is to \"keep\" or to \"destroy\"");
}

static const struct key shutdown_keys[] = {
	{"timeout", PARSE_STRING, false, key_timeout},
	{"on-refusal", PARSE_STRING, false, key_on_refusal},
	{0},
};

static void key_shutdown(const struct value *value)
{
	parse_object(value, shutdown_keys, NULL);
}

const struct key keys_cell[] = {
	{"name", PARSE_STRING, true, key_name},
	{"description", PARSE_STRING, false, key_nothing},
	{"cpus", PARSE_INTEGER | PARSE_ARRAY, true, key_cpus},
	{"memory", PARSE_ARRAY, true, key_memory},
	{"images", PARSE_ARRAY, false, key_images},
	{"ports", PARSE_ARRAY, false, key_ports},
	{"links", PARSE_ARRAY, false, link_key},
	{"console", PARSE_STRING | PARSE_OBJECT, false, key_console},
	{"comm", PARSE_OBJECT, false, key_comm},
	{"comm-revision", PARSE_STRING, false, key_comm_revision},
	{"entry", PARSE_NUMBER, false, key_entry},
	{"shutdown", PARSE_OBJECT, false, key_shutdown},
	{0},
};
