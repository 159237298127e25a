/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Model-specific, control and extended control registers, and CPUID. */
#include "attack.h"

#define MSR_APIC_BASE 0x1b /* a write that moves it fails the cell */
#define MSR_EFER 0xc0000080
#define MSR_X2APIC_FIRST 0x800 /* apic.c writes these */
#define MSR_X2APIC_LAST 0x8ff
#define CR4_OSXSAVE 0x40000ul
#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_1_ECX_VMX (1u << 5)
#define CPUID_80000001_ECX_SVM (1u << 2)

struct range {
	uint32_t first, last;
};

/* What the bitmaps of both processors cover (AMD64 APM vol. 2, 15.11; Intel SDM vol. 3, 25.6.9),
 * and samples of what they do not. */
static const struct range swept[] = {
	{0, 0x20ff},
	{0x40000000, 0x400001ff},
	{0x4b564d00, 0x4b564d0f},
	{0xbfffff00, 0xc00020ff},
	{0xc000ff00, 0xc00120ff},
	{0xffffff00, 0xffffffff},
};

/* What a cell may read or write, whatever comes back (hypervisor/arch/x86/msr.c). */
static const struct range readable[] = {
	{0x10, 0x10},	{0x1b, 0x1b},		{0x34, 0x34},
	{0x8b, 0x8b},	{0xce, 0xce},		{0xe7, 0xe8},
	{0xfe, 0xfe},	{0x174, 0x176},		{0x1a0, 0x1a0},
	{0x277, 0x277}, {0x2ff, 0x2ff},		{0x6e0, 0x6e0},
	{0x800, 0x83f}, {MSR_EFER, 0xc0000084}, {0xc0000100, 0xc0000103},
};
static const struct range writable[] = {
	{0x174, 0x176}, {0x1a0, 0x1a0},		{0x277, 0x277},		  {0x2ff, 0x2ff},
	{0x6e0, 0x6e0}, {MSR_EFER, 0xc0000084}, {0xc0000100, 0xc0000103},
};

static bool is_in(const struct range *ranges, unsigned int count, uint32_t msr)
{
	for (unsigned int i = 0; i < count; i++)
		if (msr >= ranges[i].first && msr <= ranges[i].last)
			return true;
	return false;
}

static unsigned int passed, leaks;

static void note(bool allowed, const char *what, uint32_t msr)
{
	passed++;
	if (!allowed && leaks++ < 8)
		verdict(false, what, msr);
}

static void sweep(uint32_t msr)
{
	const uint64_t values[] = {~0ull, scatter() & 1 ? 0 : scatter()};
	uint64_t before, after;
	bool has = try_rdmsr(msr, &before);

	if (has)
		note(is_in(readable, COUNT(readable), msr), "read", msr);
	if (msr == MSR_APIC_BASE || (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST))
		return;
	for (unsigned int i = 0; i < COUNT(values); i++)
		if (try_wrmsr(msr, values[i]))
			note(is_in(writable, COUNT(writable), msr), "wrote", msr);
	if (has && is_in(writable, COUNT(writable), msr) && try_wrmsr(msr, before) &&
	    try_rdmsr(msr, &after) && before != after)
		verdict(false, "does not take back", msr);
}

void attack_msrs(void)
{
	for (unsigned int i = 0; i < COUNT(swept); i++)
		for (uint64_t msr = swept[i].first; msr <= swept[i].last; msr++)
			sweep((uint32_t)msr);
	verdict(passed > 20, "accesses that passed", passed);
}

/* MSR VALUE: one that no cell may write. */
void attack_wrmsr(void)
{
	bool taken = try_wrmsr((uint32_t)arguments[0], arguments[1]);

	verdict(!taken, "the MSR is written", arguments[0]);
}

