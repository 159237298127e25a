/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal that standard output is, if it is one. */
#ifndef CELLMGRD_TERM_H
#define CELLMGRD_TERM_H

#include <stdbool.h>
#include <stddef.h>

/* Columns and rows; 0 where standard output is no terminal. */
size_t term_columns(void);
size_t term_rows(void);

/* The escape sequence that colours a cell's state, or ""; TERM_NORMAL ends it. */
const char *term_state_color(const char *state);
const char *term_normal(void);

/* $NO_COLOR, $SYSTEMD_COLORS and $TERM decide; else whether it is a terminal. */
bool term_has_colors(void);

/* Shows standard output from now on in a pager where it is a terminal; until term_pager_close. */
void term_pager_open(void);

/* Waits until the pager has been left. False: there was none. */
bool term_pager_close(void);

#endif
