/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "check.h"
#include "arch/x86/barrier.h"

#define ALL (BARRIER_PREDICTORS | BARRIER_BUFFERS | BARRIER_L1D)

static uint32_t choose(uint32_t leaf7, uint32_t leaf8, uint32_t leaf21)
{
	const struct barrier_facts facts = {leaf7, leaf8, leaf21};

	return barrier_choose(&facts);
}

TEST(each_barrier_follows_its_own_bit)
{
	CHECK_EQ(choose(1u << 26, 0, 0), BARRIER_PREDICTORS);
	CHECK_EQ(choose(0, 1u << 12, 0), BARRIER_PREDICTORS);
	CHECK_EQ(choose(1u << 10, 0, 0), BARRIER_BUFFERS);
	CHECK_EQ(choose(0, 0, 1u << 5), BARRIER_BUFFERS);
	CHECK_EQ(choose(1u << 28, 0, 0), BARRIER_L1D);
}

TEST(a_cpu_without_any_is_asked_for_none)
{
	CHECK_EQ(choose(0, 0, 0), 0);
	CHECK_EQ(choose(~(1u << 10 | 1u << 26 | 1u << 28), ~(1u << 12), ~(1u << 5)), 0);
	CHECK_EQ(choose(UINT32_MAX, UINT32_MAX, UINT32_MAX), ALL);
}
