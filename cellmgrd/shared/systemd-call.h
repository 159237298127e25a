/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_SYSTEMD_CALL_H
#define CELLMGRD_SYSTEMD_CALL_H

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

#define HYPERVISOR_UNIT "cell-hypervisor.service"

#endif
