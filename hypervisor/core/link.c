/* SPDX-License-Identifier: GPL-2.0-only */
/* What links do for their peers. Who makes and ends them is in core/link_owner.c. */
#include "core/link.h"

#include "core/window.h"

struct link *links;

bool link_section(const struct link *link, unsigned index, uint16_t id,
		  struct link_section *section)
{
	const struct cellhv_link_shared *shared = &link->shared;
	uint64_t state_size = cellhv_link_state_size(shared);

	switch (index) {
	case 0:
		*section = (struct link_section){0, state_size, PAGING_READ};
		return true;
	case 1:
		*section = (struct link_section){state_size, shared->common_size,
						 PAGING_READ | PAGING_WRITE};
		return true;
	default:
		*section = (struct link_section){
			state_size + shared->common_size + (index - 2) * shared->output_size,
			shared->output_size,
			index - 2 == id ? PAGING_READ | PAGING_WRITE : PAGING_READ};
		return index - 2 < shared->max_peers;
	}
}

void link_ring(struct cpu *self, struct ivshmem *from, unsigned id, unsigned vector)
{
	struct link *link = from->link;

	if (!from->active || id >= link->shared.max_peers || vector >= link->shared.vectors ||
	    !link->peers[id] || !link->peers[id]->active)
		return;
	ivshmem_raise(self, link->peers[id], vector);
}

/* The table of version 2 is where the memory begins; version 1 has none. */
void link_set_state(struct cpu *self, struct ivshmem *peer, uint32_t state)
{
	struct link *link = peer->link;

	if (!peer->active || state == peer->state)
		return;

	peer->state = state;
	if (cellhv_link_state_size(&link->shared))
		window_copy_to(self, link->shared.phys + peer->id * sizeof(state), &state,
			       sizeof(state));
	for (unsigned id = 0; id < link->shared.max_peers; id++)
		if (id != peer->id)
			link_ring(self, peer, id, 0);
}
