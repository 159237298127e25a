// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptions by name: the first directory that has NAME.json wins, as with systemd's units. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"
#include "desc/desc.h"
#include "text/parse.h"

static const char *const directories[] = {DESC_DIRECTORIES};
#define SHIPPED 2 /* by packages */

#define SUFFIX ".json"

/* A link counts, wherever it leads. */
static bool is_there(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is there and cannot be read is a description all the same: it has one mistake. */
static int read_named(cell_context *context, const char *path, const char *name, cell_desc **ret)
{
	int r = cell_desc_new_from_file(context, path, ret);
	cell_desc *desc;

	if (r < 0 && r != -ENOMEM) {
		context_begin(context);
		r = desc_new_unreadable(context, path, r, ret);
	}
	if (r < 0)
		return r;

	desc = *ret;
	if (*desc->name && strcmp(desc->name, name) != 0) {
		desc_report(desc, CELL_ERROR, "name-differs", "/name",
			    "the file is %s" SUFFIX ", so the name has to be \"%s\"", name, name);
		diag_finish(&desc->doc.diags, true);
	}
	if (!desc->doc.diags.is_incomplete)
		return 0;

	*ret = cell_desc_unref(desc);
	return context_oom(context);
}

LIBCELL_PUBLIC int cell_desc_find(cell_context *context, const char *name, cell_desc **ret)
{
	char path[PATH_MAX];
	int r;

	context_begin(context);
	if (!parse_is_name(name))
		return context_fail(context, -EINVAL, "InvalidConfiguration",
				    "\"%s\" is not a cell name: up to 31 letters, digits and ._- "
				    "that begin with a letter or digit.",
				    name);

	for (size_t i = 0; i < ELEMENTS(directories); i++) {
		r = file_path(path, context->root, "%s/%s" SUFFIX, directories[i], name);
		if (r < 0)
			return context_fail(context, r, "Failed", "The path is too long.");
		if (!is_there(path))
			continue;

		r = read_named(context, path, name, ret);
		if (r >= 0)
			(*ret)->is_shipped = i == SHIPPED;
		return r;
	}
	return context_fail(context, -ENOENT, "NoSuchCell",
			    "There is no %s.json in /etc/cells, /run/cells or /usr/lib/cells.",
			    name);
}

/* One NAME.json; of several the first in order is the one that counts. */
struct entry {
	char name[CELLHV_NAME_SIZE];
	unsigned directory;
};

struct entries {
	struct entry *items; /* by name and directory */
	size_t n;
};

static int entries_add(struct entries *entries, const char *file, unsigned directory)
{
	size_t length = strlen(file);
	struct entry entry = {.directory = directory};
	struct entry *items;

	if (length <= strlen(SUFFIX) || length - strlen(SUFFIX) >= sizeof(entry.name) ||
	    strcmp(file + length - strlen(SUFFIX), SUFFIX) != 0)
		return 0;

	memcpy(entry.name, file, length - strlen(SUFFIX));
	if (!parse_is_name(entry.name))
		return 0;

	items = reallocarray(entries->items, entries->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;

	entries->items = items;
	items[entries->n++] = entry;
	return 0;
}

static int entries_add_directory(struct entries *entries, const char *path, unsigned directory)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;

	while ((entry = readdir(dir)))
		if (entries_add(entries, entry->d_name, directory) < 0)
			return -ENOMEM;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ?: (int)x->directory - (int)y->directory;
}

static int entries_read(const cell_context *context, struct entries *ret)
{
	struct entries entries = {0};
	char path[PATH_MAX];
	int r = 0;

	for (unsigned i = 0; i < ELEMENTS(directories) && r == 0; i++) {
		r = file_path(path, context->root, "%s", directories[i]);
		if (r == 0)
			r = entries_add_directory(&entries, path, i);
	}
	if (r < 0) {
		free(entries.items);
		return r;
	}
	if (entries.n)
		qsort(entries.items, entries.n, sizeof(*entries.items), compare);
	*ret = entries;
	return 0;
}

/* Its name or its path; NULL: out of memory. */
static char *copy(const cell_context *context, const struct entry *entry, bool whole)
{
	char *path;

	if (!whole)
		return strdup(entry->name);
	return asprintf(&path, "%s%s/%s" SUFFIX, context->root, directories[entry->directory],
			entry->name) < 0
		       ? NULL
		       : path;
}

static int list(cell_context *context, bool whole, char ***ret)
{
	struct entries entries;
	const char *last = "";
	size_t n = 0;
	char **copies;
	int r;

	context_begin(context);
	r = entries_read(context, &entries);
	if (r < 0)
		return context_oom(context);

	copies = calloc(entries.n + 1, sizeof(*copies));
	r = copies ? 0 : -ENOMEM;
	for (size_t i = 0; i < entries.n && r == 0; i++) {
		if (strcmp(entries.items[i].name, last) == 0)
			continue;

		copies[n] = copy(context, &entries.items[i], whole);
		last = entries.items[i].name;
		r = copies[n++] ? 0 : -ENOMEM;
	}
	free(entries.items);
	if (r < 0) {
		cell_strv_free(copies);
		return context_oom(context);
	}
	*ret = copies;
	return 0;
}

LIBCELL_PUBLIC int cell_desc_list(cell_context *context, char ***ret_names)
{
	return list(context, false, ret_names);
}

LIBCELL_PUBLIC int cell_desc_list_paths(cell_context *context, char ***ret_paths)
{
	return list(context, true, ret_paths);
}
