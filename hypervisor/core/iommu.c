/* SPDX-License-Identifier: GPL-2.0-only */
/* The units of the machine: taken and given back together, and told the same. */
#include "core/iommu.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/range.h"

static struct iommu units[CELLHV_MAX_IOMMUS];
static unsigned num_units; /* that are not all Linux's alone */

/* Whether all of them are the hypervisor's. */
static bool all_taken(void)
{
	bool all = num_units;

	for (unsigned i = 0; i < num_units; i++)
		all = all && units[i].use == IOMMU_OURS;
	return all;
}

static const struct iommu *first_stuck(void)
{
	for (unsigned i = 0; i < num_units; i++)
		if (units[i].use == IOMMU_STUCK)
			return &units[i];
	return NULL;
}

enum cellhv_dma iommu_dma(void)
{
	bool by_linux = false;

	for (unsigned i = 0; i < num_units; i++)
		by_linux |= units[i].by_linux;
	if (!all_taken())
		return CELLHV_DMA_OPEN;
	return by_linux ? CELLHV_DMA_BY_LINUX : CELLHV_DMA_ISOLATED;
}

enum cellhv_interrupts iommu_interrupts(void)
{
	bool all = all_taken();

	for (unsigned i = 0; i < num_units; i++)
		all = all && units[i].remaps;
	return all ? CELLHV_INTERRUPTS_REMAPPED : CELLHV_INTERRUPTS_OPEN;
}

bool iommu_remaps_some(void)
{
	bool some = false;

	for (unsigned i = 0; i < num_units; i++)
		some |= units[i].use == IOMMU_OURS && units[i].remaps;
	return some;
}

static bool overlaps(const struct cellhv_iommu *unit, uint64_t phys, uint64_t size)
{
	return range_overlaps(phys, size, unit->base, unit->size);
}

bool iommu_keeps(uint64_t phys, uint64_t size)
{
	for (uint32_t i = 0; i < machine.system.iommus.count; i++)
		if (overlaps(config_iommu(&machine.system, i), phys, size))
			return true;
	return false;
}

struct iommu *iommu_unit(unsigned n)
{
	return n < num_units ? &units[n] : NULL;
}

struct iommu *iommu_at(uint64_t phys)
{
	for (unsigned i = 0; i < num_units; i++)
		if (units[i].use != IOMMU_LINUXS && overlaps(units[i].config, phys, 1))
			return &units[i];
	return NULL;
}

bool iommu_took(uint64_t phys, uint64_t size)
{
	for (unsigned i = 0; i < num_units; i++)
		if (units[i].use != IOMMU_LINUXS && overlaps(units[i].config, phys, size))
			return true;
	return false;
}

static int silent(const struct iommu *unit, struct cellhv_call *call)
{
	return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_IOMMU_SILENT, unit->index);
}

int iommu_check_stuck(struct cellhv_call *call)
{
	const struct iommu *unit = first_stuck();

	return unit ? silent(unit, call) : 0;
}

static int no_tables(struct cellhv_call *call)
{
	return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, pool_available(&machine.tables));
}

/* ---- Taking and leaving ---- */

static int probe_unit(struct cpu *self, struct iommu *unit, uint32_t index,
		      struct cellhv_call *call)
{
	*unit = (struct iommu){.config = config_iommu(&machine.system, index), .index = index};
	unit->ops = arch_iommu_ops(unit->config->type);
	if (!unit->ops)
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_NONE, index);
	return unit->ops->probe(self, unit, call);
}

/* What the tables of all have to be. */
static int agree(struct paging *tables, const struct paging *wanted, const struct iommu *unit,
		 struct cellhv_call *call)
{
	if (tables->format &&
	    (wanted->format != tables->format || wanted->levels != tables->levels))
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_FEATURE,
				   (uint64_t)unit->index << 32 | CELLHV_IOMMU_FEATURE_LEVELS);
	tables->huge_1g = wanted->huge_1g && (tables->huge_1g || !tables->format);
	tables->past_caches |= wanted->past_caches;
	tables->format = wanted->format;
	tables->levels = wanted->levels;
	return 0;
}

