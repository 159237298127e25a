/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts behind AMD-Vi units (48882, 2.2.5): copies of Linux's tables, which reach CPUs of the
 * root's, and a table for each requester of a cell.
 */
#include "arch/x86/iommu/amdvi.h"

#include "arch/x86/cpu.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/string.h"
#include "core/window.h"

#define LENGTH_MAX 11u /* log2: 2.2.2.1 */
#define CELL_LENGTH 9u
#define COPIES_PAGES 4u
#define COPIES (COPIES_PAGES * PAGE_SIZE / sizeof(struct copy))
#define MESSAGE_ADDRESS 0xfee00000u
#define MESSAGE_INDEX 0x7ffu /* of its data: 2.2.5.1 */
#define CHUNK 256u	     /* bytes of Linux's that are looked at together */

/* A table of Linux's, as requesters of the root's use it. */
struct copy {
	uint64_t theirs; /* word 2 of their entries; 0: free */
	void *entries;	 /* ours */
	uint32_t users;	 /* entries of the device table that lead to it */
	uint32_t forgotten;
};

/* A requester of a cell's, and its table. */
struct table {
	uint16_t requester;
	bool unused;
	void *entries; /* NULL: free */
	uint32_t forgotten;
};

static struct copy *copies;
static struct table tables[IOMMU_REQUESTERS];
static struct amdvi_interrupt_mode mode; /* the same of all units */

/*
 * What no entry leads to any more is free when all units have forgotten it: bits of those that are
 * taken, and, of a table, of those that have.
 */
static uint32_t units;

static uint32_t bit_of(const struct iommu *unit)
{
	return 1u << unit->index;
}

int amdvi_interrupts_get(const struct iommu *unit)
{
	uint64_t control = *amdvi_shadow(unit->state, AMDVI_CONTROL);

	mode.wide = control & AMDVI_CONTROL_WIDE;
	mode.x2apic = control & AMDVI_CONTROL_X2APIC;
	copies = pool_alloc(&machine.tables, COPIES_PAGES);
	return copies ? 0 : -ENOMEM;
}

static uint32_t entry_size(void)
{
	return mode.wide ? sizeof(struct amdvi_interrupt) : sizeof(uint32_t);
}

static uint32_t table_size(unsigned length)
{
	return entry_size() << length;
}

static uint32_t table_pages(unsigned length)
{
	return (table_size(length) + (uint32_t)PAGE_SIZE - 1) / (uint32_t)PAGE_SIZE;
}

static void free_copy(struct copy *copy)
{
	if (copy->theirs)
		pool_free(&machine.tables, copy->entries,
			  table_pages(AMDVI_DEVICE_LENGTH(copy->theirs)));
	*copy = (struct copy){0};
}

static void free_table(struct table *table)
{
	pool_free(&machine.tables, table->entries, table_pages(CELL_LENGTH));
	*table = (struct table){0};
}

void amdvi_interrupts_put(void)
{
	for (uint32_t i = 0; copies && i < COPIES; i++)
		free_copy(&copies[i]);
	for (uint32_t i = 0; i < IOMMU_REQUESTERS; i++)
		free_table(&tables[i]);
	pool_free(&machine.tables, copies, COPIES_PAGES);
	copies = NULL;
}

static void free_forgotten(void)
{
	for (uint32_t i = 0; copies && i < COPIES; i++)
		if (!copies[i].users && (copies[i].forgotten & units) == units)
			free_copy(&copies[i]);
	for (uint32_t i = 0; i < IOMMU_REQUESTERS; i++)
		if (tables[i].unused && (tables[i].forgotten & units) == units)
			free_table(&tables[i]);
}

void amdvi_interrupts_forgotten(const struct iommu *unit)
{
	for (uint32_t i = 0; i < COPIES; i++)
		copies[i].forgotten |= copies[i].users ? 0 : bit_of(unit);
	for (uint32_t i = 0; i < IOMMU_REQUESTERS; i++)
		tables[i].forgotten |= tables[i].unused ? bit_of(unit) : 0;
	free_forgotten();
}

void amdvi_interrupts_join(const struct iommu *unit)
{
	units |= bit_of(unit);
}

void amdvi_interrupts_leave(const struct iommu *unit)
{
	units &= ~bit_of(unit);
	free_forgotten();
}

/* ---- Entries ---- */

static void store_entry(void *entries, uint32_t index, struct amdvi_interrupt value)
{
	struct amdvi_interrupt *wide = entries;
	uint32_t *narrow = entries;

	if (!mode.wide)
		__atomic_store_n(&narrow[index], (uint32_t)value.low, __ATOMIC_RELEASE);
	else if (wide[index].low != value.low || wide[index].high != value.high)
		amdvi_store_wide(&wide[index], value);
}

