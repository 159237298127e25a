/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/memory.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu.h"
#include "core/machine.h"

/* Tables have changed, and not every CPU of the root's has forgotten what they were. */
static bool flush_owed;

int memory_flush_root(struct cpu *self)
{
	if (!flush_owed)
		return -1;

	arch_flush(self);
	for (uint32_t i = 0; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		if (cpu && cpu != self && cell_is_root(cpu->cell) && !cpu_is_lost(cpu))
			cpu_request(cpu, CPU_REQUEST_FLUSH);
	}
	for (uint32_t i = 0; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		/* What a lost one remembers is forgotten when it changes hands. */
		if (cpu && cpu != self && !cpu_is_lost(cpu) && !cpu_await(cpu, CPU_REQUEST_FLUSH))
			return (int)i;
	}
	pool_reclaim(&machine.pool);
	flush_owed = false;
	return -1;
}

int memory_hide_from_root(uint64_t phys, uint64_t size)
{
	struct paging *root = &root_cell.memory;

	return machine.system.flags & CELLHV_SYSTEM_STRICT ? paging_unmap(root, phys, size)
							   : paging_fill(root, phys, size);
}

bool memory_root_reaches(uint64_t phys)
{
	struct paging_translation found;

	return paging_lookup(&root_cell.memory, phys, &found) &&
	       (found.phys & ~(PAGE_SIZE - 1)) != machine.ones;
}

bool memory_root_writes(uint64_t phys)
{
	struct paging_translation found;

	return paging_lookup(&root_cell.memory, phys, &found) && found.access & PAGING_WRITE;
}

/* With all rights it is what Linux found, registers or RAM; with fewer, RAM. */
static int memory_change_tables(uint64_t phys, uint64_t size, uint32_t access)
{
	struct paging *root = &root_cell.memory;
	int changed;

	if (access == MEMORY_ROOT_ACCESS)
		changed = arch_map_root(phys, size);
	else if (access == MEMORY_ROOT_HIDDEN)
		changed = memory_hide_from_root(phys, size);
	else if (access)
		changed = paging_map(root, phys, phys, size, access);
	else
		changed = paging_unmap(root, phys, size);
	flush_owed |= changed > 0;
	return changed < 0 ? changed : 0;
}

/*
 * Its devices lose memory before its CPUs do, for that can always be taken back: what was one to
 * one needs no tables to be so again. They get it last, and where that fails the whole is tried
 * again.
 */
int memory_change_root(uint64_t phys, uint64_t size, uint32_t access)
{
	bool visible = access == MEMORY_ROOT_ACCESS;
	int err = visible ? 0 : iommu_change_root(phys, size, false);

	if (err < 0)
		return err;
	err = memory_change_tables(phys, size, access);
	if (visible && !err)
		return iommu_change_root(phys, size, true);
	if (!visible && err)
		iommu_change_root(phys, size, true);
	return err;
}

int memory_settle_root(struct cpu *self, struct cellhv_call *call)
{
	int silent = memory_flush_root(self);

	if (silent >= 0)
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, (uint32_t)silent);
	silent = iommu_settle(self);
	return silent >= 0
		       ? cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_IOMMU_SILENT, (uint32_t)silent)
		       : 0;
}

int memory_set_root(struct cpu *self, uint64_t phys, uint64_t size, uint32_t access,
		    struct cellhv_call *call)
{
	int err = memory_change_root(phys, size, access);

	return err ? err : memory_settle_root(self, call);
}
