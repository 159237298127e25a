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

static unsigned faults;

/* As the hypervisor's handler of exceptions. */
static void handle(int number, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	uint64_t fixup = safe_fixup((uint64_t)*rip);

	(void)number;
	(void)info;
	if (!fixup)
		_Exit(1);
	faults++;
	*rip = (greg_t)fixup;
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
	CHECK(safe_fixup(0) == 0);
	CHECK(safe_fixup((uint64_t)msr_write_safe) == 0);
	CHECK(safe_fixup((uint64_t)xcr_write_safe + 1) == 0);
	CHECK(safe_fixup(UINT64_MAX) == 0);
}
