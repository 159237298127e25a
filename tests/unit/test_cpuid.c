/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what signature a cell knows whose guest it is, and what it does not see of the processor. */
#include <cellhv/guest.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/machine.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "check.h"
#include "core/cell.h"

struct cell root_cell;
struct machine machine;
struct x86_machine x86_machine;
static struct cellhv_cell_config config;
static struct cell cell = {.config = &config};
static struct arch_cpu arch;
static struct cpu cpu = {.arch = &arch, .cell = &cell};

static void get_state(const struct cpu *self, struct vcpu_state *state)
{
	CHECK(self == &cpu);
	*state = (struct vcpu_state){0};
}

static const struct vcpu_ops ops = {.get_state = get_state};
const struct vcpu_ops *vcpu_ops = &ops;

void skip_instruction(struct cpu *self)
{
	CHECK(self == &cpu);
}

static void ask_of(uint32_t leaf, uint32_t subleaf)
{
	arch.regs[RAX] = leaf;
	arch.regs[RCX] = subleaf;
	cpuid_exit(&cpu);
}

static void ask(uint32_t leaf)
{
	ask_of(leaf, 0);
}

static void expect_signature(uint32_t flags, const char *signature)
{
	uint32_t words[4] = {0};

	config.flags = flags;
	ask(CELLHV_CPUID_SIGNATURE);
	CHECK_EQ(arch.regs[RAX], CELLHV_CPUID_FEATURES);
	words[0] = (uint32_t)arch.regs[RBX];
	words[1] = (uint32_t)arch.regs[RCX];
	words[2] = (uint32_t)arch.regs[RDX];
	CHECK_STR((const char *)words, signature);
	ask(CELLHV_CPUID_FEATURES);
	CHECK_EQ(arch.regs[RAX] | arch.regs[RBX] | arch.regs[RCX] | arch.regs[RDX], 0);
}

TEST(a_signature_promises_nothing)
{
	expect_signature(0, "Jailhouse");
	expect_signature(CELLHV_CELL_PLATFORM_PC, "Jailhouse");
	expect_signature(CELLHV_CELL_SIGNATURE_KVM, "KVMKVMKVM");
	expect_signature(CELLHV_CELL_SIGNATURE_KVM | CELLHV_CELL_PLATFORM_PC, "KVMKVMKVM");
}

/* Only of leaves that have subleaves does ECX say anything. */
TEST(features_of_registers_that_it_may_not_use)
{
	cpu.cell = &cell;
	ask_of(1, 7);
	CHECK_EQ(arch.regs[RCX] & 1u << 15, 0);
	ask(7);
	CHECK_EQ(arch.regs[RBX] & (1u << 1 | 1u << 12 | 1u << 15 | 1u << 25), 0);
	CHECK_EQ(arch.regs[RDX] & (1u << 19 | 0xfc000000u), 0);
	ask_of(0xd, 1);
	CHECK_EQ(arch.regs[RAX] & 1u << 3, 0);
	ask_of(0x80000001, 3);
	CHECK_EQ(arch.regs[RCX] & (1u << 10 | 1u << 15 | 3u << 23 | 1u << 28), 0);
	ask_of(0x80000008, 3);
	CHECK_EQ(arch.regs[RBX] & (1u << 12 | 0xfu << 14 | 3u << 24), 0);
}

/* As the processor that this runs on has it. */
TEST(the_root_sees_all_of_the_processor)
{
	struct cpuid there = cpuid(7, 0);

	cpu.cell = &root_cell;
	ask(7);
	CHECK_EQ(arch.regs[RBX], there.ebx);
	CHECK_EQ(arch.regs[RDX], there.edx);
	cpu.cell = &cell;
}
