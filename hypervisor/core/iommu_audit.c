/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of Linux's that units use in place are looked at again and again: nothing in them leads to
 * what is not Linux's. All in them is hostile, and changes meanwhile.
 *
 * Only the address that a device would say is kept from one step to the next; each page is reached
 * anew from the root of its tables. So nothing is taken for a table that is none any more: Linux
 * frees one when units have forgotten it, and its commands to units wait for the management lock,
 * under which all of this runs. What is found is looked for once more from the root.
 */
#include "core/arch.h"
#include "core/cell.h"
#include "core/iommu_domain.h"
#include "core/line_limit.h"
#include "core/machine.h"
#include "core/pci_name.h"
#include "core/print.h"
#include "core/window.h"

#define PAGES_AT_ONCE 16u /* of tables, by one POLL */
#define PASS_MS 100u	  /* a pass begins as often, if the one before is over */
#define ALL_REQUESTERS 65536u
#define LOOK_AT 256u /* requesters without tables of Linux's that cost as much as a page */
#define ENTRIES 512u
#define SPAN(level) (1ull << (PAGE_SHIFT + 9 * ((level)-1))) /* of an entry */
#define ANY_SIZE 7u

static struct {
	unsigned unit;
	uint32_t requester;
	struct iommu_tables tables; /* its own */
	uint64_t address;	    /* next to look at */
	uint64_t pages;		    /* looked at so far */
} place;
static bool owed;		  /* a pass from the first requester on */
static bool resting;		  /* until the next pass */
static uint64_t began;		  /* arch_ticks() */
static uint64_t entries[ENTRIES]; /* of the page that is looked at */

/* ---- Entries ---- */

enum kind { NOTHING, TABLE, LEAF };

struct entry {
	enum kind kind;
	uint64_t phys;
	uint64_t size;	/* of a leaf */
	unsigned level; /* of a table */
};

/* 48882, 2.2.3, table 15: the lowest bit of the address that is 0 says the size. */
static uint64_t any_size(uint64_t address)
{
	uint64_t size = 2 * PAGE_SIZE;

	while (address & size / 2)
		size *= 2;
	return size;
}

static struct entry leaf(uint64_t phys, uint64_t size)
{
	return (struct entry){.kind = LEAF, .phys = phys & ~(size - 1), .size = size};
}

static struct entry read_entry(const struct paging_format *format, uint64_t value, unsigned level)
{
	uint64_t phys = value & PAGING_PHYS_MASK;
	unsigned next = level - 1;

	if (!(value & format->present))
		return (struct entry){.kind = NOTHING};
	if (format->table_level)
		next = (unsigned)(value / format->table_level & 7);
	else if (value & format->large)
		next = 0;
	if (format->any_size && next == ANY_SIZE) {
		uint64_t size = any_size(phys);

		return leaf(phys, size > SPAN(level) ? size : SPAN(level));
	}
	if (!next)
		return leaf(phys, SPAN(level));
	/* A table of the same level, or a higher one, is a fault. */
	return (struct entry){next < level ? TABLE : NOTHING, phys, 0, next};
}

/* ---- Pages of tables ---- */

enum result {
	GOES_ON,
	ENDS,
	LEADS_OUT, /* a table, or what an entry maps, is not Linux's */
};

/* Where an address is in the tables: no table lies below. */
struct spot {
	uint64_t table;
	unsigned level;
	struct entry entry;
};

static unsigned index_of(uint64_t address, unsigned level)
{
	return address / SPAN(level) % ENTRIES;
}

/*
 * From the root. An entry may skip levels (AMD-Vi): addresses beyond what its table has are mapped
 * by nothing. Levels go down, so this ends; tables that lead to themselves are only large ones.
 */
static enum result descend(struct cpu *self, const struct iommu_tables *tables, uint64_t address,
			   struct spot *spot)
{
	*spot = (struct spot){.table = tables->root, .level = tables->levels};
	for (;;) {
		uint64_t value, beyond;

		if (!cell_root_may_give(spot->table, PAGE_SIZE))
			return LEADS_OUT;
		value = window_read(self, spot->table + 8 * index_of(address, spot->level), 8);
		spot->entry = read_entry(tables->format, value, spot->level);
		if (spot->entry.kind != TABLE)
			return GOES_ON;
		beyond = address % SPAN(spot->level) / SPAN(spot->entry.level);
		if (beyond >= ENTRIES) {
			spot->entry.kind = NOTHING;
			return GOES_ON;
		}
		spot->table = spot->entry.phys;
		spot->level = spot->entry.level;
	}
}

