// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"

/* An idle block goes in milliseconds; a busy one would be tried for minutes. */
#define BLOCK_TIMEOUT_MS 5000
#define POOL_TIMEOUT_MS 20000

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void pool_begin(struct pool *pool, cell_host *host)
{
	*pool = (struct pool){.host = host, .deadline_ms = now_ms() + POOL_TIMEOUT_MS};
}

static int write_record(const cell_host *host)
{
	const struct memory *memory = &host->memory;
	_cleanup_free_ char *text = malloc(memory->n * 12 + 1);
	char path[PATH_MAX];
	size_t used = 0;
	int r;

	if (!text)
		return -ENOMEM;

	text[0] = '\0';
	for (size_t i = 0; i < memory->n; i++)
		if (memory->blocks[i].ours)
			used += (size_t)sprintf(text + used, "%u\n", memory->blocks[i].number);

	r = file_path(path, host->root, "%s", MEMORY_RECORD);
	if (r < 0)
		return r;
	return file_replace(path, text);
}

static int write_state(const cell_host *host, const struct memory_block *block, const char *state)
{
	char path[PATH_MAX];
	int r;

	r = file_path(path, host->root, "/sys/devices/system/memory/memory%u/state", block->number);
	if (r < 0)
		return r;
	return file_write_bounded(path, state, BLOCK_TIMEOUT_MS);
}

/* Recorded before it goes: whoever comes after a crash puts back what is offline and on record. */
int pool_take(void *userdata, struct memory_block *block)
{
	struct pool *pool = userdata;
	cell_host *host = pool->host;
	int r;

	if (now_ms() > pool->deadline_ms) {
		pool->late = true;
		return -ETIMEDOUT;
	}

	if (pool->record_error < 0)
		return pool->record_error;

	block->ours = true;
	r = write_record(host);
	if (r < 0) {
		block->ours = false;
		pool->record_error = r;
		return r;
	}
	r = write_state(host, block, "offline");
	if (r < 0) {
		context_log(host->context, LOG_NOTICE, "Memory block %u does not go offline: %s.",
			    block->number, strerror(-r));
		block->ours = false;
		write_record(host);
		return r;
	}
	block->online = false;
	context_log(host->context, LOG_INFO, "Memory block %u at 0x%" PRIx64 " is offline.",
		    block->number, block->phys);
	return 0;
}

void pool_recover(cell_host *host, const struct ranges *used)
{
	struct memory *memory = &host->memory;

	for (size_t i = 0; i < memory->n; i++) {
		struct memory_block *block = &memory->blocks[i];

		if (!block->online && !block->ours &&
		    ranges_touch(used, block->phys, memory->block_size))
			block->ours = true;
	}
}

static bool is_needed(const struct memory *memory, const struct memory_block *block,
		      const struct ranges *needed)
{
	return ranges_touch(needed, block->phys, memory->block_size);
}

static bool give_back(const cell_host *host, struct memory_block *block)
{
	int r = write_state(host, block, "online");

	if (r < 0) {
		context_log(host->context, LOG_WARNING,
			    "Memory block %u does not come back online: %s.", block->number,
			    strerror(-r));
		return false;
	}
	block->ours = false;
	block->online = true;
	return true;
}

void pool_give_back(cell_host *host, const struct ranges *needed)
{
	struct memory *memory = &host->memory;
	bool changed = false;
	int r;

	for (size_t i = 0; i < memory->n; i++) {
		struct memory_block *block = &memory->blocks[i];

		if (block->ours && !is_needed(memory, block, needed))
			changed |= give_back(host, block);
	}
	if (!changed)
		return;

	/* What is on record and online is nobody's: the next record is right again. */
	r = write_record(host);
	if (r < 0)
		context_log(host->context, LOG_WARNING, "Cannot write %s: %s.", MEMORY_RECORD,
			    strerror(-r));
}

const char *pool_describe_fallback(const struct memory *memory, uint64_t need,
				   char text[CMDLINE_RESERVE_SIZE])
{
	struct range range = memory_fallback(memory, need);

	char reservation[CMDLINE_ITEM_SIZE];

	snprintf(reservation, sizeof(reservation), "%" PRIu64 "M$0x%" PRIx64, range.size >> 20,
		 range.start);
	return cmdline_reserve(reservation, range.start, text);
}
