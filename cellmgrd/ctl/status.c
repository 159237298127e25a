// SPDX-License-Identifier: LGPL-2.1-or-later
/* status, show, cat, describe: one cell in words, in lines, as its description, as JSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "cpulist.h"
#include "ctl.h"
#include "devices.h"
#include "exit-status.h"
#include "holds.h"
#include "human.h"
#include "names.h"
#include "printable.h"
#include "term.h"
#include "view.h"

static void print_start(const struct facts *facts)
{
	char text[HUMAN_MAX];

	printf("  Started: %s", human_time(facts->started_realtime, text));
	if (facts_runs(facts))
		printf("; it has run for %s",
		       human_duration(human_since(facts->started_realtime), text));
	putchar('\n');
}

static void print_text(struct ctl *ctl, const struct facts *facts, const char *cpus)
{
	const struct record *last = &facts->last;
	CLEANUP_FREE char *description = printable_copy(facts->description);
	const char *state = facts->state;
	char text[HUMAN_MAX];

	printf("%s%s%s\n", facts->name, description && *description ? " - " : "",
	       description ? description : "");
	printf("   Config: %s\n", *facts->config_path ? facts->config_path : "none");
	printf("     Unit: cell@%s.service\n", facts->name);
	printf("    State: %s%s%s\n", term_state_color(state), state, term_normal());
	if (facts->exists) {
		printf("       ID: %u\n", facts->id);
		printf("     CPUs: %s\n", cpus);
	}
	if (facts->memory)
		printf("   Memory: %s\n", human_size(facts->memory, text));
	devices_status(ctl, facts->devices);
	if (facts->started_realtime)
		print_start(facts);
	if (strcmp(last->result, "success") != 0)
		printf("   Result: %s\n", last->result);
	if (*last->message && !record_is_of_guest(last))
		printf("  Failure: %s\n", last->message);
	if (record_is_of_guest(last))
		printf("  Failure: %s (%s, CPU %u, rip 0x%" PRIx64 ", address 0x%" PRIx64 ")\n",
		       last->message, last->reason, last->cpu, last->rip, last->address);
}

/* Name, value and how JSON has it, for show and --json. */
struct field {
	const char *name;
	const char *key;
	char *value;
	bool number;
};
#define N_FIELDS_MAX 20
#define CELL_DEVICES_TEXT 4096

__attribute__((format(printf, 5, 6))) static void
add(struct field *fields, size_t *n, const char *name, const char *key, const char *format, ...)
{
	struct field *field = &fields[*n];
	va_list ap;

	va_start(ap, format);
	*field = (struct field){name, key, NULL,
				strcmp(format, "%u") == 0 || strcmp(format, "%" PRIu64) == 0};
	if (vasprintf(&field->value, format, ap) >= 0)
		(*n)++;
	va_end(ap);
}

/* With commas between them; of names that the kernel's facts make, so none is in them. */
static void add_devices(struct field *fields, size_t *n, char *const *names)
{
	char text[CELL_DEVICES_TEXT] = "";
	size_t length = 0;

	for (size_t i = 0; names && names[i] && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   i ? ", " : "", names[i]);
	add(fields, n, "Devices", "devices", "%s", text);
}

static size_t list_fields(const struct facts *facts, const char *cpus, struct field *fields)
{
	const struct record *last = &facts->last;
	size_t n = 0;

	add(fields, &n, "Name", "name", "%s", facts->name);
	add(fields, &n, "Unit", "unit", "cell@%s.service", facts->name);
	add(fields, &n, "State", "state", "%s", facts->state);
	add(fields, &n, "Id", "id", "%u", facts->id);
	add(fields, &n, "CPUs", "cpus", "%s", cpus);
	add_devices(fields, &n, facts->devices);
	add(fields, &n, "ConfigPath", "configPath", "%s", facts->config_path);
	add(fields, &n, "ConfigDigest", "configDigest", "%016" PRIx64, facts->digest);
	add(fields, &n, "Description", "description", "%s", facts->description);
	add(fields, &n, "Memory", "memory", "%" PRIu64, facts->memory);
	add(fields, &n, "StartTimestamp", "startTimestamp", "%" PRIu64, facts->started_realtime);
	add(fields, &n, "Result", "result", "%s", last->result);
	add(fields, &n, "Failure", "failure", "%s", last->message);
	add(fields, &n, "FailureReason", "failureReason", "%s", last->reason);
	if (record_is_of_guest(last)) {
		add(fields, &n, "FailureCPU", "failureCpu", "%u", last->cpu);
		add(fields, &n, "FailureRip", "failureRip", "0x%" PRIx64, last->rip);
		add(fields, &n, "FailureAddress", "failureAddress", "0x%" PRIx64, last->address);
		add(fields, &n, "FailureDetail", "failureDetail", "0x%" PRIx64, last->detail);
	}
	return n;
}