/* What was looked up last of what the root's devices reach, which is little by little. */
static struct {
	uint64_t phys, size;
} known;

static bool is_known(const struct entry *entry)
{
	return entry->phys >= known.phys && entry->phys - known.phys < known.size &&
	       entry->size <= known.size - (entry->phys - known.phys);
}

static bool leads_out(const struct entry *entry)
{
	struct paging_translation found;

	if (is_known(entry))
		return false;
	if (paging_lookup(&iommu_root_domain.tables, entry->phys, &found)) {
		known.size = found.page_size;
		known.phys = entry->phys & ~(found.page_size - 1);
	}
	return !is_known(entry) && iommu_forbids(entry->phys, entry->size);
}

/* One address alone; *phys: where to. */
static bool address_leads_out(struct cpu *self, const struct iommu_tables *tables, uint64_t address,
			      uint64_t *phys)
{
	struct spot spot;

	if (descend(self, tables, address, &spot) == LEADS_OUT) {
		*phys = spot.table;
		return true;
	}
	*phys = spot.entry.phys;
	return spot.entry.kind == LEAF && leads_out(&spot.entry);
}

/* Goes on behind this entry. 64 bits of address are 6 levels, and not all of those. */
static enum result advance(uint64_t start, uint64_t size)
{
	uint64_t next = start + size;

	place.address = next;
	if (next < start ||
	    (place.tables.levels < IOMMU_LEVELS_MAX && next >= ENTRIES * SPAN(place.tables.levels)))
		return ENDS;
	return GOES_ON;
}

/* The entries of a page from that of the address on, up to its end or to one that has a table. */
static enum result scan(struct cpu *self, const struct spot *spot)
{
	const uint64_t span = SPAN(spot->level);
	enum result result = GOES_ON;

	window_copy_from(self, entries, spot->table, sizeof(entries));
	for (unsigned i = index_of(place.address, spot->level); i < ENTRIES && result == GOES_ON;
	     i++) {
		uint64_t start = place.address & ~(span - 1);
		struct entry entry = read_entry(place.tables.format, entries[i], spot->level);

		/* One that is passed over has a table that does not reach so far. */
		if (entry.kind == TABLE && start == place.address)
			return GOES_ON;
		if (entry.kind == LEAF && leads_out(&entry))
			return LEADS_OUT;
		result = advance(start, span);
	}
	return result;
}

/* No page is in tables twice, so there are no more than pages of memory. */
static bool are_endless(void)
{
	return place.pages > machine.system.memory_top / PAGE_SIZE;
}

static enum result look(struct cpu *self, uint64_t *phys)
{
	struct spot spot;
	enum result result = descend(self, &place.tables, place.address, &spot);

	place.pages++;
	*phys = spot.table;
	if (are_endless())
		return LEADS_OUT;
	if (result == GOES_ON)
		result = scan(self, &spot);
	if (result != LEADS_OUT)
		return result;
	if (address_leads_out(self, &place.tables, place.address, phys))
		return LEADS_OUT;
	return advance(place.address & ~(PAGE_SIZE - 1), PAGE_SIZE);
}

/* ---- What is done about it ---- */

static bool uses_tables(const struct iommu *unit, uint32_t requester, struct iommu_tables *tables)
{
	return unit->use == IOMMU_OURS && unit->by_linux && unit->ops->linux_tables &&
	       unit->ops->linux_tables(unit, (uint16_t)requester, tables) && tables->levels &&
	       tables->levels <= IOMMU_LEVELS_MAX;
}

/* One that does not do it may use what it has seen. */
static void tell(struct cpu *self, struct iommu *unit, uint32_t requester, bool block)
{
	int err;

	if (unit->use != IOMMU_OURS || !unit->by_linux)
		return;
	lock_acquire(&unit->lock);
	err = block ? unit->ops->block(self, unit, (uint16_t)requester, &place.tables)
		    : unit->ops->forget(self, unit, &place.tables);
	if (err)
		unit->use = IOMMU_STUCK;
	lock_release(&unit->lock);
}

