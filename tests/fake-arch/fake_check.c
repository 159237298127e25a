/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who owns what, found once more from the lists of cells and links alone, without what core has to
 * check itself: each page of the pool and of RAM, each CPU, port and function has one owner, and
 * what tables and TLBs say is so.
 */
#include "core/arch.h"
#include "core/function_root.h"
#include "core/link.h"
#include "core/memory.h"
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
	for (unsigned i = 0; i < CELLHV_MAX_FUNCTIONS; i++)
		use(cell->physical[i], 1);
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
	if (cpu_is_lost(cpu)) {
		if (arch->answers_at <= fake.now && !arch->interrupted)
			fake_broken("CPU %u is lost, and nothing will tell it so", cpu->number);
		return;
	}
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

/* The cell that has this function by the configurations; NULL: the root. */
static const struct cell *holder(uint16_t address)
{
	const struct cell *found = NULL;

	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->functions.count; i++) {
			if (config_function(cell->config, i)->address != address)
				continue;
			if (found)
				fake_broken("function %x is in two cells", address);
			found = cell;
		}
	}
	return found;
}

static void check_reach(uint64_t phys, uint64_t size, bool roots)
{
	for (uint64_t page = phys; page < phys + size; page += PAGE_SIZE)
		if (memory_root_reaches(page) != roots)
			fake_broken("the root %s page %llx", roots ? "lacks" : "reaches",
				    (unsigned long long)page);
}

/* What the hardware would send comes from its cell, and reaches that cell alone. */
static void check_message(const struct fake_function *function, const struct cell *owner,
			  uint64_t address, uint32_t data)
{
	uint64_t index = (address - FAKE_MESSAGES) / 4;
	uint32_t destination = (uint32_t)(address >> 12 & 0xff);

	if (iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED) {
		const struct iommu_interrupt *interrupt =
			&fake.units[0].interrupts[index % IOMMU_INTERRUPTS];

		if (index >= IOMMU_INTERRUPTS || data != index ||
		    interrupt->requester != function->address)
			fake_broken("function %x sends %llx", function->address,
				    (unsigned long long)address);
		destination = interrupt->destination;
		data = interrupt->vector;
	}
	if (destination >= FAKE_CPUS || data < 16 || data > 255 || cpus[destination]->cell != owner)
		fake_broken("function %x sends %x to CPU %u", function->address, data, destination);
}

static void check_messages(const struct fake_function *function, const struct cell *owner)
{
	uint16_t address = function->address;
	unsigned msi = function->msi, msix = function->msix;

	if (msi && fake_get(address, msi + 2, 2) & 1)
		check_message(function, owner,
			      fake_get(address, msi + 4, 4) |
				      (uint64_t)fake_get(address, msi + 8, 4) << 32,
			      fake_get(address, msi + 12, 2));
	for (unsigned i = 0;
	     msix && fake_get(address, msix + 2, 2) & 0x8000 && i < function->vectors; i++) {
		uint32_t entry[4];

		memcpy(entry, fake_registers + (function->table - FAKE_REGISTERS) + 16 * i, 16);
		if (!(entry[3] & 1))
			check_message(function, owner, entry[0] | (uint64_t)entry[1] << 32,
				      entry[2]);
	}
}

static void check_owned(const struct fake_function *function, const struct cell *owner)
{
	uint16_t address = function->address;
	bool master = fake_get(address, PCI_COMMAND, 2) & PCI_COMMAND_MASTER;

	if (!pci_find(owner->functions, address))
		fake_broken("function %x is not in its cell's list", address);
	if (master && (!owner->started || owner->failed))
		fake_broken("function %x masters the bus for a cell that does not run", address);
	if (master && iommu_dma() != CELLHV_DMA_OPEN && iommu_owner(address) != owner)
		fake_broken("function %x masters the bus in another's domain", address);
	check_messages(function, owner);
	for (unsigned i = 0; i < PCI_BARS && !owner->ending; i++)
		if (config_bar_is_memory(&function->bars[i]))
			check_reach(function->bars[i].phys, function->bars[i].size, false);
	if (!owner->ending)
		check_reach(FAKE_MMCONFIG + address * (uint64_t)PCI_CONFIG_PAGE, PAGE_SIZE, false);
}

/* Of the registers, what damaged configurations have as regions is not looked at. */
void fake_check_functions(void)
{
	for (unsigned i = 0; i < FAKE_FUNCTIONS; i++) {
		const struct fake_function *function = &fake_functions[i];
		const struct cell *owner = holder(function->address);

		if (owner)
			check_owned(function, owner);
		else if (function_is_taken(function->address) ||
			 (iommu_owner(function->address) && !function_is_above(function->address)))
			fake_broken("function %x is still a cell's", function->address);
		else if (!pci_find(root_cell.functions, function->address))
			check_reach(FAKE_MMCONFIG + function->address * (uint64_t)PCI_CONFIG_PAGE,
				    PAGE_SIZE, true);
	}
	if (!fake_filtered && functions_taken && !functions_taken->pci.cell->ending)
		fake_broken("the root writes config space as it likes");
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
	fake_check_functions();
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