void attack_efer(void)
{
	uint64_t before = rdmsr(MSR_EFER), after;

	for (unsigned int bit = 0; bit < 64; bit++) {
		try_wrmsr(MSR_EFER, before ^ 1ull << bit);
		cpuid(0);
		after = rdmsr(MSR_EFER);
		if (after & ~0xffull & ~0x6d01ull)
			verdict(false, "EFER", after);
		try_wrmsr(MSR_EFER, before);
	}
	verdict(rdmsr(MSR_EFER) == before, "EFER at the end", rdmsr(MSR_EFER));
}

static bool try_xsetbv(uint32_t number, uint64_t value)
{
	ATTEMPT("xsetbv", : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
	return attempt_vector == NO_EXCEPTION;
}

void attack_xsetbv(void)
{
	static const uint64_t bases[] = {0, 1, 3, 7, ~0ull};
	unsigned int taken = 0;

	if (!(cpuid(1).ecx & CPUID_1_ECX_XSAVE)) {
		verdict(!try_xsetbv(0, 1), "without XSAVE", attempt_vector);
		return;
	}
	verdict(!try_xsetbv(0, 1), "without OSXSAVE", attempt_vector);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (unsigned int i = 0; i < COUNT(bases); i++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			uint64_t value = bases[i] ^ 1ull << bit;

			if (try_xsetbv(0, value)) {
				taken++;
				verdict(value & 1, "XCR0", value);
			}
		}
	for (unsigned int number = 1; number < 64; number++)
		taken += try_xsetbv(number | (uint32_t)scatter() << 6, 1);
	verdict(try_xsetbv(0, 1), "values taken", taken);
}

static void try_control(unsigned int number, uint64_t value)
{
	if (number == 0)
		ATTEMPT("mov %0, %%cr0", : : "r"(value) : "memory");
	else
		ATTEMPT("mov %0, %%cr4", : : "r"(value) : "memory");
}

/* NUMBER BIT: one bit other than it is. An exit follows, where a bad state would show. */
void attack_control(void)
{
	unsigned int number = (unsigned int)arguments[0];
	uint64_t before = number ? read_cr4() : read_cr0();

	try_control(number, before ^ 1ull << arguments[1]);
	cpuid(0);
	try_control(number, before);
	cpuid(0);
	verdict((number ? read_cr4() : read_cr0()) == before, "exception", attempt_vector);
}

static struct cpuid cpuid_sub(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(subleaf));
	return r;
}

static void look_at_leaf(uint32_t leaf)
{
	static const uint32_t subleaves[] = {0, 1, 2, 3, 7, 31, UINT32_MAX};

	for (unsigned int i = 0; i < COUNT(subleaves); i++) {
		struct cpuid r = cpuid_sub(leaf, subleaves[i]);
		uint32_t any = r.eax | r.ebx | r.ecx | r.edx;

		if (leaf == 1 && (r.ecx & CPUID_1_ECX_VMX))
			verdict(false, "VMX", r.ecx);
		if (leaf == 0x80000001 && (r.ecx & CPUID_80000001_ECX_SVM))
			verdict(false, "SVM", r.ecx);
		if ((leaf == 0x8000000a || (leaf >= 0x40000002 && leaf < 0x40000100) ||
		     (leaf > 0x40000102 && leaf < 0x50000000)) &&
		    any)
			verdict(false, "a leaf that is not the guest's", leaf);
	}
}

void attack_cpuid(void)
{
	static const struct range leaves[] = {
		{0, 0x40},
		{0x3fffffff, 0x40000200},
		{0x4ffffff0, 0x4fffffff},
		{0x80000000, 0x80000040},
		{0x8ffffffe, 0x90000001},
		{0xc0000000, 0xc0000008},
		{0xfffffff0, 0xffffffff},
	};

	for (unsigned int i = 0; i < COUNT(leaves); i++)
		for (uint64_t leaf = leaves[i].first; leaf <= leaves[i].last; leaf++)
			look_at_leaf((uint32_t)leaf);
	for (unsigned int i = 0; i < 500; i++)
		look_at_leaf((uint32_t)scatter());
	verdict(true, "leaves", 0);
}
