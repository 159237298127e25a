/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Links in descriptions: what one says of a link, and what follows from all that name it. Peers
 * need not say anything twice: what one leaves out another may give, and ids, addresses and
 * functions are derived, the same ones each time.
 */
#ifndef LIBCELL_LINK_H
#define LIBCELL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/config.h>

#include "host/link_end.h"

struct cell_desc;
struct cell_host;
struct inventory;
struct link_member;

struct desc_link {
	struct link_end end;
	struct cellhv_link resolved; /* by link_resolve(); phys 0: yet to be placed */
};

/*
 * Fills in `resolved` of each link from the other descriptions on this machine, host.json, and the
 * cells that exist. Problems become diagnostics, with notes at the other side. -ENOMEM.
 */
int link_resolve(struct cell_desc *desc, const struct cell_host *host,
		 const struct inventory *inventory);

/*
 * The id of a member that comes to a link which has been made: its own in the group, or where that
 * is another's and not pinned the lowest that is free. False: it cannot have it.
 */
bool link_choose_id(const struct inventory *inventory, const struct cellhv_link_shared *shared,
		    const struct link_member *member, uint64_t *ret);

/* The link of that name of a cell other than `except`; NULL: none runs. */
const struct cellhv_link *link_running(const struct inventory *inventory, const char *name,
				       const char *except);

#endif
