/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux says of requesters, where it translates: its root and context tables (9.1, 9.3). A
 * unit never sees them. With CM = 0 an entry that becomes present is not announced, so these pages
 * are read-only for the root, and each write is done for it and heeded in the same exit: Linux's
 * driver may make its device do DMA right afterwards. The tables of pages that Linux's entries lead
 * to are used as they are.
 */
#include "arch/x86/iommu/vtd.h"

#include "core/cell.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/window.h"

#define ROOT VTD_BUSES /* place of the root table in `followed` */
#define ENTRY 16u      /* bytes, of both kinds of tables */
#define TYPE(low) ((low) >> 2 & 3)
#define TYPE_TABLES 0u
#define TYPE_TABLES_ATS 1u
#define TYPE_PASSES 2u
#define DOMAIN_SHIFT 8
#define DOMAIN_MASK 0xffffull

#define WIDTH_39 1ull
#define WIDTH_48 2ull

struct vtd_context vtd_context_in(const struct vtd *vtd, const struct iommu_domain *domain)
{
	uint64_t id = VTD_OURS_FIRST(vtd->cap) + (domain ? domain->id : 0);

	if (!domain)
		return (struct vtd_context){VTD_FAULTS_OFF, id << DOMAIN_SHIFT};
	return (struct vtd_context){paging_root_phys(&domain->tables) | VTD_PRESENT,
				    id << DOMAIN_SHIFT |
					    (domain->tables.levels == 3 ? WIDTH_39 : WIDTH_48)};
}

static bool translates(const struct vtd *vtd)
{
	return vtd->carries && vtd->shadow[VTD_GSTS / 4] & VTD_TE;
}

struct vtd_context vtd_context_plain(const struct vtd *vtd)
{
	const struct vtd_context nothing = {0};

	return translates(vtd) ? nothing : vtd_context_in(vtd, &iommu_root_domain);
}

/* Linux's entry; empty where there is none, or where it is in what is not the root's. */
static struct vtd_context linux_context(struct cpu *self, const struct vtd *vtd, uint16_t requester)
{
	uint64_t table = vtd->followed[requester >> 8];
	struct vtd_context theirs = {0};

	if (table && vtd_is_roots(table, false))
		window_copy_from(self, &theirs, table + (requester & 0xffu) * ENTRY, ENTRY);
	return theirs;
}

static bool uses_tables(const struct vtd_context *theirs)
{
	return theirs->low & VTD_PRESENT && TYPE(theirs->low) <= TYPE_TABLES_ATS;
}

/*
 * Tables of Linux's in its own memory, under an id that is not ours. Where it had none when the
 * unit was taken there are none later either: cells were told that devices do not reach them.
 */
static bool may_be_used(const struct iommu *unit, const struct vtd_context *theirs)
{
	return unit->by_linux && !VTD_IS_OURS(vtd_of(unit), VTD_CONTEXT_DOMAIN(theirs->high)) &&
	       vtd_is_roots(theirs->low & PAGING_PHYS_MASK, false);
}

/* Devices have no translations of their own: with ATS as without. */
static struct vtd_context carry(const struct iommu *unit, const struct vtd_context *theirs)
{
	struct vtd_context entry = {0};

	if (!(theirs->low & VTD_PRESENT))
		return entry;
	if (TYPE(theirs->low) == TYPE_PASSES)
		entry = vtd_context_in(vtd_of(unit), &iommu_root_domain);
	else if (uses_tables(theirs) && may_be_used(unit, theirs))
		entry = (struct vtd_context){(theirs->low & PAGING_PHYS_MASK) | VTD_PRESENT,
					     theirs->high &
						     (DOMAIN_MASK << DOMAIN_SHIFT | VTD_WIDTH)};
	entry.low |= theirs->low & VTD_FAULTS_OFF;
	return entry;
}

struct vtd_context vtd_context_of_root(struct cpu *self, const struct iommu *unit,
				       uint16_t requester)
{
	const struct vtd *vtd = vtd_of(unit);
	struct vtd_context theirs;

	if (!translates(vtd))
		return vtd_context_plain(vtd);
	theirs = linux_context(self, vtd, requester);
	return carry(unit, &theirs);
}

/* ---- Watching ---- */

bool vtd_follows(const struct iommu *unit, uint64_t phys, uint64_t size)
{
	const struct vtd *vtd = vtd_of(unit);

	for (unsigned i = 0; vtd && i <= ROOT; i++)
		if (vtd->followed[i] && vtd->followed[i] - phys < size)
			return true;
	return false;
}

static bool is_followed_elsewhere(const struct vtd *vtd, unsigned place)
{
	for (unsigned i = 0; i <= ROOT; i++)
		if (i != place && vtd->followed[i] == vtd->followed[place])
			return true;
	return false;
}

static void unfollow(struct vtd *vtd, unsigned place)
{
	if (vtd->followed[place] && !is_followed_elsewhere(vtd, place))
		iommu_watch(vtd->followed[place], false);
	vtd->followed[place] = 0;
}

