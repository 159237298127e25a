/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_RUN_HYPERVISOR_H
#define CELLMGRD_RUN_HYPERVISOR_H

/*
 * Has systemd start cell-hypervisor.service, and waits for the end of that job. A unit that
 * required it would have it started before anything is known of the cell's description. -errno:
 * there is no systemd, or it does not take the job.
 */
int hypervisor_start(void);

#endif
