// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/cmdline.h"

#define SYSFS "/sys/devices/system/memory"
#define FALLBACK_UNIT (64ull << 20)

static int read_block(const char *root, uint64_t block_size, unsigned number,
		      const struct ranges *managed, struct memory_block *ret)
{
	struct memory_block block = {.number = number};
	char line[64], *end;
	int r;

	/* Hexadecimal without 0x. */
	r = file_read_line(line, sizeof(line), root, SYSFS "/memory%u/phys_index", number);
	if (r < 0)
		return r;

	block.phys = strtoull(line, &end, 16) * block_size;
	r = file_read_line(line, sizeof(line), root, SYSFS "/memory%u/state", number);
	if (r < 0)
		return r;

	block.online = strcmp(line, "online") == 0;
	block.removable = true;
	if (file_read_line(line, sizeof(line), root, SYSFS "/memory%u/removable", number) == 0)
		block.removable = strcmp(line, "1") == 0;

	/* An online block that lies in several zones, or has holes, says "none": it stays. */
	if (file_read_line(line, sizeof(line), root, SYSFS "/memory%u/valid_zones", number) == 0) {
		block.movable = strcmp(line, "Movable") == 0;
		if (block.online && strcmp(line, "none") == 0)
			block.removable = false;
	}
	/* Its driver may take it away, or give it to another machine, as soon as it is offline. */
	if (ranges_touch(managed, block.phys, block_size))
		block.removable = false;
	*ret = block;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct memory_block *x = a, *y = b;

	return x->phys < y->phys ? -1 : x->phys > y->phys;
}

static int read_blocks(const char *root, const struct ranges *managed, struct memory *memory)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX];
	struct dirent *entry;
	int r;

	r = file_path(path, root, SYSFS);
	if (r < 0)
		return r;

	dir = opendir(path);
	if (!dir && errno == ENOMEM)
		return -ENOMEM;
	while (dir && (entry = readdir(dir))) {
		struct memory_block block, *blocks;
		unsigned number;
		char rest;

		if (sscanf(entry->d_name, "memory%u%c", &number, &rest) != 1)
			continue;
		if (read_block(root, memory->block_size, number, managed, &block) < 0)
			continue;

		blocks = reallocarray(memory->blocks, memory->n + 1, sizeof(*blocks));
		if (!blocks)
			return -ENOMEM;

		memory->blocks = blocks;
		blocks[memory->n++] = block;
	}
	if (memory->n)
		qsort(memory->blocks, memory->n, sizeof(*memory->blocks), compare);
	return 0;
}

/* An online block on record was put back by someone else: it is Linux's again. */
static int read_record(const char *root, struct memory *memory)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[PATH_MAX];
	unsigned number;
	int r;

	r = file_path(path, root, MEMORY_RECORD);
	if (r < 0)
		return r;

	file = fopen(path, "re");
	if (!file && errno == ENOMEM)
		return -ENOMEM;
	while (file && fscanf(file, "%u", &number) == 1)
		for (size_t i = 0; i < memory->n; i++)
			if (memory->blocks[i].number == number && !memory->blocks[i].online)
				memory->blocks[i].ours = true;
	return 0;
}

struct reservations {
	const struct ranges *ram;
	struct memory *memory;
};

/*
 * Only what is marked for cells is theirs: others keep Linux from bad RAM in the same way, or
 * memory for ramoops or a driver. What is System RAM after all is no reservation.
 */
static int add_reservation(void *userdata, const struct cmdline_reservation *reservation)
{
	struct reservations *all = userdata;
	struct memory *memory = all->memory;
	uint64_t end = reservation->start + reservation->size;

	if (end < reservation->start ||
	    ranges_touch(all->ram, reservation->start, reservation->size))
		return 0;
	if (end > memory->top)
		memory->top = end;
	if (!reservation->for_cells)
		return 0;
	return ranges_add(&memory->reserved, reservation->start, reservation->size);
}

