/* SPDX-License-Identifier: BSD-2-Clause */
#include "hypercall.h"

#include "internal.h"

void hypercall_putc(char c)
{
	/* CPUID would be a VM exit more for each character. */
	static enum { UNKNOWN, VMCALL, VMMCALL } which;

	if (which == UNKNOWN)
		which = hypercall_is_vmmcall() ? VMMCALL : VMCALL;
	hypercall(which == VMMCALL, CELLHV_HC_CONSOLE_PUTC, (unsigned char)c, 0);
}