static int probe_all(struct cpu *self, struct paging *tables, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < machine.system.iommus.count; i++) {
		struct paging wanted = {0};
		int err = probe_unit(self, &units[i], i, call);

		if (err)
			return err;
		units[i].ops->describe(self, &units[i], &wanted);
		err = agree(tables, &wanted, &units[i], call);
		if (err)
			return err;
	}
	return 0;
}

/* What the root may do with the unit's registers, and its function, is another thing now. */
static int change_access(struct iommu *unit, enum iommu_use use, uint32_t access)
{
	const struct cellhv_iommu *config = unit->config;
	int err;

	unit->use = use;
	err = memory_change_root(config->base, config->size, access);
	return !err && iommu_is_function(config->function) ? arch_pci_protect(config->function)
							   : err;
}

/* The root's accesses to registers of all units exit, and its writes to their functions. */
static int trap_all(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < num_units && !err; i++)
		err = change_access(&units[i], IOMMU_TRAPPED, 0);
	return err ? err : memory_settle_root(self, call);
}

/* ... do not any more, where the unit is Linux's. What is not mapped now is when it is used. */
static void untrap(struct cpu *self, struct cellhv_call *call)
{
	for (unsigned i = 0; i < num_units; i++)
		if (units[i].use == IOMMU_TRAPPED)
			change_access(&units[i], IOMMU_LINUXS, MEMORY_ROOT_ACCESS);
	memory_settle_root(self, call);
}

static int take_unit(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err;

	lock_acquire(&unit->lock);
	err = unit->ops->take(self, unit, call);
	if (!err)
		unit->use = IOMMU_OURS;
	else if (unit->state)
		unit->use = IOMMU_STUCK;
	lock_release(&unit->lock);
	return err;
}

static int give_back_unit(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err;

	lock_acquire(&unit->lock);
	err = unit->ops->give_back(self, unit, call);
	unit->use = err ? IOMMU_STUCK : IOMMU_TRAPPED;
	lock_release(&unit->lock);
	return err;
}

static int take_all(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < num_units && !err; i++)
		err = take_unit(self, &units[i], call);
	return err;
}

/*
 * From the last step to the first; whatever becomes of one unit, the others are Linux's. What one
 * that is stuck may use is not freed. The first error, as `call` has it.
 */
static int give_back_all(struct cpu *self, struct cellhv_call *call)
{
	struct cellhv_call other = {0};
	int err = 0;

	for (unsigned i = num_units; i--;) {
		int failed = 0;

		if (units[i].use >= IOMMU_OURS)
			failed = give_back_unit(self, &units[i], err ? &other : call);
		err = err ? err : failed;
	}
	untrap(self, &other);
	if (err)
		return err;
	num_units = 0;
	iommu_domain_destroy(&iommu_root_domain);
	pool_reclaim(&machine.tables);
	iommu_flush_owed = false;
	return 0;
}

/* What all units can do, and the root's domain for it; not on the stack of what comes then. */
static __attribute__((noinline)) int build_domain(struct cpu *self, struct cellhv_call *call)
{
	struct paging tables = {0};
	int err = probe_all(self, &tables, call);

	if (err)
		return err;
	err = iommu_domain_build(&tables);
	if (err == -ERANGE)
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_FEATURE,
				   CELLHV_IOMMU_FEATURE_LEVELS);
	return err ? no_tables(call) : 0;
}

static int take_checked(struct cpu *self, struct cellhv_call *call)
{
	struct cellhv_call undone = {0};
	int err = build_domain(self, call);

	/* Accesses of other CPUs wait from here on, for the management lock. */
	num_units = err ? 0 : machine.system.iommus.count;
	if (!err)
		err = trap_all(self, call);
	if (!err)
		err = take_all(self, call);
	if (!err && iommu_audit_finds_us(self))
		err = cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_FEATURE,
				  CELLHV_IOMMU_FEATURE_MODE);
	if (err)
		give_back_all(self, &undone);
	return err;
}

