/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exceptions without end, and exits as fast as they go. */
#include "attack.h"

#define FLAGS_TRAP "$0x100"
#define DR7_EXECUTE_0 0x1ul
#define VECTOR_UD 6
#define VECTOR_GP 13

/*
 * Single steps over what exits, and an ICEBP in the shadow of MOV SS (Intel SDM vol. 3, 6.8.3 and
 * 27.3.1.5): each leaves debug exceptions pending, which the next entry has to deliver.
 */
static void stepped(void)
{
	asm volatile("pushfq; orq " FLAGS_TRAP ", (%%rsp); popfq\n\t"
		     "nop\n\t"
		     "xorl %%eax, %%eax; cpuid\n\t"
		     "inb $0x80, %%al\n\t"
		     "movl $0x277, %%ecx; rdmsr\n\t"
		     "movl %%ss, %%eax; movl %%eax, %%ss; cpuid\n\t"
		     "movl %%ss, %%eax; movl %%eax, %%ss; .byte 0xf1\n\t"
		     "movl %%ss, %%eax; movl %%eax, %%ss; inb $0x80, %%al\n\t"
		     ".byte 0xf1; .byte 0xf1\n\t"
		     "pushfq; andq $~0x100, (%%rsp); popfq"
		     :
		     :
		     : "rax", "rbx", "rcx", "rdx", "memory", "cc");
}

void attack_debug(void)
{
	for (unsigned int i = 0; i < 500; i++)
		stepped();
	verdict(debug_traps > 500 * 8, "debug exceptions", debug_traps);
}

/* Its handler comes back to the very breakpoint, without RF: nobody but the management ends it. */
void attack_debug_for_ever(void)
{
	verdict(true, "begins", 0);
	asm volatile("mov %0, %%db0; mov %1, %%db7; jmp 1f; 1: nop"
		     :
		     : "r"(0ul), "r"(DR7_EXECUTE_0)
		     : "memory");
	for (;;)
		asm volatile(".byte 0xf1" : : : "memory");
}

static int64_t call(bool vmmcall, uint64_t code, uint64_t arg1, uint64_t arg2)
{
	if (vmmcall)
		asm volatile("vmmcall" : "+a"(code) : "D"(arg1), "S"(arg2) : "memory");
	else
		asm volatile("vmcall" : "+a"(code) : "D"(arg1), "S"(arg2) : "memory");
	return (int32_t)code;
}

/* The other processor's instruction is as good, by way of its #UD. */
static void hypercalls(unsigned int count)
{
	bool vmmcall = hypercall_is_vmmcall();

	for (unsigned int i = 0; i < count; i++) {
		uint64_t code = scatter();

		if (i % 4 == 0)
			code = (code & ~0xffffffffull) | (code & 15);
		/* Of the console's calls all but the characters themselves. */
		if ((uint32_t)code == CELLHV_HC_CONSOLE_PUTC)
			continue;
		call(i % 2 ? vmmcall : !vmmcall, code, scatter(), scatter() >> (i & 63));
	}
}

void attack_floods(void)
{
	for (unsigned int i = 0; i < 5000; i++)
		asm volatile("invd; wbinvd" : : : "memory");
	hypercalls(10000);
	for (unsigned int i = 0; i < 10000; i++)
		call(hypercall_is_vmmcall(), CELLHV_HC_CONSOLE_PUTC, scatter() & ~0x60ull, 0);
	console_putc('\n');
	verdict(true, "alive", 0);
}

#define REFUSED(code)                                                           \
	do {                                                                    \
		ATTEMPT(code, : : "a"(0x100000), "c"(0), "d"(0) : "memory");    \
		if (attempt_vector != VECTOR_UD && attempt_vector != VECTOR_GP) \
			verdict(false, code ", exception", attempt_vector);     \
	} while (0)

/* Those of virtualisation and of the machine's power and counters, with the cell's own memory. */
void attack_instructions(void)
{
	REFUSED("monitor");
	REFUSED("mwait");
	REFUSED("vmload");
	REFUSED("vmsave");
	REFUSED("stgi");
	REFUSED("clgi");
	REFUSED("skinit");
	REFUSED("invlpga");
	REFUSED("vmlaunch");
	REFUSED("vmresume");
	REFUSED("vmxoff");
	REFUSED("getsec");
	REFUSED("rdpmc");
	verdict(true, "alive", 0);
}
