/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_NAME_H
#define CELLMGRD_NAME_H

#include <stdbool.h>

/* [A-Za-z0-9][A-Za-z0-9._-]{0,30} */
bool name_is_valid(const char *name);

/* "cell@NAME.service"; the caller frees. NULL: out of memory. */
char *name_to_unit(const char *name);

/* The inverse; NULL where this is no unit of a cell, or out of memory. */
char *name_from_unit(const char *unit);

#endif
