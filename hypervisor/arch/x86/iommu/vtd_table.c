/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root and context tables (9.1, 9.3). One context table serves all buses, and has what requesters
 * of the root's have of which Linux says nothing: the root's domain, or where Linux translates
 * nothing. A bus on which an entry differs has a table of its own.
 */
#include "arch/x86/iommu/vtd.h"

#include <stddef.h>

#include "arch/x86/paging_formats.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/machine.h"

void vtd_submit_iotlb(struct vtd *vtd, uint64_t granularity, uint64_t domain, uint64_t pages)
{
	uint64_t drain = (vtd->cap & VTD_CAP_DRAIN_WRITES ? VTD_DRAIN_WRITES : 0) |
			 (vtd->cap & VTD_CAP_DRAIN_READS ? VTD_DRAIN_READS : 0);

	vtd_submit(vtd, VTD_INVALIDATE_IOTLB | granularity | drain | domain << VTD_DOMAIN_SHIFT,
		   pages);
}

/* All that the unit knows of tables. */
static int forget_all(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);

	vtd_submit(vtd, VTD_INVALIDATE_CONTEXT | VTD_ALL, 0);
	vtd_submit_iotlb(vtd, VTD_ALL, 0, 0);
	return vtd_complete(self, unit);
}

/* What was written has left the processor's write buffers (6.8). */
static int flush_writes(struct cpu *self, struct iommu *unit)
{
	return vtd_of(unit)->cap & VTD_CAP_RWBF ? vtd_command(self, unit, VTD_WBF, true) : 0;
}

static uint64_t *context_of_bus(const struct vtd *vtd, unsigned bus)
{
	uint64_t phys = vtd->root[2 * bus] & PAGING_PHYS_MASK;

	return (uint64_t *)(machine.tables.base + (phys - machine.tables_phys));
}

static uint64_t *entry_of(const struct vtd *vtd, uint16_t requester)
{
	return context_of_bus(vtd, requester >> 8) + (size_t)2 * (requester & 0xff);
}

static void point_bus(struct vtd *vtd, unsigned bus, const uint64_t *table)
{
	__atomic_store_n(&vtd->root[2 * bus], machine_tables_phys(table) | VTD_PRESENT,
			 __ATOMIC_RELEASE);
	vtd_written(vtd, &vtd->root[2 * bus], 16);
}

/* A table for this bus alone, which says the same. */
static bool make_own_table(struct vtd *vtd, unsigned bus)
{
	uint64_t *table = context_of_bus(vtd, bus);

	if (table != vtd->context)
		return true;
	table = pool_alloc(&machine.tables, 1);
	if (!table)
		return false;
	for (unsigned i = 0; i < 2 * VTD_CONTEXTS; i++)
		table[i] = vtd->context[i];
	vtd_written(vtd, table, PAGE_SIZE);
	point_bus(vtd, bus, table);
	return true;
}

static bool is_plain(const struct vtd *vtd, const uint64_t *table)
{
	for (unsigned i = 0; i < 2 * VTD_CONTEXTS; i++)
		if (table[i] != vtd->context[i])
			return false;
	return true;
}

/* Not present in between: a unit may read half of an entry. */
static void write_entry(const struct vtd *vtd, uint64_t *entry, const struct vtd_context *context)
{
	__atomic_store_n(&entry[0], 0, __ATOMIC_SEQ_CST);
	vtd_written(vtd, entry, 16);
	__atomic_store_n(&entry[1], context->high, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry[0], context->low, __ATOMIC_SEQ_CST);
	vtd_written(vtd, entry, 16);
}

static int set_entry(struct vtd *vtd, uint16_t requester, struct vtd_context context)
{
	const uint64_t *entry = entry_of(vtd, requester);

	if (entry[0] == context.low && entry[1] == context.high)
		return 0;
	if (!make_own_table(vtd, requester >> 8))
		return -ENOMEM;
	write_entry(vtd, entry_of(vtd, requester), &context);
	return 0;
}

/* Whatever the unit knows of entries, and then the translations of a domain. */
static int forget(struct cpu *self, struct iommu *unit, uint64_t domain)
{
	struct vtd *vtd = vtd_of(unit);
	int err = flush_writes(self, unit);

	if (err)
		return err;
	vtd_submit(vtd, VTD_INVALIDATE_CONTEXT | VTD_ALL, 0);
	vtd_submit_iotlb(vtd, VTD_DOMAIN, domain, 0);
	return vtd_complete(self, unit);
}

