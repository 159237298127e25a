/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_REAP_H
#define CELLMGRD_REAP_H

/*
 * After the service's main process: records how the cell ended and gives its CPUs and memory back
 * to Linux. A cell that still runs is left alone. Returns the exit status.
 */
int reap(const char *name);

#endif
