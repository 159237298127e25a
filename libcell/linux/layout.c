// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/layout.h"

#include "linux/loader/parameters.h"

#define PAGE 4096ull
#define REACH (1ull << 32) /* what the loader maps */

static uint64_t round_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t lowest_place(const struct linux_kernel *kernel)
{
	if (kernel->is_fixed)
		return kernel->preferred;
	return round_up(higher(kernel->preferred, LINUX_HIGH_END), kernel->alignment);
}

static bool find_kernel(const struct linux_kernel *kernel, const struct ranges *ram, uint64_t *ret)
{
	for (size_t i = 0; i < ram->n; i++) {
		uint64_t start = round_up(higher(ram->items[i].start, lowest_place(kernel)),
					  kernel->is_fixed ? 1 : kernel->alignment);
		uint64_t end = lower(range_end(&ram->items[i]), REACH);

		if (kernel->is_fixed && start != kernel->preferred)
			continue;
		if (start < end && end - start >= kernel->init_size) {
			*ret = start;
			return true;
		}
	}
	return false;
}

/* As high as may be, in what is left above the kernel or in another piece. */
static bool find_initrd(const struct linux_kernel *kernel, uint64_t size, const struct ranges *ram,
			struct linux_layout *layout)
{
	uint64_t kernel_end = round_up(layout->kernel + kernel->init_size, PAGE);

	for (size_t i = ram->n; i-- > 0;) {
		uint64_t start = higher(ram->items[i].start, LINUX_HIGH_END);
		uint64_t end = lower(range_end(&ram->items[i]), lower(kernel->initrd_end, REACH));

		if (range_overlaps(start, range_end(&ram->items[i]) - start, layout->kernel,
				   kernel->init_size))
			start = kernel_end;
		end &= ~(PAGE - 1);
		if (start < end && end - start >= round_up(size, PAGE)) {
			layout->initrd = end - round_up(size, PAGE);
			return true;
		}
	}
	return false;
}

enum layout_lack layout_find(const struct linux_kernel *kernel, uint64_t initrd_size,
			     const struct ranges *ram, struct linux_layout *ret)
{
	*ret = (struct linux_layout){0};
	if (!ranges_cover(ram, 0, LINUX_LOW_RAM) ||
	    !ranges_cover(ram, LINUX_TABLES, LINUX_HIGH_END - LINUX_TABLES))
		return LAYOUT_NO_LOW;
	if (!find_kernel(kernel, ram, &ret->kernel))
		return LAYOUT_NO_KERNEL;
	if (initrd_size && !find_initrd(kernel, initrd_size, ram, ret))
		return LAYOUT_NO_INITRD;
	return LAYOUT_FITS;
}

uint64_t layout_need(const struct linux_kernel *kernel, uint64_t initrd_size)
{
	return round_up(round_up(lowest_place(kernel) + kernel->init_size, PAGE) +
				round_up(initrd_size, PAGE),
			1ull << 20);
}
