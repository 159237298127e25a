/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/link.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/string.h"
#include "core/window.h"

struct link *links;

static struct link *link_by_name(const char *name)
{
	struct link *link = links;

	while (link && memcmp(link->shared.name, name, sizeof(link->shared.name)) != 0)
		link = link->next;
	return link;
}

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

bool link_owns_memory(uint64_t phys, uint64_t size)
{
	for (const struct link *link = links; link; link = link->next)
		if (phys < link->shared.phys + cellhv_link_size(&link->shared) &&
		    link->shared.phys < phys + size)
			return true;
	return false;
}

static int link_check_new(const struct cellhv_link_shared *shared, uint32_t index,
			  struct cellhv_call *call)
{
	uint64_t size = cellhv_link_size(shared);

	if (shared->phys + size > machine.phys_limit)
		return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, shared->phys);
	if (!cell_root_may_give(shared->phys, size))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, shared->phys);
	if (shared->flags & CELLHV_LINK_ROOT &&
	    pci_find(root_cell.functions, shared->root_function))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_LINK_FUNCTION, index);
	return 0;
}

int link_check(const struct cellhv_cell_config *config, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < config->links.count; i++) {
		const struct cellhv_link *wanted = config_link(config, i);
		const struct link *link = link_by_name(wanted->shared.name);
		int err;

		if (!link) {
			err = link_check_new(&wanted->shared, i, call);
			if (err)
				return err;
			continue;
		}
		if (memcmp(&link->shared, &wanted->shared, sizeof(link->shared)) != 0)
			return cell_refuse(call, -EINVAL, CELLHV_CHECK_LINK_DIFFERS, i);
		if (link->peers[wanted->id])
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_LINK_PEER, i);
	}
	return 0;
}

static struct link *link_new(const struct cellhv_link_shared *shared)
{
	struct link *link = pool_alloc(&machine.pool, 1);

	_Static_assert(sizeof(*link) <= PAGE_SIZE && sizeof(struct ivshmem) <= PAGE_SIZE,
		       "a link and a peer fit a page each");
	if (!link)
		return NULL;

	link->shared = *shared;
	if (!(shared->flags & CELLHV_LINK_ROOT))
		return link;

	link->root = pool_alloc(&machine.pool, 1);
	if (!link->root) {
		pool_free(&machine.pool, link, 1);
		return NULL;
	}
	ivshmem_build(link->root, link, &root_cell, shared->root_id, shared->root_function,
		      shared->phys);
	return link;
}

int link_reserve(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		const struct cellhv_link *wanted = config_link(cell->config, i);
		struct link *link = link_by_name(wanted->shared.name);
		struct ivshmem *peer = pool_alloc(&machine.pool, 1);

		if (!peer)
			return -ENOMEM;

		cell->links[i] = peer;
		if (!link)
			link = link_new(&wanted->shared);
		if (!link)
			return -ENOMEM;
		ivshmem_build(peer, link, cell, wanted->id, wanted->function, wanted->guest);
	}
	return 0;
}

static void link_delete(struct link *link)
{
	pool_free(&machine.pool, link->root, 1);
	pool_free(&machine.pool, link, 1);
}

void link_free(struct cell *cell)
{
	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++) {
		struct ivshmem *peer = cell->links[i];

		if (peer && peer->link && !peer->link->cells)
			link_delete(peer->link);
		pool_free(&machine.pool, peer, 1);
	}
}

int link_map(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		const struct cellhv_link *wanted = config_link(cell->config, i);
		const struct link *link = cell->links[i]->link;
		struct link_section section;

		for (unsigned n = 0; link_section(link, n, wanted->id, &section); n++) {
			int err = section.size ? paging_map(&cell->memory,
							    wanted->guest + section.offset,
							    link->shared.phys + section.offset,
							    section.size, section.access)
					       : 0;

			if (err < 0)
				return err;
		}
	}
	return 0;
}

/* The root loses the memory, or sees what a peer may. */
static int link_take_memory(struct cpu *self, const struct link *link, struct cellhv_call *call)
{
	struct link_section section;

	for (unsigned n = 0; link_section(link, n, link->shared.root_id, &section); n++) {
		uint32_t access = link->root ? section.access : MEMORY_ROOT_HIDDEN;
		int err = section.size ? memory_set_root(self, link->shared.phys + section.offset,
							 section.size, access, call)
				       : 0;

		if (err)
			return err;
	}
	return 0;
}

