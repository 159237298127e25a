/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptions that come as descriptors: checked, compiled, kept in /etc/cells. What clients write
 * is read in a worker process.
 */
#ifndef CELLMGRD_DESCRIPTION_H
#define CELLMGRD_DESCRIPTION_H

#include <systemd/sd-bus.h>

struct service;

/* CheckConfig(fd, label, flags) -> a(sssuus). */
int description_check(sd_bus_message *call, void *service, sd_bus_error *error);

/* CompileConfig(fd, label, flags) -> h. InvalidConfiguration. */
int description_compile(sd_bus_message *call, void *service, sd_bus_error *error);

/* DefineCell(name, fd, flags) -> o. CellExists without flag 1, InvalidConfiguration. */
int description_define(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* UndefineCell(name, flags). NoSuchCell, CellRunning, Held. */
int description_undefine(struct service *service, sd_bus_message *call, sd_bus_error *error);

#endif