static struct amdvi_interrupt load_entry(void *entries, uint32_t index)
{
	uint32_t *narrow = entries;

	if (mode.wide)
		return amdvi_load_wide((struct amdvi_interrupt *)entries + index);
	return (struct amdvi_interrupt){__atomic_load_n(&narrow[index], __ATOMIC_ACQUIRE), 0};
}

/* ---- The root's ---- */

static uint64_t table_phys(uint64_t word)
{
	return word & AMDVI_DEVICE_TABLE;
}

static void copy_chunk(void *entries, uint32_t index, const uint8_t *chunk, uint32_t size)
{
	for (uint32_t offset = 0; offset < size; offset += entry_size(), index++) {
		struct amdvi_interrupt theirs = {0, 0};

		memcpy(&theirs, chunk + offset, entry_size());
		store_entry(entries, index, amdvi_narrow(mode, theirs));
	}
}

/* What of it is not the root's own is empty. */
static void copy_table(struct cpu *self, const struct copy *copy)
{
	uint32_t size = table_size(AMDVI_DEVICE_LENGTH(copy->theirs));
	uint8_t chunk[CHUNK];

	for (uint32_t offset = 0; offset < size; offset += CHUNK) {
		uint64_t phys = table_phys(copy->theirs) + offset;
		uint32_t part = size - offset < CHUNK ? size - offset : CHUNK;

		memset(chunk, 0, sizeof(chunk));
		if (memory_root_reaches(phys) && memory_root_reaches(phys + part - 1))
			window_copy_from(self, chunk, phys, part);
		copy_chunk(copy->entries, offset / entry_size(), chunk, part);
	}
}

static uint64_t word_for(const void *entries, unsigned length)
{
	return machine_tables_phys(entries) | AMDVI_DEVICE_REMAPPED | length << 1;
}

/* NULL: there is none. 0: a free place for one. */
static struct copy *find_copy(uint64_t theirs)
{
	for (uint32_t i = 0; i < COPIES; i++)
		if (copies[i].theirs == theirs)
			return &copies[i];
	return NULL;
}

static struct copy *new_copy(uint64_t theirs)
{
	struct copy *copy = find_copy(0);
	void *entries =
		copy ? pool_alloc(&machine.tables, table_pages(AMDVI_DEVICE_LENGTH(theirs))) : NULL;

	if (!entries)
		return NULL;
	*copy = (struct copy){.theirs = theirs, .entries = entries};
	return copy;
}

static bool some_unused(void)
{
	for (uint32_t i = 0; i < COPIES; i++)
		if (copies[i].theirs && !copies[i].users)
			return true;
	return false;
}

/* Linux has other tables by now: room is made where there is none. */
static struct copy *make_copy(struct cpu *self, const struct iommu *unit, uint64_t theirs)
{
	struct copy *copy = find_copy(theirs);

	if (!copy)
		copy = new_copy(theirs);
	if (!copy && some_unused() && !amdvi_forget_all(self, unit) && !amdvi_settle(self, unit)) {
		amdvi_interrupts_forgotten(unit);
		copy = new_copy(theirs);
	}
	if (copy && !copy->users) {
		copy->forgotten = 0;
		copy_table(self, copy);
	}
	return copy;
}

static struct copy *copy_of(uint64_t ours)
{
	if ((ours & AMDVI_DEVICE_MODE) == AMDVI_DEVICE_REMAPPED)
		for (uint32_t i = 0; i < COPIES; i++)
			if (copies[i].theirs &&
			    machine_tables_phys(copies[i].entries) == table_phys(ours))
				return &copies[i];
	return NULL;
}

void amdvi_use_interrupts(uint64_t ours, int users)
{
	struct copy *copy = copy_of(ours);

	if (copy)
		copy->users += (uint32_t)users;
}

uint64_t amdvi_interrupts_of_root(struct cpu *self, const struct iommu *unit, uint16_t requester,
				  uint64_t theirs)
{
	const uint64_t known = AMDVI_DEVICE_REMAPPED | AMDVI_DEVICE_TABLE | 0x1e;
	const struct copy *copy;

	if (!unit->remaps)
		return 0;
	if ((theirs & AMDVI_DEVICE_MODE) != AMDVI_DEVICE_REMAPPED ||
	    AMDVI_DEVICE_LENGTH(theirs) > LENGTH_MAX)
		return AMDVI_DEVICE_INTERRUPTS;

	copy = make_copy(self, unit, theirs & known);
	if (!copy && cpu_may_complain(self))
		print("No memory for a table of interrupts: requester %x has none\n", requester);
	return copy ? word_for(copy->entries, AMDVI_DEVICE_LENGTH(theirs))
		    : AMDVI_DEVICE_INTERRUPTS;
}