/* RAM of the root's, and no page that has another trap. */
static bool may_be_followed(const struct iommu *unit, uint64_t page)
{
	return page && (vtd_follows(unit, page, PAGE_SIZE) ||
			(cell_root_may_give(page, PAGE_SIZE) && memory_root_writes(page)));
}

/* The table that has this place from now on; 0: none. CPUs may have to be told. */
static int follow_page(struct iommu *unit, unsigned place, uint64_t page)
{
	struct vtd *vtd = vtd_of(unit);
	int err = 0;

	page = may_be_followed(unit, page) ? page : 0;
	if (page == vtd->followed[place])
		return 0;
	if (page && !vtd_follows(unit, page, PAGE_SIZE))
		err = iommu_watch(page, true);
	unfollow(vtd, place);
	vtd->followed[place] = err ? 0 : page;
	return err;
}

static int settle(struct cpu *self, struct vtd *vtd)
{
	int silent = memory_flush_root(self);

	vtd->silent_cpu = (uint32_t)silent;
	return silent < 0 ? 0 : -EBUSY;
}

/* Where Linux's root table leads for this bus. */
static uint64_t table_of_bus(struct cpu *self, const struct vtd *vtd, unsigned bus)
{
	uint64_t entry;

	if (!vtd->followed[ROOT] || !vtd_is_roots(vtd->followed[ROOT], false))
		return 0;
	entry = window_read(self, vtd->followed[ROOT] + bus * ENTRY, sizeof(entry));
	return entry & VTD_PRESENT ? entry & PAGING_PHYS_MASK : 0;
}

static int follow_root(struct cpu *self, struct iommu *unit)
{
	uint64_t root = vtd_shadow64(vtd_of(unit), VTD_RTADDR);
	int err = follow_page(unit, ROOT, root & VTD_ROOT_MODE ? 0 : root & PAGING_PHYS_MASK);

	return err ? err : settle(self, vtd_of(unit));
}

static int follow_buses(struct cpu *self, struct iommu *unit)
{
	int err = 0;

	for (unsigned bus = 0; bus < VTD_BUSES && !err; bus++)
		err = follow_page(unit, bus, table_of_bus(self, vtd_of(unit), bus));
	return err ? err : settle(self, vtd_of(unit));
}

static bool some_use_tables(struct cpu *self, const struct vtd *vtd)
{
	for (unsigned i = 0; i < VTD_BUSES * VTD_CONTEXTS; i++) {
		struct vtd_context theirs;

		if (!vtd->followed[i / VTD_CONTEXTS])
			continue;
		theirs = linux_context(self, vtd, (uint16_t)i);
		if (uses_tables(&theirs))
			return true;
	}
	return false;
}

int vtd_follow_begin(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err;

	unit->by_linux = false;
	vtd->carries = *vtd_shadow(vtd, VTD_GSTS) & VTD_TE;
	if (!vtd->carries)
		return 0;
	err = follow_root(self, unit);
	if (!err)
		err = follow_buses(self, unit);
	unit->by_linux = some_use_tables(self, vtd);
	return err;
}

void vtd_follow_end(struct iommu *unit)
{
	for (unsigned i = 0; i <= ROOT; i++)
		unfollow(vtd_of(unit), i);
	unit->by_linux = false;
}

static void complain(struct cpu *self, const struct iommu *unit, int err)
{
	if (err && cpu_may_complain(self))
		print("IOMMU %u: Linux's tables of devices are not followed in full (%d)\n",
		      unit->index, err);
}

void vtd_follow_again(struct cpu *self, struct iommu *unit)
{
	int err, synced;

	if (!vtd_of(unit)->carries)
		return;
	err = follow_root(self, unit);
	if (!err)
		err = follow_buses(self, unit);
	synced = vtd_table_sync_all(self, unit);
	complain(self, unit, err ? err : synced);
}

/* What the root has written counts from now on. */
static int heed(struct cpu *self, struct iommu *unit, unsigned place, uint64_t offset)
{
	unsigned index = (unsigned)(offset / ENTRY);
	int err;

	if (place != ROOT)
		return vtd_table_sync_one(self, unit, (uint16_t)(place << 8 | index));
	err = follow_page(unit, index, table_of_bus(self, vtd_of(unit), index));
	if (!err)
		err = settle(self, vtd_of(unit));
	return err ? err : vtd_table_sync(self, unit, index);
}

/* Once one is written to unseen they are looked at with each of Linux's commands and by POLL. */
void vtd_follow(struct cpu *self, struct iommu *unit, const struct iommu_write *write)
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t offset = write->phys & (PAGE_SIZE - 1), page = write->phys - offset;
	int err = 0;

	vtd->open |= !write->size;
	for (unsigned place = 0; write->size && place <= ROOT && !err; place++)
		if (vtd->followed[place] == page)
			err = heed(self, unit, place, offset);
	complain(self, unit, err);
}
