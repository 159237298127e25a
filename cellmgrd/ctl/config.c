// SPDX-License-Identifier: LGPL-2.1-or-later
/* check, compile, dump: descriptions and binary configurations, with no hypervisor needed. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "ctl.h"
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

static int check_one(struct ctl *ctl, const char *what)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	unsigned n_errors;
	int r = open_description(ctl, what, &desc);

	if (r < 0)
		return ctl_fail_cell(ctl, r);
	r = cell_host_new(ctl->context, NULL, &host);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	r = cell_desc_check(desc, host);
	n_errors = diag_print(stderr, desc);
	if (r < 0 && n_errors == 0)
		return ctl_fail_cell(ctl, r);

	return n_errors > 0 ? EXIT_BAD_CONFIG : EXIT_OK;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	int worst = EXIT_OK;

	for (int i = 1; i < argc; i++) {
		int status = check_one(ctl, argv[i]);

		if (status > worst)
			worst = status;
	}

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
	int r;

	(void)argc;
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
	if (diag_print(stderr, desc) > 0)
		return EXIT_BAD_CONFIG;
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	data = cell_blob_data(blob, &size);
	return write_file(ctl->output, data, size);
}

int ctl_dump(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_FCLOSE FILE *f = fopen(argv[1], "re");
	CLEANUP_BLOB cell_blob *blob = NULL;
	CLEANUP_FREE char *data = malloc(BLOB_SIZE_MAX), *json = NULL;
	int r;

	(void)argc;
	if (!f || !data)
		return ctl_fail("Cannot read %s: %s", argv[1], strerror(errno));

	r = cell_blob_new(ctl->context, data, fread(data, 1, BLOB_SIZE_MAX, f), &blob);
	if (r >= 0)
		r = cell_blob_dump_json(blob, &json);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	puts(json);
	return EXIT_OK;
}
