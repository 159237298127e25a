// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "description-input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "worker.h"

#define SIZE_MAX_BYTES 65536 /* libcell reads no larger description */
#define IMAGES "/usr/lib/cells/images/"

int description_input_require(int fd, sd_bus_error *error)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) ||
	    st.st_size > SIZE_MAX_BYTES)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"A description is handed over as a regular file or memfd, "
					"open for reading, of at most 64 KiB.");

	return 0;
}

int description_input_copy(int fd)
{
	CLEANUP_FD int copy = memfd_create("description", MFD_CLOEXEC);
	char buffer[65536];
	off_t offset = 0;
	ssize_t n;

	if (copy < 0)
		return -errno;

	while ((n = pread(fd, buffer, sizeof(buffer), offset)) > 0 && offset <= SIZE_MAX_BYTES) {
		if (write(copy, buffer, (size_t)n) != n)
			return -EIO;
		offset += n;
	}
	if (n < 0 || lseek(copy, 0, SEEK_SET) < 0)
		return -errno;

	return take_fd(&copy);
}

static bool is_among_images(const char *file)
{
	if (*file == '/' && strncmp(file, IMAGES, strlen(IMAGES)) != 0)
		return false;

	for (const char *at = file; (at = strstr(at, "..")); at += 2)
		if ((at == file || at[-1] == '/') && (at[2] == '/' || !at[2]))
			return false;

	return true;
}

/* What is no list of images, or no JSON at all, names no files to libcell either. */
static int require_images(int fd, FILE *result)
{
	CLEANUP_JSON json_object *root = json_object_from_fd(fd);
	json_object *images, *file;

	if (!json_object_object_get_ex(root, "images", &images) ||
	    !json_object_is_type(images, json_type_array))
		return 0;

	for (size_t i = 0; i < json_object_array_length(images); i++) {
		json_object *image = json_object_array_get_idx(images, i);

		if (json_object_object_get_ex(image, "file", &file) &&
		    json_object_is_type(file, json_type_string) &&
		    !is_among_images(json_object_get_string(file)))
			return worker_fail(
				result, -EACCES, "AccessDenied",
				"The image %s is looked for only where root asks: for others "
				"images are below " IMAGES ".",
				json_object_get_string(file));
	}

	return 0;
}

int description_input_read(cell_context *context, const struct worker_task *task, FILE *result,
			   cell_desc **ret)
{
	CLEANUP_FD int copy = description_input_copy(task->fd);
	int r = copy;

	if (r >= 0 && task->uid != 0)
		r = require_images(copy, result);
	if (r >= 0 && lseek(copy, 0, SEEK_SET) < 0)
		r = -errno;

	return r < 0 ? r : cell_desc_new_from_fd(context, copy, task->label, ret);
}

int description_input_fail(FILE *result, int error, cell_context *context, const cell_desc *desc)
{
	const struct cell_diag *diag = diag_first_error(desc);
	const char *name = cell_context_last_error_name(context);

	/* Reading a bad description is no failure yet, so there is no name then. */
	if (diag)
		return worker_fail(result, error, *name ? name : "InvalidConfiguration",
				   "%s:%u:%u: %s: %s", diag->file, diag->line, diag->column,
				   diag->pointer ? diag->pointer : "", diag->message);

	return worker_fail(result, error, name, "%s", cell_context_last_error(context));
}
