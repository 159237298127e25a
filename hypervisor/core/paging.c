/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/paging.h"

#include <stddef.h>

#include "core/arch.h"
#include "core/errno.h"

#define ENTRIES 512u
#define FILL UINT64_MAX /* instead of the bits of a leaf: entries of paging->fill */
#define FILL_LEVEL 3u	/* of the highest entry that fills: 1 GiB */
#define TABLE_LEVELS 7u /* bits that tell a table's level */

/* The part of a change that is still to be done. */
struct change {
	uint64_t virt;
	uint64_t phys;
	uint64_t size;
	uint64_t leaf; /* bits of the leaves to write, or FILL; 0: unmap */
};

/* Level 1 has 4 KiB pages; the entries of level n + 1 point at tables of level n. */
static unsigned level_shift(unsigned level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static uint64_t level_size(unsigned level)
{
	return 1ull << level_shift(level);
}

static uint64_t *entry_of(uint64_t *table, uint64_t virt, unsigned level)
{
	return &table[virt >> level_shift(level) & (ENTRIES - 1)];
}

static bool is_fill(const struct paging *paging, uint64_t entry, unsigned level)
{
	return entry && entry == paging->fill[level];
}

/* Whether an entry above level 1 that is not empty leads to a table. */
static bool leads_to_table(const struct paging_format *format, uint64_t entry)
{
	return format->table_level ? entry & TABLE_LEVELS * format->table_level
				   : !(entry & format->large);
}

/* One of its own: those that fill are shared. */
static bool is_table(const struct paging *paging, uint64_t entry, unsigned level)
{
	return entry && level > 1 && leads_to_table(paging->format, entry) &&
	       !is_fill(paging, entry, level);
}

static uint64_t *table_of(const struct paging *paging, uint64_t entry)
{
	return (uint64_t *)((entry & PAGING_PHYS_MASK) + paging->virt_offset);
}

static uint64_t phys_of(const struct paging *paging, const uint64_t *table)
{
	return (uint64_t)table - paging->virt_offset;
}

/* An entry for a table of that level. */
static uint64_t make_table(const struct paging *paging, const uint64_t *table, unsigned level)
{
	return phys_of(paging, table) | paging->format->table | level * paging->format->table_level;
}

static uint64_t make_leaf(const struct paging *paging, uint64_t bits, uint64_t phys, unsigned level)
{
	return phys | bits | (level > 1 ? paging->format->large : 0);
}

/* Bits of a leaf, the same on all levels. */
static uint64_t leaf_bits(const struct paging *paging, uint64_t entry, unsigned level)
{
	return entry & ~PAGING_PHYS_MASK & ~(level > 1 ? paging->format->large : 0);
}

static unsigned largest_leaf(const struct paging *paging)
{
	return paging->huge_1g ? 3 : 2;
}

/* The highest level at which one entry can do what the change is for. */
static unsigned highest_level(const struct paging *paging, const struct change *change)
{
	if (change->leaf == FILL)
		return FILL_LEVEL;
	return change->leaf ? largest_leaf(paging) : paging->levels;
}

/* Hardware may be walking: one store, after everything that the entry leads to. */
static void store(const struct paging *paging, uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	if (paging->past_caches)
		arch_write_back(entry, sizeof(*entry));
}

/* A table that nothing leads to yet. */
static void complete(const struct paging *paging, const uint64_t *table)
{
	if (paging->past_caches)
		arch_write_back(table, PAGE_SIZE);
}

/* The entry for virt that is nearest to level `target` from above; *level is its level. */
static uint64_t *walk(const struct paging *paging, uint64_t virt, unsigned target, unsigned *level)
{
	uint64_t *entry = entry_of(paging->root, virt, paging->levels);

	*level = paging->levels;
	while (*level > target && is_table(paging, *entry, *level)) {
		uint64_t *table = table_of(paging, *entry);

		--*level;
		entry = entry_of(table, virt, *level);
	}
	return entry;
}

/* The level of the largest page or table that the change covers where it begins. */
static unsigned step_level(const struct paging *paging, const struct change *change)
{
	unsigned level = highest_level(paging, change);
	uint64_t address = change->virt | change->phys;

	while (level > 1 && (address & (level_size(level) - 1) || change->size < level_size(level)))
		level--;
	return level;
}

static void step(struct change *change, unsigned level)
{
	change->virt += level_size(level);
	change->phys += change->leaf ? level_size(level) : 0;
	change->size -= level_size(level);
}

/* Whether the change has to go on below an entry that is no table. */
static bool needs_table(const struct change *change, uint64_t entry, unsigned level,
			unsigned target)
{
	return level > target && (change->leaf || entry);
}

/* Tables that build_tables() will allocate. */
static uint32_t count_tables(const struct paging *paging, struct change change)
{
	/* What was counted last on each level; addresses ascend, so one of each is enough. */
	uint64_t counted[PAGING_MAX_LEVELS + 1] = {0};
	uint32_t count = 0;

	while (change.size) {
		unsigned target = step_level(paging, &change), level;
		uint64_t entry = *walk(paging, change.virt, target, &level);

		if (needs_table(&change, entry, level, target)) {
			for (level--; level >= target; level--) {
				uint64_t id = (change.virt >> level_shift(level + 1)) + 1;

				count += counted[level] != id;
				counted[level] = id;
			}
		}
		step(&change, target);
	}
	return count;
}

static void write_same(uint64_t *table, uint64_t entry)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		table[i] = entry;
}

