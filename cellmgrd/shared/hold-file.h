/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is kept of a hold: ID, a file of lines, and the FIFO ID.fifo beside it, in
 * /run/cellmgr/holds. Only root reads there.
 */
#ifndef CELLMGRD_HOLD_FILE_H
#define CELLMGRD_HOLD_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hold_file {
	char id[40];
	char cell[32];
	char who[64];
	char why[128];
	uint64_t since; /* us of CLOCK_REALTIME */
	uid_t uid;
};

/* Chooses the id and makes both files. */
int hold_file_create(struct hold_file *file);
int hold_file_read(const char *id, struct hold_file *ret);

/* The FIFO, without waiting for the other end. Returns the descriptor. */
int hold_file_open(const char *id, int flags);
void hold_file_remove(const char *id);

/* NULL: there is none. */
DIR *hold_file_directory(void);

/* Whether a name there is that of a hold. */
bool hold_file_is_id(const char *name);

/* Whether somebody holds the FIFO open that fd reads. What was written into it is gone then. */
bool hold_file_has_writer(int fd);

/*
 * Of one cell, or NULL for all: calls fn for each that somebody still holds, until that returns
 * false. False: it did.
 */
bool hold_file_each(const char *cell, bool (*fn)(void *userdata, const struct hold_file *file),
		    void *userdata);

#endif
