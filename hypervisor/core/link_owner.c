/* SPDX-License-Identifier: GPL-2.0-only */
/* Links as what cells own: made by the first, ended by the last. */
#include "core/link.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/range.h"
#include "core/region.h"
#include "core/resource.h"
#include "core/string.h"

static struct link *link_by_name(const char *name)
{
	struct link *link = links;

	while (link && memcmp(link->shared.name, name, sizeof(link->shared.name)) != 0)
		link = link->next;
	return link;
}

static bool link_owns_memory(uint64_t phys, uint64_t size)
{
	for (const struct link *link = links; link; link = link->next)
		if (range_overlaps(phys, size, link->shared.phys, cellhv_link_size(&link->shared)))
			return true;
	return false;
}

/* Its last cell is being destroyed: the root may have the memory already. */
static bool link_is_ending(const struct link *link)
{
	for (unsigned id = 0; id < CELLHV_LINK_PEERS; id++)
		if (link->cells == 1 && link->peers[id] && link->peers[id]->function.cell->ending)
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
	    (pci_find(root_cell.functions, shared->root_function) ||
	     iommu_is_function(shared->root_function)))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_LINK_FUNCTION, index);
	return 0;
}

static int link_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	(void)self;
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		const struct cellhv_link *wanted = config_link(cell->config, i);
		const struct link *link = link_by_name(wanted->shared.name);
		uint64_t size = cellhv_link_size(&wanted->shared);
		int err;

		if (!paging_can_map(&root_cell.memory, wanted->guest, size))
			return cell_refuse(call, -EINVAL, CELLHV_CHECK_CONFIG_LINK, i);
		if (!link) {
			err = link_check_new(&wanted->shared, i, call);
			if (err)
				return err;
			continue;
		}
		if (memcmp(&link->shared, &wanted->shared, sizeof(link->shared)) != 0)
			return cell_refuse(call, -EINVAL, CELLHV_CHECK_LINK_DIFFERS, i);
		if (link_is_ending(link))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_MEMORY_OWNED,
					   link->shared.phys);
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

static void link_delete(struct link *link)
{
	pool_free(&machine.pool, link->root, 1);
	pool_free(&machine.pool, link, 1);
}

static void link_release(struct cell *cell)
{
	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++) {
		struct ivshmem *peer = cell->links[i];

		if (peer && peer->link && !peer->link->cells)
			link_delete(peer->link);
		pool_free(&machine.pool, peer, 1);
	}
}

static int link_map(struct cell *cell)
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

static int link_build(struct cell *cell)
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

static int link_reserve(struct cell *cell)
{
	int err = link_build(cell);

	return err ? err : link_map(cell);
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
	int failed = memory_set_root(self, link->shared.phys, cellhv_link_size(&link->shared),
				     MEMORY_ROOT_ACCESS, call);

	return err ? err : failed;
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
	print("Link \"%s\": cell \"%s\" is peer %u, function " PCI_NAME "\n", link->shared.name,
	      peer->function.cell->config->name, peer->id, PCI_NAME_OF(peer->function.address));
}

/* Joined, and the only cell that has. */
static bool link_is_last(const struct ivshmem *peer)
{
	return peer && peer->link && peer->link->cells == 1 && peer->link->peers[peer->id] == peer;
}

/* All links that can be, whatever becomes of one. The first error. */
static int link_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int first = 0;

	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++) {
		int err = link_is_last(cell->links[i]) ? link_end(self, cell->links[i]->link, call)
						       : 0;

		first = first ? first : err;
	}
	return first;
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

/* A link without cells is deleted with its last peer, by link_release(). */
static void link_drop(struct cell *cell)
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

static int link_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct link *link = cell->links[i]->link;
		int err = link->cells ? 0 : link_begin(self, link, call);

		if (err) {
			link_give_back(self, cell, call);
			link_drop(cell);
			return err;
		}
		link_join(cell->links[i]);
	}
	return 0;
}

static void link_start(struct cell *cell)
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

/* Its peers hear of it. */
static void link_fail(struct cell *cell)
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

static int link_stop(struct cell *cell, struct cellhv_call *call)
{
	(void)call;
	link_fail(cell);
	return 0;
}

/* While others are at it the memory is theirs as well. */
static uint64_t link_to_zero(const struct link *link)
{
	if (link->used && link->cells > 1)
		return 0;
	return cellhv_link_size(&link->shared) - link->zeroed;
}

static uint64_t link_unclean(const struct cell *cell)
{
	uint64_t left = 0;

	for (uint32_t i = 0; i < cell->config->links.count; i++)
		left += link_to_zero(cell->links[i]->link);
	return left;
}

static uint64_t link_scrub(struct cpu *self, struct cell *cell, uint64_t bytes)
{
	uint64_t done = 0;

	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		struct link *link = cell->links[i]->link;

		for (; done < bytes && link_to_zero(link); done += PAGE_SIZE) {
			arch_clear_page(arch_window_map(self, link->shared.phys + link->zeroed));
			link->zeroed += PAGE_SIZE;
		}
	}
	arch_window_unmap(self);
	return done;
}

/* Both see of a link's page what the peer with the id may; without an id, nothing. */
static void link_verify_page(const struct paging *memory, uint64_t virt, uint64_t phys,
			     uint32_t access)
{
	struct paging_translation found;
	bool seen = paging_lookup(memory, virt, &found) &&
		    (found.phys & ~(PAGE_SIZE - 1)) != machine.ones;

	if (seen != (access != 0) || (seen && (found.phys != phys || found.access != access)))
		panic("a peer sees page %llx of a link in another way than it should",
		      (unsigned long long)phys);
}

static void link_verify_end(const struct link *link, const struct paging *memory, uint64_t virt,
			    uint16_t id, bool is_peer)
{
	struct link_section section;

	for (unsigned n = 0; link_section(link, n, id, &section); n++)
		for (uint64_t offset = section.offset; offset < section.offset + section.size;
		     offset += PAGE_SIZE)
			link_verify_page(memory, virt + offset, link->shared.phys + offset,
					 is_peer ? section.access : 0);
}

/* Memory of a link is its peers' alone. */
static void link_verify_peers(const struct link *link)
{
	uint32_t peers = 0;

	if (region_owns_memory(link->shared.phys, cellhv_link_size(&link->shared)))
		panic("a cell owns memory of link \"%s\"", link->shared.name);
	link_verify_end(link, &root_cell.memory, link->shared.phys, link->shared.root_id,
			link->root);
	for (unsigned id = 0; id < CELLHV_LINK_PEERS; id++)
		peers += link->peers[id] && link->peers[id] != link->root;
	if (peers != link->cells || !peers)
		panic("link \"%s\" has %u peers and counts %u", link->shared.name, peers,
		      link->cells);
}

static void link_verify_cell(const struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++)
		link_verify_end(cell->links[i]->link, &cell->memory,
				config_link(cell->config, i)->guest, cell->links[i]->id, true);
}

static void link_verify(void)
{
	for (const struct link *link = links; link; link = link->next)
		if (!link_is_ending(link))
			link_verify_peers(link);
	for (const struct cell *cell = cells; cell; cell = cell->next)
		link_verify_cell(cell);
}

const struct resource link_resource = {
	.check = link_check,
	.reserve = link_reserve,
	.take = link_take,
	.start = link_start,
	.stop = link_stop,
	.fail = link_fail,
	.give_back = link_give_back,
	.drop = link_drop,
	.release = link_release,
	.unclean = link_unclean,
	.scrub = link_scrub,
	.owns_memory = link_owns_memory,
	.verify = link_verify,
};
