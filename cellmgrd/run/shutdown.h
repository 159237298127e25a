/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_SHUTDOWN_H
#define CELLMGRD_SHUTDOWN_H

struct supervisor;

/*
 * Asks the guest to shut down, up to three times where it refuses or stays silent; then the
 * description's policy decides. Ends the event loop with the exit status.
 */
void shutdown_begin(struct supervisor *supervisor);

#endif
