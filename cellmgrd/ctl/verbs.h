/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands, with all that a person learns of them from --help. */
#ifndef CELLMGRD_VERBS_H
#define CELLMGRD_VERBS_H

#include "ctl.h"

enum verb_flag {
	VERB_PAGER = 1, /* its output goes through one */
	VERB_EACH = 2,	/* of NAME..., it is run with one after the other */
};

struct verb {
	const char *group;
	const char *name;
	const char *arguments; /* as the synopsis has them */
	int min_args;
	int max_args;
	ctl_verb_fn run;
	const char *summary;
	const char *details; /* lines with their ends; "" where the summary says it all */
	unsigned flags;
};

/* NULL: there is no such command. */
const struct verb *verbs_find(const char *name);

/* The command that a mistyped name is most like, or NULL. */
const char *verbs_suggest(const char *name);

/* --help: all of them, or one. */
void verbs_print_all(void);
void verbs_print_one(const struct verb *verb);

#endif