/* To the root it all is ordinary memory again. May be repeated. */
static int link_end(struct cpu *self, const struct link *link, struct cellhv_call *call)
{
	int err = link->root ? arch_pci_detach(self, &link->root->function, call) : 0;

	if (err)
		return err;
	return memory_set_root(self, link->shared.phys, cellhv_link_size(&link->shared),
			       MEMORY_ROOT_ACCESS, call);
}

static int link_begin(struct cpu *self, struct link *link, struct cellhv_call *call)
{
	int err = link_take_memory(self, link, call);

	if (!err && link->root)
		err = arch_pci_attach(self, &link->root->function, call);
	if (err) {
		link_end(self, link, call);
		return err;
	}
	if (link->root) {
		link->peers[link->shared.root_id] = link->root;
		link->root->active = true;
	}
	link->next = links;
	links = link;
	return 0;
}

static void link_join(struct ivshmem *peer)
{
	struct link *link = peer->link;

	lock_acquire(&link->lock);
	link->peers[peer->id] = peer;
	link->cells++;
	lock_release(&link->lock);
	pci_insert(&peer->function.cell->functions, &peer->function);
	print("Link \"%s\": cell \"%s\" is peer %u, function %02x:%02x.%u\n", link->shared.name,
	      peer->function.cell->config->name, peer->id, peer->function.address >> 8,
	      (peer->function.address >> 3) & 31, peer->function.address & 7);
}

int link_commit(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct link *link = cell->links[i]->link;
		int err = link->cells ? 0 : link_begin(self, link, call);

		if (err) {
			link_return_memory(self, cell, call);
			link_leave(cell);
			return err;
		}
		link_join(cell->links[i]);
	}
	return 0;
}

/* Joined, and the only cell that has. */
static bool link_is_last(const struct ivshmem *peer)
{
	return peer && peer->link && peer->link->cells == 1 && peer->link->peers[peer->id] == peer;
}

int link_return_memory(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++) {
		int err = link_is_last(cell->links[i]) ? link_end(self, cell->links[i]->link, call)
						       : 0;

		if (err)
			return err;
	}
	return 0;
}

static void link_unlist(const struct link *gone)
{
	for (struct link **link = &links; *link; link = &(*link)->next) {
		if (*link == gone) {
			*link = gone->next;
			return;
		}
	}
}

/* A link without cells is deleted with its last peer, by link_free(). */
void link_leave(struct cell *cell)
{
	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++) {
		struct ivshmem *peer = cell->links[i];
		struct link *link = peer ? peer->link : NULL;

		if (!link || link->peers[peer->id] != peer)
			continue;

		lock_acquire(&link->lock);
		link->peers[peer->id] = NULL;
		link->cells--;
		lock_release(&link->lock);
		pci_remove(&cell->functions, &peer->function);
		if (!link->cells)
			link_unlist(link);
	}
}

void link_start(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct ivshmem *peer = cell->links[i];

		lock_acquire(&peer->link->lock);
		ivshmem_reset(peer);
		peer->active = true;
		peer->link->used = true;
		peer->link->zeroed = 0;
		lock_release(&peer->link->lock);
	}
}

void link_stop(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct ivshmem *peer = cell->links[i];

		lock_acquire(&peer->link->lock);
		if (peer->active) {
			link_set_state(arch_self(), peer, 0);
			peer->active = false;
		}
		lock_release(&peer->link->lock);
	}
}

/* While others are at it the memory is theirs as well. */
static uint64_t link_to_zero(const struct link *link)
{
	if (link->used && link->cells > 1)
		return 0;
	return cellhv_link_size(&link->shared) - link->zeroed;
}

uint64_t link_unclean(const struct cell *cell)
{
	uint64_t left = 0;

	for (uint32_t i = 0; i < cell->config->links.count; i++)
		left += link_to_zero(cell->links[i]->link);
	return left;
}

void link_scrub_page(struct cpu *self, struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct link *link = cell->links[i]->link;

		if (!link_to_zero(link))
			continue;
		arch_clear_page(arch_window_map(self, link->shared.phys + link->zeroed));
		link->zeroed += PAGE_SIZE;
		return;
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
