/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/invariants.h"

#include "core/arch.h"
#include "core/link.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"

/* The cell sees each page of its region where the configuration says, and the root does not. */
static void check_region(const struct cell *cell, const struct cellhv_memory_region *region)
{
	struct paging_translation own;

	for (uint64_t offset = 0; offset < region->size; offset += PAGE_SIZE) {
		uint64_t phys = region->phys + offset;

		if (!paging_lookup(&cell->memory, region->guest + offset, &own) ||
		    own.phys != phys || own.access != (region->flags & CELLHV_MEMORY_FLAGS))
			panic("cell \"%s\" does not see its page at %llx", cell->name,
			      (unsigned long long)phys);
		if (memory_root_reaches(phys))
			panic("the root sees page %llx of cell \"%s\"", (unsigned long long)phys,
			      cell->name);
	}
}

static bool is_ones(uint64_t phys)
{
	return (phys & ~(PAGE_SIZE - 1)) == machine.ones;
}

/* Nobody has written to it. */
static void check_ones(void)
{
	const uint64_t *page = (void *)(machine.memory + (machine.ones - machine.memory_phys));

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		if (page[i] != UINT64_MAX)
			panic("the page of all ones has %llx", (unsigned long long)page[i]);
}

/* Both see of a link's page what the peer with the id may; without an id, nothing. */
static void check_link_page(const struct paging *memory, uint64_t virt, uint64_t phys,
			    uint32_t access)
{
	struct paging_translation found;
	bool seen = paging_lookup(memory, virt, &found) && !is_ones(found.phys);

	if (seen != (access != 0) || (seen && (found.phys != phys || found.access != access)))
		panic("a peer sees page %llx of a link in another way than it should",
		      (unsigned long long)phys);
}

static void check_link_end(const struct link *link, const struct paging *memory, uint64_t virt,
			   uint16_t id, bool is_peer)
{
	struct link_section section;

	for (unsigned n = 0; link_section(link, n, id, &section); n++)
		for (uint64_t offset = section.offset; offset < section.offset + section.size;
		     offset += PAGE_SIZE)
			check_link_page(memory, virt + offset, link->shared.phys + offset,
					is_peer ? section.access : 0);
}

/* Memory of a link is its peers' alone. */
static void check_links(void)
{
	for (const struct link *link = links; link; link = link->next) {
		uint32_t peers = 0;

		if (cell_owning_memory(link->shared.phys, cellhv_link_size(&link->shared)))
			panic("a cell owns memory of link \"%s\"", link->shared.name);
		check_link_end(link, &root_cell.memory, link->shared.phys, link->shared.root_id,
			       link->root);
		for (unsigned id = 0; id < CELLHV_LINK_PEERS; id++)
			peers += link->peers[id] && link->peers[id] != link->root;
		if (peers != link->cells || !peers)
			panic("link \"%s\" has %u peers and counts %u", link->shared.name, peers,
			      link->cells);
	}
	for (const struct cell *cell = cells; cell; cell = cell->next)
		for (uint32_t i = 0; i < cell->config->links.count; i++)
			check_link_end(cell->links[i]->link, &cell->memory,
				       config_link(cell->config, i)->guest, cell->links[i]->id,
				       true);
}

/* No guest reaches the hypervisor's memory, its own comm page excepted. */
static void check_hidden(const struct cell *cell)
{
	for (uint64_t phys = machine.memory_phys; phys < machine.memory_phys + CELLHV_MEMORY_SIZE;
	     phys += PAGE_SIZE)
		if (memory_root_reaches(phys))
			panic("the root sees the hypervisor's page %llx", (unsigned long long)phys);

	for (uint32_t i = 0; cell && i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if (region->phys < machine.memory_phys + CELLHV_MEMORY_SIZE &&
		    machine.memory_phys < region->phys + region->size)
			panic("cell \"%s\" owns hypervisor memory", cell->name);
	}
}

static void check_cpus(void)
{
	uint32_t owned = 0, listed = 0;

	for (uint32_t i = 0; i < num_cpus; i++)
		owned += cpus[i] && cpus[i]->present && !cell_is_root(cpus[i]->cell);

	for (struct cell *cell = cells; cell; cell = cell->next) {
		listed += cell->config->cpus.count;
		for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
			const struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

			if (!cpu || cpu->cell != cell)
				panic("cell \"%s\" lacks a CPU", cell->name);
		}
	}
	if (owned != listed)
		panic("%u CPUs are owned, %u listed", owned, listed);
}

static void check_pool(void)
{
	uint32_t used = 0;

	for (uint32_t page = 0; page < machine.pool.pages; page++)
		used += (machine.pool.bitmap[page / 64] >> (page % 64)) & 1;
	if (used != machine.pool.used)
		panic("the pool counts %u pages, its bitmap has %u", machine.pool.used, used);
}

void invariants_check(void)
{
	check_hidden(NULL);
	check_ones();
	check_cpus();
	check_pool();
	check_links();
	for (struct cell *cell = cells; cell; cell = cell->next) {
		check_hidden(cell);
		arch_verify_ports(cell);
		for (uint32_t i = 0; i < cell->config->memory.count; i++)
			check_region(cell, config_memory(cell->config, i));
	}
}
