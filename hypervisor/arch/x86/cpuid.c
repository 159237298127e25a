/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/cpuid.h"

#include "arch/x86/machine.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/string.h"

/* Leaves that are ours beyond those of the guest interface. */
#define CPUID_OWN_VERSION 0x40000100u	  /* version text, 16 bytes */
#define CPUID_OWN_NAME 0x40000101u	  /* name of the cell, first 16 bytes */
#define CPUID_OWN_FREQUENCIES 0x40000102u /* EAX TSC kHz, EBX APIC timer kHz */

#define LEAF1_ECX_MONITOR (1u << 3)
#define LEAF1_ECX_X2APIC (1u << 21)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define LEAF6_EAX_FEEDBACK (1u << 19 | 1u << 23) /* hardware feedback, thread director */
#define LEAF7_ECX_OSPKE (1u << 4)
#define LEAF80000001_ECX_SVM (1u << 2)

/*
 * Features of registers that no cell may use (msr.c), which kernels take for granted where the
 * feature is (Intel SDM vol. 2, CPUID; AMD64 APM vol. 3, E.3, E.4).
 */
static const struct {
	uint32_t leaf, subleaf;
	struct cpuid bits;
} without_registers[] = {
	{1, 0, {.ecx = 1u << 15}}, /* PDCM */
	/* TSC_ADJUST, PQM, PQE, PT; ARCH_LBR, SPEC_CTRL, STIBP, L1D_FLUSH, ARCH_CAPABILITIES,
	 * CORE_CAPABILITIES, SSBD */
	{7, 0, {.ebx = 1u << 1 | 1u << 12 | 1u << 15 | 1u << 25, .edx = 1u << 19 | 0x3fu << 26}},
	{0xd, 1, {.eax = 1u << 3}}, /* XSAVES */
	/* IBS, LWP, counters of core, northbridge, L3 */
	{0x80000001, 0, {.ecx = 1u << 10 | 1u << 15 | 3u << 23 | 1u << 28}},
	/* IBPB, IBRS, STIBP, two hints of them, SSBD, VIRT_SSBD */
	{0x80000008, 0, {.ebx = 1u << 12 | 0xfu << 14 | 3u << 24}},
};

static void cpuid_text(struct cpuid *c, const char *text)
{
	memcpy(c, text, sizeof(*c));
}

/* The leaves from 40000000 on; what is not defined is zero. */
static struct cpuid cpuid_hypervisor(const struct cpu *cpu, uint32_t leaf)
{
	/* "Jailhouse"; "KVMKVMKVM", whose features are those of the next leaf: none. */
	static const struct cpuid own = {CELLHV_CPUID_FEATURES, 0x6c69614a, 0x73756f68, 0x65};
	static const struct cpuid kvm = {CELLHV_CPUID_FEATURES, 0x4b4d564b, 0x564b4d56, 0x4d};
	struct cpuid c = {0};

	switch (leaf) {
	case CELLHV_CPUID_SIGNATURE:
		c = cpu->cell->config->flags & CELLHV_CELL_SIGNATURE_KVM ? kvm : own;
		break;
	case CPUID_OWN_VERSION:
		cpuid_text(&c, machine.version);
		break;
	case CPUID_OWN_NAME:
		cpuid_text(&c, cpu->cell->name);
		break;
	case CPUID_OWN_FREQUENCIES:
		c.eax = machine.ticks_per_ms;
		c.ebx = x86_machine.apic_khz;
		break;
	default:
		break;
	}
	return c;
}

/* What the processor derives from CR4 follows the guest's, not ours. */
static void cpuid_follow_cr4(struct cpuid *c, uint32_t leaf, uint32_t subleaf,
			     const struct vcpu_state *state)
{
	if (leaf == 1) {
		c->ecx &= ~LEAF1_ECX_OSXSAVE;
		if (state->cr4 & CR4_OSXSAVE)
			c->ecx |= LEAF1_ECX_OSXSAVE;
	} else if (leaf == 7 && subleaf == 0) {
		c->ecx &= ~LEAF7_ECX_OSPKE;
		if (state->cr4 & CR4_PKE)
			c->ecx |= LEAF7_ECX_OSPKE;
	}
}

static void cpuid_hide(struct cpuid *c, uint32_t leaf, uint32_t subleaf)
{
	for (unsigned i = 0; i < sizeof(without_registers) / sizeof(*without_registers); i++) {
		const struct cpuid *bits = &without_registers[i].bits;

		if (without_registers[i].leaf != leaf || without_registers[i].subleaf != subleaf)
			continue;
		c->eax &= ~bits->eax;
		c->ebx &= ~bits->ebx;
		c->ecx &= ~bits->ecx;
		c->edx &= ~bits->edx;
	}
}

/* A cell sees no virtualisation of the processor's, but that it is a guest. */
static void cpuid_adjust(struct cpuid *c, uint32_t leaf)
{
	if (leaf == 1) {
		c->ecx &= ~(LEAF1_ECX_MONITOR | CPUID_1_ECX_VMX);
		c->ecx |= LEAF1_ECX_HYPERVISOR | LEAF1_ECX_X2APIC;
	} else if (leaf == 6) {
		c->eax &= ~LEAF6_EAX_FEEDBACK;
	} else if (leaf == 0x80000001) {
		c->ecx &= ~LEAF80000001_ECX_SVM;
	} else if (leaf == 0x80000008) {
		c->ebx &= ~CPUID_80000008_EBX_INVLPGB;
	} else if (leaf == 0x8000000a) {
		*c = (struct cpuid){0};
	}
}

void cpuid_exit(struct cpu *cpu)
{
	uint32_t leaf = (uint32_t)cpu->arch->regs[RAX], subleaf = (uint32_t)cpu->arch->regs[RCX];
	struct vcpu_state state;
	struct cpuid c;

	cpu_count(cpu, CELLHV_EXIT_CPUID);
	vcpu_ops->get_state(cpu, &state);
	c = cpuid(leaf, subleaf);
	cpuid_follow_cr4(&c, leaf, subleaf, &state);
	/* On Intel, Linux's CPUID comes here too: it gets what the processor says. */
	if (!cell_is_root(cpu->cell)) {
		if (leaf >= 0x40000000 && leaf <= 0x4fffffff)
			c = cpuid_hypervisor(cpu, leaf);
		cpuid_adjust(&c, leaf);
		cpuid_hide(&c, leaf, leaf == 7 || leaf == 0xd ? subleaf : 0);
	}
	cpu->arch->regs[RAX] = c.eax;
	cpu->arch->regs[RBX] = c.ebx;
	cpu->arch->regs[RCX] = c.ecx;
	cpu->arch->regs[RDX] = c.edx;
	skip_instruction(cpu);
}
