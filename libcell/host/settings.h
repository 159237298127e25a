/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the administrator says of this machine: /etc/cellmgr/host.json, all of it optional. */
#ifndef LIBCELL_SETTINGS_H
#define LIBCELL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/context.h"
#include "host/link_end.h"
#include "text/document.h"

#define SETTINGS_DEBUG_PORTS 8 /* of a 16550 */
#define SETTINGS_PATH "/etc/cellmgr/host.json"

struct settings {
	struct document document; /* path NULL: there is no file */
	bool strict;		  /* park a root CPU that touches what the root does not own */
	uint16_t debug_port;	  /* of a 16550 for the hypervisor's own lines; 0: none */
	size_t n_links;
	struct link_end links[CELLHV_MAX_LINKS]; /* that Linux is a peer of */
};

/*
 * Mistakes, and that the file cannot be read, become diagnostics of ret->document; all settings
 * then are as without a file. root: prefix of the path. _parse takes text over. -ENOMEM.
 */
int settings_load(cell_context *context, const char *root, struct settings *ret);
int settings_parse(cell_context *context, char *text, size_t size, struct settings *ret);
void settings_clear(struct settings *settings);

/* Is there anything wrong? Then nobody knows what the administrator wanted. */
bool settings_are_bad(const struct settings *settings);

#endif
