/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files a cell is loaded from. */
#ifndef LIBCELL_IMAGE_H
#define LIBCELL_IMAGE_H

#include "desc/desc.h"

#define IMAGE_DIRECTORY "/usr/lib/cells/images"
#define IMAGE_PLACES "/etc/cells, /run/cells, /usr/lib/cells or " IMAGE_DIRECTORY

/*
 * A file without a leading slash is looked for beside the description (which is where the file is
 * that a link leads to), then in DESC_DIRECTORIES, then in IMAGE_DIRECTORY. Reports the images that
 * are missing or empty (_files: this alone), or larger than the memory from their address on.
 */
void image_check(cell_desc *desc);
void image_check_files(cell_desc *desc);

/* The first one that is there, whatever it is: a descriptor, or a negative errno. */
int image_open(const cell_desc *desc, const char *file, uint64_t *ret_size);

/* False: it is reported that it is missing or empty. */
bool image_check_file(cell_desc *desc, const char *pointer, const char *file, uint64_t *ret_size);

/* Content of a file; the caller frees *ret_data. -EFBIG, without a sentence; ImageMissing. */
int image_read(cell_desc *desc, const char *file, uint64_t max, char **ret_data, size_t *ret_size);

/* Content of an image; the caller frees *ret_data. ImageMissing, ImageTooLarge. */
int image_load(cell_desc *desc, size_t index, char **ret_data, size_t *ret_size);

#endif
