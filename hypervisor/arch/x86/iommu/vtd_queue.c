/* SPDX-License-Identifier: GPL-2.0-only */
/* Queues of invalidations (6.5.2): ours, which is in the hardware, and how Linux's comes back. */
#include "arch/x86/iommu/vtd.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/print.h"
#include "core/window.h"

#define AWAIT_MS 1000u
#define DONE 1u

static uint64_t status_phys(const struct vtd *vtd)
{
	return machine_tables_phys((const void *)&vtd->status);
}

void vtd_submit(struct vtd *vtd, uint64_t low, uint64_t high)
{
	vtd->queue[vtd->tail][0] = low;
	vtd->queue[vtd->tail][1] = high;
	vtd->tail = (vtd->tail + 1) % VTD_QUEUE_ENTRIES;
}

static void submit_wait(struct vtd *vtd)
{
	vtd->status = 0;
	vtd_submit(vtd, VTD_WAIT | VTD_WAIT_STATUS | (uint64_t)DONE << VTD_DATA_SHIFT,
		   status_phys(vtd));
}

/* One that did not answer once is not waited for any more. */
int vtd_complete(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t start = arch_ticks();

	if (vtd->silent)
		return -ETIMEDOUT;
	submit_wait(vtd);
	vtd_write(self, unit, VTD_IQT, vtd->tail * VTD_DESCRIPTOR);
	while (vtd->status != DONE) {
		if (arch_ticks() - start > (uint64_t)AWAIT_MS * machine.ticks_per_ms) {
			vtd->silent = true;
			print("IOMMU %u: its queue is at %x of %x, its faults are %x\n",
			      unit->index, vtd_read(self, unit, VTD_IQH),
			      vtd_read(self, unit, VTD_IQT), vtd_read(self, unit, VTD_FSTS));
			return -ETIMEDOUT;
		}
		arch_pause();
	}
	return 0;
}

/* The queue is empty before and after; its head begins at 0. */
static int change_queue(struct cpu *self, struct iommu *unit, uint64_t address, bool on)
{
	int err = vtd_command(self, unit, VTD_QIE, false);

	if (err)
		return err;
	vtd_write64(self, unit, VTD_IQT, 0);
	vtd_write64(self, unit, VTD_IQA, address);
	return on ? vtd_command(self, unit, VTD_QIE, true) : 0;
}

static int await_empty(struct cpu *self, struct iommu *unit)
{
	uint32_t tail = vtd_read(self, unit, VTD_IQT);

	return vtd_await(self, unit, VTD_IQH, UINT32_MAX, tail);
}

int vtd_queue_take(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err;

	vtd->queue = pool_alloc(&machine.tables, 1);
	if (!vtd->queue)
		return -ENOMEM;

	/* Nobody adds to it: Linux's accesses wait. */
	err = *vtd_shadow(vtd, VTD_GSTS) & VTD_QIE ? await_empty(self, unit) : 0;
	if (err)
		return err;
	/* All of it is done: none of it again. */
	*vtd_shadow(vtd, VTD_IQH) = *vtd_shadow(vtd, VTD_IQT);
	vtd->queue_ours = true;
	vtd->tail = 0;
	return change_queue(self, unit, machine_tables_phys(vtd->queue), true);
}

/*
 * The head is 0 when a queue is turned on, but Linux goes on at an index of its own. What is before
 * it becomes waits that write a word of ours, and then what it was: to do Linux's once more would
 * write into what it has freed. What has not been done the unit does then: a CPU waits for it.
 */
static int run_to(struct cpu *self, struct iommu *unit, uint64_t queue, uint32_t head)
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t pages = (head + (uint32_t)PAGE_SIZE - 1) / (uint32_t)PAGE_SIZE;
	void *saved = pool_alloc(&machine.tables, pages);
	const uint64_t wait[2] = {VTD_WAIT | VTD_WAIT_STATUS, status_phys(vtd)};
	int err;

	if (!saved)
		return -ENOMEM;
	window_copy_from(self, saved, queue, head);
	for (uint32_t at = 0; at < head; at += VTD_DESCRIPTOR)
		window_copy_to(self, queue + at, wait, sizeof(wait));
	vtd_write(self, unit, VTD_IQT, head);
	err = vtd_await(self, unit, VTD_IQH, UINT32_MAX, head);
	window_copy_to(self, queue, saved, head);
	pool_free(&machine.tables, saved, pages);
	return err;
}

/* Linux may have said anything since: what is not its own memory is no queue. */
static bool is_usable(struct vtd *vtd, uint64_t queue, uint32_t head, uint32_t tail)
{
	uint64_t base = queue & PAGING_PHYS_MASK;

	if (!(*vtd_shadow(vtd, VTD_GSTS) & VTD_QIE) || queue & VTD_QUEUE_WIDE ||
	    head >= VTD_QUEUE_SIZE(queue) || tail >= VTD_QUEUE_SIZE(queue))
		return false;
	for (uint64_t page = base; page <= base + head; page += PAGE_SIZE)
		if (!vtd_is_roots(page, true))
			return false;
	return true;
}

static int change_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t queue = vtd_shadow64(vtd, VTD_IQA);
	uint32_t head = *vtd_shadow(vtd, VTD_IQH), tail = *vtd_shadow(vtd, VTD_IQT);
	bool usable = is_usable(vtd, queue, head, tail);
	int err = change_queue(self, unit, queue, usable);

	if (!err && usable && head)
		err = run_to(self, unit, queue & PAGING_PHYS_MASK, head);
	if (!err && usable && tail != head)
		vtd_write(self, unit, VTD_IQT, tail);
	return err;
}

int vtd_queue_give_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = vtd->queue_ours ? change_back(self, unit) : 0;

	if (err)
		return err;
	vtd->queue_ours = false;
	pool_free(&machine.tables, vtd->queue, 1);
	vtd->queue = NULL;
	return 0;
}
