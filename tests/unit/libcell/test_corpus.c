// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every FOLDER/NAME.json of the corpus gives exactly the diagnostics of NAME.expected, as a user
 * sees them, with the code in brackets; an empty one means that there are none, and then
 * NAME.golden is the binary configuration. CORPUS_UPDATE=1 writes those files anew, for review.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "blob.h"
#include "blobtext.h"
#include "check.h"
#include "file.h"
#include "neighbour.h"
#include "sysroot.h"

#define BAD_FILES 150 /* at least */

struct text {
	char *data;
	size_t size;
	FILE *stream;
};

static void text_begin(struct text *text)
{
	text->stream = open_memstream(&text->data, &text->size);
	CHECK(text->stream);
}

static void text_end(struct text *text)
{
	CHECK_EQ(fclose(text->stream), 0);
}

/* Without the folder that the machine, or the corpus, is in. */
static const char *shown_path(const struct sysroot *root, const char *path)
{
	size_t length = strlen(root->path);

	return strncmp(path, root->path, length) == 0 ? path + length : strrchr(path, '/') + 1;
}

static void render(const struct sysroot *root, const cell_desc *desc, FILE *out)
{
	static const char *const severities[] = {"error", "warning", "note"};

	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);

		fputs(shown_path(root, diag->file), out);
		if (diag->line)
			fprintf(out, ":%u:%u", diag->line, diag->column);
		fprintf(out, ": %s: %s%s%s [%s]\n", severities[diag->severity], diag->pointer,
			*diag->pointer ? ": " : "", diag->message, diag->code);
	}
}

/* Takes the text over. */
static void compare(const char *source, const char *suffix, struct text *actual)
{
	char path[PATH_MAX], *expected;
	size_t size;

	text_end(actual);
	snprintf(path, sizeof(path), "%.*s%s", (int)strlen(source) - 5, source, suffix);
	if (getenv("CORPUS_UPDATE"))
		CHECK_EQ(file_replace(path, actual->data), 0);
	CHECK_EQ(file_load(path, 1 << 20, &expected, &size), 0);
	if (strcmp(actual->data, expected) != 0)
		check_fail(path, 1, "gives\n%snot\n%s", actual->data, expected);
	free(expected);
	free(actual->data);
}

/* What was compiled, once more, and what its dump says: the same bytes. */
static void check_same(struct sysroot *root, cell_host *host, cell_desc *desc, cell_blob *blob)
{
	cell_blob *again;

	CHECK_EQ(cell_desc_n_diags(desc), 0);
	CHECK_EQ(cell_desc_compile(desc, host, &again), 0);
	CHECK_EQ(again->size, blob->size);
	CHECK(memcmp(again->config, blob->config, blob->size) == 0);
	CHECK(blob_is_valid(again->config, again->size));
	cell_blob_unref(again);
	(void)root;
}

static void check_dump(struct sysroot *root, cell_host *host, cell_blob *blob)
{
	char path[PATH_MAX], *json;
	cell_desc *desc;

	CHECK_EQ(cell_blob_dump_json(blob, &json), 0);
	sysroot_write(root, "/dump.json", "%s", json);
	snprintf(path, sizeof(path), "%s/dump.json", root->path);
	CHECK_EQ(cell_desc_new_from_file(root->context, path, &desc), 0);
	check_same(root, host, desc, blob);
	cell_desc_unref(desc);
	free(json);
}

static void check_good(struct sysroot *root, cell_host *host, cell_desc *desc, const char *path)
{
	struct text text;
	cell_blob *blob;

	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	text_begin(&text);
	blobtext_write(blob, text.stream);
	compare(path, ".golden", &text);
	check_same(root, host, desc, blob);
	check_dump(root, host, blob);
	cell_blob_unref(blob);
}

/* True: it is bad, as expected. */
static bool check_file(struct sysroot *root, const char *path)
{
	struct text text;
	cell_host *host;
	cell_desc *desc;
	int r;

	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_new_from_file(root->context, path, &desc), 0);
	r = cell_desc_check(desc, host);
	text_begin(&text);
	render(root, desc, text.stream);
	CHECK_EQ(r, cell_desc_n_diags(desc) ? -EINVAL : 0);
	compare(path, ".expected", &text);
	if (r == 0)
		check_good(root, host, desc, path);
	cell_desc_unref(desc);
	cell_host_unref(host);
	return r < 0;
}

/* Returns how many are bad. */
static size_t check_folder(struct sysroot *root, const char *pattern)
{
	size_t bad = 0;
	glob_t paths;

	CHECK_EQ(glob(pattern, 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++)
		bad += check_file(root, paths.gl_pathv[i]);
	globfree(&paths);
	return bad;
}

TEST(corpus_gives_the_expected_diagnostics)
{
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/images/small.bin", "small");
	sysroot_write(&root, "/usr/lib/cells/images/folder/file", "x");
	CHECK(check_folder(&root, CORPUS "/*/*.json") >= BAD_FILES);
	sysroot_remove(&root);
}

TEST(corpus_conflicts_name_both_sides)
{
	struct sysroot root;

	sysroot_make(&root);
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	CHECK(check_folder(&root, CORPUS "/neighbour/cases/*.json") > 0);
	neighbour_move_out(&root);
	sysroot_remove(&root);
}