bool amdvi_copy_interrupts(struct cpu *self, uint64_t ours)
{
	const struct copy *copy = copy_of(ours);

	if (!copy)
		return false;
	copy_table(self, copy);
	return copy->users > 1;
}

/*
 * A table that is just being left, and another's page by then, is still memory of ours: what is
 * found there is an interrupt of some vector, which is sent to CPUs of the root's alone.
 */
bool amdvi_entry(uint16_t requester, uint32_t data, struct iommu_interrupt *ret)
{
	uint64_t word = amdvi_device_interrupts(requester);
	struct amdvi_interrupt entry = {0, 0};

	if ((word & AMDVI_DEVICE_MODE) != AMDVI_DEVICE_REMAPPED)
		return false;
	if (!((data & MESSAGE_INDEX) >> AMDVI_DEVICE_LENGTH(word)))
		entry = load_entry(machine.tables.base + (table_phys(word) - machine.tables_phys),
				   data & MESSAGE_INDEX);
	*ret = amdvi_read_interrupt(mode, entry);
	ret->requester = requester;
	return true;
}

void amdvi_copy_all_interrupts(struct cpu *self)
{
	for (uint32_t i = 0; i < COPIES; i++)
		if (copies[i].users)
			copy_table(self, &copies[i]);
}

/* ---- Cells' ---- */

/* That of the requester, or a free place for one; NULL: there is neither. */
static struct table *find_table(uint16_t requester)
{
	struct table *free = NULL;

	for (uint32_t i = 0; i < IOMMU_REQUESTERS; i++) {
		if (!tables[i].entries)
			free = free ? free : &tables[i];
		else if (tables[i].requester == requester)
			return &tables[i];
	}
	return free;
}

uint64_t amdvi_make_interrupts(uint16_t requester)
{
	struct table *table = find_table(requester);

	if (!table)
		return 0;
	if (!table->entries)
		table->entries = pool_alloc(&machine.tables, table_pages(CELL_LENGTH));
	else if (table->unused)
		memset(table->entries, 0, table_size(CELL_LENGTH));
	table->requester = requester;
	table->unused = false;
	table->forgotten = 0;
	return table->entries ? word_for(table->entries, CELL_LENGTH) : 0;
}

void amdvi_free_interrupts(uint16_t requester)
{
	struct table *table = find_table(requester);

	if (table && table->entries)
		table->unused = true;
}

static int set_entry(struct cpu *self, const struct iommu *unit, const struct table *table,
		     uint32_t index, struct amdvi_interrupt value)
{
	int err;

	store_entry(table->entries, index, value);
	err = amdvi_forget_device(self, unit, table->requester);
	return err ? err : amdvi_settle(self, unit);
}

static int clear_entries(struct cpu *self, const struct iommu *unit, uint32_t index)
{
	const struct amdvi_interrupt none = {0, 0};
	int err = 0;

	for (uint32_t i = 0; i < IOMMU_REQUESTERS; i++) {
		int failed = tables[i].entries ? set_entry(self, unit, &tables[i], index, none) : 0;

		err = err ? err : failed;
	}
	return err;
}

/* Level or edge is the I/O APIC's affair: an end of interrupt needs nothing of the unit. */
int amdvi_set_entry(struct cpu *self, struct iommu *unit, uint32_t index,
		    const struct iommu_interrupt *interrupt)
{
	struct amdvi_interrupt value = {0, 0};
	const struct table *table;

	if (!unit->remaps)
		return 0;
	if (index >> CELL_LENGTH)
		return -EINVAL;
	if (!interrupt)
		return clear_entries(self, unit, index);

	table = find_table(interrupt->requester);
	if (!table || !table->entries || table->unused)
		return -ENODEV;
	if (!interrupt->masked)
		value = amdvi_make_interrupt(mode, interrupt->destination, interrupt->vector);
	return set_entry(self, unit, table, index, value);
}

/* The index is in the low 11 bits of the data (2.2.5.1), whatever the address. */
void amdvi_message(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
		   uint32_t *ret_data)
{
	(void)unit;
	*ret_address = MESSAGE_ADDRESS;
	*ret_data = index;
}