/* One that is silent may use the table still. */
static int give_up_own_table(struct cpu *self, struct iommu *unit, unsigned bus, uint64_t domain)
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t *table = context_of_bus(vtd, bus);
	bool plain = table != vtd->context && is_plain(vtd, table);
	int err;

	if (plain)
		point_bus(vtd, bus, vtd->context);
	err = forget(self, unit, domain);
	if (plain && !err)
		pool_free(&machine.tables, table, 1);
	return err;
}

/* ---- Linux's entries ---- */

/* Ids are ours or Linux's, so an entry itself says whose it is. */
static bool is_cells(const struct vtd *vtd, const uint64_t *entry)
{
	uint64_t id = VTD_CONTEXT_DOMAIN(entry[1]), first = VTD_OURS_FIRST(vtd->cap);

	return id >= first && id != first + IOMMU_ROOT_DOMAIN;
}

/* One that was blocked is what it was but that it is not present: `context` is no other since. */
static bool is_blocked(const uint64_t *entry, const struct vtd_context *context)
{
	return context->low & VTD_PRESENT && entry[0] == (context->low & ~VTD_PRESENT) &&
	       entry[1] == context->high;
}

static int sync_entry(struct cpu *self, struct iommu *unit, uint16_t requester)
{
	struct vtd *vtd = vtd_of(unit);
	struct vtd_context context;

	if (is_cells(vtd, entry_of(vtd, requester)))
		return 0;
	context = vtd_context_of_root(self, unit, requester);
	return is_blocked(entry_of(vtd, requester), &context) ? 0
							      : set_entry(vtd, requester, context);
}

bool vtd_linux_tables(const struct iommu *unit, uint16_t requester, struct iommu_tables *ret)
{
	const struct vtd *vtd = vtd_of(unit);
	const uint64_t *entry = entry_of(vtd, requester);

	if (!(entry[0] & VTD_PRESENT) || VTD_IS_OURS(vtd, VTD_CONTEXT_DOMAIN(entry[1])))
		return false;
	/* 9.3: widths of 39, 48 and 57 bits are 1 to 3; at others the unit faults. */
	*ret = (struct iommu_tables){.format = &paging_vtd,
				     .root = entry[0] & PAGING_PHYS_MASK,
				     .levels = (unsigned)(entry[1] & VTD_WIDTH) + 2,
				     .domain = (uint16_t)VTD_CONTEXT_DOMAIN(entry[1])};
	return true;
}

int vtd_block(struct cpu *self, struct iommu *unit, uint16_t requester,
	      const struct iommu_tables *tables)
{
	struct vtd *vtd = vtd_of(unit);
	struct iommu_tables theirs;
	struct vtd_context context;

	if (!vtd_linux_tables(unit, requester, &theirs) || theirs.root != tables->root)
		return 0;
	context.low = entry_of(vtd, requester)[0] & ~VTD_PRESENT;
	context.high = entry_of(vtd, requester)[1];
	write_entry(vtd, entry_of(vtd, requester), &context);
	return forget(self, unit, theirs.domain);
}

int vtd_forget(struct cpu *self, struct iommu *unit, const struct iommu_tables *tables)
{
	vtd_submit_iotlb(vtd_of(unit), VTD_DOMAIN, tables->domain, 0);
	return vtd_complete(self, unit);
}

/*
 * Linux makes the unit forget what an entry was, as it does without us; but a table that is not
 * used any more has to be forgotten now.
 */
static int drop_own_table(struct cpu *self, struct iommu *unit, unsigned bus)
{
	const struct vtd *vtd = vtd_of(unit);
	const uint64_t *table = context_of_bus(vtd, bus);

	return table != vtd->context && is_plain(vtd, table) ? give_up_own_table(self, unit, bus, 0)
							     : flush_writes(self, unit);
}

static int sync_bus(struct cpu *self, struct iommu *unit, unsigned bus)
{
	int err = 0;

	for (unsigned i = 0; i < VTD_CONTEXTS && !err; i++)
		err = sync_entry(self, unit, (uint16_t)(bus << 8 | i));
	return err;
}

int vtd_table_sync(struct cpu *self, struct iommu *unit, unsigned bus)
{
	int err = sync_bus(self, unit, bus), dropped = drop_own_table(self, unit, bus);

	return err ? err : dropped;
}

int vtd_table_sync_one(struct cpu *self, struct iommu *unit, uint16_t requester)
{
	int err = sync_entry(self, unit, requester),
	    dropped = drop_own_table(self, unit, requester >> 8);

	return err ? err : dropped;
}

