// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every NAME.json of the corpus gives exactly the diagnostics of NAME.expected ("line:column code
 * pointer", one a line; empty: none). CORPUS_UPDATE=1 writes those files anew, for review.
 */
#include <glob.h>
#include <stdlib.h>

#include "blob.h"
#include "check.h"
#include "file.h"
#include "sysroot.h"

static void render(const cell_desc *desc, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);

		CHECK(used < size);
		CHECK(*diag->message);
		used += snprintf(text + used, size - used, "%u:%u %s %s\n", diag->line,
				 diag->column, diag->code, diag->pointer);
	}
}

static void check_file(struct sysroot *root, const char *path)
{
	char expected_path[PATH_MAX], actual[4096], *expected;
	cell_host *host;
	cell_desc *desc;
	size_t size;
	int r;

	snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)strlen(path) - 5,
		 path);
	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_new_from_file(root->context, path, &desc), 0);
	r = cell_desc_check(desc, host);
	render(desc, actual, sizeof(actual));
	if (getenv("CORPUS_UPDATE"))
		CHECK_EQ(file_replace(expected_path, actual), 0);

	CHECK_EQ(file_load(expected_path, 4096, &expected, &size), 0);
	if (strcmp(actual, expected) != 0)
		check_fail(path, 1, "gives\n%snot\n%s", actual, expected);
	CHECK_EQ(r, *expected ? -22 : 0);
	free(expected);
	cell_desc_unref(desc);
	cell_host_unref(host);
}

TEST(corpus_gives_the_expected_diagnostics)
{
	struct sysroot root;
	glob_t paths;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/images/small.bin", "small");
	CHECK_EQ(glob(CORPUS "/*.json", 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++)
		check_file(&root, paths.gl_pathv[i]);
	CHECK(paths.gl_pathc >= 20);
	globfree(&paths);
	sysroot_remove(&root);
}

TEST(compilation_is_deterministic_and_dumps_back)
{
	cell_blob *blobs[2];
	struct sysroot root;
	const void *data[2];
	cell_host *host;
	cell_desc *desc;
	size_t size[2];
	char *json;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/images/small.bin", "small");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_new_from_file(root.context, CORPUS "/good-full.json", &desc), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(cell_desc_compile(desc, host, &blobs[i]), 0);
		data[i] = cell_blob_data(blobs[i], &size[i]);
		CHECK(blob_is_valid(data[i], size[i]));
	}
	CHECK_EQ(size[0], size[1]);
	CHECK(memcmp(data[0], data[1], size[0]) == 0);
	CHECK_EQ(cell_blob_dump_json(blobs[0], &json), 0);
	CHECK(strstr(json, "\"phys\": \"0x30000000\"") && strstr(json, "\"uart\": \"0x2f8\""));
	free(json);
	for (int i = 0; i < 2; i++)
		cell_blob_unref(blobs[i]);
	cell_desc_unref(desc);
	cell_host_unref(host);
	sysroot_remove(&root);
}
