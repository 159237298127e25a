/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/permissions.h"

#include "core/string.h"

#define MSRS_PER_RANGE 0x2000u

/* Where a bitmap has the bits of MSRs first .. first + 1FFF. */
struct msr_range {
	uint32_t first;
	uint32_t read; /* bit number for the first MSR, from the start of the bitmap */
	uint32_t write;
	uint32_t stride; /* bits from one MSR to the next */
};

/* AMD64 APM vol. 2, 15.11 */
static const struct msr_range svm_ranges[] = {
	{0x00000000, 0x0000, 0x0001, 2},
	{0xc0000000, 0x4000, 0x4001, 2},
	{0xc0010000, 0x8000, 0x8001, 2},
};

/* Intel SDM vol. 3, 25.6.9 */
static const struct msr_range vmx_ranges[] = {
	{0x00000000, 0x0000, 0x4000, 1},
	{0xc0000000, 0x2000, 0x6000, 1},
};

static void assign_bit(uint8_t *bitmap, uint32_t bit, bool set)
{
	uint8_t mask = (uint8_t)(1u << bit % 8);

	if (set)
		bitmap[bit / 8] |= mask;
	else
		bitmap[bit / 8] &= (uint8_t)~mask;
}

const struct msr_permission *msr_permission_find(const struct msr_permission *table, size_t count,
						 uint32_t msr)
{
	for (size_t i = 0; i < count; i++)
		if (msr >= table[i].first && msr <= table[i].last)
			return &table[i];
	return NULL;
}

static void apply_msrs(uint8_t *bitmap, const struct msr_range *range,
		       const struct msr_permission *permission)
{
	for (uint32_t i = 0; i < MSRS_PER_RANGE; i++) {
		uint32_t msr = range->first + i;

		if (msr < permission->first || msr > permission->last)
			continue;

		assign_bit(bitmap, range->read + i * range->stride,
			   permission->read != PERMISSION_ALLOW);
		assign_bit(bitmap, range->write + i * range->stride,
			   permission->write != PERMISSION_ALLOW);
	}
}

/* Backwards, so that the first entry for an MSR has the last word. */
static void apply_msr_table(uint8_t *bitmap, const struct msr_range *range,
			    const struct msr_permission *table, size_t count)
{
	while (count--)
		apply_msrs(bitmap, range, &table[count]);
}

void msr_bitmap_svm(uint8_t *bitmap, const struct msr_permission *table, size_t count)
{
	memset(bitmap, 0xff, MSR_BITMAP_SVM_SIZE);
	for (size_t i = 0; i < sizeof(svm_ranges) / sizeof(svm_ranges[0]); i++)
		apply_msr_table(bitmap, &svm_ranges[i], table, count);
}

void msr_bitmap_vmx(uint8_t *bitmap, const struct msr_permission *table, size_t count)
{
	memset(bitmap, 0xff, MSR_BITMAP_VMX_SIZE);
	for (size_t i = 0; i < sizeof(vmx_ranges) / sizeof(vmx_ranges[0]); i++)
		apply_msr_table(bitmap, &vmx_ranges[i], table, count);
}

/* What one access reaches may be the business of two entries: the first that has a part decides. */
const struct port_permission *port_permission_find(const struct port_permission *table,
						   size_t count, uint16_t port, unsigned size)
{
	uint32_t last = port + size - 1;

	for (size_t i = 0; i < count; i++)
		if (port <= table[i].last && last >= table[i].first)
			return port >= table[i].first && last <= table[i].last ? &table[i] : NULL;
	return NULL;
}

void port_bitmap_deny_all(uint8_t *bitmap)
{
	memset(bitmap, 0xff, PORT_BITMAP_SIZE);
}

static void assign_ports(uint8_t *bitmap, uint32_t base, uint32_t count, bool deny)
{
	for (uint32_t port = base; port < base + count && port < PORT_COUNT; port++)
		assign_bit(bitmap, port, deny);
}

void port_bitmap_allow(uint8_t *bitmap, uint32_t base, uint32_t count)
{
	assign_ports(bitmap, base, count, false);
}

void port_bitmap_deny(uint8_t *bitmap, uint32_t base, uint32_t count)
{
	assign_ports(bitmap, base, count, true);
}

bool port_bitmap_allowed(const uint8_t *bitmap, uint32_t base, uint32_t count)
{
	if (base > PORT_COUNT || count > PORT_COUNT - base)
		return false;

	for (uint32_t port = base; port < base + count; port++)
		if (bitmap[port / 8] >> port % 8 & 1)
			return false;
	return true;
}

void port_bitmap_apply(uint8_t *bitmap, const struct port_permission *table, size_t count)
{
	while (count--) {
		const struct port_permission *entry = &table[count];
		bool allow = entry->read == PERMISSION_ALLOW && entry->write == PERMISSION_ALLOW;

		assign_ports(bitmap, entry->first, entry->last - entry->first + 1u, !allow);
	}
}
