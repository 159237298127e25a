// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/image.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Bytes of RAM of the cell from guest on, over regions that follow each other. */
static uint64_t room_at(const cell_desc *desc, uint64_t guest)
{
	uint64_t room = 0;

	for (size_t i = 0; i < desc->n_memory;) {
		const struct desc_memory *memory = &desc->memory[i++];

		if (memory->flags & CELLHV_MEMORY_DEVICE ||
		    guest + room - memory->guest >= memory->size)
			continue;

		room = memory->guest + memory->size - guest;
		i = 0;
	}
	return room;
}

static int open_in(const char *directory, const char *file, uint64_t *ret_size)
{
	char path[PATH_MAX];
	int r = file_path(path, directory, "/%s", file);

	return r < 0 ? r : file_open(path, ret_size);
}

/* The first one that is there, whatever it is. */
int image_open(const cell_desc *desc, const char *file, uint64_t *ret_size)
{
	static const char *const directories[] = {DESC_DIRECTORIES, IMAGE_DIRECTORY};
	const char *root = desc->context->root;
	int r = -ENOENT;

	if (*file == '/')
		return open_in(root, file + 1, ret_size);

	if (desc->directory)
		r = open_in(desc->directory, file, ret_size);
	for (size_t i = 0; r == -ENOENT && i < ELEMENTS(directories); i++) {
		char directory[PATH_MAX];

		r = file_path(directory, root, "%s", directories[i]);
		if (r == 0)
			r = open_in(directory, file, ret_size);
	}
	return r;
}

/* Where image_open() has looked, for a sentence. */
static const char *places(const cell_desc *desc, const char *file)
{
	if (*file == '/')
		return "";
	return desc->directory ? " beside the description, nor in " IMAGE_PLACES
			       : " in " IMAGE_PLACES;
}

bool image_check_file(cell_desc *desc, const char *pointer, const char *file, uint64_t *ret_size)
{
	_cleanup_close_ int fd = image_open(desc, file, ret_size);

	if (fd == -ENOENT)
		desc_report(desc, CELL_ERROR, "image-missing", pointer,
			    "there is no file %.256s%s: build or install it, or correct the name",
			    file, places(desc, file));
	else if (fd < 0)
		desc_report(desc, CELL_ERROR, "image-missing", pointer, "%.256s cannot be read: %s",
			    file, file_error(fd));
	else if (!*ret_size)
		desc_report(desc, CELL_ERROR, "image-empty", pointer,
			    "there is nothing in the file %.256s: build or install it again", file);
	return fd >= 0 && *ret_size;
}

static void check_one(cell_desc *desc, size_t index)
{
	const struct desc_image *image = &desc->images[index];
	char pointer[DOCUMENT_POINTER_SIZE];
	uint64_t size = 0, room;

	if (!image->file || desc_is_bad(desc, "images", index, "file") ||
	    !image_check_file(desc, document_pointer(pointer, "images", index, "file"), image->file,
			      &size) ||
	    desc_is_bad(desc, "images", index, "") || desc_is_bad(desc, "images", index, "at") ||
	    !desc_memory_known(desc))
		return;

	room = room_at(desc, image->guest);
	if (size > room)
		desc_report(desc, CELL_ERROR, "image-too-large",
			    document_pointer(pointer, "images", index, "file"),
			    "%.256s has %" PRIu64 " bytes, but from 0x%" PRIx64
			    " on the cell has %" PRIu64
			    " bytes of memory: enlarge the region or move the image",
			    image->file, size, image->guest, room);
}

static void check_command_line(cell_desc *desc)
{
	uint64_t room = room_at(desc, desc->command_line_at);

	if (!desc_memory_known(desc) || diag_has_error_at(&desc->doc.diags, "/command-line") ||
	    diag_has_error_at(&desc->doc.diags, "/command-line/at"))
		return;
	if (strlen(desc->command_line) >= room)
		desc_report(desc, CELL_ERROR, "image-too-large", "/command-line",
			    "the command line and a zero byte have %zu bytes, but from 0x%" PRIx64
			    " on the cell has %" PRIu64 " bytes of memory",
			    strlen(desc->command_line) + 1, desc->command_line_at, room);
}

void image_check_files(cell_desc *desc)
{
	char pointer[DOCUMENT_POINTER_SIZE];
	uint64_t size = 0;

	for (size_t i = 0; i < desc->n_images; i++)
		if (desc->images[i].file && !desc_is_bad(desc, "images", i, "file"))
			image_check_file(desc, document_pointer(pointer, "images", i, "file"),
					 desc->images[i].file, &size);
}

void image_check(cell_desc *desc)
{
	for (size_t i = 0; i < desc->n_images; i++)
		check_one(desc, i);
	if (desc->command_line)
		check_command_line(desc);
}

int image_read(cell_desc *desc, const char *file, uint64_t max, char **ret_data, size_t *ret_size)
{
	uint64_t size;
	_cleanup_close_ int fd = image_open(desc, file, &size);
	int r = fd;

	if (fd >= 0)
		r = file_load_fd(fd, max, ret_data, ret_size);
	if (r == -ENOMEM)
		return context_oom(desc->context);
	if (r >= 0 && !*ret_size) {
		free(TAKE_PTR(*ret_data)); /* the caller frees it, too */
		return context_fail(desc->context, -ENODATA, "ImageMissing",
				    "There is nothing in the image %s: build or install it again.",
				    file);
	}
	if (r < 0 && r != -EFBIG)
		return context_fail(desc->context, r, "ImageMissing",
				    "The image %s cannot be read (%s): it is looked for%s.", file,
				    file_error(r), places(desc, file));
	return r;
}

int image_load(cell_desc *desc, size_t index, char **ret_data, size_t *ret_size)
{
	const struct desc_image *image = &desc->images[index];
	uint64_t room = room_at(desc, image->guest);
	int r = image_read(desc, image->file, room, ret_data, ret_size);

	if (r == -EFBIG)
		return context_fail(desc->context, r, "ImageTooLarge",
				    "The image %s is larger than the %" PRIu64
				    " bytes of memory the cell has from 0x%" PRIx64
				    " on: enlarge the region or move the image.",
				    image->file, room, image->guest);
	return r < 0 ? r : 0;
}
