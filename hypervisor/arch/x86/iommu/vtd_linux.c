/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux sees of a unit: its own values, and a queue of its own. At run time it writes the
 * queue's tail, and hardly anything else. What it says is hostile until it is checked here.
 */
#include "arch/x86/iommu/vtd.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/window.h"

#define TAIL_MASK 0x7fff0u
#define AT_ONCE 64u /* descriptors in one exit */
#define TYPE(low) ((low)&0xf)
#define STATUS_ADDRESS (~3ull)
#define DOMAIN_MASK 0xffffull
#define ADDRESS_MASK(high) ((high)&0x3f)
#define PAGES_MASK (~0xfffull | 0x7f) /* address, leaves alone (IH), size */
#define INTERRUPT_MASK(low) ((low) >> 27 & 0x1f)
#define INTERRUPT_INDEX(low) ((uint32_t)((low) >> 32 & 0xffff))

bool vtd_is_roots(uint64_t phys, bool write)
{
	uint64_t page = phys & ~(PAGE_SIZE - 1);

	return cell_root_owns(page, PAGE_SIZE) &&
	       (write ? memory_root_writes(page) : memory_root_reaches(page));
}

/* ---- Descriptors (6.5.2). false: the queue stops there, as the hardware's would. ---- */

/* Devices have no translations of their own. */
static bool invalidate_device_tlb(struct cpu *self, struct iommu *unit,
				  const uint64_t descriptor[2])
{
	(void)self;
	(void)descriptor;
	return vtd_of(unit)->carries && vtd_of(unit)->ecap & VTD_ECAP_DEVICE_TLB;
}

/*
 * Linux's entries are followed, not told of; but it says so when the unit is to forget what one
 * was. As ours has another domain where devices pass through, all entries are forgotten: they go
 * seldom.
 */
static bool invalidate_contexts(struct cpu *self, struct iommu *unit, const uint64_t descriptor[2])
{
	struct vtd *vtd = vtd_of(unit);

	(void)self;
	if (!(descriptor[0] & VTD_GRANULARITY))
		return false;
	if (vtd->carries) {
		vtd_submit(vtd, VTD_INVALIDATE_CONTEXT | VTD_ALL, 0);
		vtd->pending = true;
	}
	return true;
}

/* More pages than the unit can forget at once are all of the domain. */
static uint64_t pages_granularity(const struct vtd *vtd, const uint64_t descriptor[2])
{
	return vtd->cap & VTD_CAP_PAGES && ADDRESS_MASK(descriptor[1]) <= VTD_CAP_MAMV(vtd->cap)
		       ? VTD_DEVICE
		       : VTD_DOMAIN;
}

/*
 * Of domains of Linux's, with those bits alone that a unit does not stop at. Ours are none of its
 * affair, but where it says "all" that is the same to them.
 */
static bool invalidate_iotlb(struct cpu *self, struct iommu *unit, const uint64_t descriptor[2])
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t granularity = descriptor[0] & VTD_GRANULARITY, pages = 0;
	uint64_t domain = descriptor[0] >> VTD_DOMAIN_SHIFT & DOMAIN_MASK;

	(void)self;
	if (!granularity)
		return false;
	if (!vtd->carries || (granularity != VTD_ALL && VTD_IS_OURS(vtd, domain)))
		return true;
	if (granularity == VTD_DEVICE) {
		granularity = pages_granularity(vtd, descriptor);
		pages = granularity == VTD_DEVICE ? descriptor[1] & PAGES_MASK : 0;
	}
	vtd_submit_iotlb(vtd, granularity, granularity == VTD_ALL ? 0 : domain, pages);
	vtd->pending = true;
	return true;
}

static bool invalidate_interrupts(struct cpu *self, struct iommu *unit,
				  const uint64_t descriptor[2])
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t first = INTERRUPT_INDEX(descriptor[0]), work;
	unsigned bits = (unsigned)INTERRUPT_MASK(descriptor[0]);
	uint32_t count = bits < 16 ? 1u << bits : VTD_INTERRUPT_ENTRIES;

	if (!(descriptor[0] & VTD_SOME_INTERRUPTS))
		count = VTD_INTERRUPT_ENTRIES;
	/* All entries are enough for one exit. */
	work = count / (VTD_INTERRUPT_ENTRIES / AT_ONCE);
	vtd->work -= work < vtd->work ? work : vtd->work;
	vtd_interrupts_copy(self, unit, first & ~(count - 1), count);
	return !vtd_complete(self, unit);
}

