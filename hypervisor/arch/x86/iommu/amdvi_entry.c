/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of tables for interrupts behind AMD-Vi units (48882, 2.2.5.2). */
#include "arch/x86/iommu/amdvi.h"

#include "arch/x86/cpu.h"
#include "core/arch.h"
#include "core/cell.h"

#define ENTRY_ENABLE 0x1ull
#define ENTRY_TYPE(entry) ((entry).low >> 2 & 7)
#define ENTRY_LOGICAL 0x40ull
#define ENTRY_GUEST 0x80ull
#define ENTRY_DESTINATION_SHIFT 8
#define ENTRY_VECTOR_SHIFT_SHORT 16
#define ENTRY_DESTINATION_HIGH_SHIFT 56 /* word `high`; bits 24-31 */
#define TYPE_LOWEST 1u			/* 0 is fixed; the others are no interrupts with vectors */

struct amdvi_interrupt amdvi_make_interrupt(struct amdvi_interrupt_mode how, uint32_t destination,
					    uint8_t vector)
{
	if (!how.wide)
		return (struct amdvi_interrupt){
			ENTRY_ENABLE | (uint64_t)(destination & 0xff) << ENTRY_DESTINATION_SHIFT |
				(uint64_t)vector << ENTRY_VECTOR_SHIFT_SHORT,
			0};
	return (struct amdvi_interrupt){
		ENTRY_ENABLE | (uint64_t)(destination & 0xffffff) << ENTRY_DESTINATION_SHIFT,
		(uint64_t)(destination >> 24) << ENTRY_DESTINATION_HIGH_SHIFT | vector};
}

static uint32_t destination_of(struct amdvi_interrupt_mode how, struct amdvi_interrupt entry)
{
	uint32_t low = (uint32_t)(entry.low >> ENTRY_DESTINATION_SHIFT);

	if (!how.wide || !how.x2apic)
		return low & 0xff;
	return (low & 0xffffff) | (uint32_t)(entry.high >> ENTRY_DESTINATION_HIGH_SHIFT) << 24;
}

static uint8_t vector_of(struct amdvi_interrupt_mode how, struct amdvi_interrupt entry)
{
	return (uint8_t)(how.wide ? entry.high : entry.low >> ENTRY_VECTOR_SHIFT_SHORT);
}

/* Logical ids of x2APICs follow from their ids (AMD64 APM vol. 2, 16.14); Linux's xAPICs are flat.
 */
static bool is_target(const struct arch_cpu *cpu, bool logical, bool x2apic, uint32_t destination)
{
	if (!logical)
		return cpu->apic_id == destination;
	if (!x2apic)
		return cpu->xapic_ldr >> 24 & destination;
	return cpu->apic_id >> 4 == destination >> 16 && destination >> (cpu->apic_id & 15) & 1;
}

static const struct cpu *find_target(bool logical, bool x2apic, uint32_t destination)
{
	for (uint32_t i = 0; i < num_cpus; i++) {
		const struct cpu *cpu = cpu_by_number(i);

		if (cpu && cell_is_root(cpu->cell) &&
		    is_target(cpu->arch, logical, x2apic, destination))
			return cpu;
	}
	return NULL;
}

struct amdvi_interrupt amdvi_narrow(struct amdvi_interrupt_mode how, struct amdvi_interrupt theirs)
{
	const struct amdvi_interrupt none = {0, 0};
	const struct cpu *cpu;

	if (!(theirs.low & ENTRY_ENABLE) || ENTRY_TYPE(theirs) > TYPE_LOWEST ||
	    (how.wide && theirs.low & ENTRY_GUEST))
		return none;
	cpu = find_target(theirs.low & ENTRY_LOGICAL, how.wide && how.x2apic,
			  destination_of(how, theirs));
	return cpu ? amdvi_make_interrupt(how, cpu->arch->apic_id, vector_of(how, theirs)) : none;
}

/* false: it was not `old`; now that says what it is. */
static bool exchange_wide(struct amdvi_interrupt *entry, struct amdvi_interrupt *old,
			  struct amdvi_interrupt value)
{
	bool done = false;

	__asm__ volatile("lock cmpxchg16b %1"
			 : "=@ccz"(done), "+m"(*entry), "+a"(old->low), "+d"(old->high)
			 : "b"(value.low), "c"(value.high)
			 : "memory");
	return done;
}

/* A unit reads the whole at once, and an interrupt may come at any time. */
void amdvi_store_wide(struct amdvi_interrupt *entry, struct amdvi_interrupt value)
{
	struct amdvi_interrupt old = *entry;

	while (!exchange_wide(entry, &old, value))
		arch_pause();
}

/* An exchange of nothing for nothing: the one load of 16 bytes that nobody comes between. */
struct amdvi_interrupt amdvi_load_wide(struct amdvi_interrupt *entry)
{
	struct amdvi_interrupt value = {0, 0};

	exchange_wide(entry, &value, value);
	return value;
}

struct iommu_interrupt amdvi_read_interrupt(struct amdvi_interrupt_mode how,
					    struct amdvi_interrupt entry)
{
	return (struct iommu_interrupt){.vector = vector_of(how, entry),
					.masked = !(entry.low & ENTRY_ENABLE),
					.destination = destination_of(how, entry)};
}
