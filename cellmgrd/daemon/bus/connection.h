/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state's connection to the bus, which makes it a service. */
#ifndef CELLMGRD_CONNECTION_H
#define CELLMGRD_CONNECTION_H

struct manager;
struct service;

/* Registers all objects, takes a first look, and tells of each change from then on. */
int connection_new(struct manager *manager, struct service **ret);
struct service *connection_free(struct service *service);

/* Takes the name, by which everybody may call at once. */
int connection_open(struct service *service);

#endif
