/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Digests of descriptions: they tell one version of a file from the next, and are no protection
 * against forgery. A file is read once, and again when it is another one or has been written to, as
 * far as stat(2) tells: device, inode, size, times of modification and of change. Nothing else
 * depends on what is remembered: without it the answers are the same, and take longer.
 */
#ifndef CELLMGRD_DIGEST_H
#define CELLMGRD_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* What is remembered; {0} at first. */
struct digests {
	struct digest *items;
	size_t n;
};

/* Of all bytes of the file. -EFBIG: it is larger than any description may be. */
int digest_of_file(struct digests *digests, const char *path, uint64_t *ret);

/* Forgets the files that have not been asked for since the last time. */
void digests_sweep(struct digests *digests);

void digests_free(struct digests *digests);

#endif
