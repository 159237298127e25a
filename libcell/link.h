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

struct cell_desc;
struct cell_host;
struct inventory;
struct link_member;
struct value;

enum link_attribute {
	/* of the link: all who give it agree */
	LINK_SIZE,
	LINK_OUTPUT,
	LINK_PROTOCOL,
	LINK_VECTORS,
	LINK_CLASS,
	LINK_PEERS,
	LINK_SHARED_ATTRIBUTES,
	/* of the peer */
	LINK_ID = LINK_SHARED_ATTRIBUTES,
	LINK_FUNCTION,
	LINK_AT,
	LINK_PHYS,
	LINK_ATTRIBUTES,
};

/* Values of LINK_PROTOCOL. */
enum link_protocol {
	LINK_IVSHMEM_1 = 1,
	LINK_IVSHMEM_2,
	LINK_IVSHMEM_1_1, /* version 1, with states */
	LINK_PROTOCOLS,
};

/* In descriptions, and in binary configurations. */
struct link_protocol_words {
	const char *name;
	uint16_t protocol;
	uint16_t variant;
};
extern const struct link_protocol_words link_protocols[LINK_PROTOCOLS];

/* 0: there is none. */
enum link_protocol link_protocol_by_name(const char *name);
enum link_protocol link_protocol_of(const struct cellhv_link_shared *shared);

/* What one peer says. */
struct link_end {
	char name[CELLHV_NAME_SIZE];
	unsigned given; /* bit per attribute: else its value is 0 */
	uint64_t value[LINK_ATTRIBUTES];
};

struct desc_link {
	struct link_end end;
	struct cellhv_link resolved; /* by link_resolve(); phys 0: yet to be placed */
};

static inline bool link_gives(const struct link_end *end, enum link_attribute attribute)
{
	return end->given >> attribute & 1;
}

/* The key "links" of a cell's description. */
void link_key(const struct value *value);

/* The same of host.json: names of links that Linux is a peer of, or objects. */
void link_key_settings(const struct value *value);

/* "00:0e.0" to bus << 8 | device << 3 | function. */
bool link_parse_function(const char *text, uint64_t *ret);

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
