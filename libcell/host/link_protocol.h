/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_LINK_PROTOCOL_H
#define LIBCELL_LINK_PROTOCOL_H

#include <cellhv/config.h>

/* Values of LINK_PROTOCOL. */
enum link_protocol {
	LINK_IVSHMEM_1 = 1,
	LINK_IVSHMEM_2,
	LINK_IVSHMEM_1_1, /* version 1, with states */
	LINK_PROTOCOLS,
};

/* Values of LINK_KIND. */
enum link_kind {
	LINK_MEMORY,  /* what nobody calls otherwise */
	LINK_NETWORK, /* Ethernet: cellhv/ethernet.h */
	LINK_KINDS,
};
extern const char *const link_kinds[LINK_KINDS]; /* in descriptions */

#define LINK_NETWORK_NAME_MAX 10 /* Linux's end is cell-NAME, of 15 characters at most */

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

enum link_kind link_kind_of(const struct cellhv_link_shared *shared);

#endif
