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

struct names {
	char **items; /* NULL-terminated once there is one */
	size_t n;
};

static int names_add(struct names *names, const char *name, size_t length)
{
	char **items;

	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->items[i]) == length && memcmp(names->items[i], name, length) == 0)
			return 0;

	items = realloc(names->items, (names->n + 2) * sizeof(*items));
	if (!items)
		return -ENOMEM;

	names->items = items;
	items[names->n] = strndup(name, length);
	if (!items[names->n])
		return -ENOMEM;

	items[++names->n] = NULL;
	return 0;
}

static int names_add_directory(struct names *names, const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return 0;

	while ((entry = readdir(dir))) {
		char name[CELLHV_NAME_SIZE + sizeof(SUFFIX)];
		size_t length = strlen(entry->d_name);

		if (length >= sizeof(name) || length <= strlen(SUFFIX))
			continue;

		length -= strlen(SUFFIX);
		memcpy(name, entry->d_name, length);
		name[length] = '\0';
		if (strcmp(entry->d_name + length, SUFFIX) != 0 || !parse_is_name(name))
			continue;
		if (names_add(names, name, length) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

LIBCELL_PUBLIC int cell_desc_list(cell_context *context, char ***ret_names)
{
	struct names names = {.items = calloc(1, sizeof(char *))};
	char path[PATH_MAX];
	int r = names.items ? 0 : -ENOMEM;

	context_begin(context);
	for (size_t i = 0; i < ELEMENTS(directories) && r == 0; i++) {
		r = file_path(path, context->root, "%s", directories[i]);
		if (r == 0)
			r = names_add_directory(&names, path);
	}
	if (r < 0) {
		cell_strv_free(names.items);
		return context_oom(context);
	}
	qsort(names.items, names.n, sizeof(char *), compare);
	*ret_names = names.items;
	return 0;
}