/* What was submitted for Linux is done. */
static bool finish(struct cpu *self, struct iommu *unit)
{
	bool pending = vtd_of(unit)->pending;

	vtd_of(unit)->pending = false;
	return !pending || !vtd_complete(self, unit);
}

/* All before it is done by now. */
static bool wait(struct cpu *self, struct iommu *unit, const uint64_t descriptor[2])
{
	uint64_t address = descriptor[1] & STATUS_ADDRESS;

	if (!finish(self, unit))
		return false;
	if (!(descriptor[0] & VTD_WAIT_STATUS))
		return true;
	if (!vtd_is_roots(address, true))
		return false;
	*(volatile uint32_t *)arch_window_map(self, address) =
		(uint32_t)(descriptor[0] >> VTD_DATA_SHIFT);
	arch_window_unmap(self);
	return true;
}

static bool (*const descriptors[])(struct cpu *self, struct iommu *unit,
				   const uint64_t descriptor[2]) = {
	[VTD_INVALIDATE_CONTEXT] = invalidate_contexts,
	[VTD_INVALIDATE_IOTLB] = invalidate_iotlb,
	[VTD_INVALIDATE_DEVICE_TLB] = invalidate_device_tlb,
	[VTD_INVALIDATE_INTERRUPTS] = invalidate_interrupts,
	[VTD_WAIT] = wait,
};

static bool do_descriptor(struct cpu *self, struct iommu *unit, uint64_t phys)
{
	uint64_t descriptor[2], type;

	if (!vtd_is_roots(phys, false))
		return false;
	window_copy_from(self, descriptor, phys, sizeof(descriptor));
	type = TYPE(descriptor[0]);
	return type < sizeof(descriptors) / sizeof(*descriptors) && descriptors[type] &&
	       descriptors[type](self, unit, descriptor);
}

/* false: there is more to do, in another exit. */
static bool run_some(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t *head = vtd_shadow(vtd, VTD_IQH), tail = *vtd_shadow(vtd, VTD_IQT);
	uint64_t address = vtd_shadow64(vtd, VTD_IQA);

	vtd->work = AT_ONCE;
	if (!(*vtd_shadow(vtd, VTD_GSTS) & VTD_QIE) || tail >= VTD_QUEUE_SIZE(address) ||
	    address & VTD_QUEUE_WIDE)
		return true;
	while (*head != tail && !(*vtd_shadow(vtd, VTD_FSTS) & VTD_FSTS_QUEUE_ERROR)) {
		if (!vtd->work)
			return false;
		vtd->work--;
		if (!do_descriptor(self, unit, (address & PAGING_PHYS_MASK) + *head)) {
			*vtd_shadow(vtd, VTD_FSTS) |= VTD_FSTS_QUEUE_ERROR;
			if (cpu_may_complain(self))
				print("IOMMU %u: Linux's queue stops at %x\n", unit->index, *head);
			return true;
		}
		*head = (*head + VTD_DESCRIPTOR) % VTD_QUEUE_SIZE(address);
	}
	return true;
}

/* Our queue has room for what one exit brings, and is empty behind it. */
static bool run_queue(struct cpu *self, struct iommu *unit)
{
	bool done;

	if (vtd_of(unit)->open)
		vtd_follow_again(self, unit);
	done = run_some(self, unit);
	finish(self, unit);
	return done;
}

/* ---- Registers that do something ---- */

static bool write_tail(struct cpu *self, struct iommu *unit, uint32_t value)
{
	*vtd_shadow(vtd_of(unit), VTD_IQT) = value & TAIL_MASK;
	return run_queue(self, unit);
}

/* Errors are cleared by writing 1: the queue goes on. */
static bool write_faults(struct cpu *self, struct iommu *unit, uint32_t value)
{
	*vtd_shadow(vtd_of(unit), VTD_FSTS) &= ~value;
	return run_queue(self, unit);
}

static void set_bit(uint32_t *status, uint32_t bit, bool on)
{
	*status = on ? *status | bit : *status & ~bit;
}

/* Translation and remapping that were off when the unit was taken, messages in the old format. */
static uint32_t not_carried(const struct vtd *vtd)
{
	return VTD_CFI | (vtd->carries ? 0 : VTD_TE) | (vtd->interrupts ? 0 : VTD_IRE);
}

