/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who owns what, found once more from the lists of cells and links alone, without what core has to
 * check itself: each page of the pool and of RAM, each CPU, port and function has one owner, and
 * what tables and TLBs say is so.
 */
#include "core/arch.h"
#include "core/link.h"
#include "fake.h"

#define POOL_PAGES ((CELLHV_MEMORY_SIZE - FAKE_POOL) / PAGE_SIZE)
#define ENTRIES 512u

static bool used[POOL_PAGES];
static uint8_t owners[FAKE_PAGES];
static const struct link *link_of[FAKE_PAGES];

static void use(const void *pages, uint32_t count)
{
	uint64_t first = ((uintptr_t)pages - (uintptr_t)machine.pool.base) / PAGE_SIZE;

	if (!pages)
		return;
	for (uint64_t page = first; page < first + count; page++) {
		if (page < POOL_PAGES && !used[page])
			used[page] = true;
		else
			fake_broken("page %p of the pool has two owners", pages);
	}
}

static void *table_at(uint64_t entry)
{
	return machine.memory + (entry & PAGING_PHYS_MASK) - machine.memory_phys;
}

static bool is_table(const struct paging *paging, uint64_t entry, unsigned level)
{
	if (level < 2 || level >= sizeof(paging->fill) / sizeof(paging->fill[0]))
		return false;
	return entry && !(entry & paging->format->large) && entry != paging->fill[level];
}

static void use_tables(const struct paging *paging, const uint64_t *table, unsigned level)
{
	use(table, 1);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (is_table(paging, table[i], level))
			use_tables(paging, table_at(table[i]), level - 1);
}

static void use_root(void)
{
	use_tables(&root_cell.memory, root_cell.memory.root, root_cell.memory.levels);
	use(table_at(machine.ones), 1);
	use(table_at(root_cell.memory.fill[2]), 1);
	use(table_at(root_cell.memory.fill[3]), 1);
	for (unsigned i = 0; i < fake.fillers; i++)
		use(fake.filler[i], 1);
}

static void use_cell(const struct cell *cell)
{
	use(cell, 1);
	use(cell->config, cell->config_pages);
	use(cell->comm, 1);
	use(cell->console.data, CELL_CONSOLE_PAGES);
	use(cell->arch, sizeof(struct arch_cell) / PAGE_SIZE);
	use_tables(&cell->memory, cell->memory.root, cell->memory.levels);
	for (unsigned i = 0; i < CELLHV_MAX_LINKS; i++)
		use(cell->links[i], 1);
}

static void check_pool(void)
{
	memset(used, 0, sizeof(used));
	use_root();
	for (const struct cell *cell = cells; cell; cell = cell->next)
		use_cell(cell);
	for (const struct link *link = links; link; link = link->next) {
		use(link, 1);
		use(link->root, 1);
	}
	for (uint32_t page = 0; page < POOL_PAGES; page++) {
		const uint64_t *bitmap = machine.pool.bitmap;
		const uint64_t *retired = bitmap + POOL_BITMAP_WORDS(machine.pool.pages) / 2;
		uint64_t bit = 1ull << (page % 64);

		if (used[page] != ((bitmap[page / 64] & bit) && !(retired[page / 64] & bit)))
			fake_broken("page %u of the pool is %s", page,
				    used[page] ? "free" : "nobody's");
	}
}

static void own(uint64_t phys, uint64_t size, enum fake_owner owner, const struct link *link)
{
	for (uint64_t page = phys / PAGE_SIZE; page < (phys + size) / PAGE_SIZE; page++) {
		if (page >= FAKE_PAGES)
			return;
		if (owners[page] != OWNER_ROOT)
			fake_broken("page %llx has two owners", (unsigned long long)page);
		owners[page] = (uint8_t)owner;
		link_of[page] = link;
	}
}

/* Its last cell has begun to end. */
static bool is_ending(const struct link *link)
{
	for (unsigned i = 0; i < CELLHV_LINK_PEERS; i++)
		if (link->peers[i] && link->peers[i] != link->root &&
		    !link->peers[i]->function.cell->ending)
			return false;
	return true;
}

static void find_owners(void)
{
	memset(owners, OWNER_ROOT, sizeof(owners));
	memset(link_of, 0, sizeof(link_of));
	own(machine.memory_phys, CELLHV_MEMORY_SIZE, OWNER_BLOCK, NULL);
	if (machine.tables_phys)
		own(machine.tables_phys, CELLHV_TABLES_SIZE, OWNER_BLOCK, NULL);
	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->memory.count; i++) {
			const struct cellhv_memory_region *region = config_memory(cell->config, i);

			own(region->phys, region->size, cell->ending ? OWNER_ENDING : OWNER_CELL,
			    NULL);
		}
	}
	for (const struct link *link = links; link; link = link->next)
		own(link->shared.phys, cellhv_link_size(&link->shared),
		    is_ending(link) ? OWNER_ENDING : OWNER_LINK, link);
}

/* What the root may do at an address of a link. */
static uint32_t link_access(const struct link *link, uint64_t phys)
{
	struct link_section section;

	for (unsigned i = 0; link->root && link_section(link, i, link->shared.root_id, &section);
	     i++)
		if (phys - link->shared.phys >= section.offset &&
		    phys - link->shared.phys - section.offset < section.size)
			return section.access;
	return 0;
}

