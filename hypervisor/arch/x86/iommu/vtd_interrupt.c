/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of interrupts (9.10): Linux's entries copied, each narrowed to CPUs of the root's;
 * those of cells are at its end. Linux announces each change of an entry, and waits for that.
 */
#include "arch/x86/iommu/vtd.h"

#include "arch/x86/iommu/iommu.h"
#include "arch/x86/cpu.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/print.h"
#include "core/window.h"

#define PRESENT 1ull
#define FAULTS_OFF 2ull
#define LOGICAL 4ull
#define ONE_OF_MANY 8ull /* redirection hint */
#define LEVEL (1ull << 4)
#define DELIVERY(low) ((low) >> 5 & 7)
#define POSTED (1ull << 15)
#define VECTOR_SHIFT 16
#define VECTOR(low) ((low) >> VECTOR_SHIFT & 0xff)
#define DESTINATION_SHIFT 32
#define SOURCE(high) ((uint16_t)(high))
#define IGNORED_FUNCTION_BITS(high) ((high) >> 16 & 3)
#define VERIFY(high) ((high) >> 18 & 3)
#define VERIFY_SOURCE 1ull
#define VERIFY_BUSES 2ull
#define VERIFY_SOURCE_BITS (VERIFY_SOURCE << 18)

#define FIRST_VECTOR 16u
#define FIXED 0u
#define LOWEST 1u

#define SIZE_MASK 0xfull /* of IRTA: 2^(1 + it) entries */
#define ENTRIES_PER_PAGE 256u

/* Whether a CPU is what the destination means (Intel SDM vol. 3, 11.6.2, 11.12.10). */
static bool is_meant(const struct cpu *cpu, uint32_t destination, bool logical, bool x2apic)
{
	uint32_t id = cpu->arch->apic_id;

	if (!logical)
		return id == destination;
	if (x2apic)
		return destination >> 16 == id >> 4 && destination >> (id & 15) & 1;
	return cpu->arch->xapic_ldr >> 24 & destination;
}

/*
 * Logical destinations of x2APIC mode keep the bits of root CPUs. In xAPIC mode any CPU may have
 * any bit: the first CPU of the root's that is meant gets it, by its id. false: there is none.
 */
static bool narrow_destination(uint64_t *low, bool x2apic)
{
	uint32_t destination = (uint32_t)(*low >> DESTINATION_SHIFT), bits = 0;
	bool logical = *low & LOGICAL;

	destination = x2apic ? destination : destination >> 8 & 0xff;
	for (uint32_t i = 0; i < num_cpus; i++) {
		const struct cpu *cpu = cpu_by_number(i);

		if (!cpu || !cell_is_root(cpu->cell) ||
		    !is_meant(cpu, destination, logical, x2apic))
			continue;
		if (!logical)
			return true;
		if (!x2apic) {
			*low = (*low & UINT32_MAX & ~(LOGICAL | ONE_OF_MANY)) |
			       (uint64_t)cpu->arch->apic_id << (DESTINATION_SHIFT + 8);
			return true;
		}
		bits |= 1u << (cpu->arch->apic_id & 15);
	}
	*low = (*low & UINT32_MAX) | (uint64_t)((destination & 0xffff0000u) | bits)
					     << DESTINATION_SHIFT;
	return bits;
}

/* Whether a function of a cell's could ask for the entry. */
static bool is_of_cells(uint64_t high)
{
	static const uint16_t ignored[] = {0, 4, 6, 7};
	uint16_t source = SOURCE(high), mask = ignored[IGNORED_FUNCTION_BITS(high)];

	return VERIFY(high) == VERIFY_BUSES ? iommu_owns_some((uint16_t)(source & 0xff00),
							      (uint16_t)(source << 8 | 0xff), 0)
					    : iommu_owns_some(source, source, mask);
}

static bool is_allowed(uint64_t low, uint64_t high)
{
	return low & PRESENT && !(low & POSTED) &&
	       (DELIVERY(low) == FIXED || DELIVERY(low) == LOWEST) && VECTOR(low) >= FIRST_VECTOR &&
	       (VERIFY(high) == VERIFY_SOURCE || VERIFY(high) == VERIFY_BUSES) &&
	       !is_of_cells(high);
}

void vtd_interrupt_narrow(uint64_t entry[2], bool x2apic)
{
	if (!is_allowed(entry[0], entry[1]) || !narrow_destination(&entry[0], x2apic))
		entry[0] = entry[1] = 0;
}

