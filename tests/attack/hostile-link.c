/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile root at its end of a link: registers written with whatever value and size, the device
 * node asked for whatever it does not give.
 */
#include "hostile.h"

#include <cellhv/driver.h>
#include <cellhv/link.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

static int node;
static sigjmp_buf back;

static void jump_back(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

static off_t offset_of(uint64_t part, uint64_t offset)
{
	return (off_t)(part << CELLHV_LINK_PART_SHIFT | offset);
}

static void *map(uint64_t part, uint64_t offset, size_t size, int protection)
{
	return mmap(NULL, size, protection, MAP_SHARED, node, offset_of(part, offset));
}

/* An access whose size no register has may end in a fault: this program's own. */
static void access_register(volatile unsigned char *at, uint64_t value)
{
	if (sigsetjmp(back, 1))
		return;
	switch (scatter() % 5) {
	case 0:
		*at = (unsigned char)value;
		break;
	case 1:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 2:
		*(volatile uint64_t *)at = value;
		break;
	case 3:
		(void)*(volatile uint64_t *)at;
		break;
	default:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	}
}

/* Doorbells of vectors and peers that there are not, and what is no register; mostly aligned. */
static void registers(unsigned long rounds)
{
	unsigned char *page = map(CELLHV_LINK_REGISTERS, 0, PAGE, PROT_READ | PROT_WRITE);

	if (page == MAP_FAILED) {
		wrong("mmap", "of the registers, errno", errno);
		return;
	}
	for (unsigned long i = 0; i < rounds; i++) {
		size_t at = scatter() & 1 ? scatter() % 0x20 : scatter() % PAGE;

		if (scatter() % 8)
			at &= ~(size_t)3;
		access_register(page + (at > PAGE - 8 ? PAGE - 8 : at), boundary());
	}
	*(volatile uint32_t *)(page + CELLHV_IVSHMEM2_STATE) = 0;
	*(volatile uint32_t *)(page + CELLHV_IVSHMEM2_INTERRUPT_CONTROL) = 1;
	munmap(page, PAGE);
}

/* Beyond a part's end, private, or to write what others own. */
static void maps(const struct cellhv_link_info *info, unsigned long rounds)
{
	const uint64_t sizes[] = {PAGE, info->state_size, info->common_size,
				  info->max_peers * info->output_size, info->output_size};

	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t part = scatter() % 8, offset = boundary() & 0xfffffff000;
		size_t size = (1 + scatter() % 40) * PAGE;
		bool may_write = part != CELLHV_LINK_STATES && part != CELLHV_LINK_OUTPUTS,
		     write = scatter() & 1,
		     fits = part < COUNT(sizes) && offset <= sizes[part] &&
			    size <= sizes[part] - offset && (may_write || !write);
		void *at = map(part, offset, size, write ? PROT_READ | PROT_WRITE : PROT_READ);

		if ((at != MAP_FAILED) != fits)
			wrong("mmap", "of part", (long)part);
		if (at == MAP_FAILED)
			continue;
		if (!may_write && mprotect(at, size, PROT_READ | PROT_WRITE) == 0)
			wrong("mprotect", "of part", (long)part);
		munmap(at, size);
	}
	if (mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, node, offset_of(CELLHV_LINK_COMMON, 0)) !=
	    MAP_FAILED)
		wrong("mmap", "private", 0);
}

static void calls(void)
{
	void *volatile nowhere = (void *)1;
	struct cellhv_link_info info;
	uint32_t counts[64];

	for (unsigned nr = 0; nr < 256; nr++)
		for (unsigned shape = 0; shape < 64; shape++) {
			unsigned long number = _IOC(shape & 3, 'H', nr, shape * 16);

			if (number != CELLHV_IOC_LINK_INFO && ioctl(node, number, &info) >= 0)
				wrong("link", "takes number", (long)number);
		}
	if (ioctl(node, CELLHV_IOC_LINK_INFO, NULL) >= 0 || errno != EFAULT)
		wrong("LINK_INFO", "nowhere, errno", errno);
	for (size_t size = 0; size < 4; size++)
		if (read(node, counts, size) > 0)
			wrong("read", "of bytes", (long)size);
	if (read(node, nowhere, sizeof(counts)) > 0)
		wrong("read", "to nowhere", 0);
	if (write(node, counts, sizeof(counts)) >= 0)
		wrong("write", "is taken", 0);
}

int hostile_link(const char *path, unsigned long rounds)
{
	struct cellhv_link_info before, after;

	node = open(path, O_RDWR | O_NONBLOCK);
	if (node < 0 || ioctl(node, CELLHV_IOC_LINK_INFO, &before) < 0)
		return 2;
	signal(SIGSEGV, jump_back);
	signal(SIGBUS, jump_back);
	registers(rounds);
	maps(&before, rounds);
	calls();
	if (ioctl(node, CELLHV_IOC_LINK_INFO, &after) < 0 ||
	    memcmp(&before, &after, sizeof(before)) != 0)
		wrong("LINK_INFO", "is another, errno", errno);
	close(node);
	return verdict("link");
}
