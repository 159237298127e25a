/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Consoles on standard output: of one, or of several, with a heading wherever another one speaks.
 */
#ifndef CELLMGRD_ATTACH_H
#define CELLMGRD_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

#include "printable.h"

struct attached {
	const char *name;
	int fd;		       /* the caller's */
	bool typed;	       /* keys go to it; only where it is the only one */
	bool ended;	       /* nothing more will come */
	int error;	       /* that has ended it, or 0 */
	struct printable utf8; /* of what it wrote last */
};

/* Copies what they have; with `follow` waits for more until they have ended. Returns the status. */
int attach_copy(struct attached *consoles, size_t n, bool follow);

/* On a terminal: shows what comes until they have ended or ^] was typed three times in a second. */
int attach_run(struct attached *consoles, size_t n);

#endif
