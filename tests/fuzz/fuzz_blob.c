/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a binary configuration that somebody wants to see: what is valid has a dump, or is
 * refused because no description can say it; the dump is a description.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/blob.h"
#include "desc/desc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* What a dump says may be wrong for a cell, but never as text. */
static void check_codes(const cell_desc *desc)
{
	static const char *const possible[] = {"overlap", "no-memory", "out-of-range",
					       "console-nowhere", "bad-name"};

	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);
		bool found = false;

		for (size_t j = 0; j < sizeof(possible) / sizeof(possible[0]); j++)
			found |= strcmp(possible[j], diag->code) == 0;
		require(found || diag->severity == CELL_NOTE);
	}
}

static void check_dump(cell_context *context, const char *json)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	cell_desc *desc;

	require(fd >= 0 && write(fd, json, strlen(json)) == (ssize_t)strlen(json) &&
		lseek(fd, 0, SEEK_SET) == 0);
	require(cell_desc_new_from_fd(context, fd, "fuzz.json", &desc) == 0);
	check_codes(desc);
	cell_desc_unref(desc);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cellhv_config_header *header;
	cell_context *context = NULL;
	cell_blob *blob = NULL;
	void *copy = malloc(size ?: 1);
	char *json;
	int r;

	require(copy && cell_context_new(&context) == 0);
	memcpy(copy, data, size);
	if (size >= sizeof(*header)) {
		blob_init_header(copy, CELLHV_CONFIG_CELL);
		blob_finish_header(copy, size);
	}
	r = cell_blob_new(context, copy, size, &blob);
	require(r == 0 || (r == -EINVAL && !blob && *cell_context_last_error(context)));
	if (r == 0) {
		r = cell_blob_dump_json(blob, &json);
		require(r == 0 || r == -EOPNOTSUPP);
		if (r == 0) {
			check_dump(context, json);
			free(json);
		}
	}
	cell_blob_unref(blob);
	cell_context_unref(context);
	free(copy);
	return 0;
}
