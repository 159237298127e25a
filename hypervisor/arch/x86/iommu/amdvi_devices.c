/* SPDX-License-Identifier: GPL-2.0-only */
/* The device table of AMD-Vi units (48882, 2.2.2): who is in which domain. */
#include "arch/x86/iommu/amdvi.h"

#include "arch/x86/paging_formats.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/window.h"

#define DEVICES_PAGES (AMDVI_REQUESTERS * sizeof(struct amdvi_device) / PAGE_SIZE)
#define TABLE_PAGES(base) (((base)&0x1ff) + 1) /* of the register */

/* Ids of ours; bit 8 is clear, as an emulator takes it for reserved. Linux begins at 1. */
#define DOMAINS 0xfe00u
#define DOMAINS_MASK 0xff00u

static struct amdvi_device *devices;
static uint32_t users;

/* How Linux uses the units that are taken: the same table, read in the same way. */
static uint64_t common_table, common_control;

uint64_t amdvi_device_interrupts(uint16_t requester)
{
	return devices ? __atomic_load_n(&devices[requester].word[2], __ATOMIC_ACQUIRE) : 0;
}

#define COMMON_CONTROL (AMDVI_CONTROL_ENABLE | AMDVI_CONTROL_WIDE | AMDVI_CONTROL_X2APIC)

uint64_t amdvi_devices_base(void)
{
	return machine_tables_phys(devices) | (DEVICES_PAGES - 1);
}

static uint16_t domain_id(uint16_t id)
{
	return (uint16_t)(DOMAINS | id);
}

uint16_t amdvi_domain_id(const struct iommu_domain *domain)
{
	return domain_id(domain->id);
}

static uint16_t entry_domain(const struct amdvi_device *entry)
{
	return entry->word[1] & AMDVI_DEVICE_DOMAIN;
}

static bool is_ours(uint16_t domain)
{
	return (domain & DOMAINS_MASK) == DOMAINS;
}

/* No id of Linux's is one of ours, so an entry itself says whose it is. */
static bool is_cells(const struct amdvi_device *entry)
{
	return is_ours(entry_domain(entry)) && entry_domain(entry) != domain_id(IOMMU_ROOT_DOMAIN);
}

struct amdvi_device amdvi_device_in(const struct iommu_domain *domain, uint64_t access)
{
	struct amdvi_device entry = {{AMDVI_BLOCKED, domain_id(domain ? domain->id : 0)}};

	if (domain && access)
		entry.word[0] |= paging_root_phys(&domain->tables) | access |
				 (uint64_t)domain->tables.levels << AMDVI_DEVICE_LEVELS_SHIFT;
	return entry;
}

enum amdvi_use amdvi_use_of(const struct amdvi_device *theirs)
{
	uint64_t levels = theirs->word[0] & AMDVI_DEVICE_LEVELS;

	if (!(theirs->word[0] & AMDVI_DEVICE_VALID))
		return AMDVI_PASSES;
	if (theirs->word[0] & AMDVI_DEVICE_GUEST)
		return AMDVI_NESTS;
	if (!(theirs->word[0] & AMDVI_DEVICE_TRANSLATES) ||
	    !(theirs->word[0] & AMDVI_DEVICE_ACCESS) || levels == AMDVI_DEVICE_LEVELS)
		return AMDVI_BLOCKS;
	return levels ? AMDVI_TRANSLATES : AMDVI_PASSES;
}

/* Linux's tables, without what else devices could use them for: ATS, page requests, dirty bits. */
static struct amdvi_device carry(const struct amdvi_device *theirs)
{
	const uint64_t kept =
		AMDVI_BLOCKED | AMDVI_DEVICE_LEVELS | AMDVI_ADDRESS | AMDVI_DEVICE_ACCESS;

	if (is_ours(entry_domain(theirs)) || !memory_root_reaches(theirs->word[0] & AMDVI_ADDRESS))
		return amdvi_device_in(&iommu_root_domain, 0);
	return (struct amdvi_device){{theirs->word[0] & kept, entry_domain(theirs)}};
}

struct amdvi_device amdvi_device_of_root(const struct amdvi_device *theirs)
{
	uint64_t access = theirs->word[0] & AMDVI_DEVICE_VALID
				  ? theirs->word[0] & AMDVI_DEVICE_ACCESS
				  : AMDVI_DEVICE_ACCESS;
	struct amdvi_device entry;

	switch (amdvi_use_of(theirs)) {
	case AMDVI_PASSES:
		entry = amdvi_device_in(&iommu_root_domain, access);
		break;
	case AMDVI_TRANSLATES:
		entry = carry(theirs);
		break;
	default:
		entry = amdvi_device_in(&iommu_root_domain, 0);
		break;
	}
	entry.word[1] |= theirs->word[1] & AMDVI_DEVICE_SYSTEM;
	return entry;
}

/*
 * Linux's entry. false: it has no table, and nothing to say. An entry beyond its table, or in
 * memory that is not its own, lets nothing pass.
 */
