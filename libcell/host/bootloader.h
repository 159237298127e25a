/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where this machine's boot loader has the kernel's command line from, as a file and as text; the
 * file is somebody else's to write.
 */
#ifndef LIBCELL_BOOTLOADER_H
#define LIBCELL_BOOTLOADER_H

#include <stdbool.h>

struct bootloader {
	const char *name;
	const char *path; /* without the root */
	bool (*is_used)(const char *root);

	/* What a file that is not there stands for; the caller frees it. NULL: out of memory. */
	char *(*initial_text)(const char *root);

	/* The arguments that the text gives the kernel; the caller frees them. NULL: as above. */
	char *(*arguments)(const char *text);

	/* The text with more arguments, all else as it was; the caller frees it. NULL: as above. */
	char *(*add)(const char *text, const char *arguments);

	/*
	 * Commands that make the boot loader use the file: words with single blanks between them,
	 * for which no shell is needed; with NULL at the end, freed by cell_strv_free().
	 */
	char **(*commands)(const char *root);
};

/* NULL: none that is known. */
const struct bootloader *bootloader_find(const char *root);

#endif