/* access: what the root has. */
static void check_page(uint64_t page, uint32_t access)
{
	const uint32_t all = PAGING_READ | PAGING_WRITE | PAGING_EXECUTE;
	const uint32_t wanted[] = {
		all, 0, 0, link_of[page] ? link_access(link_of[page], page * PAGE_SIZE) : 0};

	if (owners[page] == OWNER_ENDING)
		return;
	if (access != wanted[owners[page]])
		fake_broken("the root has access %x to page %llx, owner %u", access,
			    (unsigned long long)page, owners[page]);
	for (unsigned i = 0; i < FAKE_CPUS && !access; i++)
		if (fake.cpus[i].reach[page / 64] >> (page % 64) & 1)
			fake_broken("CPU %u reaches page %llx of others", i,
				    (unsigned long long)page);
}

/* Where the root's page ends that begins at `page` or before; *access: what it has of it. */
static uint64_t root_page(uint64_t page, uint32_t *access)
{
	struct paging_translation found;
	uint64_t phys = page * PAGE_SIZE;

	*access = 0;
	if (!paging_lookup(&root_cell.memory, phys, &found) ||
	    (found.phys & ~(PAGE_SIZE - 1)) == machine.ones)
		return page + 1;
	if (found.phys != phys)
		fake_broken("the root sees %llx elsewhere", (unsigned long long)phys);
	*access = found.access;
	return ((phys & ~(found.page_size - 1)) + found.page_size) / PAGE_SIZE;
}

static void check_pages(void)
{
	uint64_t page = 0;

	find_owners();
	while (page < FAKE_PAGES) {
		uint32_t access;
		uint64_t end = root_page(page, &access);

		for (; page < end && page < FAKE_PAGES; page++)
			check_page(page, access);
		if (page * PAGE_SIZE == machine.memory_phys) /* core looks at that itself */
			page += CELLHV_MEMORY_SIZE / PAGE_SIZE;
	}
}

/* The cell of the lists that has this CPU; one only. */
static const struct cell *lister(uint32_t number)
{
	const struct cell *found = &root_cell;

	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
			if (config_cpu(cell->config, i) != number)
				continue;
			if (!cell_is_root(found))
				fake_broken("CPU %u is in two cells", number);
			found = cell;
		}
	}
	return found;
}

static void check_cpu(const struct arch_cpu *arch)
{
	const struct cpu *cpu = &arch->cpu;
	const struct cell *owner = lister(cpu->number);

	if (!cpu->present)
		return;
	if (cpu->cell != owner)
		fake_broken("CPU %u is of another cell than its owner", cpu->number);
	if (arch->runs && (arch->runs != owner || cpu->activity != CPU_GUEST))
		fake_broken("CPU %u runs another's guest", cpu->number);
	if (!cell_is_root(owner) && !owner->started && cpu->activity != CPU_PARKED)
		fake_broken("CPU %u of a stopped cell is not parked", cpu->number);
}

static void check_ports(void)
{
	static uint8_t ports[FAKE_PORT_BYTES];

	memset(ports, 0xff, sizeof(ports));
	for (const struct cell *cell = cells; cell; cell = cell->next)
		for (uint32_t i = 0; cell->arch && i < FAKE_PORT_BYTES; i++)
			ports[i] = (uint8_t)(ports[i] & ~cell->arch->ports[i]);
	if (memcmp(ports, fake.root_ports, sizeof(ports)) != 0)
		fake_broken("the root has ports of others, or lacks some");
}

static void check_functions(void)
{
	unsigned listed = 0, wanted = 0;

	for (const struct pci_function *at = root_cell.functions; at; at = at->next)
		listed++;
	for (const struct link *link = links; link; link = link->next) {
		const struct pci_function *found =
			pci_find(root_cell.functions, link->shared.root_function);

		if (link->root && (found == &link->root->function || !is_ending(link)))
			wanted++;
	}
	if (listed != wanted)
		fake_broken("the root has %u functions, %u of links", listed, wanted);
}

void fake_check(void)
{
	check_pool();
	check_pages();
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		check_cpu(&fake.cpus[i]);
	check_ports();
	check_functions();
	fake_check_devices(owners);
}

void fake_touch(void)
{
	static uint64_t seen[FAKE_PAGES / 64];
	uint64_t page = 0;

	memset(seen, 0, sizeof(seen));
	while (page < FAKE_PAGES) {
		uint32_t access;
		uint64_t end = root_page(page, &access);

		for (; page < end && page < FAKE_PAGES; page++)
			seen[page / 64] |= (uint64_t)(access != 0) << (page % 64);
		if (page * PAGE_SIZE == machine.memory_phys)
			page += CELLHV_MEMORY_SIZE / PAGE_SIZE;
	}
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		for (unsigned at = 0; fake.cpus[i].runs == &root_cell && at < FAKE_PAGES / 64; at++)
			fake.cpus[i].reach[at] |= seen[at];
	fake_touch_devices();
}

/* This one has used nothing since. */
void arch_flush(struct cpu *self)
{
	memset(self->arch->reach, 0, sizeof(self->arch->reach));
}