static bool linux_device(struct cpu *self, const struct iommu *unit, uint32_t requester,
			 struct amdvi_device *device)
{
	uint64_t base = *amdvi_shadow(unit->state, AMDVI_DEVICES);
	uint64_t offset = requester * sizeof(*device), phys = (base & AMDVI_ADDRESS) + offset;

	if (!(*amdvi_shadow(unit->state, AMDVI_CONTROL) & AMDVI_CONTROL_ENABLE))
		return false;

	*device = (struct amdvi_device){{AMDVI_BLOCKED, 0, AMDVI_DEVICE_INTERRUPTS}};
	if (offset < TABLE_PAGES(base) * PAGE_SIZE && memory_root_reaches(phys))
		window_copy_from(self, device, phys, sizeof(*device));
	return true;
}

/* What the unit has for a requester of the root's. */
static struct amdvi_device root_device(struct cpu *self, const struct iommu *unit,
				       uint32_t requester)
{
	struct amdvi_device theirs, entry;

	if (!linux_device(self, unit, requester, &theirs)) {
		entry = amdvi_device_in(&iommu_root_domain, AMDVI_DEVICE_ACCESS);
		/* No table is an empty table: else every message would pass as it is. */
		entry.word[2] = unit->remaps ? AMDVI_DEVICE_INTERRUPTS : 0;
		return entry;
	}
	/* Linux translated for nobody when the unit was taken: tables that come later could lead
	 * anywhere. */
	if (!unit->by_linux && amdvi_use_of(&theirs) == AMDVI_TRANSLATES)
		theirs.word[0] = AMDVI_BLOCKED;
	entry = amdvi_device_of_root(&theirs);
	entry.word[2] = amdvi_interrupts_of_root(self, unit, (uint16_t)requester, theirs.word[2]);
	return entry;
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void store_interrupts(struct amdvi_device *entry, uint64_t value)
{
	uint64_t former = entry->word[2];

	amdvi_use_interrupts(value, 1);
	store(&entry->word[2], value);
	amdvi_use_interrupts(former, -1);
}

/*
 * Units read an entry in parts, so it changes by words that mean something each (2.2.2.2): nothing
 * passes while the domain is another.
 */
static int change_device(struct cpu *self, const struct iommu *unit, uint16_t requester,
			 const struct amdvi_device *new)
{
	struct amdvi_device *entry = &devices[requester];
	uint16_t former = entry_domain(entry);
	int err = 0;

	if (entry->word[1] != new->word[1]) {
		store(&entry->word[0], AMDVI_BLOCKED);
		store_interrupts(entry, unit->remaps ? AMDVI_DEVICE_INTERRUPTS : 0);
		err = amdvi_forget_device(self, unit, requester);
		if (!err)
			err = amdvi_forget_domain(self, unit, former);
		if (!err)
			err = amdvi_settle(self, unit);
		if (err)
			return err;
		store(&entry->word[1], new->word[1]);
	}
	store_interrupts(entry, new->word[2]);
	store(&entry->word[0], new->word[0]);
	return amdvi_forget_device(self, unit, requester);
}

/* The unit heeds IR and IW alone where there are no levels (2.2.2.1). */
static uint64_t blocked(uint64_t word)
{
	return word & ~(AMDVI_DEVICE_ACCESS | AMDVI_DEVICE_LEVELS);
}

/* As Linux says, but that one which was blocked stays so until Linux says something else. */
static struct amdvi_device next_device(struct cpu *self, const struct iommu *unit,
				       uint16_t requester)
{
	const struct amdvi_device *entry = &devices[requester];
	struct amdvi_device new = root_device(self, unit, requester);

	if (amdvi_use_of(&new) == AMDVI_TRANSLATES && entry_domain(entry) == entry_domain(&new) &&
	    entry->word[0] == blocked(new.word[0]))
		new.word[0] = entry->word[0];
	return new;
}

static bool has_linux_tables(uint16_t requester, struct iommu_tables *ret)
{
	const struct amdvi_device *entry = &devices[requester];

	if (is_ours(entry_domain(entry)) || amdvi_use_of(entry) != AMDVI_TRANSLATES)
		return false;
	*ret = (struct iommu_tables){.format = &paging_amdvi,
				     .root = entry->word[0] & AMDVI_ADDRESS,
				     .levels = (entry->word[0] & AMDVI_DEVICE_LEVELS) >>
					       AMDVI_DEVICE_LEVELS_SHIFT,
				     .domain = entry_domain(entry)};
	return true;
}

bool amdvi_linux_tables(const struct iommu *unit, uint16_t requester, struct iommu_tables *ret)
{
	return !unit->index && has_linux_tables(requester, ret);
}

int amdvi_block_device(struct cpu *self, const struct iommu *unit, uint16_t requester,
		       const struct iommu_tables *tables)
{
	struct iommu_tables theirs;
	int err;

	if (has_linux_tables(requester, &theirs) && theirs.root == tables->root)
		store(&devices[requester].word[0], blocked(devices[requester].word[0]));
	err = amdvi_forget_device(self, unit, requester);
	return err ? err : amdvi_forget_domain(self, unit, tables->domain);
}

int amdvi_sync_device(struct cpu *self, const struct iommu *unit, uint16_t requester)
{
	struct amdvi_device new;

	if (is_cells(&devices[requester]))
		return 0;
	new = next_device(self, unit, requester);
	return change_device(self, unit, requester, &new);
}

static bool is_same(const struct amdvi_device *a, const struct amdvi_device *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2];
}

