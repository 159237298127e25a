// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptions by name: the first directory that has NAME.json wins, as with systemd's units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "desc.h"
#include "export.h"
#include "file.h"
#include "parse.h"

static const char *const directories[] = {"/etc/cells", "/run/cells", "/usr/lib/cells"};
#define SHIPPED 2 /* by packages */

#define SUFFIX ".json"

LIBCELL_PUBLIC int cell_desc_find(cell_context *context, const char *name, cell_desc **ret)
{
	char path[PATH_MAX];
	cell_desc *desc;
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
		if (access(path, F_OK) < 0)
			continue;

		r = cell_desc_new_from_file(context, path, &desc);
		if (r < 0)
			return r;
		desc->is_shipped = i == SHIPPED;
		if (*desc->name && strcmp(desc->name, name) != 0) {
			desc_report(desc, CELL_ERROR, "name-differs", "/name",
				    "the file is %s" SUFFIX ", so the name has to be \"%s\"", name,
				    name);
			diag_finish(&desc->diags, true);
		}
		*ret = desc;
		return 0;
	}
	return context_fail(context, -ENOENT, "NoSuchCell",
			    "There is no %s.json in /etc/cells, /run/cells or /usr/lib/cells.",
			    name);
}

LIBCELL_PUBLIC char **cell_strv_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}

/* One NAME.json; of several the first in order is the one that counts. */
struct entry {
	char name[CELLHV_NAME_SIZE];
	unsigned directory;
	bool is_link; /* or something of which only stat(2) tells */
};

struct entries {
	struct entry *items; /* by name and directory */
	size_t n;
};

static int entries_add(struct entries *entries, const char *file, unsigned directory, bool is_link)
{
	size_t length = strlen(file);
	struct entry entry = {.directory = directory, .is_link = is_link};
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
		return 0;

	while ((entry = readdir(dir)))
		if (entries_add(entries, entry->d_name, directory,
				entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) < 0)
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

/* Its name or its path. 0: what a link points at is not there, as if the link were not. */
static int copy(const cell_context *context, const struct entry *entry, bool whole, char **ret)
{
	char path[PATH_MAX];
	int r = file_path(path, context->root, "%s/%s" SUFFIX, directories[entry->directory],
			  entry->name);

	if (r < 0)
		return r;
	if (entry->is_link && access(path, F_OK) < 0)
		return 0;
	*ret = strdup(whole ? path : entry->name);
	return *ret ? 1 : -ENOMEM;
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
	for (size_t i = 0; i < entries.n && r >= 0; i++) {
		if (strcmp(entries.items[i].name, last) == 0)
			continue;
		r = copy(context, &entries.items[i], whole, &copies[n]);
		if (r > 0) {
			last = entries.items[i].name;
			n++;
		}
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