int vtd_table_sync_all(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	const struct vtd_context plain = vtd_context_plain(vtd);
	int err = 0;

	if (vtd->context[0] != plain.low)
		for (unsigned i = 0; i < VTD_CONTEXTS; i++)
			write_entry(vtd, &vtd->context[2 * i], &plain);
	for (unsigned bus = 0; bus < VTD_BUSES && !err; bus++)
		err = vtd_table_sync(self, unit, bus);
	return err ? err : forget_all(self, unit);
}

/* ---- Taking and giving back ---- */

static void fill_context(uint64_t *table, struct vtd_context context)
{
	for (unsigned i = 0; i < VTD_CONTEXTS; i++) {
		table[2 * i] = context.low;
		table[2 * i + 1] = context.high;
	}
}

static int build_tables(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = 0;

	vtd->root = pool_alloc(&machine.tables, 1);
	vtd->context = pool_alloc(&machine.tables, 1);
	if (!vtd->root || !vtd->context)
		return -ENOMEM;

	fill_context(vtd->context, vtd_context_plain(vtd));
	for (unsigned bus = 0; bus < VTD_BUSES; bus++)
		vtd->root[2 * bus] = machine_tables_phys(vtd->context) | VTD_PRESENT;
	vtd_written(vtd, vtd->context, PAGE_SIZE);
	vtd_written(vtd, vtd->root, PAGE_SIZE);
	for (unsigned bus = 0; bus < VTD_BUSES && !err; bus++)
		err = sync_bus(self, unit, bus);
	return err;
}

static int set_root(struct cpu *self, struct iommu *unit, uint64_t address)
{
	int err = flush_writes(self, unit);

	if (err)
		return err;
	vtd_write64(self, unit, VTD_RTADDR, address);
	err = vtd_command(self, unit, VTD_SRTP, true);
	return err ? err : forget_all(self, unit);
}

int vtd_table_take(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = build_tables(self, unit);

	if (!err)
		err = set_root(self, unit, machine_tables_phys(vtd->root));
	if (!err && vtd_read64(self, unit, VTD_RTADDR) != machine_tables_phys(vtd->root))
		err = -EIO;
	return err ? err : vtd_command(self, unit, VTD_TE, true);
}

static void free_tables(struct vtd *vtd)
{
	for (unsigned bus = 0; vtd->root && vtd->context && bus < VTD_BUSES; bus++)
		if (context_of_bus(vtd, bus) != vtd->context)
			pool_free(&machine.tables, context_of_bus(vtd, bus), 1);
	pool_free(&machine.tables, vtd->context, 1);
	pool_free(&machine.tables, vtd->root, 1);
	vtd->context = vtd->root = NULL;
}

/* Linux's devices that are translated are so all the time: tables are exchanged for tables. */
int vtd_table_give_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = 0;

	if (!vtd->root)
		return 0;
	if (vtd->queue_ours && !(*vtd_shadow(vtd, VTD_GSTS) & VTD_TE))
		err = vtd_command(self, unit, VTD_TE, false);
	if (!err && vtd->queue_ours)
		err = set_root(self, unit, vtd_shadow64(vtd, VTD_RTADDR));
	if (!err)
		free_tables(vtd);
	return err;
}

int vtd_attach(struct cpu *self, struct iommu *unit, uint16_t requester,
	       const struct iommu_domain *domain)
{
	struct vtd *vtd = vtd_of(unit);
	struct vtd_context context;
	uint64_t old;
	int err;

	/* A unit with few ids has fewer for us than core. */
	if (domain && domain->id >= VTD_OURS_MAX(vtd->cap))
		return -ENOMEM;
	context = domain && domain->id == IOMMU_ROOT_DOMAIN
			  ? vtd_context_of_root(self, unit, requester)
			  : vtd_context_in(vtd, domain);
	old = VTD_CONTEXT_DOMAIN(entry_of(vtd, requester)[1]);
	err = set_entry(vtd, requester, context);
	if (!err)
		err = give_up_own_table(self, unit, requester >> 8, old);
	/* What was refused until now is not the new owner's doing. */
	if (!err)
		vtd_report_faults(self, unit);
	return err;
}

int vtd_flush(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain)
{
	int err = flush_writes(self, unit);

	if (err)
		return err;
	/* Linux may have kept the unit from forgetting what its own tables said. */
	vtd_submit_iotlb(vtd_of(unit),
			 unit->by_linux && domain->id == IOMMU_ROOT_DOMAIN ? VTD_ALL : VTD_DOMAIN,
			 VTD_CONTEXT_DOMAIN(vtd_context_in(vtd_of(unit), domain).high), 0);
	return vtd_complete(self, unit);
}