/* Linux has another root table, or translates from now on, or no more. */
static void write_translation(struct cpu *self, struct iommu *unit, uint32_t value)
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t *status = vtd_shadow(vtd, VTD_GSTS), had = *status;

	set_bit(status, VTD_TE, value & VTD_TE && vtd->carries);
	set_bit(status, VTD_SRTP, (*status | value) & VTD_SRTP);
	if (value & VTD_SRTP || (had ^ *status) & VTD_TE)
		vtd_follow_again(self, unit);
}

/* Nothing of it reaches the hardware. What cannot be carried does not become so. */
static bool write_command(struct cpu *self, struct iommu *unit, uint32_t value)
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t *status = vtd_shadow(vtd, VTD_GSTS);
	bool starts = value & VTD_QIE && !(*status & VTD_QIE);

	if (value & ~*status & not_carried(vtd) && cpu_may_complain(self))
		print("IOMMU %u: Linux's command %x is not carried\n", unit->index, value);
	write_translation(self, unit, value);
	set_bit(status, VTD_QIE, value & VTD_QIE);
	set_bit(status, VTD_IRE, value & VTD_IRE && vtd->interrupts);
	set_bit(status, VTD_SIRTP, (*status | value) & VTD_SIRTP);
	if (value & VTD_SIRTP)
		vtd_interrupts_install(self, unit);
	if (starts)
		*vtd_shadow(vtd, VTD_IQH) = 0;
	/* One that does not end in this exit ends with the next write of its tail. */
	if (starts)
		run_queue(self, unit);
	return true;
}

/* Of those that are only kept: the bits that there are. */
static const struct {
	uint32_t first, last; /* offsets */
	bool (*write)(struct cpu *self, struct iommu *unit, uint32_t value);
} writes[] = {
	{VTD_GCMD, VTD_GCMD, write_command}, {VTD_RTADDR, VTD_RTADDR + 4, NULL},
	{VTD_FSTS, VTD_FSTS, write_faults},  {VTD_FECTL, VTD_FEUADDR, NULL},
	{VTD_IQT, VTD_IQT, write_tail},	     {VTD_IQA, VTD_IQA + 4, NULL},
	{VTD_IECTL, VTD_IEUADDR, NULL},	     {VTD_IRTA, VTD_IRTA + 4, NULL},
};

/* What is not in the table is dropped. */
static bool write_register(struct cpu *self, struct iommu *unit, uint32_t offset, uint32_t value)
{
	for (unsigned i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		if (offset < writes[i].first || offset > writes[i].last)
			continue;
		if (writes[i].write)
			return writes[i].write(self, unit, value);
		*vtd_shadow(vtd_of(unit), offset) = value;
	}
	return true;
}

static uint32_t read_register(const struct iommu *unit, uint64_t offset)
{
	return offset < VTD_SHADOW ? *vtd_shadow(vtd_of(unit), (uint32_t)offset) : 0;
}

bool vtd_access(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	bool wide = access->size == 8;

	if (!access->write) {
		access->value = read_register(unit, access->offset);
		if (wide)
			access->value |= (uint64_t)read_register(unit, access->offset + 4) << 32;
		return true;
	}
	if (access->offset >= VTD_SHADOW)
		return true;
	if (wide && !write_register(self, unit, (uint32_t)access->offset + 4,
				    (uint32_t)(access->value >> 32)))
		return false;
	return write_register(self, unit, (uint32_t)access->offset, (uint32_t)access->value);
}

/* Of the registers that Linux sees something of, in order. */
static const uint8_t seen[] = {
	VTD_VER,       VTD_CAP,	       VTD_CAP + 4, VTD_ECAP,	   VTD_ECAP + 4,  VTD_GSTS,
	VTD_RTADDR,    VTD_RTADDR + 4, VTD_FECTL,   VTD_FECTL + 4, VTD_FECTL + 8, VTD_FEUADDR,
	VTD_IQH,       VTD_IQT,	       VTD_IQA,	    VTD_IQA + 4,   VTD_IECTL,	  VTD_IECTL + 4,
	VTD_IECTL + 8, VTD_IEUADDR,    VTD_IRTA,    VTD_IRTA + 4,
};

void vtd_linux_load(struct cpu *self, struct iommu *unit)
{
	for (unsigned i = 0; i < sizeof(seen); i++)
		*vtd_shadow(vtd_of(unit), seen[i]) = vtd_read(self, unit, seen[i]);
}
