/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instructions are privileged here too: they fault as they do for the hypervisor. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "check.h"
#include "arch/x86/safe.h"
#include "arch/x86/x86.h"

static unsigned faults;
static uint64_t places[3];

/* As the hypervisor's handler of exceptions. */
static void handle(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t fixup = safe_fixup((uint64_t)registers[REG_TRAPNO], (uint64_t)registers[REG_RIP]);

	(void)number;
	(void)info;
	if (!fixup)
		_Exit(1);
	if (faults < sizeof(places) / sizeof(*places))
		places[faults] = (uint64_t)registers[REG_RIP];
	faults++;
	registers[REG_RIP] = (greg_t)fixup;
}

static void catch_faults(void)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER};

	faults = 0;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
}

TEST(each_instruction_that_faults_says_so)
{
	uint64_t value = 42;

	catch_faults();
	CHECK(!msr_read_safe(0x10, &value));
	CHECK(value == 42);
	CHECK(!msr_write_safe(0x10, UINT64_MAX));
	CHECK(!xcr_write_safe(0, 0));
	CHECK(faults == 3);
}

TEST(no_other_place_is_mended)
{
	CHECK(safe_fixup(VECTOR_GP, 0) == 0);
	CHECK(safe_fixup(VECTOR_GP, (uint64_t)msr_write_safe) == 0);
	CHECK(safe_fixup(VECTOR_GP, (uint64_t)xcr_write_safe + 1) == 0);
	CHECK(safe_fixup(VECTOR_GP, UINT64_MAX) == 0);
}

/* A machine check, an NMI or an interrupt may hit the very instruction, and is not its fault. */
TEST(nothing_but_their_own_exceptions_is_mended)
{
	uint64_t value;

	catch_faults();
	msr_read_safe(0x10, &value);
	msr_write_safe(0x10, UINT64_MAX);
	xcr_write_safe(0, 0);
	CHECK_EQ(faults, 3);
	for (unsigned place = 0; place < 3; place++)
		for (uint64_t vector = 0; vector < 256; vector++)
			CHECK_EQ(safe_fixup(vector, places[place]) != 0,
				 vector == VECTOR_GP || (vector == VECTOR_UD && place == 2));
}
