// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The dispatch tables below are the authority on what a description may say; the schema in schemas/
 * serves editors and is held to the same corpus by a test.
 */
#include "desc/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "text/number.h"

/* In between are links, registers of functions, and of what every PC has. */
#define LOW_RAM_END (2ull << 30)
#define HIGH_RAM (4ull << 30)

static void key_name(const struct value *value)
{
	const char *name = json_object_get_string(value->json);

	if (strcmp(name, "root") == 0)
		parse_error(value, "bad-name", "\"root\" is Linux's own cell");
	else if (!parse_is_name(name))
		parse_error(value, "bad-name",
			    "a cell's name has up to 31 letters, digits and ._- and begins with a "
			    "letter or digit");
	else
		strcpy(keys_desc(value)->name, name);
}

static void key_nothing(const struct value *value)
{
	(void)value;
}

/* Without memory for it there is none: nothing but what people read depends on it. */
static void key_description(const struct value *value)
{
	free(keys_desc(value)->description);
	keys_desc(value)->description = strdup(json_object_get_string(value->json));
}

static void key_unsupported(const struct value *value)
{
	document_report_key(value->document, "unsupported-key", value->pointer,
			    "\"%s\" is not supported by this version", value->pointer + 1);
}

static void key_restart(const struct value *value)
{
	document_report_key(value->document, "unsupported-key", value->pointer,
			    "restarting is systemd's business: set Restart= with `systemctl edit "
			    "cell@NAME`");
}

static void key_cpu(const struct value *value)
{
	cell_desc *desc = keys_desc(value);
	char pointer[DOCUMENT_POINTER_SIZE];
	uint64_t cpu;
	size_t first = 0;

	if (!parse_number(value, &cpu))
		return;
	if (cpu >= CELLHV_MAX_CPUS) {
		parse_error(value, "out-of-range", "CPU numbers end at %d", CELLHV_MAX_CPUS - 1);
		return;
	}

	desc->cpu_list[value->index] = (uint32_t)cpu;
	if (!cpuset_has(&desc->cpus, cpu)) {
		cpuset_add(&desc->cpus, cpu);
		return;
	}
	while (desc->cpu_list[first] != cpu || desc_is_bad(desc, "cpus", first, ""))
		first++;
	parse_error(value, "cpu-twice", "CPU %" PRIu64 " is listed twice", cpu);
	desc_report(desc, CELL_NOTE, "cpu-twice", document_pointer(pointer, "cpus", first, ""),
		    "the first time is here");
}

static void key_cpus(const struct value *value)
{
	uint64_t count;

	if (json_object_is_type(value->json, json_type_array)) {
		if (json_object_array_length(value->json) == 0)
			parse_error(value, "no-cpus", "a cell needs at least one CPU");
		keys_desc(value)->n_cpu_list =
			parse_list(value, PARSE_INTEGER, CELLHV_MAX_CPUS, key_cpu);
		return;
	}
	if (!parse_number(value, &count))
		return;
	if (count == 0 || count >= CELLHV_MAX_CPUS)
		parse_error(value, "no-cpus", "a cell has 1 to %d CPUs", CELLHV_MAX_CPUS - 1);
	else
		keys_desc(value)->n_cpus_wanted = (uint32_t)count;
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

	memory->pinned = true;
	parse_aligned(value, &memory->phys);
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
	struct desc_memory *memory = &keys_desc(value)->memory[value->index];

	memory->flags = BLOB_PROGRAM_RAM;
	parse_object(value, memory_keys, memory);
}

/* As a PC has it: from 0 on, and what does not fit below its registers from 4 GiB on. */
static void key_memory_total(const struct value *value)
{
	cell_desc *desc = keys_desc(value);
	uint64_t size, low;

	if (!parse_aligned(value, &size))
		return;
	if (size == 0) {
		parse_error(value, "no-memory", "a cell needs memory");
		return;
	}
	desc->has_memory_size = true;
	low = size < LOW_RAM_END ? size : LOW_RAM_END;
	desc->memory[desc->n_memory++] =
		(struct desc_memory){.size = low, .flags = BLOB_PROGRAM_RAM};
	if (size > low)
		desc->memory[desc->n_memory++] = (struct desc_memory){
			.size = size - low, .guest = HIGH_RAM, .flags = BLOB_PROGRAM_RAM};
}

static void key_memory(const struct value *value)
{
	cell_desc *desc = keys_desc(value);
	bool has_ram = false;

	if (!json_object_is_type(value->json, json_type_array)) {
		key_memory_total(value);
		return;
	}
	desc->n_memory =
		parse_list(value, PARSE_OBJECT, CELLHV_MAX_MEMORY_REGIONS, key_memory_region);
	for (size_t i = 0; i < desc->n_memory; i++)
		has_ram |= !(desc->memory[i].flags & CELLHV_MEMORY_DEVICE);
	if (!has_ram && !diag_has_error_at(&desc->doc.diags, value->pointer))
		parse_error(value, "no-memory", "a cell needs at least one region of RAM");
}

char *keys_copy_string(const struct value *value)
{
	char *text = strdup(json_object_get_string(value->json));

	if (!text)
		value->document->diags.is_incomplete = true;
	return text;
}

