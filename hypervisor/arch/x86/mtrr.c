/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/mtrr.h"

#define DEFAULT_TYPE 0xffu
#define DEFAULT_FIXED_ENABLED (1u << 10)
#define DEFAULT_ENABLED (1u << 11)
#define MASK_VALID (1u << 11)

#define TYPE_WRITE_BACK 6u

#define FIXED_END 0x100000ull

/* Each has the types of eight ranges (table 12-9). */
const struct mtrr_fixed mtrr_fixed_msrs[MTRR_FIXED_MSRS] = {
	{0x250, 0x00000, 0x10000}, {0x258, 0x80000, 0x4000}, {0x259, 0xa0000, 0x4000},
	{0x268, 0xc0000, 0x1000},  {0x269, 0xc8000, 0x1000}, {0x26a, 0xd0000, 0x1000},
	{0x26b, 0xd8000, 0x1000},  {0x26c, 0xe0000, 0x1000}, {0x26d, 0xe8000, 0x1000},
	{0x26e, 0xf0000, 0x1000},  {0x26f, 0xf8000, 0x1000},
};

static bool mtrr_fixed_range(const struct mtrr *mtrr, uint64_t address, uint64_t *end)
{
	unsigned i = MTRR_FIXED_MSRS - 1;
	uint64_t index;

	while (address < mtrr_fixed_msrs[i].start)
		i--;
	index = (address - mtrr_fixed_msrs[i].start) / mtrr_fixed_msrs[i].range;
	*end = mtrr_fixed_msrs[i].start + (index + 1) * mtrr_fixed_msrs[i].range;
	return (mtrr->fixed[i] >> (8 * index) & 0xff) == TYPE_WRITE_BACK;
}

/* Write-back only where every range that has the address says so (12.11.4.1). */
static bool mtrr_variable_range(const struct mtrr *mtrr, uint64_t address, uint64_t *end)
{
	bool found = false, write_back = true;

	for (unsigned i = 0; i < mtrr->variable; i++) {
		uint64_t mask = mtrr->mask[i] & mtrr->phys_mask & ~(PAGE_SIZE - 1);
		uint64_t start = mtrr->base[i] & mask;
		uint64_t size = (~mask & mtrr->phys_mask) + 1;

		if (!(mtrr->mask[i] & MASK_VALID))
			continue;
		if (address < start) {
			*end = start < *end ? start : *end;
		} else if (address - start < size) {
			*end = start + size < *end ? start + size : *end;
			found = true;
			write_back &= (mtrr->base[i] & 0xff) == TYPE_WRITE_BACK;
		}
	}
	return found ? write_back : (mtrr->default_type & DEFAULT_TYPE) == TYPE_WRITE_BACK;
}

bool mtrr_is_write_back(const struct mtrr *mtrr, uint64_t address, uint64_t *end)
{
	if (!(mtrr->default_type & DEFAULT_ENABLED)) {
		*end = mtrr->phys_mask + 1;
		return true;
	}
	if (address < FIXED_END && mtrr->default_type & DEFAULT_FIXED_ENABLED)
		return mtrr_fixed_range(mtrr, address, end);

	*end = address < FIXED_END ? FIXED_END : mtrr->phys_mask + 1;
	return mtrr_variable_range(mtrr, address, end);
}

int mtrr_apply(const struct mtrr *mtrr, struct paging *paging, uint64_t base, uint64_t size)
{
	const uint32_t access = PAGING_READ | PAGING_WRITE | PAGING_EXECUTE | PAGING_DEVICE;
	uint64_t end = base + size, next;
	int changed = 0;

	for (uint64_t address = base; address < end; address = next) {
		bool write_back = mtrr_is_write_back(mtrr, address, &next);
		int err = 0;

		if (next > end)
			next = end;
		if (!write_back)
			err = paging_map(paging, address, address, next - address, access);
		if (err < 0)
			return err;
		changed |= err;
	}
	return changed;
}
