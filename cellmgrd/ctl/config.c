// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check, compile, dump: descriptions and binary configurations, with no hypervisor and no daemon;
 * define, undefine: through the daemon.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "diag-json.h"
#include "diag.h"
#include "exit-status.h"

#define BLOB_SIZE_MAX 65536

/* A path has a slash or ends in .json; all else is the name of a cell. */
static int open_description(struct ctl *ctl, const char *what, cell_desc **ret)
{
	size_t length = strlen(what), suffix = strlen(".json");
	bool is_path = strchr(what, '/') ||
		       (length > suffix && strcmp(what + length - suffix, ".json") == 0);

	return is_path ? cell_desc_new_from_file(ctl->context, what, ret)
		       : cell_desc_find(ctl->context, what, ret);
}

/* One object per diagnostic of all descriptions. */
static void add_json(json_object *array, const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++)
		json_object_array_add(array, diag_json(cell_desc_diag(desc, i)));
}

static int check_one(struct ctl *ctl, const char *what, json_object *array)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	int r = open_description(ctl, what, &desc);

	if (r < 0)
		return ctl_fail_cell(ctl, r);
	r = cell_host_new(ctl->context, NULL, &host);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	r = cell_desc_check(desc, host);
	if (ctl->format == TABLE_TEXT)
		diag_print(stderr, desc);
	else
		add_json(array, desc);
	if (diag_first_error(desc))
		return EXIT_BAD_CONFIG;

	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_JSON json_object *array = json_object_new_array();
	int worst = ctl_require_local(ctl, "check");

	for (int i = 1; i < argc && !ctl->host; i++) {
		int status = check_one(ctl, argv[i], array);

		if (status > worst)
			worst = status;
	}
	if (ctl->format != TABLE_TEXT && !ctl->host)
		puts(json_object_to_json_string_ext(array, ctl_json_flags(ctl)));

	return worst;
}

static int write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "we");
	size_t n;

	if (!f)
		return ctl_fail("Cannot write %s: %s", path, strerror(errno));

	n = fwrite(data, 1, size, f);
	if (fclose(f) != 0 || n != size)
		return ctl_fail("Cannot write %s: %s", path, strerror(errno));

	return EXIT_OK;
}

int ctl_compile(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	CLEANUP_BLOB cell_blob *blob = NULL;
	const void *data;
	size_t size;
	int r = ctl_require_local(ctl, "compile");

	(void)argc;
	if (r != EXIT_OK)
		return r;
	if (!ctl->output) {
		ctl_fail("compile needs -o FILE.");
		return EXIT_USAGE;
	}

	r = open_description(ctl, argv[1], &desc);
	if (r >= 0)
		r = cell_host_new(ctl->context, NULL, &host);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	r = cell_desc_compile(desc, host, &blob);
	diag_print(stderr, desc);
	if (diag_first_error(desc))
		return EXIT_BAD_CONFIG;
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	data = cell_blob_data(blob, &size);
	return write_file(ctl->output, data, size);
}

int ctl_dump(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_FCLOSE FILE *f = NULL;
	CLEANUP_BLOB cell_blob *blob = NULL;
	CLEANUP_FREE char *data = malloc(BLOB_SIZE_MAX), *json = NULL;
	int r = ctl_require_local(ctl, "dump");

	(void)argc;
	if (r != EXIT_OK)
		return r;
	f = fopen(argv[1], "re");
	if (!f || !data)
		return ctl_fail("Cannot read %s: %s", argv[1], strerror(errno));

	r = cell_blob_new(ctl->context, data, fread(data, 1, BLOB_SIZE_MAX, f), &blob);
	if (r >= 0)
		r = cell_blob_dump_json(blob, &json);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	ctl_print_json(ctl, json);
	return EXIT_OK;
}

#define DEFINE_REPLACE UINT64_C(1)

static int send_definition(struct ctl *ctl, const char *name, int fd)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	int r = bus_new_call(ctl, NULL, "DefineCell", &m);

	if (r != EXIT_OK)
		return r;
	r = sd_bus_message_append(m, "sht", name, fd, ctl->force ? DEFINE_REPLACE : UINT64_C(0));
	return r < 0 ? bus_fail(NULL, r) : bus_call(ctl, m, NULL);
}

static int define(struct ctl *ctl, const char *path)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return ctl_fail("Cannot read %s: %s", path, strerror(errno));

	r = cell_desc_new_from_file(ctl->context, path, &desc);
	if (r < 0)
		return ctl_fail_cell(ctl, r);
	diag_print(stderr, desc);
	if (diag_first_error(desc))
		return EXIT_BAD_CONFIG;

	return send_definition(ctl, cell_desc_name(desc), fd);
}

int ctl_define(struct ctl *ctl, int argc, char **argv)
{
	int first = ctl_require_local(ctl, "define");

	for (int i = 1; i < argc && !ctl->host; i++) {
		int r = define(ctl, argv[i]);

		if (first == EXIT_OK)
			first = r;
	}

	return first;
}

int ctl_undefine(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return bus_request(ctl, NULL, "UndefineCell", "st", argv[1], UINT64_C(0));
}
