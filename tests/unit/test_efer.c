/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "arch/x86/efer.h"
#include "core/errno.h"

#define SCE (1ull << 0)
#define LME (1ull << 8)
#define LMA (1ull << 10)
#define NXE (1ull << 11)
#define SVME (1ull << 12)
#define FFXSR (1ull << 14)
#define TCE (1ull << 15)
#define AUTOIBRS (1ull << 21)
#define FUTURE (1ull << 37)

#define LINUX (SCE | LME | LMA | NXE | SVME | AUTOIBRS)

static uint64_t next;

static int decide(bool root, bool paging, uint64_t now, uint64_t wanted)
{
	const struct efer_write write = {root, paging, now, wanted};

	next = ~0ull;
	return efer_decide(&write, &next);
}

/* The real-mode trampoline of Linux on Zen 4, on a CPU after INIT. */
TEST(the_root_sets_what_its_processor_has)
{
	CHECK_EQ(decide(true, false, SVME, SCE | LME | NXE | AUTOIBRS), 0);
	CHECK_EQ(next, SCE | LME | NXE | AUTOIBRS | SVME);
	CHECK_EQ(decide(true, true, LINUX, LINUX | TCE), 0);
	CHECK_EQ(next, LINUX | TCE);
	CHECK_EQ(decide(true, true, LINUX, LINUX | FUTURE), 0);
	CHECK_EQ(next, LINUX | FUTURE);
}

TEST(what_the_root_does_not_name_it_loses)
{
	CHECK_EQ(decide(true, true, LINUX, LINUX & ~(AUTOIBRS | SCE)), 0);
	CHECK_EQ(next, LINUX & ~(AUTOIBRS | SCE));
}

TEST(svme_and_lma_stay)
{
	CHECK_EQ(decide(true, true, LINUX, LINUX & ~(SVME | LMA)), 0);
	CHECK_EQ(next, LINUX);
	CHECK_EQ(decide(true, false, SVME, SVME | LMA), 0);
	CHECK_EQ(next, SVME);
	CHECK_EQ(decide(true, true, LINUX & ~SVME, LINUX), 0); /* Intel: there is none */
	CHECK_EQ(next, LINUX & ~SVME);
}

TEST(lme_changes_only_without_paging)
{
	CHECK_EQ(decide(true, true, LINUX, LINUX & ~LME), -EINVAL);
	CHECK_EQ(decide(false, true, SVME, LME), -EINVAL);
	CHECK_EQ(decide(false, false, SVME, LME), 0);
	CHECK_EQ(next, LME | SVME);
}

TEST(a_cell_has_what_every_processor_has)
{
	CHECK_EQ(decide(false, false, SVME, SCE | LME | NXE | FFXSR), 0);
	CHECK_EQ(next, SCE | LME | NXE | FFXSR | SVME);
	CHECK_EQ(decide(false, false, SVME, SVME), -EINVAL);
	CHECK_EQ(decide(false, false, SVME, AUTOIBRS), -EINVAL);
	CHECK_EQ(decide(false, false, SVME, TCE), -EINVAL);
	CHECK_EQ(decide(false, false, SVME, FUTURE), -EINVAL);
}

/* Trying it out takes nothing from the hypervisor itself, nor changes its mode. */
TEST(the_probe_adds_to_our_own)
{
	CHECK_EQ(efer_probe(LINUX, SVME), LINUX);
	CHECK_EQ(efer_probe(LINUX, LINUX), LINUX);
	CHECK_EQ(efer_probe(LINUX, SVME | LME | TCE), LINUX | TCE);
	CHECK_EQ(efer_probe(SVME | NXE, LME | FUTURE), SVME | NXE | FUTURE);
}