static void tell_all(struct cpu *self, uint32_t requester, bool block)
{
	struct iommu *unit;

	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		tell(self, unit, requester, block);
}

/* All that use these tables. */
static void block_users(struct cpu *self)
{
	const struct iommu *unit;
	struct iommu_tables theirs;

	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		for (uint32_t requester = 0; requester < ALL_REQUESTERS; requester++)
			if (uses_tables(unit, requester, &theirs) &&
			    theirs.root == place.tables.root)
				tell_all(self, requester, true);
}

static void report(const struct iommu *unit, uint64_t phys)
{
	static struct line_limit lines;

	if (line_limit_allows(&lines))
		print("Function " PCI_NAME ", IOMMU %u: Linux's tables of domain %u lead from %llx "
		      "to %llx, which is not Linux's: it is blocked\n",
		      PCI_NAME_OF(place.requester), unit->index, place.tables.domain,
		      (unsigned long long)place.address, (unsigned long long)phys);
}

/* ---- A pass ---- */

static void begin_pass(void)
{
	place.unit = place.requester = 0;
	place.tables.format = NULL;
	resting = false;
	began = arch_ticks();
}

static void begin_tables(const struct iommu_tables *tables)
{
	place.tables = *tables;
	place.address = place.pages = 0;
}

void iommu_audit_begin(void)
{
	owed = true;
	begin_pass();
}

static bool some_by_linux(void)
{
	const struct iommu *unit;

	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		if (unit->use == IOMMU_OURS && unit->by_linux)
			return true;
	return false;
}

bool iommu_audit_owed(void)
{
	return owed && some_by_linux();
}

static void next_requester(void)
{
	place.tables.format = NULL;
	if (++place.requester < ALL_REQUESTERS)
		return;
	place.requester = 0;
	place.unit++;
}

/* The next that has tables of Linux's, of up to LOOK_AT. */
static void find_requester(const struct iommu *unit)
{
	struct iommu_tables tables;

	for (unsigned i = 0; i < LOOK_AT; i++) {
		if (uses_tables(unit, place.requester, &tables)) {
			begin_tables(&tables);
			return;
		}
		next_requester();
		if (!place.requester)
			return;
	}
}

/* Also what is in them no more: a unit that remembers it is to forget that. */
static void look_at_page(struct cpu *self, const struct iommu *unit)
{
	uint64_t phys;
	enum result result = look(self, &phys);

	if (result == GOES_ON)
		return;
	if (result == LEADS_OUT) {
		report(unit, phys);
		block_users(self);
	} else {
		tell_all(self, place.requester, false);
	}
	next_requester();
}

/* Linux may have given it others since the last step. */
static void resume(const struct iommu *unit)
{
	struct iommu_tables tables;

	known.size = 0;
	if (!place.tables.format || !unit)
		return;
	if (!uses_tables(unit, place.requester, &tables))
		place.tables.format = NULL;
	else if (tables.root != place.tables.root || tables.levels != place.tables.levels ||
		 tables.domain != place.tables.domain)
		begin_tables(&tables);
}

void iommu_audit_step(struct cpu *self, unsigned pages)
{
	const struct iommu *unit;

	resume(iommu_unit(place.unit));
	while (pages-- && (unit = iommu_unit(place.unit))) {
		if (place.tables.format)
			look_at_page(self, unit);
		else
			find_requester(unit);
	}
	if (!iommu_unit(place.unit)) {
		owed = false;
		resting = true;
	}
}

void iommu_audit_poll(struct cpu *self)
{
	if (!some_by_linux())
		return;
	if (resting && arch_ticks() - began < (uint64_t)machine.ticks_per_ms * PASS_MS)
		return;
	if (resting)
		begin_pass();
	iommu_audit_step(self, PAGES_AT_ONCE);
}

bool iommu_audit_finds_us(struct cpu *self)
{
	const struct iommu *unit;
	struct iommu_tables tables;
	uint64_t phys;

	known.size = 0;
	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		for (uint32_t requester = 0; requester < ALL_REQUESTERS; requester++)
			if (uses_tables(unit, requester, &tables) &&
			    address_leads_out(self, &tables, machine.memory_phys, &phys))
				return true;
	return false;
}
