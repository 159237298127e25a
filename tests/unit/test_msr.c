/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "arch/x86/apic.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "arch/x86/msr.h"
#include "arch/x86/safe.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "core/cell.h"
#include "core/print.h"

#define FEEDBACK_POINTER 0x17d0u
#define FEEDBACK_CONFIG 0x17d1u
#define TABLE (0x12345000ull | 1)

struct cell root_cell;
const struct vcpu_ops *vcpu_ops;

static uint64_t pointer;
static bool has_pointer;
static unsigned writes;

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	CHECK_EQ(msr, FEEDBACK_POINTER);
	*value = pointer;
	return has_pointer;
}

/* As a processor without this register, too. */
bool msr_write_safe(uint32_t msr, uint64_t value)
{
	CHECK_EQ(msr, FEEDBACK_POINTER);
	pointer = value;
	writes++;
	return has_pointer;
}

/* What the other registers need is not called here. */
bool apic_guest_read(struct cpu *cpu, unsigned reg, uint32_t *value)
{
	(void)cpu;
	(void)reg;
	(void)value;
	abort();
}

int apic_guest_write(struct cpu *cpu, unsigned reg, uint32_t value)
{
	(void)cpu;
	(void)reg;
	(void)value;
	abort();
}

bool ipi_send_x2apic(struct cpu *cpu, uint64_t icr)
{
	(void)cpu;
	(void)icr;
	abort();
}

bool cpu_may_complain(struct cpu *cpu)
{
	(void)cpu;
	abort();
}

void cpu_fail(struct cpu *cpu, uint32_t reason, uint64_t address, uint64_t detail)
{
	(void)cpu;
	(void)reason;
	(void)address;
	(void)detail;
	abort();
}

void skip_instruction(struct cpu *cpu)
{
	(void)cpu;
	abort();
}

void print(const char *format, ...)
{
	(void)format;
	abort();
}

static const struct msr_permission *find(const struct msr_table *table, uint32_t msr)
{
	return msr_permission_find(table->entries, table->count, msr);
}

static int write_pointer(uint64_t value)
{
	const struct msr_permission *entry = find(&msr_root_table, FEEDBACK_POINTER);

	CHECK_EQ(entry->write, PERMISSION_HANDLE);
	return entry->handle(NULL, FEEDBACK_POINTER, true, &value);
}

/* The processor would write its table into whatever memory it names. */
TEST(the_feedback_table_stays_where_linux_had_it)
{
	has_pointer = true;
	pointer = TABLE;
	CHECK_EQ(write_pointer(TABLE), 0);
	CHECK(write_pointer(TABLE + 4096) < 0);
	CHECK(write_pointer(TABLE & ~1ull) < 0);
	CHECK(write_pointer(0) < 0);
	pointer = 0;
	CHECK(write_pointer(TABLE) < 0);
	CHECK_EQ(writes, 0);
	CHECK_EQ(find(&msr_root_table, FEEDBACK_POINTER)->read, PERMISSION_ALLOW);
	CHECK_EQ(find(&msr_root_table, FEEDBACK_CONFIG)->write, PERMISSION_ALLOW);
}

TEST(a_processor_without_feedback_says_so_itself)
{
	has_pointer = false;
	CHECK(write_pointer(TABLE) < 0);
	CHECK_EQ(writes, 1);
}

TEST(no_cell_has_feedback_registers)
{
	for (uint32_t msr = FEEDBACK_POINTER; msr <= 0x17d4; msr++) {
		CHECK(!find(&msr_cell_table, msr));
		CHECK(!find(&msr_cell_table_no_x2apic, msr));
	}
}
