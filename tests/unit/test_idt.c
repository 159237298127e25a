/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What arrives while the hypervisor runs, at each place and with each vector: an interrupt in its
 * window, an NMI, an exception of a guest's value, and what ends in a panic.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "check.h"
#include "arch/x86/apic.h"
#include "arch/x86/idt.h"
#include "arch/x86/safe.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/panic.h"

#define CODE 0x1000ull	 /* somewhere in the hypervisor */
#define MENDED 0x2000ull /* where an instruction with a guest's value goes on */
#define SAFE 0x1800ull	 /* that instruction */

extern const uint8_t window[8];
const uint8_t idt_stubs[256 * 16], window[8];
__asm__(".globl idt_window_begin, idt_window_end\n"
	".set idt_window_begin, window + 1\n"
	".set idt_window_end, window + 3\n");

static jmp_buf stopped;
static unsigned nmis, ends_of_interrupt;
static int in_service;

static void note_nmi(uint64_t *rip)
{
	(void)rip;
	nmis++;
}

static const struct vcpu_ops ops = {.nmi_arrived = note_nmi};
const struct vcpu_ops *vcpu_ops = &ops;

struct cpu *arch_self(void)
{
	return NULL;
}

bool apic_in_service(const struct cpu *self, unsigned vector)
{
	(void)self;
	return in_service == (int)vector;
}

void apic_write(const struct cpu *self, unsigned reg, uint32_t value)
{
	(void)self;
	(void)value;
	CHECK_EQ(reg, APIC_EOI);
	ends_of_interrupt++;
}

uint64_t safe_fixup(uint64_t vector, uint64_t rip)
{
	return rip == SAFE && vector == VECTOR_GP ? MENDED : 0;
}

void panic(const char *format, ...)
{
	CHECK(strncmp(format, "exception %llu", 14) == 0);
	longjmp(stopped, 1);
}

/* The report reads CR2, which a program may not. */
static void skip_cr2(int number, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)number;
	(void)info;
	*rip += *(const uint8_t *)*rip == 0x0f ? 3 : 4;
}

static void set_up(void)
{
	struct sigaction action = {.sa_sigaction = skip_cr2, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSEGV, &action, NULL);
	nmis = ends_of_interrupt = 0;
	in_service = -1;
}

/* Where the CPU goes on; 0: it does not. */
static uint64_t arrive(unsigned vector, uint64_t rip)
{
	struct exception_frame frame = {.vector = vector, .rip = rip, .rflags = RFLAGS_IF};

	if (setjmp(stopped))
		return 0;
	idt_handle(&frame);
	return frame.rip;
}

/* Reported, and none of them is taken for an interrupt or for a guest's value. */
TEST(an_exception_ends_in_a_report)
{
	set_up();
	for (unsigned vector = 0; vector < 256; vector++) {
		if (vector == VECTOR_NMI)
			continue;
		CHECK_EQ(arrive(vector, CODE), 0);
		CHECK_EQ(arrive(vector, (uint64_t)window), 0);
		CHECK_EQ(arrive(vector, (uint64_t)window + 4), 0);
		CHECK_EQ(arrive(vector, SAFE), vector == VECTOR_GP ? MENDED : 0);
	}
	CHECK_EQ(nmis, 0);
	CHECK_EQ(ends_of_interrupt, 0);
}

/* Only noted: where it was, and whatever it met, goes on. */
TEST(an_nmi_is_noted_anywhere)
{
	const uint64_t places[] = {CODE,
				   SAFE,
				   (uint64_t)window,
				   (uint64_t)window + 1,
				   (uint64_t)window + 2,
				   (uint64_t)window + 3};

	set_up();
	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++)
		CHECK_EQ(arrive(VECTOR_NMI, places[i]), places[i]);
	CHECK_EQ(nmis, sizeof(places) / sizeof(*places));
	CHECK_EQ(ends_of_interrupt, 0);
}

TEST(one_interrupt_comes_through_the_window)
{
	unsigned taken = 0;

	set_up();
	for (unsigned vector = 0; vector < 256; vector++) {
		if (vector == VECTOR_NMI || vector == VECTOR_MC)
			continue;
		for (unsigned at = 1; at <= 3; at++, taken++)
			CHECK_EQ(arrive(vector, (uint64_t)window + at), (uint64_t)window + 3);
	}
	CHECK_EQ(ends_of_interrupt, taken);
}

/* In the window too, unless an interrupt of its vector is in service. */
TEST(a_machine_check_is_one_everywhere)
{
	set_up();
	for (unsigned at = 0; at <= 4; at++)
		CHECK_EQ(arrive(VECTOR_MC, (uint64_t)window + at), 0);
	CHECK_EQ(arrive(VECTOR_MC, SAFE), 0);
	in_service = VECTOR_MC;
	CHECK_EQ(arrive(VECTOR_MC, (uint64_t)window + 2), (uint64_t)window + 3);
	CHECK_EQ(arrive(VECTOR_MC, CODE), 0);
	CHECK_EQ(ends_of_interrupt, 1);
}
