// SPDX-License-Identifier: GPL-2.0-only
/*
 * The roster: every cell this module knows, and what is theirs. A cell is entered before it takes
 * anything and removed after it has given everything back, so that the hotplug callbacks, which
 * may take only the spinlock here, see each owner in time.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "cellhv.h"

static DEFINE_SPINLOCK(roster_lock);
static LIST_HEAD(roster);
static unsigned int roster_size;

static void roster_free(struct kref *ref)
{
	struct cell *cell = container_of(ref, struct cell, ref);

	mutex_destroy(&cell->lock);
	kfree(cell->config);
	kfree(cell);
}

void roster_put(struct cell *cell)
{
	kref_put(&cell->ref, roster_free);
}

/* The ready cell with the smallest id from `first` up. */
static struct cell *roster_find(u32 first)
{
	struct cell *cell, *best = NULL;

	lockdep_assert_held(&roster_lock);
	list_for_each_entry (cell, &roster, node)
		if (cell->ready && cell->id >= first && (!best || cell->id < best->id))
			best = cell;

	return best;
}

struct cell *roster_get(u32 id, struct cellhv_error *error)
{
	struct cell *cell;

	spin_lock(&roster_lock);
	cell = roster_find(id);
	if (cell && cell->id == id)
		kref_get(&cell->ref);
	else
		cell = NULL;
	spin_unlock(&roster_lock);

	if (!cell)
		refuse(error, -ENOENT, CELLHV_CHECK_NO_SUCH_CELL, id);

	return cell;
}

struct cell *roster_next(u32 id)
{
	struct cell *cell = NULL;

	spin_lock(&roster_lock);
	if (id < U32_MAX)
		cell = roster_find(id + 1);
	if (cell)
		kref_get(&cell->ref);
	spin_unlock(&roster_lock);

	return cell;
}

unsigned int roster_count(void)
{
	return READ_ONCE(roster_size);
}

struct cell *roster_first(void)
{
	struct cell *cell;

	spin_lock(&roster_lock);
	cell = list_first_entry_or_null(&roster, struct cell, node);
	if (cell)
		kref_get(&cell->ref);
	spin_unlock(&roster_lock);

	return cell;
}

int roster_add(struct cell *cell, struct cellhv_error *error)
{
	const struct cell *other;
	unsigned int cpu = CELLHV_MAX_CPUS;

	spin_lock(&roster_lock);
	list_for_each_entry (other, &roster, node) {
		cpu = find_first_and_bit(cell->claimed, other->claimed, CELLHV_MAX_CPUS);
		if (cpu < CELLHV_MAX_CPUS)
			break;
	}
	if (cpu >= CELLHV_MAX_CPUS) {
		kref_get(&cell->ref);
		list_add_tail(&cell->node, &roster);
		roster_size++;
	}
	spin_unlock(&roster_lock);

	if (cpu < CELLHV_MAX_CPUS)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_CPU_OFFLINE, cpu);

	return 0;
}

bool roster_is_ready(struct cell *cell)
{
	bool ready;

	spin_lock(&roster_lock);
	ready = cell->ready;
	spin_unlock(&roster_lock);

	return ready;
}

void roster_set_ready(struct cell *cell, bool ready)
{
	spin_lock(&roster_lock);
	cell->ready = ready;
	spin_unlock(&roster_lock);
}

void roster_remove(struct cell *cell)
{
	spin_lock(&roster_lock);
	cell->ready = false;
	list_del_init(&cell->node);
	roster_size--;
	spin_unlock(&roster_lock);

	roster_put(cell);
}

void roster_release_cpu(struct cell *cell, unsigned int cpu)
{
	spin_lock(&roster_lock);
	__clear_bit(cpu, cell->claimed);
	spin_unlock(&roster_lock);
}

bool roster_owns_cpu(unsigned int cpu, char name[CELLHV_NAME_SIZE])
{
	const struct cell *cell;
	bool found = false;

	if (cpu >= CELLHV_MAX_CPUS)
		return false;

	spin_lock(&roster_lock);
	list_for_each_entry (cell, &roster, node) {
		if (!test_bit(cpu, cell->claimed))
			continue;
		memcpy(name, cell->config->name, CELLHV_NAME_SIZE);
		found = true;
		break;
	}
	spin_unlock(&roster_lock);

	return found;
}

static bool roster_cell_overlaps(const struct cell *cell, u64 phys, u64 size)
{
	struct cellhv_memory_region region;
	u32 i;

	for (i = 0; config_memory(cell->config, i, &region); i++)
		if (region.phys < phys + size && phys < region.phys + region.size)
			return true;

	return false;
}

bool roster_owns_memory(u64 phys, u64 size, char name[CELLHV_NAME_SIZE])
{
	const struct cell *cell;
	bool found = false;

	spin_lock(&roster_lock);
	list_for_each_entry (cell, &roster, node) {
		if (!roster_cell_overlaps(cell, phys, size))
			continue;
		memcpy(name, cell->config->name, CELLHV_NAME_SIZE);
		found = true;
		break;
	}
	spin_unlock(&roster_lock);

	return found;
}
