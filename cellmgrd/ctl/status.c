// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cpulist.h"
#include "ctl.h"
#include "exit-status.h"
#include "record.h"

struct status {
	const char *name;
	const char *state;
	const char *config;
	const char *cpus;
	unsigned id; /* 0: the cell does not exist */
	struct record last;
};

static void print_text(const struct status *s)
{
	printf("%s\n", s->name);
	printf("   Config: %s\n", *s->config ? s->config : "none");
	printf("     Unit: cell@%s.service\n", s->name);
	printf("    State: %s\n", s->state);
	if (s->id) {
		printf("       ID: %u\n", s->id);
		printf("     CPUs: %s\n", s->cpus);
	}
	if (strcmp(s->last.result, "success") != 0)
		printf("   Result: %s\n", s->last.result);
	if (*s->last.reason)
		printf("  Failure: %s (%s, CPU %u, rip 0x%" PRIx64 ", address 0x%" PRIx64 ")\n",
		       s->last.message, s->last.reason, s->last.cpu, s->last.rip, s->last.address);
}

static void print_json(const struct status *s, int flags)
{
	CLEANUP_JSON json_object *root = json_object_new_object();

	json_object_object_add(root, "name", json_object_new_string(s->name));
	json_object_object_add(root, "state", json_object_new_string(s->state));
	json_object_object_add(root, "configPath", json_object_new_string(s->config));
	json_object_object_add(root, "id", json_object_new_int((int)s->id));
	json_object_object_add(root, "cpus", json_object_new_string(s->cpus));
	json_object_object_add(root, "result", json_object_new_string(s->last.result));
	json_object_object_add(root, "failure", json_object_new_string(s->last.message));
	puts(json_object_to_json_string_ext(root, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int exit_status(const char *state)
{
	return strncmp(state, "running", strlen("running")) == 0 ? EXIT_OK : EXIT_NOT_RUNNING;
}

static void fill_existing(struct status *s, cell_cell *cell, char **cpus)
{
	struct cell_failure failure;
	enum cell_state state;
	const unsigned *numbers;
	size_t n;

	if (cell_cell_state(cell, &state, &failure) < 0)
		return;

	numbers = cell_cell_cpus(cell, &n);
	*cpus = cpulist_format(numbers, n);
	s->cpus = *cpus ? *cpus : "?";
	s->id = cell_cell_id(cell);
	s->state = cell_state_to_string(state);
	record_clear(&s->last);
	if (state == CELL_FAILED)
		record_from_failure(&s->last, &failure);
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	struct status s = {.name = argv[1], .state = "defined", .config = "", .cpus = ""};
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	CLEANUP_FREE char *cpus = NULL;
	int r;

	(void)argc;
	record_clear(&s.last);
	if (cell_hv_open(ctl->context, false, &hv) >= 0)
		cell_cell_by_name(hv, s.name, &cell);
	r = cell_desc_find(ctl->context, s.name, &desc);
	if (r < 0 && !cell)
		return ctl_fail_cell(ctl, r);

	if (desc)
		s.config = cell_desc_path(desc);
	if (cell)
		fill_existing(&s, cell, &cpus);
	else
		record_read(s.name, &s.last);

	if (ctl->format == TABLE_TEXT)
		print_text(&s);
	else
		print_json(&s, ctl->format == TABLE_JSON_PRETTY ? JSON_C_TO_STRING_PRETTY
								: JSON_C_TO_STRING_PLAIN);
	return exit_status(s.state);
}
