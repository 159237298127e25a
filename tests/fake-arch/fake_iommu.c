/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMUs, and what devices behind them reach. */
#include <stdlib.h>

#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/link.h"
#include "core/memory.h"
#include "fake.h"

#define MARK 0x6b6b6b6b6b6b6b6bull /* in what units read */

static struct fake_unit *unit_of(const struct iommu *unit)
{
	return &fake.units[unit->index];
}

/* Whether this step of a driver is done. */
static bool step(void)
{
	fake.unit_steps++;
	return fake.unit_steps != fake.failing_step &&
	       (!fake.dead_step || fake.unit_steps < fake.dead_step);
}

/* ... of one that is the hypervisor's. */
static bool step_of(const struct iommu *unit)
{
	if (!unit->state || unit_of(unit)->stuck)
		fake_broken("unit %u is asked, which is %s", unit->index,
			    unit->state ? "stuck" : "not taken");
	return step();
}

static int refuse(const struct iommu *unit, struct cellhv_call *call)
{
	return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_IOMMU_SILENT, unit->index);
}

static int fake_probe(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	(void)self;
	return step() ? 0 : refuse(unit, call);
}

static void fake_describe(struct cpu *self, const struct iommu *unit, struct paging *tables)
{
	(void)self;
	tables->format = &fake_format;
	tables->levels = 4;
	tables->huge_1g = unit->index != 1;
	tables->past_caches = unit->index == 1;
}

/* Two steps; where one fails the next try goes on with it. */
static bool put_back(struct iommu *unit)
{
	struct fake_unit *fake_unit = unit_of(unit);

	fake_unit->stuck = true;
	if (!fake_unit->half && !step())
		return false;
	fake_unit->half = true;
	if (!step())
		return false;
	pool_free(&machine.tables, fake_unit->page, 1);
	*fake_unit = (struct fake_unit){0};
	unit->state = NULL;
	return true;
}

static int fake_take(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	struct fake_unit *fake_unit = unit_of(unit);

	(void)self;
	if (fake_unit->taken || unit->state)
		fake_broken("unit %u is taken twice", unit->index);
	if (!step())
		return refuse(unit, call);
	fake_unit->page = pool_alloc(&machine.tables, 1);
	if (!fake_unit->page)
		return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, 0);
	unit->state = fake_unit;
	fake_unit->page[0] = MARK;
	fake_unit->root = iommu_root_domain.tables.root;
	fake_unit->taken = true;
	unit->remaps = !fake.no_remapping;
	if (step())
		return 0;
	put_back(unit);
	return refuse(unit, call);
}

static int fake_give_back(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	(void)self;
	if (!unit->state)
		fake_broken("unit %u is given back twice", unit->index);
	return put_back(unit) ? 0 : refuse(unit, call);
}

static int fake_attach(struct cpu *self, struct iommu *unit, uint16_t requester,
		       const struct iommu_domain *domain)
{
	struct fake_unit *fake_unit = unit_of(unit);
	unsigned i = 0;

	(void)self;
	if (!step_of(unit))
		return -ETIMEDOUT;
	while (i < fake_unit->num_requesters && fake_unit->requesters[i].requester != requester)
		i++;
	if (i == FAKE_REQUESTERS)
		return -ENOMEM;
	fake_unit->requesters[i].requester = requester;
	fake_unit->requesters[i].domain = domain;
	fake_unit->num_requesters += i == fake_unit->num_requesters;
	if (domain == &iommu_root_domain)
		fake_unit->requesters[i] = fake_unit->requesters[--fake_unit->num_requesters];
	return 0;
}

static int fake_flush(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain)
{
	(void)self;
	if (!step_of(unit))
		return -ETIMEDOUT;
	if (domain == &iommu_root_domain)
		memset(unit_of(unit)->reach, 0, sizeof(unit_of(unit)->reach));
	return 0;
}

static int fake_set_interrupt(struct cpu *self, struct iommu *unit, uint32_t index,
			      const struct iommu_interrupt *interrupt)
{
	(void)self;
	if (fake.busy) {
		fake.busy--;
		return -EAGAIN;
	}
	if (!step_of(unit))
		return -ETIMEDOUT;
	unit_of(unit)->interrupts[index] = interrupt ? *interrupt : (struct iommu_interrupt){0};
	return 0;
}