static bool is_x2apic(const struct vtd *vtd)
{
	return vtd->x2apic;
}

/* A unit may read half of an entry: one that changes in both is not present in between. */
static void write_entry(const struct vtd *vtd, uint32_t index, const uint64_t entry[2])
{
	uint64_t *to = vtd->interrupts[index];

	if (to[0] == entry[0] && to[1] == entry[1])
		return;
	if (to[1] != entry[1]) {
		__atomic_store_n(&to[0], 0, __ATOMIC_SEQ_CST);
		vtd_written(vtd, to, VTD_DESCRIPTOR);
		__atomic_store_n(&to[1], entry[1], __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&to[0], entry[0], __ATOMIC_SEQ_CST);
	vtd_written(vtd, to, VTD_DESCRIPTOR);
}

/* Entries that Linux can have: what its table has room for, without those of cells. */
static uint32_t linux_entries(const struct vtd *vtd)
{
	uint32_t entries = 2u << (vtd_shadow64(vtd, VTD_IRTA) & SIZE_MASK);

	return entries < VTD_FIRST_OF_CELLS ? entries : VTD_FIRST_OF_CELLS;
}

/* Entries that are not verified, or posted, have to be dropped: their devices would be silent. */
static void note(struct vtd *vtd, uint32_t index, const uint64_t entry[2])
{
	if (!(entry[0] & PRESENT))
		return;
	if (index >= vtd->interrupts_used)
		vtd->interrupts_used = index + 1;
	vtd->interrupts_odd |= entry[0] & POSTED || !VERIFY(entry[1]);
}

/* Within one page of Linux's; where that is not the root's there is nothing in it. */
static void copy_some(struct cpu *self, struct vtd *vtd, uint32_t first, uint32_t end)
{
	uint64_t phys =
		(vtd_shadow64(vtd, VTD_IRTA) & PAGING_PHYS_MASK) + (uint64_t)first * VTD_DESCRIPTOR;
	const volatile uint64_t(*from)[2] =
		vtd_is_roots(phys, false) ? arch_window_map(self, phys) : NULL;

	for (uint32_t i = first; i < end; i++) {
		uint64_t entry[2] = {from ? from[i - first][0] : 0, from ? from[i - first][1] : 0};

		note(vtd, i, entry);
		vtd_interrupt_narrow(entry, is_x2apic(vtd));
		write_entry(vtd, i, entry);
	}
	arch_window_unmap(self);
}

static void copy(struct cpu *self, struct vtd *vtd, uint32_t first, uint32_t end)
{
	while (first < end) {
		uint32_t stop = (first | (ENTRIES_PER_PAGE - 1)) + 1;

		stop = stop < end ? stop : end;
		copy_some(self, vtd, first, stop);
		first = stop;
	}
}

void vtd_interrupts_copy(struct cpu *self, struct iommu *unit, uint32_t first, uint32_t count)
{
	struct vtd *vtd = vtd_of(unit);
	uint32_t end = linux_entries(vtd);

	if (!vtd->interrupts)
		return;
	end = first < end && count < end - first ? first + count : end;
	copy(self, vtd, first, end);
	/* Our entries are none of Linux's affair, but all that it names is forgotten. */
	vtd_submit(vtd, VTD_INVALIDATE_INTERRUPTS, 0);
}

static int set_table(struct cpu *self, struct iommu *unit, uint64_t value)
{
	int err;

	vtd_write64(self, unit, VTD_IRTA, value);
	err = vtd_command(self, unit, VTD_SIRTP, true);
	if (err)
		return err;
	vtd_submit(vtd_of(unit), VTD_INVALIDATE_INTERRUPTS, 0);
	return vtd_complete(self, unit);
}

int vtd_interrupts_install(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);

	if (!vtd->interrupts)
		return 0;
	copy(self, vtd, 0, linux_entries(vtd));
	return set_table(self, unit,
			 machine_tables_phys(vtd->interrupts) | SIZE_MASK |
				 (vtd->x2apic ? VTD_IRTA_X2APIC : 0));
}

/* Messages in the compatibility format pass by the table (5.1.4): none do while it is ours. */
static int set_old_format(struct cpu *self, struct iommu *unit, bool passes)
{
	return *vtd_shadow(vtd_of(unit), VTD_GSTS) & VTD_CFI
		       ? vtd_command(self, unit, VTD_CFI, passes)
		       : 0;
}

