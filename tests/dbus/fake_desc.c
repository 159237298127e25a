// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fake libcell's descriptions and binary configurations. */
#define _GNU_SOURCE
#include "fake_libcell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cell_blob {
	unsigned refs;
	cell_context *context;
	char *data;
	size_t size;
};

static void read_fields(cell_desc *desc, json_object *root)
{
	json_object *value, *shutdown;

	if (json_object_object_get_ex(root, "name", &value))
		desc->name = strdup(json_object_get_string(value));
	if (json_object_object_get_ex(root, "description", &value))
		desc->description = strdup(json_object_get_string(value));
	if (json_object_object_get_ex(root, "fake-memory", &value))
		desc->memory = json_object_get_uint64(value);
	if (json_object_object_get_ex(root, "fake-error", &value))
		desc->error = strdup(json_object_get_string(value));
	if (json_object_object_get_ex(root, "fake-error-name", &value))
		desc->error_name = strdup(json_object_get_string(value));
	desc->misses_image = json_object_object_get_ex(root, "fake-missing-image", NULL);
	if (json_object_object_get_ex(root, "fake-column", &value))
		desc->column = (unsigned)json_object_get_int(value);
	if (json_object_object_get_ex(root, "cpus", &value))
		for (size_t i = 0; i < json_object_array_length(value) && i < FAKE_CPUS_MAX; i++)
			desc->cpus[desc->n_cpus++] =
				(unsigned)json_object_get_int(json_object_array_get_idx(value, i));
	if (!json_object_object_get_ex(root, "shutdown", &shutdown))
		return;
	if (json_object_object_get_ex(shutdown, "timeout-ms", &value))
		desc->timeout_ms = (unsigned)json_object_get_int(value);
	if (json_object_object_get_ex(shutdown, "on-refusal", &value))
		desc->destroy = strcmp(json_object_get_string(value), "destroy") == 0;
}

/* One line in `parsed`, for tests that count them. */
static void note_parsed(const char *label)
{
	char path[FAKE_PATH_SIZE], line[FAKE_PATH_SIZE];

	fake_path(path, "parsed");
	snprintf(line, sizeof(line), "%s\n", label);
	fake_write(path, line, "ae");
}

static int new_from_json(cell_context *context, json_object *root, const char *label,
			 cell_desc **ret)
{
	cell_desc *desc = calloc(1, sizeof(*desc));

	if (!desc)
		return -ENOMEM;
	desc->refs = 1;
	desc->context = context;
	desc->path = strdup(label);
	desc->timeout_ms = 5000;
	desc->column = 2;
	note_parsed(label);

	if (root)
		read_fields(desc, root);
	else
		desc->error = strdup("no valid JSON");
	json_object_put(root);

	desc->diag = (struct cell_diag){CELL_ERROR, "fake",	  desc->path, "/fake",
					1,	    desc->column, desc->error};
	*ret = desc;
	return fake_ok(context);
}

int cell_desc_new_from_file(cell_context *context, const char *path, cell_desc **ret)
{
	if (access(path, R_OK) < 0)
		return fake_fail(context, -errno, "Failed", "Cannot read %s: %s", path,
				 strerror(errno));

	return new_from_json(context, json_object_from_file(path), path, ret);
}

int cell_desc_new_from_fd(cell_context *context, int fd, const char *label, cell_desc **ret)
{
	return new_from_json(context, json_object_from_fd(fd), label, ret);
}

static const char *const directories[] = {"etc", "desc"};

static int locate(cell_context *context, const char *name, char path[FAKE_PATH_SIZE])
{
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		fake_path(path, "%s/%s.json", directories[i], name);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return fake_ok(context);
	}
	return fake_fail(context, -ENOENT, "NoSuchCell", "No %s.json describes a cell.", name);
}

int cell_desc_find(cell_context *context, const char *name, cell_desc **ret)
{
	char path[FAKE_PATH_SIZE];
	int r;

	if (strcmp(name, "root") == 0)
		return fake_fail(context, -EINVAL, "InvalidConfiguration",
				 "\"root\" is not a cell name.");

	r = locate(context, name, path);
	return r < 0 ? r : cell_desc_new_from_file(context, path, ret);
}

FAKE_REFS(cell_desc, fake_desc_release)

void fake_desc_release(cell_desc *desc)
{
	free(desc->name);
	free(desc->path);
	free(desc->error);
	free(desc->error_name);
	free(desc->description);
}

