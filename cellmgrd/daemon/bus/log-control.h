/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_LOG_CONTROL_H
#define CELLMGRD_LOG_CONTROL_H

#include <systemd/sd-bus.h>

/* org.freedesktop.LogControl1, for `systemctl service-log-level cellmgrd debug`. */
int log_control_register(sd_bus *bus);

#endif