static void fake_message(const struct iommu *unit, uint32_t index, uint64_t *address,
			 uint32_t *data)
{
	(void)unit;
	*address = FAKE_MESSAGES + 4 * index;
	*data = index;
}

/* That it has been asked since CPUs changed hands is all that can be seen here. */
static int fake_recheck(struct cpu *self, struct iommu *unit)
{
	(void)self;
	return step_of(unit) ? 0 : -ETIMEDOUT;
}

static bool fake_access(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	(void)self;
	if (!unit->state || unit_of(unit)->stuck)
		fake_broken("registers of unit %u are asked for", unit->index);
	access->value = access->write ? access->value : unit->index;
	return !unit_of(unit)->busy;
}

static void fake_poll(struct cpu *self, struct iommu *unit)
{
	(void)self;
	if (!unit->state || unit_of(unit)->stuck)
		fake_broken("unit %u is polled", unit->index);
	if (fake.fault && !unit->config->segment)
		iommu_fault(unit, fake.fault, 0x1234000, CELLHV_FAILURE_DMA_WRITE);
	fake.fault = 0;
}

static const struct iommu_ops fake_ops = {
	.name = "fake",
	.probe = fake_probe,
	.describe = fake_describe,
	.take = fake_take,
	.give_back = fake_give_back,
	.attach = fake_attach,
	.flush = fake_flush,
	.set_interrupt = fake_set_interrupt,
	.message = fake_message,
	.recheck_interrupts = fake_recheck,
	.access = fake_access,
	.poll = fake_poll,
};

const struct iommu_ops *arch_iommu_ops(uint16_t type)
{
	return type == CELLHV_IOMMU_VTD || type == CELLHV_IOMMU_AMD ? &fake_ops : NULL;
}

bool arch_no_dma(unsigned n, uint64_t *phys, uint64_t *size)
{
	*phys = n ? FAKE_MMCONFIG : FAKE_MESSAGES;
	*size = n ? FAKE_DEVICE_SIZE : 0x100000;
	return n < 2;
}

/* It is in memory as soon as it is written. */
void arch_write_back(const void *address, uint64_t size)
{
	if ((uintptr_t)address < (uintptr_t)machine.tables.base ||
	    (uintptr_t)address + size > (uintptr_t)machine.tables.base + CELLHV_TABLES_SIZE)
		fake_broken("writes back %p, which no unit reads", address);
}

static const struct iommu_domain *domain_of(const struct fake_unit *unit, uint16_t requester)
{
	for (unsigned i = 0; i < unit->num_requesters; i++)
		if (unit->requesters[i].requester == requester)
			return unit->requesters[i].domain;
	return &iommu_root_domain;
}

static bool unit_dma(const struct fake_unit *unit, uint16_t requester, uint64_t address,
		     uint64_t *phys)
{
	const struct iommu_domain *domain = domain_of(unit, requester);
	struct paging_translation to;

	*phys = address;
	if (!unit->taken)
		return true;
	if (domain == &iommu_root_domain && address < FAKE_RAM &&
	    unit->reach[address / PAGE_SIZE / 64] >> (address / PAGE_SIZE % 64) & 1)
		return true;
	if (!domain || !paging_lookup(&domain->tables, address, &to))
		return false;
	*phys = to.phys;
	return true;
}

bool fake_dma(uint16_t requester, uint64_t address, uint64_t *phys)
{
	uint64_t other;
	bool reached = unit_dma(&fake.units[0], requester, address, phys);

	if (unit_dma(&fake.units[1], requester, address, &other) != reached &&
	    fake.units[1].taken == fake.units[0].taken)
		fake_broken("units do not agree about %llx", (unsigned long long)address);
	return reached;
}

void fake_touch_devices(void)
{
	struct paging_translation to;

	if (!iommu_root_domain.tables.root)
		return;
	for (uint64_t page = 0; page < FAKE_PAGES; page++)
		for (unsigned i = 0; i < FAKE_MAX_UNITS; i++)
			if (paging_lookup(&iommu_root_domain.tables, page * PAGE_SIZE, &to))
				fake.units[i].reach[page / 64] |= 1ull << (page % 64);
}

