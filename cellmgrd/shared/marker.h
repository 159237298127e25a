/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot marker: on disk before the hypervisor is enabled, gone once that has succeeded or
 * failed. One that is left from an earlier boot says that the machine froze in between, and it
 * shall not do so again at every boot.
 */
#ifndef CELLMGRD_MARKER_H
#define CELLMGRD_MARKER_H

#include <stdbool.h>

#define MARKER_SENTENCE(remedy)                                                        \
	"The machine ended without warning while the hypervisor was being enabled in " \
	"an earlier boot, so it is not enabled again; " remedy " allows the next attempt."

/* Whether an earlier boot left it. */
bool marker_is_left(void);

/* On disk when this returns. A negative errno where it cannot be written. */
int marker_set(void);

/* Its absence is no error. */
int marker_remove(void);

#endif
