/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel arguments that this machine needs, and what was done for them. */
#ifndef LIBCELL_PREPARATION_H
#define LIBCELL_PREPARATION_H

#include "cell.h"

#define PREPARATION_CHECKS_MAX 4

/* What the caller gets, and what it is made of. */
struct preparation {
	struct cell_preparation shown;
	const char *checks[PREPARATION_CHECKS_MAX + 1];
	char *arguments;
	char *content;
	char **commands;
};

/* Takes NULL. */
void preparation_free(struct preparation *preparation);

#endif
