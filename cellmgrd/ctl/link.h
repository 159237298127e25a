/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of `cellctl link` share. argv[0] is the action, arguments come after it. */
#ifndef CELLMGRD_CTL_LINK_H
#define CELLMGRD_CTL_LINK_H

#include "ctl.h"

int link_list(struct ctl *ctl, int argc, char **argv);
int link_status(struct ctl *ctl, int argc, char **argv);

/* Hands one link of the list to fn, which returns an exit status. Has reported where it fails. */
int link_find(struct ctl *ctl, const char *name,
	      int (*fn)(void *userdata, const struct cell_link_entry *link), void *userdata);

/* Opens Linux's end. Has reported where it fails, with the remedy. */
int link_open(struct ctl *ctl, const char *name, cell_link **ret);

/* The sentence about a link that is there no more; returns the exit status. */
int link_fail_ended(void);

/* Of that name, or if no peer has it of that id; NULL: it is not at the link. */
const struct cell_link_peer *link_peer(const struct cell_link_entry *link, const char *name);

/* Bytes of a section to standard output, and of standard input to a section. */
int link_read(struct ctl *ctl, int argc, char **argv);
int link_write(struct ctl *ctl, int argc, char **argv);

/* Has reported where the text is no number up to most. */
bool link_parse(const char *text, uint64_t most, uint64_t *ret);

#endif
