/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CPULIST_H
#define CELLMGRD_CPULIST_H

#include <stddef.h>

/* Ascending CPU numbers as the kernel writes them: "0-2,5". NULL: out of memory. */
char *cpulist_format(const unsigned *cpus, size_t n);

/* The CPUs that Linux runs on, in the same form; "?" where sysfs does not say. */
char *cpulist_online(void);

#endif
