/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/processor.h"

#include <cellhv/manage.h>
#include <stddef.h>

#include "arch/x86/x86.h"

#define SEV_ENABLED 1ull	/* AMD64 APM vol. 2, 15.34.10 */
#define S_CET_SHADOW_STACK 1ull /* Intel SDM vol. 1, 17.1.2 */
#define TRACE_ENABLED 1ull	/* Intel SDM vol. 3, 33.2.8.2 */

static bool uses_fred(const struct processor *p)
{
	return p->cr4 & CR4_FRED;
}

static bool uses_sme(const struct processor *p)
{
	return p->encryption_bit && (p->cr3 >> p->encryption_bit & 1);
}

static bool is_sev_guest(const struct processor *p)
{
	return p->sev_status & SEV_ENABLED;
}

static bool is_tdx_guest(const struct processor *p)
{
	return p->tdx_guest;
}

static bool uses_shadow_stack(const struct processor *p)
{
	return p->s_cet & S_CET_SHADOW_STACK;
}

static bool is_traced(const struct processor *p)
{
	return p->trace_control & TRACE_ENABLED;
}

static bool uses_invlpgb(const struct processor *p)
{
	return p->has_invlpgb && !p->guests_have_invlpgb;
}

static const struct {
	uint32_t mode;
	bool (*applies)(const struct processor *p);
} refused[] = {
	{CELLHV_CPU_MODE_FRED, uses_fred},
	{CELLHV_CPU_MODE_SEV_GUEST, is_sev_guest},
	{CELLHV_CPU_MODE_TDX_GUEST, is_tdx_guest},
	{CELLHV_CPU_MODE_SME, uses_sme},
	{CELLHV_CPU_MODE_SHADOW_STACK, uses_shadow_stack},
	{CELLHV_CPU_MODE_TRACE, is_traced},
	{CELLHV_CPU_MODE_INVLPGB, uses_invlpgb},
};

uint32_t processor_refuses(const struct processor *processor, const struct processor *first)
{
	for (unsigned i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (refused[i].applies(processor))
			return refused[i].mode;

	/* The root's tables are made once, for all. */
	if (first && (processor->address_bits < first->address_bits ||
		      processor->guests_have_invlpgb != first->guests_have_invlpgb))
		return CELLHV_CPU_MODE_UNLIKE;
	return 0;
}

static uint32_t max_leaf(uint32_t base)
{
	return cpuid(base, 0).eax;
}

static void read_extended(struct processor *p)
{
	uint32_t max = max_leaf(0x80000000);
	struct cpuid c;

	p->address_bits = 36;
	if (max >= 0x80000008) {
		c = cpuid(0x80000008, 0);
		p->address_bits = c.eax & 0xff;
		p->has_invlpgb = c.ebx & CPUID_80000008_EBX_INVLPGB;
	}
	if (max >= 0x8000000a)
		p->guests_have_invlpgb =
			p->has_invlpgb && cpuid(0x8000000a, 0).edx & CPUID_8000000A_EDX_INVLPGB;
	if (max >= 0x8000001f) {
		c = cpuid(0x8000001f, 0);
		p->encryption_bit = c.eax & 3 ? c.ebx & 0x3f : 0;
		p->sev_status = c.eax & 2 ? msr_read(MSR_SEV_STATUS) : 0;
	}
}

static void read_basic(struct processor *p)
{
	uint32_t max = max_leaf(0);
	struct cpuid c;

	if (max >= 7) {
		c = cpuid(7, 0);
		if (c.ecx & CPUID_7_ECX_SHSTK || c.edx & CPUID_7_EDX_IBT)
			p->s_cet = msr_read(MSR_S_CET);
		if (c.ebx & CPUID_7_EBX_TRACE)
			p->trace_control = msr_read(MSR_TRACE_CONTROL);
	}
	if (max >= 0x21) {
		c = cpuid(0x21, 0);
		/* "IntelTDX    " */
		p->tdx_guest = c.ebx == 0x65746e49 && c.edx == 0x5844546c && c.ecx == 0x20202020;
	}
}

void processor_read(struct processor *processor, uint64_t cr3, uint64_t cr4)
{
	*processor = (struct processor){.cr3 = cr3, .cr4 = cr4};
	read_basic(processor);
	read_extended(processor);
}
