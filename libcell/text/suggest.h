/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean": which of several names somebody had in mind. */
#ifndef LIBCELL_SUGGEST_H
#define LIBCELL_SUGGEST_H

#include <stdbool.h>

/*
 * Is name close enough to the real one to be meant for it? Where it is, and closer than
 * *distance, that becomes its distance. Begin with SUGGEST_FAR.
 */
#define SUGGEST_FAR 1000u
bool suggest_closer(const char *name, const char *real, unsigned *distance);

#endif
