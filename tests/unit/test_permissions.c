/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "arch/x86/permissions.h"

#define ALLOW PERMISSION_ALLOW
#define DENY PERMISSION_DENY
#define HANDLE PERMISSION_HANDLE
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct msr_permission msrs[] = {
	{.first = 0x830, .last = 0x830, .read = ALLOW, .write = HANDLE},
	{.first = 0x802, .last = 0x83f, .read = ALLOW, .write = ALLOW},
	{.first = 0x1ff0, .last = 0x2010, .read = ALLOW, .write = DENY},
	{.first = 0xc0000080, .last = 0xc0000080, .read = HANDLE, .write = HANDLE},
	{.first = 0xc0000000, .last = 0xc00000ff, .read = DENY, .write = ALLOW},
	{.first = 0xc0001fff, .last = 0xc0010000, .read = ALLOW, .write = ALLOW},
	{.first = 0xc0011fff, .last = 0xffffffff, .read = ALLOW, .write = ALLOW},
};

static bool bit(const uint8_t *bitmap, size_t number)
{
	return bitmap[number / 8] >> number % 8 & 1;
}

/* AMD64 APM vol. 2, 15.11, in its own words: bytes 0, 800 and 1000, two bits each. */
static bool svm_intercepts(const uint8_t *bitmap, uint32_t msr, bool write)
{
	if (msr <= 0x1fff)
		return bit(bitmap, msr * 2ul + write);
	if (msr >= 0xc0000000 && msr <= 0xc0001fff)
		return bit(bitmap + 0x800, (msr - 0xc0000000) * 2ul + write);
	if (msr >= 0xc0010000 && msr <= 0xc0011fff)
		return bit(bitmap + 0x1000, (msr - 0xc0010000) * 2ul + write);
	return true;
}

/* Intel SDM vol. 3, 25.6.9: read low, read high, write low, write high, 1 KiB each. */
static bool vmx_intercepts(const uint8_t *bitmap, uint32_t msr, bool write)
{
	if (msr <= 0x1fff)
		return bit(bitmap + (write ? 2048 : 0), msr);
	if (msr >= 0xc0000000 && msr <= 0xc0001fff)
		return bit(bitmap + (write ? 3072 : 1024), msr - 0xc0000000);
	return true;
}

static bool table_intercepts(uint32_t msr, bool write)
{
	const struct msr_permission *entry = msr_permission_find(msrs, COUNT(msrs), msr);

	return !entry || (write ? entry->write : entry->read) != ALLOW;
}

TEST(the_first_entry_decides)
{
	CHECK(msr_permission_find(msrs, COUNT(msrs), 0x830) == &msrs[0]);
	CHECK(msr_permission_find(msrs, COUNT(msrs), 0x83f) == &msrs[1]);
	CHECK(msr_permission_find(msrs, COUNT(msrs), 0x802) == &msrs[1]);
	CHECK(!msr_permission_find(msrs, COUNT(msrs), 0x801));
	CHECK(!msr_permission_find(msrs, COUNT(msrs), 0x840));
	CHECK(msr_permission_find(msrs, COUNT(msrs), 0xffffffff) == &msrs[6]);
	CHECK(!msr_permission_find(msrs, 0, 0x830));
}

TEST(bitmaps_say_what_the_table_says)
{
	static const uint32_t starts[] = {0, 0xc0000000, 0xc0010000};
	static uint8_t svm[MSR_BITMAP_SVM_SIZE + 1], vmx[MSR_BITMAP_VMX_SIZE + 1];
	unsigned passed = 0;

	svm[MSR_BITMAP_SVM_SIZE] = vmx[MSR_BITMAP_VMX_SIZE] = 0x5a;
	msr_bitmap_svm(svm, msrs, COUNT(msrs));
	msr_bitmap_vmx(vmx, msrs, COUNT(msrs));
	for (unsigned i = 0; i < 3 * 0x2000 * 2; i++) {
		uint32_t msr = starts[i / 0x4000] + i % 0x4000 / 2;
		bool write = i & 1, expected = table_intercepts(msr, write);

		CHECK_EQ(svm_intercepts(svm, msr, write), expected);
		if (i / 0x4000 < 2)
			CHECK_EQ(vmx_intercepts(vmx, msr, write), expected);
		passed += !expected;
	}
	CHECK_EQ(passed, 2 * 62 - 1 + 16 + 255 + 2 + 2 + 2);
	CHECK_EQ(svm[MSR_BITMAP_SVM_SIZE], 0x5a);
	CHECK_EQ(vmx[MSR_BITMAP_VMX_SIZE], 0x5a);
	for (unsigned i = 0x1800; i < MSR_BITMAP_SVM_SIZE; i++)
		CHECK_EQ(svm[i], 0xff);
}

TEST(an_empty_table_lets_nothing_through)
{
	static uint8_t svm[MSR_BITMAP_SVM_SIZE], vmx[MSR_BITMAP_VMX_SIZE];

	msr_bitmap_svm(svm, NULL, 0);
	msr_bitmap_vmx(vmx, NULL, 0);
	for (unsigned i = 0; i < sizeof(svm); i++)
		CHECK_EQ(svm[i], 0xff);
	for (unsigned i = 0; i < sizeof(vmx); i++)
		CHECK_EQ(vmx[i], 0xff);
}