static void key_image_file(const struct value *value)
{
	struct desc_image *image = value->target;

	image->file = keys_copy_string(value);
	if (image->file && !*image->file)
		parse_error(value, "bad-file", "this is not the name of a file");
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
	parse_object(value, image_keys, &keys_desc(value)->images[value->index]);
}

static void key_images(const struct value *value)
{
	keys_desc(value)->n_images = parse_list(value, PARSE_OBJECT, DESC_IMAGES_MAX, key_image);
}

static void key_command_line_text(const struct value *value)
{
	keys_desc(value)->command_line = keys_copy_string(value);
}

static void key_command_line_at(const struct value *value)
{
	parse_number(value, &keys_desc(value)->command_line_at);
}

static const struct key command_line_keys[] = {
	{"text", PARSE_STRING, true, key_command_line_text},
	{"at", PARSE_NUMBER, false, key_command_line_at},
	{0},
};

static void key_command_line(const struct value *value)
{
	if (json_object_is_type(value->json, json_type_object))
		parse_object(value, command_line_keys, NULL);
	else
		key_command_line_text(value);
}

static void key_comm_at(const struct value *value)
{
	parse_aligned(value, &keys_desc(value)->comm);
}

static void key_comm_passive(const struct value *value)
{
	if (json_object_get_boolean(value->json))
		keys_desc(value)->flags |= CELLHV_CELL_PASSIVE_COMM;
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
		keys_desc(value)->comm_revision = CELLHV_COMM_LEGACY;
	else if (*revision >= '0' && *revision <= '0' + CELLHV_COMM_REVISION && !revision[1])
		keys_desc(value)->comm_revision = (uint16_t)(*revision - '0');
	else
		parse_error(value, "bad-revision", "revisions are \"0\" to \"%d\" and \"legacy\"",
			    CELLHV_COMM_REVISION);
}

static void key_msr_policy(const struct value *value)
{
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "strict") == 0)
		keys_desc(value)->flags |= CELLHV_CELL_STRICT_MSRS;
	else if (strcmp(policy, "fault") != 0)
		parse_error(value, "bad-policy",
			    "for an MSR that it may not use a guest gets a \"fault\", or the cell "
			    "is \"strict\" and fails");
}

static void key_smt(const struct value *value)
{
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "exclusive") == 0)
		keys_desc(value)->owns_cores = true;
	else if (strcmp(policy, "shared") != 0)
		parse_error(value, "bad-policy",
			    "cores are \"shared\" with who has their other threads, or "
			    "\"exclusive\"");
}

static void key_entry(const struct value *value)
{
	if (parse_number(value, &keys_desc(value)->entry) && keys_desc(value)->entry > UINT32_MAX)
		parse_error(value, "out-of-range", "the reset address has to be below 4 GiB");
}

static void key_timeout(const struct value *value)
{
	uint32_t *timeout = &keys_desc(value)->shutdown_timeout_ms;
	const char *text = json_object_get_string(value->json);
	char quote[PARSE_QUOTE_SIZE];

	if (number_parse_duration(text, timeout) < 0 || *timeout < 1 || *timeout > 3600000)
		parse_error(value, "bad-duration",
			    "\"%s\" is not a time from \"1ms\" to \"60min\" (ms, s, min)",
			    parse_quote(value, quote));
}

static void key_on_refusal(const struct value *value)
{
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "destroy") == 0)
		keys_desc(value)->destroy_on_refusal = true;
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
	{PARSE_SCHEMA, PARSE_STRING, false, key_nothing},
	{"name", PARSE_STRING, true, key_name},
	{"description", PARSE_STRING, false, key_description},
	{"cpus", PARSE_INTEGER | PARSE_ARRAY, true, key_cpus},
	{"memory", PARSE_NUMBER | PARSE_ARRAY, true, key_memory},
	{"images", PARSE_ARRAY, false, key_images},
	{"command-line", PARSE_STRING | PARSE_OBJECT, false, key_command_line},
	{"ports", PARSE_ARRAY, false, keys_ports},
	{"links", PARSE_ARRAY, false, keys_links},
	{"pci", PARSE_ARRAY, false, keys_pci},
	{"irqs", PARSE_ARRAY, false, keys_irqs},
	{"dma", PARSE_STRING, false, keys_dma},
	{"console", PARSE_STRING | PARSE_OBJECT, false, keys_console},
	{"comm", PARSE_OBJECT, false, key_comm},
	{"comm-revision", PARSE_STRING, false, key_comm_revision},
	{"msr-policy", PARSE_STRING, false, key_msr_policy},
	{"smt", PARSE_STRING, false, key_smt},
	{"entry", PARSE_NUMBER, false, key_entry},
	{"shutdown", PARSE_OBJECT, false, key_shutdown},
	{"devices", PARSE_ANY, false, key_unsupported},
	{"platform", PARSE_STRING, false, keys_platform},
	{"signature", PARSE_STRING, false, keys_signature},
	{"linux", PARSE_OBJECT, false, keys_linux},
	{"restart", PARSE_ANY, false, key_restart},
	{0},
};
