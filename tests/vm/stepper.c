// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Single-stepping where a hypervisor gets it wrong. Each case runs a few instructions with TF set
 * and compares where the traps were with where they have to be; the exit status is the number of
 * wrong ones.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

#define TRAPS_MAX 16

extern const char step_cpuid[], step_cpuid_end[], step_icebp[], step_icebp_end[];
void run_cpuid(void);
void run_icebp(void);

/* POPF sets TF behind itself: the first trap comes after the instruction that follows it. */
__asm__(".text\n"
	"run_cpuid:\n"
	"	push	%rbx\n"
	"	xor	%eax, %eax\n"
	"	pushf\n"
	"	orl	$0x100, (%rsp)\n"
	"	popf\n"
	"step_cpuid:\n"
	"	cpuid\n"
	"step_cpuid_end:\n"
	"	nop\n"
	"	pushf\n"
	"	andl	$~0x100, (%rsp)\n"
	"	popf\n"
	"	pop	%rbx\n"
	"	ret\n"
	"run_icebp:\n"
	"	mov	%ss, %eax\n"
	"	pushf\n"
	"	orl	$0x100, (%rsp)\n"
	"	popf\n"
	"step_icebp:\n"
	"	mov	%eax, %ss\n"
	"	.byte	0xf1\n"
	"step_icebp_end:\n"
	"	nop\n"
	"	pushf\n"
	"	andl	$~0x100, (%rsp)\n"
	"	popf\n"
	"	ret\n");

static uint64_t traps[TRAPS_MAX];
static unsigned count;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	if (count < TRAPS_MAX)
		traps[count++] = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

/* The first trap is right behind the instruction in question. */
static int check(const char *name, void (*run)(void), const char *behind)
{
	count = 0;
	run();
	for (unsigned i = 0; i < count; i++)
		printf("%s: trap at %+ld\n", name, (long)(traps[i] - (uint64_t)behind));
	if (count && traps[0] == (uint64_t)behind)
		return 0;
	printf("not ok %s: %u traps\n", name, count);
	return 1;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

	sigaction(SIGTRAP, &action, NULL);
	return check("cpuid", run_cpuid, step_cpuid_end) +
	       check("icebp", run_icebp, step_icebp_end);
}
