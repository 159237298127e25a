/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/barrier.h"

#include "arch/x86/idt.h"
#include "arch/x86/safe.h"
#include "arch/x86/x86.h"

#define MSR_PRED_CMD 0x49u
#define PRED_CMD_IBPB 1ull
#define MSR_FLUSH_CMD 0x10bu
#define FLUSH_CMD_L1D 1ull

/* Intel SDM vol. 2, CPUID; AMD64 APM vol. 3, appendix E. */
#define LEAF7_EDX_MD_CLEAR (1u << 10)
#define LEAF7_EDX_IBRS_IBPB (1u << 26)
#define LEAF7_EDX_L1D_FLUSH (1u << 28)
#define LEAF80000008_EBX_IBPB (1u << 12)
#define LEAF80000021_EAX_VERW_CLEAR (1u << 5)

uint32_t barrier_choose(const struct barrier_facts *facts)
{
	uint32_t barriers = 0;

	if (facts->leaf7_edx & LEAF7_EDX_IBRS_IBPB ||
	    facts->leaf80000008_ebx & LEAF80000008_EBX_IBPB)
		barriers |= BARRIER_PREDICTORS;
	if (facts->leaf7_edx & LEAF7_EDX_MD_CLEAR ||
	    facts->leaf80000021_eax & LEAF80000021_EAX_VERW_CLEAR)
		barriers |= BARRIER_BUFFERS;
	if (facts->leaf7_edx & LEAF7_EDX_L1D_FLUSH)
		barriers |= BARRIER_L1D;
	return barriers;
}

static void barrier_read(struct barrier_facts *facts)
{
	uint32_t extended = cpuid(0x80000000, 0).eax;

	*facts = (struct barrier_facts){
		.leaf7_edx = cpuid(0, 0).eax >= 7 ? cpuid(7, 0).edx : 0,
		.leaf80000008_ebx = extended >= 0x80000008 ? cpuid(0x80000008, 0).ebx : 0,
		.leaf80000021_eax = extended >= 0x80000021 ? cpuid(0x80000021, 0).eax : 0,
	};
}

/* More calls than the return predictor of any processor keeps; none of them returns. */
static void barrier_fill_returns(void)
{
	__asm__ volatile(".rept 32\n\t"
			 "call 1f\n\t"
			 "2: pause; lfence; jmp 2b\n\t"
			 "1:\n\t"
			 ".endr\n\t"
			 "add $32 * 8, %%rsp"
			 :
			 :
			 : "cc", "memory");
}

void barrier_between_owners(void)
{
	const uint16_t selector = SELECTOR_DATA;
	struct barrier_facts facts;
	uint32_t barriers;

	barrier_read(&facts);
	barriers = barrier_choose(&facts);
	if (barriers & BARRIER_PREDICTORS)
		msr_write_safe(MSR_PRED_CMD, PRED_CMD_IBPB);
	if (barriers & BARRIER_L1D)
		msr_write_safe(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
	if (barriers & BARRIER_BUFFERS)
		__asm__ volatile("verw %0" : : "m"(selector) : "cc", "memory");
	barrier_fill_returns();
}