/* Puts a table with the same meaning in place of a leaf, a filled or an empty entry. */
static void split(struct paging *paging, uint64_t *entry, unsigned level)
{
	uint64_t *table = pool_alloc(paging->pool, 1);

	if (is_fill(paging, *entry, level)) {
		write_same(table, paging->fill[level - 1]);
	} else if (*entry) {
		uint64_t bits = leaf_bits(paging, *entry, level);
		uint64_t phys = *entry & PAGING_PHYS_MASK;

		for (unsigned i = 0; i < ENTRIES; i++)
			table[i] = make_leaf(paging, bits, phys + i * level_size(level - 1),
					     level - 1);
	}
	complete(paging, table);
	store(paging, entry, make_table(paging, table, level - 1));
}

/* Makes every step of the change a matter of one entry, without changing what is mapped. */
static void build_tables(struct paging *paging, struct change change)
{
	while (change.size) {
		unsigned target = step_level(paging, &change), level;
		uint64_t *entry = walk(paging, change.virt, target, &level);

		while (needs_table(&change, *entry, level, target)) {
			split(paging, entry, level);
			entry = entry_of(table_of(paging, *entry), change.virt, --level);
		}
		step(&change, target);
	}
}

static void give_up_table(struct page_pool *pool, void *table, bool may_be_walked)
{
	if (may_be_walked)
		pool_retire(pool, table);
	else
		pool_free(pool, table, 1);
}

/* Gives up a table of that level and all below it, each after those that it points at. */
static void give_up_tables(struct paging *paging, uint64_t *top, unsigned top_level,
			   bool may_be_walked)
{
	uint64_t *table[PAGING_MAX_LEVELS + 1];
	unsigned next[PAGING_MAX_LEVELS + 1];
	unsigned level = top_level;

	table[level] = top;
	next[level] = 0;
	while (level <= top_level) {
		uint64_t entry;

		if (level == 1 || next[level] == ENTRIES) {
			give_up_table(paging->pool, table[level], may_be_walked);
			level++;
			continue;
		}
		entry = table[level][next[level]++];
		if (is_table(paging, entry, level)) {
			level--;
			table[level] = table_of(paging, entry);
			next[level] = 0;
		}
	}
}

/* Returns whether an entry that was present has changed. */
static bool write_entries(struct paging *paging, struct change change)
{
	bool changed = false;

	while (change.size) {
		unsigned target = step_level(paging, &change), level;
		uint64_t *entry = walk(paging, change.virt, target, &level);
		uint64_t old = *entry, new = 0;

		if (change.leaf == FILL)
			new = paging->fill[target];
		else if (change.leaf)
			new = make_leaf(paging, change.leaf, change.phys, target);
		if (old != new) {
			store(paging, entry, new);
			changed |= old != 0;
		}
		if (is_table(paging, old, level))
			give_up_tables(paging, table_of(paging, old), level - 1, true);
		step(&change, target);
	}
	return changed;
}

/* Entries that each lead `stride` further than the one before. */
static bool is_row(const uint64_t *table, uint64_t stride)
{
	for (unsigned i = 1; i < ENTRIES; i++)
		if (table[i] != table[0] + i * stride)
			return false;
	return true;
}

/*
 * Whether one entry can stand for a whole table of that level: an empty one for an empty table, one
 * that fills for those that do, a large page for small ones in a row.
 */
static bool can_replace(const struct paging *paging, const uint64_t *table, unsigned level,
			uint64_t *replacement)
{
	uint64_t first = table[0], phys = first & PAGING_PHYS_MASK;

	if (!first || is_fill(paging, first, level)) {
		*replacement = first ? paging->fill[level + 1] : 0;
		return is_row(table, 0) && (!first || *replacement);
	}
	if (level >= largest_leaf(paging) || is_table(paging, first, level) ||
	    phys & (level_size(level + 1) - 1))
		return false;

	*replacement = make_leaf(paging, leaf_bits(paging, first, level), phys, level + 1);
	return is_row(table, level_size(level));
}

/* Replaces the tables on the way to virt that are not needed. Returns whether there was one. */
static bool tidy(struct paging *paging, uint64_t virt)
{
	bool changed = false;
	unsigned level;

	for (walk(paging, virt, 1, &level); level < paging->levels; level++) {
		unsigned above;
		uint64_t *entry = walk(paging, virt, level + 1, &above);
		uint64_t *table = table_of(paging, *entry), replacement;

		if (!can_replace(paging, table, level, &replacement))
			break;
		store(paging, entry, replacement);
		pool_retire(paging->pool, table);
		changed = true;
	}
	return changed;
}

