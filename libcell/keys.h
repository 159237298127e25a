/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_KEYS_H
#define LIBCELL_KEYS_H

#include "parse.h"

/* The keys of a cell description. */
extern const struct key keys_cell[];

/* Ports and the console that may be at some, in keys_io.c. */
void keys_ports(const struct value *value);
void keys_console(const struct value *value);

#endif
