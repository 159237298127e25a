/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Corpora: beside each FOLDER/NAME.json stands what libcell is expected to make of it, in
 * NAME.expected and such. CORPUS_UPDATE=1 writes those files anew, for review.
 */
#ifndef TESTS_EXPECTED_H
#define TESTS_EXPECTED_H

#include <stdio.h>

#include "cell.h"
#include "sysroot.h"

struct expected {
	char *data;
	size_t size;
	FILE *stream; /* where the test writes what it has got */
};

void expected_begin(struct expected *text);

/* A diagnostic as a user sees it, with its code in brackets. */
void expected_write_diag(struct expected *text, const struct sysroot *root,
			 const struct cell_diag *diag);

/* Fails where the file, source with suffix in place of ".json", says anything else. */
void expected_compare(struct expected *text, const char *source, const char *suffix);

/* Calls check for every file, returns for how many it was true. */
size_t expected_count(const char *pattern, struct sysroot *root,
		      bool (*check)(struct sysroot *root, const char *path));

#endif
