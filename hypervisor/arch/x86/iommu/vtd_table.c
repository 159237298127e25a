/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root and context tables (9.1, 9.3). One context table serves all buses, and has the root's domain
 * everywhere; a bus on which a cell has a function has one of its own.
 */
#include "arch/x86/iommu/vtd.h"

#include <stddef.h>

#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/machine.h"

#define ENTRIES 256u
#define PRESENT 1ull
#define FAULTS_OFF 2ull /* FPD */
#define WIDTH_39 1ull
#define WIDTH_48 2ull
#define DOMAIN_SHIFT 8
#define DOMAIN_MASK 0xffffull

struct context {
	uint64_t low, high;
};

static struct context make_context(const struct iommu_domain *domain)
{
	if (!domain)
		return (struct context){FAULTS_OFF, 0};
	return (struct context){paging_root_phys(&domain->tables) | PRESENT,
				(uint64_t)domain->id << DOMAIN_SHIFT |
					(domain->tables.levels == 3 ? WIDTH_39 : WIDTH_48)};
}

static void submit_iotlb(struct vtd *vtd, uint64_t granularity, uint64_t domain)
{
	uint64_t drain = (vtd->cap & VTD_CAP_DRAIN_WRITES ? VTD_DRAIN_WRITES : 0) |
			 (vtd->cap & VTD_CAP_DRAIN_READS ? VTD_DRAIN_READS : 0);

	vtd_submit(vtd, VTD_INVALIDATE_IOTLB | granularity | drain | domain << VTD_DOMAIN_SHIFT, 0);
}

/* All that the unit knows of tables. */
static int flush_all(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);

	vtd_submit(vtd, VTD_INVALIDATE_CONTEXT | VTD_ALL, 0);
	submit_iotlb(vtd, VTD_ALL, 0);
	return vtd_complete(self, unit);
}

/* What was written has left the processor's write buffers (6.8). */
static int flush_writes(struct cpu *self, struct iommu *unit)
{
	return vtd_of(unit)->cap & VTD_CAP_RWBF ? vtd_command(self, unit, VTD_WBF, true) : 0;
}

static void fill_context(uint64_t *table, const struct context *context)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		table[2 * i] = context->low;
		table[2 * i + 1] = context->high;
	}
}

static int build_tables(struct vtd *vtd)
{
	const struct context context = make_context(&iommu_root_domain);

	vtd->root = pool_alloc(&machine.tables, 1);
	vtd->context = pool_alloc(&machine.tables, 1);
	if (!vtd->root || !vtd->context)
		return -ENOMEM;

	fill_context(vtd->context, &context);
	for (unsigned bus = 0; bus < ENTRIES; bus++)
		vtd->root[2 * bus] = machine_tables_phys(vtd->context) | PRESENT;
	vtd_written(vtd, vtd->context, PAGE_SIZE);
	vtd_written(vtd, vtd->root, PAGE_SIZE);
	return 0;
}

static int set_root(struct cpu *self, struct iommu *unit, uint64_t address)
{
	int err = flush_writes(self, unit);

	if (err)
		return err;
	vtd_write64(self, unit, VTD_RTADDR, address);
	err = vtd_command(self, unit, VTD_SRTP, true);
	return err ? err : flush_all(self, unit);
}

int vtd_table_take(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = build_tables(vtd);

	if (!err)
		err = set_root(self, unit, machine_tables_phys(vtd->root));
	if (!err && vtd_read64(self, unit, VTD_RTADDR) != machine_tables_phys(vtd->root))
		err = -EIO;
	return err ? err : vtd_command(self, unit, VTD_TE, true);
}

/* No bus has one of its own: all functions are the root's by now. */
static void free_tables(struct vtd *vtd)
{
	pool_free(&machine.tables, vtd->context, 1);
	pool_free(&machine.tables, vtd->root, 1);
	vtd->context = vtd->root = NULL;
}

int vtd_table_give_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = 0;

	if (!vtd->root)
		return 0;
	if (vtd->queue_ours)
		err = vtd_command(self, unit, VTD_TE, false);
	if (!err && vtd->queue_ours)
		err = set_root(self, unit, vtd_shadow64(vtd, VTD_RTADDR));
	if (!err)
		free_tables(vtd);
	return err;
}

static uint64_t *context_of_bus(const struct vtd *vtd, unsigned bus)
{
	uint64_t phys = vtd->root[2 * bus] & PAGING_PHYS_MASK;

	return (uint64_t *)(machine.tables.base + (phys - machine.tables_phys));
}

static void point_bus(struct vtd *vtd, unsigned bus, const uint64_t *table)
{
	__atomic_store_n(&vtd->root[2 * bus], machine_tables_phys(table) | PRESENT,
			 __ATOMIC_RELEASE);
	vtd_written(vtd, &vtd->root[2 * bus], 16);
}

/* A table for this bus alone, which says the same. */
static uint64_t *own_table(struct vtd *vtd, unsigned bus)
{
	uint64_t *table = context_of_bus(vtd, bus);

	if (table != vtd->context)
		return table;
	table = pool_alloc(&machine.tables, 1);
	if (!table)
		return NULL;
	for (unsigned i = 0; i < 2 * ENTRIES; i++)
		table[i] = vtd->context[i];
	vtd_written(vtd, table, PAGE_SIZE);
	point_bus(vtd, bus, table);
	return table;
}

static bool is_plain(const struct vtd *vtd, const uint64_t *table)
{
	for (unsigned i = 0; i < 2 * ENTRIES; i++)
		if (table[i] != vtd->context[i])
			return false;
	return true;
}

/* Not present in between: a unit may read half of an entry. */
static void write_entry(const struct vtd *vtd, uint64_t *entry, const struct context *context)
{
	__atomic_store_n(&entry[0], 0, __ATOMIC_SEQ_CST);
	vtd_written(vtd, entry, 16);
	__atomic_store_n(&entry[1], context->high, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry[0], context->low, __ATOMIC_SEQ_CST);
	vtd_written(vtd, entry, 16);
}

/* The requester's former domain, and the entry itself. */
static int forget(struct cpu *self, struct iommu *unit, uint64_t old)
{
	struct vtd *vtd = vtd_of(unit);
	int err = flush_writes(self, unit);

	if (err)
		return err;
	vtd_submit(vtd, VTD_INVALIDATE_CONTEXT | VTD_ALL, 0);
	submit_iotlb(vtd, VTD_DOMAIN, old);
	return vtd_complete(self, unit);
}

int vtd_attach(struct cpu *self, struct iommu *unit, uint16_t requester,
	       const struct iommu_domain *domain)
{
	struct vtd *vtd = vtd_of(unit);
	const struct context context = make_context(domain);
	unsigned bus = requester >> 8;
	uint64_t *table, *entry, old;
	bool plain;
	int err;

	table = own_table(vtd, bus);
	if (!table)
		return -ENOMEM;
	entry = &table[2 * (requester & 0xff)];
	old = entry[1] >> DOMAIN_SHIFT & DOMAIN_MASK;
	write_entry(vtd, entry, &context);
	plain = is_plain(vtd, table);
	if (plain)
		point_bus(vtd, bus, vtd->context);
	err = forget(self, unit, old);
	/* One that is silent may use it still. */
	if (plain && !err)
		pool_free(&machine.tables, table, 1);
	return err;
}

int vtd_flush(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain)
{
	int err = flush_writes(self, unit);

	if (err)
		return err;
	submit_iotlb(vtd_of(unit), VTD_DOMAIN, domain->id);
	return vtd_complete(self, unit);
}
