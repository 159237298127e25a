// SPDX-License-Identifier: LGPL-2.1-or-later
#include "expected.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "check.h"

void expected_begin(struct expected *text)
{
	text->stream = open_memstream(&text->data, &text->size);
	CHECK(text->stream);
}

/* Without the folder that the machine, or the corpus, is in. */
static const char *shown_path(const struct sysroot *root, const char *path)
{
	size_t length = strlen(root->path);

	return strncmp(path, root->path, length) == 0 ? path + length : strrchr(path, '/') + 1;
}

void expected_write_diag(struct expected *text, const struct sysroot *root,
			 const struct cell_diag *diag)
{
	static const char *const severities[] = {"error", "warning", "note"};

	fputs(shown_path(root, diag->file), text->stream);
	if (diag->line)
		fprintf(text->stream, ":%u:%u", diag->line, diag->column);
	fprintf(text->stream, ": %s: %s%s%s [%s]\n", severities[diag->severity], diag->pointer,
		*diag->pointer ? ": " : "", diag->message, diag->code);
}

void expected_compare(struct expected *text, const char *source, const char *suffix)
{
	char path[PATH_MAX], *expected;
	size_t size;

	CHECK_EQ(fclose(text->stream), 0);
	snprintf(path, sizeof(path), "%.*s%s", (int)strlen(source) - 5, source, suffix);
	if (getenv("CORPUS_UPDATE"))
		CHECK_EQ(file_replace(path, text->data), 0);
	CHECK_EQ(file_load(path, 1 << 20, &expected, &size), 0);
	if (strcmp(text->data, expected) != 0)
		check_fail(path, 1, "gives\n%snot\n%s", text->data, expected);
	free(expected);
	free(text->data);
}

size_t expected_count(const char *pattern, struct sysroot *root,
		      bool (*check)(struct sysroot *root, const char *path))
{
	size_t n = 0;
	glob_t paths;

	CHECK_EQ(glob(pattern, 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++)
		n += check(root, paths.gl_pathv[i]);
	globfree(&paths);
	return n;
}
