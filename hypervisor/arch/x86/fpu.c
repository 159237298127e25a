/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/fpu.h"

#include "arch/x86/safe.h"
#include "arch/x86/x86.h"

#define MSR_XFD 0x1c4u
#define LEAF_D1_EAX_XSS (1u << 3)
#define LEAF_D1_EAX_XFD (1u << 4)

/* An XSAVE area whose header says "everything initial" (AMD64 APM vol. 2, 11.5.9), and an FXSAVE
 * area with the initial control words in its first 512 bytes. XRSTOR reads no component then. */
static const struct {
	uint16_t control, status;
	uint8_t unused[20];
	uint32_t mxcsr;
	uint8_t rest[484];
	uint8_t header[64];
} __attribute__((aligned(64))) initial = {.control = 0x37f, .mxcsr = 0x1f80};

void fpu_reset(void)
{
	uint64_t cr0 = cr0_read(), cr4 = cr4_read();

	/* EM and TS would make the instructions fault. */
	cr0_write(cr0 & ~0xcull);
	cr4_write(cr4 | CR4_OSFXSR);
	__asm__ volatile("fninit; fxrstor64 %0" : : "m"(initial));
	if (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE) {
		struct cpuid components = cpuid(0xd, 0);

		/* Nor what XSAVES would keep and XRSTORS would set, nor what raises #NM (AMX). */
		if (cpuid(0xd, 1).eax & LEAF_D1_EAX_XSS)
			msr_write_safe(MSR_XSS, 0);
		if (cpuid(0xd, 1).eax & LEAF_D1_EAX_XFD)
			msr_write_safe(MSR_XFD, 0);
		cr4_write(cr4 | CR4_OSFXSR | CR4_OSXSAVE);
		xcr_write_safe(0, (uint64_t)components.edx << 32 | components.eax);
		__asm__ volatile("xrstor64 %0" : : "m"(initial), "a"(-1), "d"(-1));
		xcr_write_safe(0, 1);
	}
	cr4_write(cr4);
	cr0_write(cr0);
}
