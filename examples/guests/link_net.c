/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_net.h"

#define CLASS (CELLHV_IVSHMEM2_CLASS << 16 | CELLHV_ETHERNET_PROTOCOL)
#define ENTRY_STATE 0
#define ENTRY_FRAMES 1 /* where there are two */
#define STEPS 4	       /* of states at a time: none is further from another */

static bool find(struct ivshmem *end)
{
	unsigned int first = 0;

	while (ivshmem_open(end, 2, first)) {
		if (pci_read(end->function, PCI_CLASS, 4) >> 8 == CLASS)
			return true;
		first = end->function + 1u;
	}
	return false;
}

const char *link_net_open(struct link_net *net, unsigned int vector)
{
	struct ivshmem *end = &net->end;
	uint8_t *outputs;

	if (!find(end))
		return "there is no link of kind network";
	if (end->id >= CELLHV_ETHERNET_PEERS ||
	    !cellhv_ethernet_is(2, CELLHV_ETHERNET_PROTOCOL, end->max_peers, end->output_size))
		return "the link is not one of two peers";

	outputs = (uint8_t *)end->outputs;
	net->rings.own = outputs + end->id * end->output_size;
	net->rings.other = outputs + (1 - end->id) * end->output_size;
	cellhv_ethernet_lay_out(&net->rings.layout, end->output_size);
	net->entry = pci_msix_entries(end->function) > 1 ? ENTRY_FRAMES : ENTRY_STATE;
	ivshmem_set_state(end, CELLHV_ETHERNET_RESET);
	ivshmem_enable(end, ENTRY_STATE, vector);
	if (net->entry != ENTRY_STATE)
		ivshmem_enable(end, net->entry, vector);
	return NULL;
}

static void set_state(struct link_net *net, uint32_t state)
{
	if (state == CELLHV_ETHERNET_READY)
		cellhv_ethernet_begin(&net->rings);
	net->is_due = false;
	net->state = state;
	ivshmem_set_state(&net->end, state);
}

void link_net_close(struct link_net *net)
{
	set_state(net, CELLHV_ETHERNET_RESET);
}

static uint32_t state_of_other(const struct link_net *net)
{
	uint32_t state = net->end.state[1 - net->end.id];

	CELLHV_ETHERNET_ACQUIRE();
	return state;
}

bool link_net_is_up(struct link_net *net)
{
	for (unsigned int i = 0; i < STEPS; i++) {
		uint32_t next = cellhv_ethernet_next_state(net->state, state_of_other(net), true);

		if (next == net->state)
			break;
		set_state(net, next);
	}
	return net->state == CELLHV_ETHERNET_RUN && state_of_other(net) == CELLHV_ETHERNET_RUN;
}

static void ring(struct link_net *net)
{
	ivshmem_ring(&net->end, 1 - net->end.id, net->entry);
	net->is_due = false;
}

/* Both begin anew. */
static bool is_fault(struct link_net *net, enum cellhv_ethernet_fault fault)
{
	if (fault == CELLHV_ETHERNET_GOOD)
		return false;

	net->refused++;
	set_state(net, CELLHV_ETHERNET_RESET);
	return true;
}

static unsigned int take(struct link_net *net, void *to)
{
	struct cellhv_ethernet_frame frame;
	unsigned int size;

	do {
		if (is_fault(net, cellhv_ethernet_take(&net->rings, &frame)) || !frame.data)
			return 0;
		size = frame.size <= ETHERNET_FRAME_MAX ? frame.size : 0;
		__builtin_memcpy(to, frame.data, size);
		net->refused += !size;
		cellhv_ethernet_return(&net->rings, &frame);
		net->is_due = true;
	} while (!size);
	return size;
}

unsigned int link_net_receive(struct link_net *net, void *frame)
{
	unsigned int size = 0;

	if (net->state == CELLHV_ETHERNET_RUN)
		size = take(net, frame);
	if (!size && net->is_due)
		ring(net);
	return size;
}

bool link_net_send(struct link_net *net, const void *frame, unsigned int size)
{
	uint8_t *place;

	if (net->state != CELLHV_ETHERNET_RUN || is_fault(net, cellhv_ethernet_free(&net->rings)))
		return false;

	place = cellhv_ethernet_reserve(&net->rings, size);
	if (!place)
		return false;

	__builtin_memcpy(place, frame, size);
	cellhv_ethernet_send(&net->rings, size);
	net->is_due = true;
	return true;
}
