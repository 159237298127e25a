/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel command lines: words that blanks separate. */
#ifndef LIBCELL_CMDLINE_H
#define LIBCELL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any that the kernel takes on x86 (2048 bytes). */
#define CMDLINE_SIZE 4096
#define CMDLINE_ITEM_SIZE 48

/* The next word at *line, which moves behind it; *ret_length: 0 where there is none left. */
const char *cmdline_next(const char **line, size_t *ret_length);

bool cmdline_has(const char *line, const char *word);

/*
 * memmap=SIZE$START: memory that Linux never takes, for whatever reason; for cells where the line
 * also says so, by cellmgr.memory=START. The kernel leaves alone what has a dot and no module.
 */
struct cmdline_reservation {
	uint64_t start;
	uint64_t size; /* bytes, not 0 */
	bool for_cells;
	char text[CMDLINE_ITEM_SIZE]; /* "64M$0x34000000" */
};

/* Calls fn for each, until it returns anything but 0, which then is the result. */
typedef int (*cmdline_reservation_fn)(void *userdata,
				      const struct cmdline_reservation *reservation);
int cmdline_each_reservation(const char *line, cmdline_reservation_fn fn, void *userdata);

/* The first one for cells, or not for cells; false: there is none. */
bool cmdline_find_reservation(const char *line, bool for_cells, struct cmdline_reservation *ret);

/* The arguments that reserve "64M$0x34000000" for cells. */
#define CMDLINE_RESERVE_SIZE 128
const char *cmdline_reserve(const char *reservation, uint64_t start,
			    char text[CMDLINE_RESERVE_SIZE]);

#endif
