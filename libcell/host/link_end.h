/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a peer says of a link, in a cell's description or, for Linux, in host.json. */
#ifndef LIBCELL_LINK_END_H
#define LIBCELL_LINK_END_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/config.h>

#include "host/link_protocol.h"
#include "text/parse.h"

enum link_attribute {
	/* of the link: all who give it agree */
	LINK_SIZE,
	LINK_OUTPUT,
	LINK_PROTOCOL,
	LINK_VECTORS,
	LINK_CLASS,
	LINK_PEERS,
	LINK_KIND,
	LINK_SHARED_ATTRIBUTES,
	/* of the peer */
	LINK_ID = LINK_SHARED_ATTRIBUTES,
	LINK_FUNCTION,
	LINK_AT,
	LINK_PHYS,
	LINK_ATTRIBUTES,
};

/* What one peer says. */
struct link_end {
	char name[CELLHV_NAME_SIZE];
	unsigned given; /* bit per attribute: else its value is 0 */
	uint64_t value[LINK_ATTRIBUTES];
};

static inline bool link_gives(const struct link_end *end, enum link_attribute attribute)
{
	return end->given >> attribute & 1;
}

/* All keys of a cell's end; value->target: the end. */
extern const struct key link_end_keys[];

/* Those that Linux's end has, and the name, which may stand alone there. */
extern const struct key link_end_keys_settings[];
void link_end_key_name(const struct value *value);

/* Reports the end at value->index, whose name an earlier one has. */
void link_end_report_twice(const struct value *value, const char *name, size_t first);

#endif
