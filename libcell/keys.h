/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_KEYS_H
#define LIBCELL_KEYS_H

#include "parse.h"

/* The keys of a cell description. */
extern const struct key keys_cell[];

#endif
