/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_MODULE_LOAD_H
#define CELLMGRD_MODULE_LOAD_H

#include <systemd/sd-bus.h>

struct service;
typedef void (*module_load_fn)(struct service *service, sd_bus_message *call);

/*
 * Runs `next` once systemd has tried to load the module, or at once where it is loaded: so the
 * daemon needs no right to load modules. Whether it is there, next finds out.
 */
int module_load_then(struct service *service, sd_bus_message *call, module_load_fn next);

#endif
