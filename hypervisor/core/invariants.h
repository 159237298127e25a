/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold between any two management calls; looked at where the build says so. */
#ifndef CORE_INVARIANTS_H
#define CORE_INVARIANTS_H

/* Panics where one is broken. */
void invariants_check(void);

#endif