static uint32_t count_tables(const struct paging *paging, const uint64_t *table, unsigned level)
{
	uint32_t count = 1;

	for (unsigned i = 0; i < 512 && level > 1; i++)
		if (table[i] && !(table[i] & paging->format->large))
			count += count_tables(
				paging,
				(uint64_t *)((table[i] & PAGING_PHYS_MASK) + paging->virt_offset),
				level - 1);
	return count;
}

static uint32_t domain_tables(const struct iommu_domain *domain)
{
	const struct paging *tables = &domain->tables;

	return tables->root ? count_tables(tables, tables->root, tables->levels) : 0;
}

/* What they may read is as it was given to them. */
static void check_used(void)
{
	for (unsigned i = 0; i < FAKE_MAX_UNITS; i++) {
		const struct fake_unit *unit = &fake.units[i];

		if (unit->taken &&
		    (unit->page[0] != MARK || unit->root != iommu_root_domain.tables.root))
			fake_broken("unit %u uses what is not its own", i);
		if (unit->stuck && iommu_dma() != CELLHV_DMA_OPEN)
			fake_broken("unit %u is stuck, and devices are confined", i);
		if (i == 1 && unit->taken &&
		    memory_root_writes(FAKE_MMCONFIG + FAKE_UNIT * PCI_CONFIG_PAGE))
			fake_broken("the root writes config space of unit 1 as it likes");
	}
}

static void check_tables(void)
{
	uint32_t count = domain_tables(&iommu_root_domain) + fake.tables_fillers;

	for (unsigned i = 0; i < FAKE_MAX_UNITS; i++)
		count += fake.units[i].page != NULL;
	for (const struct cell *cell = cells; cell; cell = cell->next)
		count += domain_tables(&cell->dma);
	if (count != machine.tables.used - machine.tables.retired)
		fake_broken("%u pages of tables are somebody's, %u are used", count,
			    machine.tables.used - machine.tables.retired);
}

static void check_page(uint64_t page, uint8_t owner)
{
	uint64_t phys;
	bool reached = fake_dma(0xffff, page * PAGE_SIZE, &phys);

	if (owner == OWNER_ENDING)
		return;
	if (reached != (owner == OWNER_ROOT))
		fake_broken("a device of the root %s page %llx, owner %u",
			    reached ? "reaches" : "does not reach",
			    (unsigned long long)page * PAGE_SIZE, owner);
	if (reached && phys != page * PAGE_SIZE)
		fake_broken("a device of the root finds page %llx elsewhere",
			    (unsigned long long)page * PAGE_SIZE);
}

/* What a function of the cell reaches is what it has there: RAM and links. */
static void check_cell(const struct cell *cell, const uint8_t *owners)
{
	struct paging_translation own, dma;

	for (uint64_t guest = 0; cell->dma.tables.root && guest < 0x60000000; guest += PAGE_SIZE) {
		bool has = paging_lookup(&cell->memory, guest, &own) && own.phys < FAKE_RAM &&
			   owners[own.phys / PAGE_SIZE] != OWNER_BLOCK &&
			   !(own.access & PAGING_DEVICE);
		bool reaches = paging_lookup(&cell->dma.tables, guest, &dma);

		if (has != reaches ||
		    (has && (own.phys != dma.phys ||
			     dma.access != (own.access & (PAGING_READ | PAGING_WRITE)))))
			fake_broken("functions of cell %s see %llx otherwise than it does",
				    cell->name, (unsigned long long)guest);
	}
}

void fake_check_devices(const uint8_t *owners)
{
	check_used();
	check_tables();
	if (iommu_dma() == CELLHV_DMA_OPEN)
		return;
	for (uint64_t page = 0; page < FAKE_PAGES; page++)
		check_page(page, owners[page]);
	for (const struct cell *cell = cells; cell; cell = cell->next)
		check_cell(cell, owners);
}

void fake_forget_units(void)
{
	struct cellhv_call call = {0};

	if (iommu_dma() == CELLHV_DMA_OPEN && !iommu_check_stuck(&call))
		return;
	fake_return_pages();
	fake_mend();
	for (struct cell *cell = cells; cell; cell = cell->next)
		iommu_free_domain(cell);
	if (!iommu_check_stuck(&call))
		iommu_free_interrupts(fake.self, 0, IOMMU_INTERRUPTS);
	cells = NULL;
	if (iommu_leave(fake.self, &call))
		abort();
}

/* It has no pins. */
void arch_recheck_interrupts(struct cpu *self)
{
	(void)self;
}