static int is_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

static bool has_name(char **names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cell_desc_list(cell_context *context, char ***ret_names)
{
	char path[FAKE_PATH_SIZE], **names = calloc(1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		struct dirent **entries = NULL;
		int n;

		fake_path(path, "%s", directories[i]);
		n = scandir(path, &entries, is_json, NULL);
		for (int j = 0; j < n; j++) {
			entries[j]->d_name[strlen(entries[j]->d_name) - 5] = '\0';
			if (!has_name(names, entries[j]->d_name)) {
				char **more = reallocarray(names, count + 2, sizeof(*names));

				if (!more)
					abort();
				names = more;
				names[count++] = strdup(entries[j]->d_name);
				names[count] = NULL;
			}
			free(entries[j]);
		}
		free(entries);
	}
	qsort(names, count, sizeof(*names), compare);

	*ret_names = names;
	return fake_ok(context);
}

int cell_desc_list_paths(cell_context *context, char ***ret_paths)
{
	char path[FAKE_PATH_SIZE], **paths;
	int r = cell_desc_list(context, &paths);
	size_t n = 0;

	/* In place: the names give way to their paths. */
	for (char **name = paths; r >= 0 && *name; name++) {
		bool found = locate(context, *name, path) >= 0;

		free(*name);
		if (found)
			paths[n++] = strdup(path);
	}
	paths[n] = NULL;
	*ret_paths = paths;
	return fake_ok(context);
}

const char *cell_desc_name(const cell_desc *desc)
{
	return desc->name ? desc->name : "";
}

const char *cell_desc_path(const cell_desc *desc)
{
	return desc->path;
}

unsigned cell_desc_shutdown_timeout_ms(const cell_desc *desc)
{
	return desc->timeout_ms;
}

bool cell_desc_destroy_on_refusal(const cell_desc *desc)
{
	return desc->destroy;
}

const char *cell_desc_description(const cell_desc *desc)
{
	return desc->description ? desc->description : "";
}

uint64_t cell_desc_memory_size(const cell_desc *desc)
{
	return desc->memory;
}

size_t cell_desc_n_diags(const cell_desc *desc)
{
	return desc->error ? 1 : 0;
}

const struct cell_diag *cell_desc_diag(const cell_desc *desc, size_t index)
{
	return index == 0 && desc->error ? &desc->diag : NULL;
}

int cell_desc_check(cell_desc *desc, cell_host *host)
{
	(void)host;
	fake_delay("delay-check");
	if (!desc->error)
		return fake_ok(desc->context);

	return fake_fail(desc->context, -EINVAL, desc->error_name ?: "InvalidConfiguration",
			 "%s has an error: %s", desc->path, desc->error);
}

int cell_desc_check_images(cell_desc *desc)
{
	if (!desc->misses_image)
		return fake_ok(desc->context);

	free(desc->error);
	desc->error = strdup("there is no such file");
	desc->diag.message = desc->error;
	return fake_fail(desc->context, -EINVAL, "ImageMissing", "%s has no image", desc->path);
}

int cell_desc_compile(cell_desc *desc, cell_host *host, cell_blob **ret)
{
	char text[128];
	int r = cell_desc_check(desc, host);

	if (r < 0)
		return r;

	snprintf(text, sizeof(text), "FAKE %s", cell_desc_name(desc));
	return cell_blob_new(desc->context, text, strlen(text), ret);
}

int cell_blob_new(cell_context *context, const void *data, size_t size, cell_blob **ret)
{
	cell_blob *blob;

	if (size < 5 || memcmp(data, "FAKE ", 5) != 0)
		return fake_fail(context, -EINVAL, "InvalidConfiguration",
				 "This is no binary configuration.");

	blob = calloc(1, sizeof(*blob));
	*blob = (cell_blob){1, context, strndup(data, size), size};
	*ret = blob;
	return fake_ok(context);
}

FAKE_REFS(cell_blob, fake_blob_release)

void fake_blob_release(cell_blob *blob)
{
	free(blob->data);
}

const void *cell_blob_data(const cell_blob *blob, size_t *ret_size)
{
	*ret_size = blob->size;
	return blob->data;
}

int cell_blob_dump_json(cell_blob *blob, char **ret_json)
{
	return asprintf(ret_json, "{ \"name\": \"%s\" }", blob->data + 5) < 0 ? -ENOMEM : 0;
}
