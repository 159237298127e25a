/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/iommu/vtd.h"

#include "arch/x86/iommu/iommu.h"
#include "arch/x86/paging_formats.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/machine.h"

#define LEAST_DOMAINS 2u	  /* ND: IOMMU_DOMAINS ids */
#define PROTECTION_ON 0x80000001u /* PMEN: EPM, PRS */

static int lacks(const struct iommu *unit, enum cellhv_iommu_feature feature,
		 struct cellhv_call *call)
{
	return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_FEATURE,
			   (uint64_t)unit->index << 32 | feature);
}

/* What the unit has. */
static int check_capabilities(const struct iommu *unit, uint64_t cap, uint64_t ecap,
			      struct cellhv_call *call)
{
	uint64_t faults_end = VTD_CAP_FRO(cap) + 16 * VTD_CAP_NFR(cap);

	if (!(ecap & VTD_ECAP_QUEUE))
		return lacks(unit, CELLHV_IOMMU_FEATURE_QUEUE, call);
	if (!(cap & (VTD_CAP_SAGAW_39 | VTD_CAP_SAGAW_48)) || !(cap & VTD_CAP_2M))
		return lacks(unit, CELLHV_IOMMU_FEATURE_LEVELS, call);
	if (VTD_CAP_ND(cap) < LEAST_DOMAINS)
		return lacks(unit, CELLHV_IOMMU_FEATURE_DOMAINS, call);
	if (faults_end > unit->config->size)
		return lacks(unit, CELLHV_IOMMU_FEATURE_REGISTERS, call);
	return 0;
}

/* What Linux and the firmware do with it. */
static int check_use(struct cpu *self, const struct iommu *unit, uint64_t cap,
		     struct cellhv_call *call)
{
	uint32_t status = vtd_read(self, unit, VTD_GSTS);

	if (cap & VTD_CAP_PROTECTED && vtd_read(self, unit, VTD_PMEN) & PROTECTION_ON)
		return lacks(unit, CELLHV_IOMMU_FEATURE_PROTECTED, call);
	if (vtd_read64(self, unit, VTD_RTADDR) & VTD_ROOT_MODE ||
	    (status & VTD_QIE && vtd_read64(self, unit, VTD_IQA) & VTD_QUEUE_WIDE))
		return lacks(unit, CELLHV_IOMMU_FEATURE_MODE, call);
	return 0;
}

static int vtd_probe(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	uint64_t cap = vtd_read64(self, unit, VTD_CAP);
	int err = check_capabilities(unit, cap, vtd_read64(self, unit, VTD_ECAP), call);

	return err ? err : check_use(self, unit, cap, call);
}

static int make_state(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = pool_alloc(&machine.tables, 1);

	_Static_assert(sizeof(*vtd) <= PAGE_SIZE, "one page");
	if (!vtd)
		return -ENOMEM;
	vtd->cap = vtd_read64(self, unit, VTD_CAP);
	vtd->ecap = vtd_read64(self, unit, VTD_ECAP);
	unit->state = vtd;
	vtd_linux_load(self, unit);
	return 0;
}

/*
 * Messages of the unit's own (11.4.7): masked while it is ours, for where they go is whatever the
 * root has written; or as Linux has them, its mask last.
 */
static void set_event(struct cpu *self, const struct iommu *unit, uint32_t control, bool theirs)
{
	struct vtd *vtd = vtd_of(unit);

	for (uint32_t offset = control + 4; theirs && offset < control + 16; offset += 4)
		vtd_write(self, unit, offset, *vtd_shadow(vtd, offset));
	vtd_write(self, unit, control, theirs ? *vtd_shadow(vtd, control) : VTD_EVENT_MASKED);
}

/*
 * From the last step to the first; each knows whether it is to be done. None comes before one that
 * failed: its tables would be freed while the unit uses them.
 */
static int put_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err;

	vtd->silent = false; /* it is asked once more */
	err = vtd_interrupts_give_back(self, unit);
	if (!err)
		err = vtd_table_give_back(self, unit);
	if (!err)
		err = vtd_queue_give_back(self, unit);
	if (err)
		return err;
	set_event(self, unit, VTD_FECTL, true);
	set_event(self, unit, VTD_IECTL, true);
	vtd_follow_end(unit);
	pool_free(&machine.tables, vtd, 1);
	unit->state = NULL;
	return 0;
}

static int explain(const struct iommu *unit, int err, struct cellhv_call *call)
{
	/* It has not forgotten that it could write to Linux's tables. */
	if (err == -EBUSY)
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT,
				   vtd_of(unit)->silent_cpu);
	if (err == -ENOMEM)
		return cell_refuse(call, err, CELLHV_CHECK_POOL_EMPTY,
				   pool_available(&machine.tables));
	if (err == -EINVAL)
		return lacks(unit, CELLHV_IOMMU_FEATURE_MODE, call);
	return cell_refuse(call, err,
			   err == -EIO ? CELLHV_CHECK_IOMMU_LOCKED : CELLHV_CHECK_IOMMU_SILENT,
			   unit->index);
}

static int vtd_take(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err = make_state(self, unit);

	if (err)
		return explain(unit, err, call);
	set_event(self, unit, VTD_FECTL, false);
	set_event(self, unit, VTD_IECTL, false);
	err = vtd_queue_take(self, unit);
	if (!err)
		err = vtd_follow_begin(self, unit);
	if (!err)
		err = vtd_table_take(self, unit);
	if (!err)
		err = vtd_interrupts_take(self, unit);
	if (!err)
		return 0;
	explain(unit, err, call);
	put_back(self, unit);
	return err == -EBUSY ? -ETIMEDOUT : err;
}

static int vtd_give_back(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err = put_back(self, unit);

	return err ? explain(unit, err, call) : 0;
}

static void vtd_describe(struct cpu *self, const struct iommu *unit, struct paging *tables)
{
	uint64_t cap = vtd_read64(self, unit, VTD_CAP);

	tables->format = &paging_vtd;
	tables->levels = cap & VTD_CAP_SAGAW_48 ? 4 : 3;
	tables->huge_1g = cap & VTD_CAP_1G;
	tables->past_caches = !(vtd_read64(self, unit, VTD_ECAP) & VTD_ECAP_COHERENT);
}

static void vtd_poll(struct cpu *self, struct iommu *unit)
{
	if (vtd_of(unit)->open)
		vtd_follow_again(self, unit);
	vtd_report_faults(self, unit);
}

const struct iommu_ops vtd_ops = {
	.name = "Intel VT-d",
	.probe = vtd_probe,
	.describe = vtd_describe,
	.take = vtd_take,
	.give_back = vtd_give_back,
	.attach = vtd_attach,
	.flush = vtd_flush,
	.set_interrupt = vtd_set_interrupt,
	.message = vtd_message,
	.recheck_interrupts = vtd_recheck_interrupts,
	.access = vtd_access,
	.follows = vtd_follows,
	.follow = vtd_follow,
	.linux_tables = vtd_linux_tables,
	.block = vtd_block,
	.forget = vtd_forget,
	.poll = vtd_poll,
};
