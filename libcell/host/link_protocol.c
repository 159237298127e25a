// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/link_protocol.h"

#include <string.h>

#include <cellhv/ethernet.h>

const char *const link_kinds[LINK_KINDS] = {"memory", "network"};

const struct link_protocol_words link_protocols[LINK_PROTOCOLS] = {
	[LINK_IVSHMEM_1] = {"ivshmem-1", 1, CELLHV_LINK_VARIANT_PLAIN},
	[LINK_IVSHMEM_2] = {"ivshmem-2", 2, 0},
	[LINK_IVSHMEM_1_1] = {"ivshmem-1.1", 1, CELLHV_LINK_VARIANT_STATES},
};

enum link_protocol link_protocol_by_name(const char *name)
{
	for (unsigned i = 1; i < LINK_PROTOCOLS; i++)
		if (strcmp(link_protocols[i].name, name) == 0)
			return i;
	return 0;
}

enum link_protocol link_protocol_of(const struct cellhv_link_shared *shared)
{
	for (unsigned i = 1; i < LINK_PROTOCOLS; i++)
		if (link_protocols[i].protocol == shared->protocol &&
		    link_protocols[i].variant == shared->variant)
			return i;
	return 0;
}

enum link_kind link_kind_of(const struct cellhv_link_shared *shared)
{
	return strlen(shared->name) <= LINK_NETWORK_NAME_MAX &&
			       cellhv_ethernet_is(shared->protocol, shared->class_protocol,
						  shared->max_peers, shared->output_size)
		       ? LINK_NETWORK
		       : LINK_MEMORY;
}