/* Addresses that the tables can translate (APM vol. 2, 1.1.3 and 15.25.3). */
static bool is_translatable(const struct paging *paging, uint64_t virt)
{
	unsigned bits = level_shift(paging->levels + 1);
	uint64_t upper = virt >> (bits - 1);

	if (paging->format->sign_extended)
		return upper == 0 || upper == UINT64_MAX >> (bits - 1);
	return virt >> bits == 0;
}

/* No wrap-around, and not across the hole between canonical addresses. */
bool paging_can_map(const struct paging *paging, uint64_t virt, uint64_t size)
{
	uint64_t last = virt + size - 1;

	return size && !((virt | size) & (PAGE_SIZE - 1)) && last >= virt &&
	       is_translatable(paging, virt) && is_translatable(paging, last) &&
	       virt >> 63 == last >> 63;
}

static int apply(struct paging *paging, const struct change *change)
{
	bool changed;

	if (count_tables(paging, *change) > pool_available(paging->pool))
		return -ENOMEM;

	build_tables(paging, *change);
	changed = write_entries(paging, *change);
	/* Only the tables at the two edges are changed in part. */
	changed |= tidy(paging, change->virt);
	changed |= tidy(paging, change->virt + change->size - 1);
	return changed;
}

int paging_init(struct paging *paging)
{
	paging->root = pool_alloc(paging->pool, 1);
	if (!paging->root)
		return -ENOMEM;
	complete(paging, paging->root);
	return 0;
}

int paging_init_fill(struct paging *paging, uint64_t phys)
{
	uint64_t entry = make_leaf(paging, paging->format->access[PAGING_READ], phys, 1);

	if (pool_available(paging->pool) < FILL_LEVEL - 1)
		return -ENOMEM;

	paging->fill[1] = entry;
	for (unsigned level = 2; level <= FILL_LEVEL; level++) {
		uint64_t *table = pool_alloc(paging->pool, 1);

		write_same(table, entry);
		entry = make_table(paging, table, level - 1);
		paging->fill[level] = entry;
	}
	return 0;
}

void paging_destroy(struct paging *paging)
{
	if (paging->root)
		give_up_tables(paging, paging->root, paging->levels, false);
	paging->root = NULL;
}

void paging_retire(struct paging *paging)
{
	if (paging->root)
		give_up_tables(paging, paging->root, paging->levels, true);
	paging->root = NULL;
}

uint64_t paging_root_phys(const struct paging *paging)
{
	return phys_of(paging, paging->root);
}

int paging_map(struct paging *paging, uint64_t virt, uint64_t phys, uint64_t size, uint32_t access)
{
	struct change change = {.virt = virt, .phys = phys, .size = size};

	if (access >= PAGING_ACCESS_MAX || !paging->format->access[access])
		return -EINVAL;

	change.leaf = paging->format->access[access];
	if (!paging_can_map(paging, virt, size) || phys & ~PAGING_PHYS_MASK ||
	    size > PAGING_PHYS_MASK + PAGE_SIZE - phys)
		return -EINVAL;

	return apply(paging, &change);
}

int paging_unmap(struct paging *paging, uint64_t virt, uint64_t size)
{
	struct change change = {.virt = virt, .size = size};

	return paging_can_map(paging, virt, size) ? apply(paging, &change) : -EINVAL;
}

int paging_fill(struct paging *paging, uint64_t virt, uint64_t size)
{
	/* As if one to one, for the steps to be as large as they can be. */
	struct change change = {.virt = virt, .phys = virt, .size = size, .leaf = FILL};

	return paging->fill[1] && paging_can_map(paging, virt, size) ? apply(paging, &change)
								     : -EINVAL;
}

bool paging_lookup(const struct paging *paging, uint64_t virt,
		   struct paging_translation *translation)
{
	unsigned level;
	uint64_t entry, bits, offset;

	if (!is_translatable(paging, virt))
		return false;

	entry = *walk(paging, virt, 1, &level);
	if (!entry)
		return false;
	if (is_fill(paging, entry, level)) {
		entry = paging->fill[1];
		level = 1;
	}

	bits = leaf_bits(paging, entry, level);
	offset = virt & (level_size(level) - 1);
	*translation = (struct paging_translation){
		.phys = (entry & PAGING_PHYS_MASK) + offset,
		.page_size = level_size(level),
	};
	while (paging->format->access[translation->access] != bits)
		translation->access++;
	return true;
}

uint64_t *paging_entry(struct paging *paging, uint64_t virt)
{
	unsigned level;
	uint64_t *entry = walk(paging, virt, 1, &level);

	return level == 1 && *entry ? entry : NULL;
}