static const struct port_permission ports[] = {
	{.first = 0x80, .last = 0x80, .read = DENY, .write = HANDLE},
	{.first = 0x3fa, .last = 0x3fa, .read = ALLOW, .write = HANDLE},
	{.first = 0x3f8, .last = 0x3ff, .read = ALLOW, .write = ALLOW},
	{.first = 0xcf8, .last = 0xcfb, .read = HANDLE, .write = HANDLE},
	{.first = 0xcfc, .last = 0xcff, .read = HANDLE, .write = HANDLE},
	{.first = 0xfffc, .last = 0xffff, .read = ALLOW, .write = ALLOW},
};

TEST(an_entry_has_to_cover_the_whole_access)
{
	CHECK(port_permission_find(ports, COUNT(ports), 0xcf8, 4) == &ports[3]);
	CHECK(port_permission_find(ports, COUNT(ports), 0xcfe, 2) == &ports[4]);
	CHECK(!port_permission_find(ports, COUNT(ports), 0xcfa, 4));
	CHECK(!port_permission_find(ports, COUNT(ports), 0xcff, 2));
	CHECK(port_permission_find(ports, COUNT(ports), 0x80, 1) == &ports[0]);
	CHECK(!port_permission_find(ports, COUNT(ports), 0x80, 2));
	CHECK(!port_permission_find(ports, COUNT(ports), 0x7f, 2));
	CHECK(!port_permission_find(ports, COUNT(ports), 0x3f8, 4));
	CHECK(port_permission_find(ports, COUNT(ports), 0x3f8, 2) == &ports[2]);
	CHECK(port_permission_find(ports, COUNT(ports), 0xfffe, 2) == &ports[5]);
	CHECK(!port_permission_find(ports, COUNT(ports), 0xffff, 2));
}

TEST(port_bitmap_from_a_table)
{
	static uint8_t bitmap[PORT_BITMAP_SIZE];
	unsigned passed = 0;

	port_bitmap_deny_all(bitmap);
	port_bitmap_apply(bitmap, ports, COUNT(ports));
	for (uint32_t port = 0; port < 8 * PORT_BITMAP_SIZE; port++)
		passed += !bit(bitmap, port);
	CHECK_EQ(passed, 7 + 4);
	CHECK(!bit(bitmap, 0x3f9));
	CHECK(bit(bitmap, 0x3fa));
	CHECK(!bit(bitmap, 0x3ff));
	CHECK(bit(bitmap, 0x400));
	CHECK(!bit(bitmap, 0xffff));
	CHECK(bit(bitmap, 0x10000));
}

/* As the processor looks at it: each byte of the access has a bit, also behind the last port. */
static bool intercepted(const uint8_t *bitmap, unsigned port, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		if (bit(bitmap, port + i))
			return true;
	return false;
}

TEST(every_port_in_each_size)
{
	static uint8_t bitmap[PORT_BITMAP_SIZE];

	port_bitmap_deny_all(bitmap);
	port_bitmap_allow(bitmap, 0x608, 4);
	for (unsigned port = 0; port < PORT_COUNT; port++)
		for (unsigned size = 1; size <= 4; size *= 2)
			CHECK_EQ(intercepted(bitmap, port, size),
				 !(port >= 0x608 && port + size <= 0x60c));
}

TEST(ports_are_allowed_and_denied)
{
	static uint8_t bitmap[PORT_BITMAP_SIZE];

	port_bitmap_deny_all(bitmap);
	CHECK(!port_bitmap_allowed(bitmap, 0, 1));
	port_bitmap_allow(bitmap, 0x2f8, 8);
	CHECK(port_bitmap_allowed(bitmap, 0x2f8, 8));
	CHECK(!port_bitmap_allowed(bitmap, 0x2f7, 2));
	CHECK(!port_bitmap_allowed(bitmap, 0x2ff, 2));
	CHECK(!port_bitmap_allowed(bitmap, 0x2fe, 4));
	port_bitmap_deny(bitmap, 0x2fa, 1);
	CHECK(!port_bitmap_allowed(bitmap, 0x2f8, 8));
	CHECK(port_bitmap_allowed(bitmap, 0x2f8, 2));
	CHECK(port_bitmap_allowed(bitmap, 0x2fb, 5));
	port_bitmap_allow(bitmap, 0, PORT_COUNT);
	CHECK(port_bitmap_allowed(bitmap, 0, PORT_COUNT));
	CHECK(!port_bitmap_allowed(bitmap, 0xffff, 2));
	CHECK(!port_bitmap_allowed(bitmap, 0x10000, 1));
	CHECK(!port_bitmap_allowed(bitmap, 0xfffffffe, 4));
	port_bitmap_deny(bitmap, 0, PORT_COUNT);
	for (unsigned i = 0; i < sizeof(bitmap); i++)
		CHECK_EQ(bitmap[i], 0xff);
}
