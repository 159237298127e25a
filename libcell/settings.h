/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the administrator says of this machine: /etc/cellmgr/host.json, all of it optional. */
#ifndef LIBCELL_SETTINGS_H
#define LIBCELL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "link.h"

#define SETTINGS_PATH "/etc/cellmgr/host.json"

struct settings {
	bool strict;	     /* park a root CPU that touches what the root does not own */
	uint16_t debug_port; /* of a 16550 for the hypervisor's own lines; 0: none */
	size_t n_links;
	struct link_end links[CELLHV_MAX_LINKS]; /* that Linux is a peer of */
};

/* root: prefix of the path. -EINVAL (InvalidConfiguration) with place and reason. */
int settings_load(cell_context *context, const char *root, struct settings *ret);

#endif
