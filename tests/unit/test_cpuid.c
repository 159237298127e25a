/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what signature a cell knows whose guest it is. */
#include <cellhv/guest.h>

#include "arch/x86/cpuid.h"
#include "arch/x86/machine.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
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

static void ask(uint32_t leaf)
{
	arch.regs[RAX] = leaf;
	arch.regs[RCX] = 0;
	cpuid_exit(&cpu);
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