int amdvi_sync_devices(struct cpu *self, const struct iommu *unit)
{
	int err = 0;

	amdvi_copy_all_interrupts(self);
	for (uint32_t i = 0; i < AMDVI_REQUESTERS && !err; i++) {
		struct amdvi_device new;

		if (is_cells(&devices[i]))
			continue;
		new = next_device(self, unit, (uint16_t)i);
		if (!is_same(&devices[i], &new))
			err = change_device(self, unit, (uint16_t)i, &new);
	}
	return err ? err : amdvi_forget_all(self, unit);
}

int amdvi_sync_interrupts(struct cpu *self, const struct iommu *unit, uint16_t requester)
{
	uint64_t word = devices[requester].word[2];
	int err = 0;

	if (is_cells(&devices[requester]) || !amdvi_copy_interrupts(self, word))
		return amdvi_forget_device(self, unit, requester);

	/* Functions with one alias have one table. */
	for (uint32_t i = 0; i < AMDVI_REQUESTERS && !err; i++)
		if (devices[i].word[2] == word)
			err = amdvi_forget_device(self, unit, (uint16_t)i);
	return err;
}

/* One that is off has no table, whatever its register says. */
static bool is_like_others(const struct iommu *unit)
{
	uint64_t control = *amdvi_shadow(unit->state, AMDVI_CONTROL) & COMMON_CONTROL;
	uint64_t table = *amdvi_shadow(unit->state, AMDVI_DEVICES);

	if (!users) {
		common_control = control;
		common_table = table;
	}
	return control == common_control &&
	       (table == common_table || !(control & AMDVI_CONTROL_ENABLE));
}

int amdvi_look_at_devices(struct cpu *self, struct iommu *unit)
{
	struct amdvi_device theirs;

	if (!is_like_others(unit))
		return -EINVAL;
	unit->remaps = false;
	unit->by_linux = false;
	for (uint32_t i = 0; i < AMDVI_REQUESTERS; i++) {
		if (!linux_device(self, unit, i, &theirs))
			break;
		if (amdvi_use_of(&theirs) == AMDVI_NESTS)
			return -EINVAL;
		unit->by_linux |= amdvi_use_of(&theirs) == AMDVI_TRANSLATES;
		unit->remaps |= (theirs.word[2] & AMDVI_DEVICE_REMAPPED) == AMDVI_DEVICE_REMAPPED;
	}
	return 0;
}

static void free_tables(void)
{
	pool_free(&machine.tables, devices, DEVICES_PAGES);
	devices = NULL;
	amdvi_interrupts_put();
}

static int make_tables(struct cpu *self, const struct iommu *unit)
{
	devices = pool_alloc(&machine.tables, DEVICES_PAGES);
	if (!devices || amdvi_interrupts_get(unit)) {
		free_tables();
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < AMDVI_REQUESTERS; i++) {
		devices[i] = root_device(self, unit, i);
		amdvi_use_interrupts(devices[i].word[2], 1);
	}
	return 0;
}

int amdvi_devices_get(struct cpu *self, const struct iommu *unit)
{
	int err = users ? 0 : make_tables(self, unit);

	if (err)
		return err;
	users++;
	amdvi_interrupts_join(unit);
	return 0;
}

void amdvi_devices_put(const struct iommu *unit)
{
	amdvi_interrupts_leave(unit);
	if (!--users)
		free_tables();
}

/* Other units may have seen the entry as it is to be; this one forgets all that it has seen. */
static int change_for_good(struct cpu *self, const struct iommu *unit, uint16_t requester,
			   const struct amdvi_device *new)
{
	int err = change_device(self, unit, requester, new);

	if (!err)
		err = amdvi_forget_all(self, unit);
	if (!err)
		err = amdvi_settle(self, unit);
	if (!err)
		amdvi_interrupts_forgotten(unit);
	return err;
}

int amdvi_move_device(struct cpu *self, struct iommu *unit, uint16_t requester,
		      const struct iommu_domain *domain)
{
	struct amdvi_device new;

	if (domain && domain->id == IOMMU_ROOT_DOMAIN) {
		new = root_device(self, unit, requester);
		amdvi_free_interrupts(requester);
		return change_for_good(self, unit, requester, &new);
	}
	new = amdvi_device_in(domain, AMDVI_DEVICE_ACCESS);
	if (unit->remaps)
		new.word[2] = amdvi_make_interrupts(requester);
	return unit->remaps && !new.word[2] ? -ENOMEM
					    : change_for_good(self, unit, requester, &new);
}
