/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be known of the files of descriptions without a look at each every time: a digest of
 * their bytes, which tells one version of a file from the next and is no protection against
 * forgery, and what they say for people. A file is read once, and again when it is another one or
 * has been written to, as far as stat(2) tells: device, inode, size, times of modification and of
 * change; and it is parsed once for each digest. Nothing else depends on what is remembered:
 * without it the answers are the same, and take longer.
 */
#ifndef CELLMGRD_SUMMARY_H
#define CELLMGRD_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "cell.h"

struct summary {
	uint64_t digest;	 /* of all bytes */
	uint64_t memory;	 /* bytes of RAM that it asks for; 0 where that cannot be said */
	const char *description; /* its text for people; good until the next sweep */
};

/* What is remembered; {0} at first. */
struct summaries {
	struct summary_entry *items;
	size_t n;
};

/* -EFBIG: the file is larger than any description may be. */
int summary_of_file(struct summaries *summaries, cell_context *context, const char *path,
		    struct summary *ret);

/* Forgets the files that have not been asked for since the last time. */
void summaries_sweep(struct summaries *summaries);

void summaries_free(struct summaries *summaries);

#endif
