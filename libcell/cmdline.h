/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel command lines: words that blanks separate. */
#ifndef LIBCELL_CMDLINE_H
#define LIBCELL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/* Longer than any that the kernel takes on x86 (2048 bytes). */
#define CMDLINE_SIZE 4096

/* The next word at *line, which moves behind it; *ret_length: 0 where there is none left. */
const char *cmdline_next(const char **line, size_t *ret_length);

bool cmdline_has(const char *line, const char *word);

/* memmap=SIZE$START: memory that Linux never takes. */
bool cmdline_is_reservation(const char *word, size_t length);
bool cmdline_has_reservation(const char *line);

#endif
