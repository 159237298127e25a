/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two I/O APICs, and what else pins need of a machine: CPUs 0 and 1 of the root, 2 and 3 of the
 * cells `one` and `other`, whose APIC ids are 0x10 more; an IOMMU or none. Each register that is
 * written is looked at: what it makes the chip send at that moment reaches whom it may.
 */
#ifndef TESTS_IOAPIC_MODEL_H
#define TESTS_IOAPIC_MODEL_H

#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"
#include "check.h"
#include "core/cell.h"

#define CHIP 0xfec00000ull
#define SECOND 0xfec01000ull
#define LINES 24u
#define SOURCE 0xff00u

#define ROOT_ID 0x10u /* of CPU 0's APIC; then 1, 2, 3 */
#define ONE_ID 0x12u
#define OTHER_ID 0x13u

#define MASKED 0x10000ull
#define TO(id) ((uint64_t)(id) << 56)

struct chip {
	uint32_t index;
	uint32_t id;
	uint64_t entries[LINES];
	unsigned eois, last_eoi;
	unsigned accesses;
	bool hidden; /* from the root */
};

struct unit {
	struct iommu_interrupt entries[IOMMU_INTERRUPTS];
	bool present[IOMMU_INTERRUPTS];
	unsigned sets;
	bool busy;
};

extern struct chip chips_of_machine[2];
extern struct unit unit;
extern bool remaps, hardware_remaps, silent;
extern uint64_t not_the_roots;
extern struct cell one, other;
extern struct cpu cpu_of[4];
extern uint32_t chip_version;

/* As after power-on, with as many pins of the first chip as there are numbers before -1. */
void model_start(bool with_remapping);
void model_configure(struct cell *cell, uint64_t base, const int *pins);

/* Through all steps of a create; a destroy. Errors with call.check. */
int model_create(struct cell *cell);
int model_destroy(struct cell *cell);
extern struct cellhv_call call;

/* Accesses of a guest on that CPU. */
enum ioapic_result model_access(struct cpu *cpu, unsigned chip, uint64_t offset, unsigned size,
				bool write, uint64_t *value);

/* A register of 32 bits, by the index. */
static inline uint32_t model_read(struct cpu *cpu, unsigned index)
{
	uint64_t at = index, value = 0;

	CHECK_EQ(model_access(cpu, 0, IOAPIC_INDEX, 4, true, &at), IOAPIC_DONE);
	CHECK_EQ(model_access(cpu, 0, IOAPIC_DATA, 4, false, &value), IOAPIC_DONE);
	return (uint32_t)value;
}

static inline void model_write(struct cpu *cpu, unsigned index, uint32_t value)
{
	uint64_t at = index, written = value;

	CHECK_EQ(model_access(cpu, 0, IOAPIC_INDEX, 4, true, &at), IOAPIC_DONE);
	CHECK_EQ(model_access(cpu, 0, IOAPIC_DATA, 4, true, &written), IOAPIC_DONE);
}

/* The pin's entry in the hardware without bits that are read only. */
uint64_t model_entry(unsigned pin);

/* Whom an entry interrupts: APIC id and vector; false: nobody. By the unit where that remaps. */
bool model_delivers(unsigned pin, uint32_t *id, uint32_t *vector);

#endif
