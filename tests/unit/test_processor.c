/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cellhv/manage.h>
#include <stdint.h>

#include "check.h"
#include "arch/x86/processor.h"

/* 4-level paging, global pages, SMEP and so on: nothing that stands in the way. */
#define LINUX_CR4 0x3506e0ull
#define REST .address_bits = 48
#define PLAIN .cr3 = 0x12345000, .cr4 = LINUX_CR4, REST

static const struct processor plain = {PLAIN};

TEST(what_stands_in_the_way_is_named)
{
	static const struct {
		uint32_t mode;
		struct processor processor;
	} cases[] = {
		{0, {PLAIN}},
		{CELLHV_CPU_MODE_FRED, {REST, .cr4 = LINUX_CR4 | 1ull << 32}},
		{CELLHV_CPU_MODE_SME, {REST, .cr3 = 1ull << 51 | 0x12345000, .encryption_bit = 51}},
		{CELLHV_CPU_MODE_SEV_GUEST, {PLAIN, .sev_status = 1}},
		{CELLHV_CPU_MODE_TDX_GUEST, {PLAIN, .tdx_guest = true}},
		{CELLHV_CPU_MODE_SHADOW_STACK, {PLAIN, .s_cet = 5}},
		{CELLHV_CPU_MODE_TRACE, {PLAIN, .trace_control = 0x2001}},
		{CELLHV_CPU_MODE_INVLPGB, {PLAIN, .has_invlpgb = true}},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_EQ(processor_refuses(&cases[i].processor, NULL), cases[i].mode);
}

TEST(what_is_there_but_not_in_use_is_none)
{
	static const struct processor unused[] = {
		{PLAIN, .encryption_bit = 51},	    /* mem_encrypt=off */
		{REST, .cr3 = 1ull << 62 | 0x5000}, /* LAM */
		{PLAIN, .sev_status = 1ull << 1},
		{PLAIN, .s_cet = 4}, /* kernel IBT */
		{PLAIN, .trace_control = 0x2000},
		{PLAIN, .has_invlpgb = true, .guests_have_invlpgb = true},
		{REST, .cr4 = LINUX_CR4 | 1ull << 27 | 1ull << 24}, /* LASS, PKS: carried */
	};

	for (unsigned i = 0; i < sizeof(unused) / sizeof(*unused); i++)
		CHECK_EQ(processor_refuses(&unused[i], NULL), 0);
}

TEST(all_cpus_have_what_the_first_has)
{
	struct processor other = plain;

	CHECK_EQ(processor_refuses(&other, &plain), 0);
	other.address_bits = 52;
	CHECK_EQ(processor_refuses(&other, &plain), 0);
	other.address_bits = 46;
	CHECK_EQ(processor_refuses(&other, &plain), CELLHV_CPU_MODE_UNLIKE);
	other = plain;
	other.has_invlpgb = other.guests_have_invlpgb = true;
	CHECK_EQ(processor_refuses(&other, &plain), CELLHV_CPU_MODE_UNLIKE);
}