static json_object *list_devices(char *const *names)
{
	json_object *array = json_object_new_array();

	while (names && *names)
		json_object_array_add(array, json_object_new_string(*names++));
	return array;
}

static void print_json(const struct ctl *ctl, const struct facts *facts, const struct field *fields,
		       size_t n)
{
	CLEANUP_JSON json_object *root = json_object_new_object();

	for (size_t i = 0; i < n; i++)
		json_object_object_add(root, fields[i].key,
				       fields[i].number
					       ? json_object_new_int64(atoll(fields[i].value))
					       : json_object_new_string(fields[i].value));
	json_object_object_add(root, "devices", list_devices(facts->devices));
	puts(json_object_to_json_string_ext(root, ctl_json_flags(ctl)));
}

static bool is_wanted(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at && (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length]))
			return true;
	return !list;
}

static void print_lines(const struct ctl *ctl, const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FREE char *harmless = printable_copy(fields[i].value);

		if (is_wanted(ctl->property, fields[i].name))
			printf("%s%s%s\n", ctl->value ? "" : fields[i].name, ctl->value ? "" : "=",
			       harmless ? harmless : "?");
	}
}

static void print(struct ctl *ctl, const struct facts *facts, bool lines)
{
	CLEANUP_FREE char *cpus = cpulist_format(facts->cpus, facts->n_cpus);
	struct field fields[N_FIELDS_MAX];
	size_t n = list_fields(facts, cpus ? cpus : "", fields);

	if (ctl->format != TABLE_TEXT)
		print_json(ctl, facts, fields, n);
	else if (lines)
		print_lines(ctl, fields, n);
	else
		print_text(ctl, facts, cpus ? cpus : "");
	while (n > 0)
		free(fields[--n].value);
}

static bool print_hold(void *userdata, const struct hold_file *file)
{
	(void)userdata;
	printf("  Held by: %s: %s (user %u)\n", file->who, file->why, (unsigned)file->uid);
	return true;
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	struct view view;
	struct facts *facts;
	int r = view_find(ctl, argv[1], &view, &facts);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	if (ctl->format == TABLE_TEXT)
		names_section(ctl, NULL);
	print(ctl, facts, false);
	if (ctl->format == TABLE_TEXT)
		holds_each(ctl, facts->name, print_hold, NULL);
	r = facts_runs(facts) ? EXIT_OK : EXIT_NOT_RUNNING;
	view_release(&view);
	return r;
}

int ctl_show(struct ctl *ctl, int argc, char **argv)
{
	struct view view;
	struct facts *facts;
	int r = view_find(ctl, argv[1], &view, &facts);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	if (ctl->format == TABLE_TEXT && !ctl->value)
		names_section(ctl, NULL);
	print(ctl, facts, true);
	view_release(&view);
	return EXIT_OK;
}

static int print_file(struct ctl *ctl, const char *path)
{
	CLEANUP_FCLOSE FILE *f = fopen(path, "re");
	int c;

	if (!f)
		return ctl_fail("Cannot read %s: %s", path, strerror(errno));

	names_section(ctl, NULL);
	printf("# %s\n", path);
	while ((c = getc(f)) != EOF)
		putchar(c);
	return EXIT_OK;
}

int ctl_cat(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	int r = ctl_require_local(ctl, "cat");

	(void)argc;
	if (r != EXIT_OK)
		return r;

	r = cell_desc_find(ctl->context, argv[1], &desc);
	return r < 0 ? ctl_fail_cell(ctl, r) : print_file(ctl, cell_desc_path(desc));
}

static int describe(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	CLEANUP_JSON json_object *root = NULL;
	const char *json;
	int r = bus_new_call(ctl, argc > 1 ? argv[1] : NULL, "Describe", &m);

	if (r == EXIT_OK)
		r = bus_call(ctl, m, &reply);
	if (r != EXIT_OK)
		return r;
	if (sd_bus_message_read(reply, "s", &json) < 0)
		return ctl_fail("cellmgrd gave an answer that is no text.");

	root = json_tokener_parse(json);
	puts(root ? json_object_to_json_string_ext(root, ctl_json_flags(ctl)) : json);
	return EXIT_OK;
}

int ctl_describe(struct ctl *ctl, int argc, char **argv)
{
	return argc > 1 ? names_each(ctl, describe, argc, argv) : describe(ctl, argc, argv);
}
