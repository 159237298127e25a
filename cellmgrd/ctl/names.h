/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAME... of a command: names of cells, and patterns as of a shell that stand for those they match.
 */
#ifndef CELLMGRD_CTL_NAMES_H
#define CELLMGRD_CTL_NAMES_H

#include "ctl.h"

/*
 * argv[0] and each name after it, patterns replaced; with NULL at the end, to be freed by
 * cell_strv_free. Has reported where a pattern matches none. Returns the exit status.
 */
int names_expand(struct ctl *ctl, int argc, char **argv, char ***ret, int *ret_n);

/* Runs fn for each of them, with the one name as its argument; the first bad exit status counts. */
int names_each(struct ctl *ctl, ctl_verb_fn fn, int argc, char **argv);

/*
 * Before what such a function prints: an empty line after the one before, and above it its title,
 * where there are several; title: NULL where the text says itself whose it is.
 */
void names_section(struct ctl *ctl, const char *title);

#endif