static int read_reservations(const char *root, const struct ranges *ram, struct memory *memory)
{
	struct reservations all = {ram, memory};
	char line[CMDLINE_SIZE];

	if (file_read_line(line, sizeof(line), root, "/proc/cmdline") < 0)
		return 0;
	return cmdline_each_reservation(line, add_reservation, &all);
}

static struct range largest_of(const struct ranges *set)
{
	struct range largest = {0, 0};

	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].size > largest.size)
			largest = set->items[i];
	return largest;
}

/* Firmware likes the end of RAM below 4 GiB; the largest range has room to spare before its end. */
struct range memory_fallback(const struct memory *memory, uint64_t need)
{
	const struct range *ram = &memory->largest_ram;
	uint64_t size = (need + FALLBACK_UNIT - 1) & ~(FALLBACK_UNIT - 1);
	uint64_t end = (range_end(ram) & ~(FALLBACK_UNIT - 1)) - FALLBACK_UNIT;

	if (size > ram->size / 2)
		size = ram->size / 2 & ~(FALLBACK_UNIT - 1);
	if (!size)
		return (struct range){0x30000000, FALLBACK_UNIT};
	return (struct range){end - size, size};
}

int memory_read(const char *root, const struct iomem *iomem, struct memory *ret)
{
	struct memory memory = {0};
	char line[64];
	int r = 0;

	if (file_read_line(line, sizeof(line), root, SYSFS "/block_size_bytes") == 0)
		memory.block_size = strtoull(line, NULL, 16);
	if (memory.block_size)
		r = read_blocks(root, &iomem->managed, &memory);
	if (r == 0)
		r = read_record(root, &memory);
	if (r == 0)
		r = read_reservations(root, &iomem->ram, &memory);
	if (r < 0) {
		memory_clear(&memory);
		return r;
	}

	if (iomem->ram.n && range_end(&iomem->ram.items[iomem->ram.n - 1]) > memory.top)
		memory.top = range_end(&iomem->ram.items[iomem->ram.n - 1]);
	memory.largest_ram = largest_of(&iomem->ram);
	*ret = memory;
	return 0;
}

void memory_clear(struct memory *memory)
{
	free(memory->blocks);
	ranges_clear(&memory->reserved);
	*memory = (struct memory){0};
}

int memory_copy(const struct memory *memory, struct memory *ret)
{
	size_t size = memory->n * sizeof(*memory->blocks);
	struct memory copy = *memory;
	int r;

	copy.blocks = malloc(size ?: 1);
	if (!copy.blocks)
		return -ENOMEM;

	r = ranges_copy(&memory->reserved, &copy.reserved);
	if (r < 0) {
		free(copy.blocks);
		return r;
	}
	if (size)
		memcpy(copy.blocks, memory->blocks, size);
	*ret = copy;
	return 0;
}

int memory_pool(const struct memory *memory, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges pool = {0};
	int r;

	r = ranges_copy(&memory->reserved, &pool);
	for (size_t i = 0; r == 0 && i < memory->n; i++)
		if (memory->blocks[i].ours)
			r = ranges_add(&pool, memory->blocks[i].phys, memory->block_size);
	if (r < 0)
		return r;

	*ret = pool;
	pool = (struct ranges){0};
	return 0;
}

static bool is_candidate(const struct memory_block *block)
{
	return block->online && block->removable;
}

struct memory_block *memory_next_block(const struct memory *memory)
{
	struct memory_block *best = NULL;

	for (size_t i = memory->n; i-- > 0;) {
		struct memory_block *block = &memory->blocks[i];

		if (is_candidate(block) && (!best || (block->movable && !best->movable)))
			best = block;
	}
	return best;
}

struct memory_block *memory_block_at(const struct memory *memory, uint64_t phys)
{
	for (size_t i = 0; i < memory->n; i++)
		if (phys - memory->blocks[i].phys < memory->block_size)
			return &memory->blocks[i];
	return NULL;
}

uint64_t memory_removable(const struct memory *memory)
{
	uint64_t total = 0;

	for (size_t i = 0; i < memory->n; i++)
		if (is_candidate(&memory->blocks[i]))
			total += memory->block_size;
	return total;
}