int iommu_take(struct cpu *self, struct cellhv_call *call)
{
	int err;

	if (cells)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELLS_EXIST, cell_count());
	if (iommu_check_stuck(call))
		return -ETIMEDOUT;
	if (num_units)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CALL_FORMAT, call->op);
	/* A native CPU would go on writing to their registers. */
	if (!cpu_all_inside())
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPUS_OUTSIDE, machine.num_cpus);
	if (!machine.system.iommus.count)
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_NONE, 0);
	if (!machine.tables_phys)
		return no_tables(call);

	err = take_checked(self, call);
	if (err)
		return err;
	iommu_audit_begin();
	print("Took %u IOMMUs (%s): %u of %u pages for tables, interrupts %s\n", num_units,
	      units[0].ops->name, machine.tables.used, machine.tables.pages,
	      iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED ? "remapped" : "open");
	return 0;
}

int iommu_leave(struct cpu *self, struct cellhv_call *call)
{
	if (cells)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELLS_EXIST, cell_count());
	return num_units ? give_back_all(self, call) : 0;
}

/* ---- What all units are told ---- */

/* -1, or one that has not forgotten what the root's tables said before: silent, or stuck. */
static int flush_root(struct cpu *self)
{
	bool flushed = true;

	for (unsigned i = 0; i < num_units; i++) {
		lock_acquire(&units[i].lock);
		if (units[i].use == IOMMU_OURS)
			flushed = !units[i].ops->flush(self, &units[i], &iommu_root_domain);
		else
			flushed = units[i].use != IOMMU_STUCK;
		lock_release(&units[i].lock);
		if (!flushed)
			return (int)i;
	}
	return -1;
}

int iommu_settle(struct cpu *self)
{
	int silent;

	if (!iommu_flush_owed)
		return -1;
	silent = flush_root(self);
	if (silent >= 0)
		return silent;
	pool_reclaim(&machine.tables);
	iommu_flush_owed = false;
	return -1;
}

static int attach_unit(struct cpu *self, struct iommu *unit, uint16_t requester,
		       const struct iommu_domain *domain, struct cellhv_call *call)
{
	int err;

	/* Requesters of other segments are always the root's. */
	if (unit->config->segment)
		return 0;
	if (unit->use != IOMMU_OURS)
		return silent(unit, call);
	lock_acquire(&unit->lock);
	err = unit->ops->attach(self, unit, requester, domain);
	lock_release(&unit->lock);
	if (err == -ENOMEM)
		return no_tables(call);
	return err ? silent(unit, call) : 0;
}

int iommu_attach_all(struct cpu *self, uint16_t requester, const struct iommu_domain *domain,
		     struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < num_units && !err; i++)
		err = attach_unit(self, &units[i], requester, domain, call);
	return err;
}

/* Each unit for itself: what one does not do the others do all the same. */
void iommu_release(struct cpu *self, uint16_t requester)
{
	struct cellhv_call call = {0};

	for (unsigned i = 0; i < num_units; i++)
		if (attach_unit(self, &units[i], requester, &iommu_root_domain, &call))
			units[i].use = IOMMU_STUCK;
}

int iommu_recheck(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < num_units && !err; i++) {
		lock_acquire(&units[i].lock);
		if (units[i].use != IOMMU_OURS || units[i].ops->recheck_interrupts(self, &units[i]))
			err = silent(&units[i], call);
		lock_release(&units[i].lock);
	}
	return err;
}

/* ---- What happens meanwhile ---- */

/* One that is stuck looks as if it were off. */
static bool access_unit(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	if (unit->use == IOMMU_OURS)
		return unit->ops->access(self, unit, access);
	/* It may have been given back since the exit. */
	if (unit->use != IOMMU_STUCK)
		return false;
	access->value = access->write ? access->value : 0;
	return true;
}

bool iommu_access(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	bool done;

	if (!control_try_lock())
		return false;
	lock_acquire(&unit->lock);
	done = access_unit(self, unit, access);
	lock_release(&unit->lock);
	control_unlock();
	return done;
}

void iommu_poll(struct cpu *self)
{
	for (unsigned i = 0; i < num_units; i++) {
		lock_acquire(&units[i].lock);
		if (units[i].use == IOMMU_OURS)
			units[i].ops->poll(self, &units[i]);
		lock_release(&units[i].lock);
	}
	iommu_audit_poll(self);
}
