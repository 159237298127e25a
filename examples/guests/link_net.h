/* SPDX-License-Identifier: BSD-2-Clause */
/* This cell's end of a link of kind "network": Ethernet to Linux or another cell. */
#ifndef LINK_NET_H
#define LINK_NET_H

#include <cellhv/ethernet.h>

#include "frame.h"
#include "runtime/runtime.h"

struct link_net {
	struct ivshmem end;
	struct cellhv_ethernet rings;
	uint32_t state;
	unsigned int entry; /* of its interrupts, and the other's: for frames */
	bool is_due;	    /* frames were returned that the other has not been told of */
	uint32_t refused;   /* faults of the other, and frames that are too large */
};

/*
 * Find it and let both of its interrupts come at `vector` of this CPU, whose handler has nothing to
 * do. NULL where all went well, else why not.
 */
const char *link_net_open(struct link_net *net, unsigned int vector);

/* The other end hears that this one is gone. */
void link_net_close(struct link_net *net);

/* Goes along with the other's states: to be called after each interrupt. */
bool link_net_is_up(struct link_net *net);

/*
 * Copy the next frame that has come: its size, at most ETHERNET_FRAME_MAX; 0: there is none. One
 * doorbell tells of all that was returned and sent since the last one; it is rung when there is
 * nothing more to receive.
 */
unsigned int link_net_receive(struct link_net *net, void *frame);

/* False: no room, as the other returns nothing. */
bool link_net_send(struct link_net *net, const void *frame, unsigned int size);

#endif
