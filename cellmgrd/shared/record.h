/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the last run of a cell ended: one small file per cell, /run/cellmgr/NAME.end, written by
 * cell-run where it could not start the cell, else by `cell-run --reap` just before it destroys it,
 * because the kernel forgets it then.
 */
#ifndef CELLMGRD_RECORD_H
#define CELLMGRD_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "cell.h"

#define RECORD_TEXT_SIZE 512

struct record {
	char result[32]; /* "success" "guest-shutdown" "access-violation" ... */
	char reason[32]; /* of struct cell_failure, or libcell's name of why it did not start; "" */
	unsigned cpu;
	uint64_t rip;
	uint64_t address;
	uint64_t detail;
	char message[RECORD_TEXT_SIZE];
};

/* Where the records are: /run/cellmgr. */
const char *record_directory(void);

/* Whether a file there is a record, and of which cell; size: that of the name's buffer. */
bool record_is_of(const char *file, char *ret_name, size_t size);

/* Result "success", nothing else. */
void record_clear(struct record *record);

/* "resources", "config", ...: it was no good end. */
bool record_tells_failure(const struct record *record);

/* The guest ran, and failed: CPU and addresses say where. */
bool record_is_of_guest(const struct record *record);

/* Why it could not be started: result "config" or "resources", libcell's name, and the sentence. */
void record_from_refusal(struct record *record, const char *result, const char *name,
			 const char *sentence);

/* Result and details from the failure that the kernel reports for a failed cell. */
void record_from_failure(struct record *record, const struct cell_failure *failure);

/* -ENOENT: none, the cell has not run since boot or runs now. */
int record_read(const char *name, struct record *ret);
int record_write(const char *name, const struct record *record);
void record_remove(const char *name);

#endif