int vtd_interrupts_take(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err;

	if (!(*vtd_shadow(vtd, VTD_GSTS) & VTD_IRE))
		return 0;
	vtd->interrupts = pool_alloc(&machine.tables, VTD_INTERRUPT_PAGES);
	if (!vtd->interrupts)
		return -ENOMEM;
	vtd_written(vtd, vtd->interrupts, VTD_INTERRUPT_PAGES * PAGE_SIZE);
	/* Cells' entries have this form, too: Linux does not change it later. */
	vtd->x2apic = vtd_shadow64(vtd, VTD_IRTA) & VTD_IRTA_X2APIC;
	err = vtd_interrupts_install(self, unit);
	if (!err)
		err = set_old_format(self, unit, false);
	if (err)
		return err;
	if ((vtd_read64(self, unit, VTD_IRTA) & PAGING_PHYS_MASK) !=
	    machine_tables_phys(vtd->interrupts))
		return -EIO;
	unit->remaps = true;
	return vtd->interrupts_odd ? -EINVAL : 0;
}

int vtd_interrupts_give_back(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);
	int err = 0;

	if (!vtd->interrupts)
		return 0;
	if (vtd->queue_ours)
		err = set_table(self, unit, vtd_shadow64(vtd, VTD_IRTA));
	if (!err && vtd->queue_ours && !(*vtd_shadow(vtd, VTD_GSTS) & VTD_IRE))
		err = vtd_command(self, unit, VTD_IRE, false);
	if (!err)
		err = set_old_format(self, unit, true);
	if (err)
		return err;
	unit->remaps = false;
	pool_free(&machine.tables, vtd->interrupts, VTD_INTERRUPT_PAGES);
	vtd->interrupts = NULL;
	return 0;
}

static void make_entry(uint64_t entry[2], const struct iommu_interrupt *interrupt, bool x2apic)
{
	uint64_t destination = x2apic ? interrupt->destination : interrupt->destination << 8;

	entry[0] = PRESENT | (interrupt->level ? LEVEL : 0) |
		   (uint64_t)interrupt->vector << VECTOR_SHIFT | destination << DESTINATION_SHIFT;
	entry[1] = interrupt->requester | VERIFY_SOURCE_BITS;
}

int vtd_set_interrupt(struct cpu *self, struct iommu *unit, uint32_t index,
		      const struct iommu_interrupt *interrupt)
{
	struct vtd *vtd = vtd_of(unit);
	uint64_t entry[2] = {FAULTS_OFF, 0};

	if (!vtd->interrupts)
		return 0;
	if (interrupt && !interrupt->masked)
		make_entry(entry, interrupt, is_x2apic(vtd));
	index += VTD_FIRST_OF_CELLS;
	write_entry(vtd, index, entry);
	vtd_submit(vtd,
		   VTD_INVALIDATE_INTERRUPTS | VTD_SOME_INTERRUPTS |
			   (uint64_t)index << VTD_DATA_SHIFT,
		   0);
	return vtd_complete(self, unit);
}

/* Remappable format, 5.1.2.2: handle 0-14 in bits 5-19, 15 in bit 2; no subhandle. */
void vtd_message(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
		 uint32_t *ret_data)
{
	(void)unit;
	index += VTD_FIRST_OF_CELLS;
	*ret_address = 0xfee00010u | (index & 0x7fff) << 5 | (index & 0x8000 ? 4 : 0);
	*ret_data = 0;
}

int vtd_recheck_interrupts(struct cpu *self, struct iommu *unit)
{
	struct vtd *vtd = vtd_of(unit);

	if (!vtd->interrupts)
		return 0;
	vtd_interrupts_copy(self, unit, 0, vtd->interrupts_used);
	return vtd_complete(self, unit);
}

bool vtd_entry(const struct iommu *unit, uint32_t index, uint64_t *entry, bool *x2apic)
{
	const struct vtd *vtd = vtd_of(unit);

	if (!vtd || !vtd->interrupts || index >= VTD_FIRST_OF_CELLS)
		return false;
	*entry = __atomic_load_n(&vtd->interrupts[index][0], __ATOMIC_ACQUIRE);
	*x2apic = is_x2apic(vtd);
	return true;
}

bool vtd_entry_is_cells(uint32_t index)
{
	return index >= VTD_FIRST_OF_CELLS;
}
