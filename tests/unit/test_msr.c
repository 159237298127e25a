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
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
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
	return false;
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

#define MCG_CAP 0x179u
#define MCG_STATUS 0x17au
#define BASE 0xfee00000ull
#define BSP 0x100u
#define X2APIC 0xc00u
#define XAPIC 0x800u
#define OFF 0u
#define ILLEGAL 0x400u

static struct {
	struct cellhv_cell_config config;
	uint32_t cpus[2];
} configured;
static struct cell cell = {.config = &configured.config};
static struct arch_cpu arch;
static struct cpu guest = {.arch = &arch, .number = 3, .cell = &cell};

static void start(uint32_t flags)
{
	configured.config = (struct cellhv_cell_config){
		.flags = flags, .cpus = {sizeof(configured.config), 2, sizeof(uint32_t), 0}};
	configured.cpus[0] = 3;
	configured.cpus[1] = 4;
	arch.apic_mode = X2APIC; /* arch_start() */
}

static int access(uint32_t msr, bool write, uint64_t *value)
{
	const struct msr_permission *entry = find(&msr_cell_table, msr);

	CHECK(entry && entry->read == PERMISSION_HANDLE && entry->write == PERMISSION_HANDLE);
	return entry->handle(&guest, msr, write, value);
}

static uint64_t base_of(void)
{
	uint64_t value = 0;

	CHECK_EQ(access(MSR_APIC_BASE, false, &value), 0);
	return value;
}

static int set_base(uint64_t value)
{
	return access(MSR_APIC_BASE, true, &value);
}

TEST(a_pc_has_no_machine_checks)
{
	for (uint32_t msr = MCG_CAP; msr <= MCG_STATUS; msr++) {
		uint64_t value = 5;

		start(CELLHV_CELL_PLATFORM_PC);
		CHECK_EQ(access(msr, false, &value), 0);
		CHECK_EQ(value, 0);
		CHECK_EQ(access(msr, true, &value), -EINVAL);
		/* Whoever is no PC has no such register, as before. */
		start(0);
		CHECK_EQ(access(msr, false, &value), -EINVAL);
		start(CELLHV_CELL_STRICT_MSRS);
		CHECK_EQ(access(msr, false, &value), -EPERM);
	}
	CHECK(!find(&msr_cell_table, MCG_STATUS + 1));
}

TEST(a_pc_leaves_x2apic_mode_and_comes_back)
{
	start(CELLHV_CELL_PLATFORM_PC);
	CHECK_EQ(base_of(), BASE | X2APIC | BSP);
	CHECK_EQ(set_base(BASE | OFF), 0);
	CHECK_EQ(base_of(), BASE | BSP);
	CHECK_EQ(set_base(BASE | XAPIC | BSP), 0);
	CHECK_EQ(base_of(), BASE | XAPIC | BSP);
	CHECK_EQ(set_base(BASE | X2APIC | BSP), 0);
	CHECK_EQ(base_of(), BASE | X2APIC | BSP);
	guest.number = 4;
	CHECK_EQ(base_of(), BASE | X2APIC);
	guest.number = 3;
}

/* Intel SDM vol. 3, 11.12.5 */
TEST(modes_follow_as_the_processor_has_them)
{
	static const uint32_t modes[] = {OFF, XAPIC, X2APIC, ILLEGAL};
	static const bool legal[3][4] = {
		{true, true, false, false},
		{true, true, true, false},
		{true, false, true, false},
	};

	for (unsigned from = 0; from < 3; from++) {
		for (unsigned to = 0; to < 4; to++) {
			start(CELLHV_CELL_PLATFORM_PC);
			arch.apic_mode = modes[from];
			CHECK_EQ(set_base(BASE | modes[to]), legal[from][to] ? 0 : -EINVAL);
			CHECK_EQ(base_of(), BASE | BSP | modes[legal[from][to] ? to : from]);
		}
	}
	/* Nor does it move, nor have other bits. */
	for (unsigned bit = 0; bit < 64; bit++) {
		if (bit == 8 || bit == 10)
			continue;
		start(CELLHV_CELL_PLATFORM_PC);
		CHECK_EQ(set_base((BASE | X2APIC) ^ 1ull << bit), -EINVAL);
		CHECK_EQ(base_of(), BASE | X2APIC | BSP);
	}
}

TEST(the_apic_of_a_bare_cell_stays_on)
{
	start(CELLHV_CELL_SIGNATURE_KVM);
	CHECK_EQ(set_base(BASE | OFF), -EPERM);
	CHECK_EQ(set_base(BASE | ILLEGAL), -EPERM);
	CHECK_EQ(set_base((BASE | X2APIC) + 0x1000), -EPERM);
	CHECK_EQ(set_base(BASE | XAPIC), 0);
	CHECK_EQ(base_of(), BASE | X2APIC | BSP);
}
