// SPDX-License-Identifier: LGPL-2.1-or-later
/* What of the machine's memory is Linux's, what is the cells', and how it changes hands. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "host/host.h"
#include "host/iomem.h"
#include "host/pool.h"
#include "sysroot.h"

#define BLOCK (128ull << 20)
#define STATE "/sys/devices/system/memory/memory%u/state"

static struct sysroot root;
static cell_host *host;

static void begin(void)
{
	sysroot_make(&root);
	sysroot_write(&root, "/run/cellmgr/keep", "\n");
	host = NULL;
}

static void look(void)
{
	cell_host_unref(host);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
}

static void end(void)
{
	cell_host_unref(host);
	sysroot_remove(&root);
}

static const char *state_of(unsigned block)
{
	char path[128];

	snprintf(path, sizeof(path), STATE, block);
	return sysroot_read(&root, path);
}

static void set_state(unsigned block, const char *state)
{
	char path[128];

	snprintf(path, sizeof(path), STATE, block);
	sysroot_write(&root, path, "%s\n", state);
}

TEST(memory_prefers_movable)
{
	begin();
	sysroot_write(&root, "/sys/devices/system/memory/memory3/valid_zones", "Movable\n");
	look();
	CHECK_EQ(memory_next_block(&host->memory)->number, 3);
	end();
}

/* Others than cells have reservations, too: bad RAM, ramoops, a driver. */
TEST(memory_takes_only_reservations_for_cells)
{
	begin();
	sysroot_write(&root, "/proc/iomem",
		      "00100000-2fffffff : System RAM\n"
		      "30000000-33ffffff : Reserved\n"
		      "34000000-37ffffff : System RAM\n"
		      "38000000-3fffffff : Reserved\n");
	sysroot_write(&root, "/proc/cmdline", "memmap=64M$0x30000000,128M$0x38000000 quiet\n");
	look();
	CHECK_EQ(host->memory.reserved.n, 0);
	CHECK_EQ(host->memory.top, 0x40000000); /* all the same RAM, of whoever */

	sysroot_write(&root, "/proc/cmdline",
		      "memmap=64M$0x30000000,128M$0x38000000 memmap=4K$0x100000 "
		      "cellmgr.memory=0x30000000,0x100000 quiet\n");
	look();
	/* That at 1 MiB is System RAM all the same, so the kernel did not honour it. */
	CHECK_EQ(host->memory.reserved.n, 1);
	CHECK_EQ(host->memory.reserved.items[0].start, 0x30000000);
	CHECK_EQ(host->memory.reserved.items[0].size, 64 << 20);
	end();
}

/* virtio-mem, pmem and CXL: beyond all other RAM, and it may go away when it is offline. */
TEST(memory_knows_what_drivers_have_added)
{
	begin();
	sysroot_write(&root, "/proc/iomem",
		      "00100000-2fffffff : System RAM\n"
		      "  01000000-01ffffff : Kernel code\n"
		      "30000000-3fffffff : virtio0\n"
		      "  30000000-37ffffff : System RAM (virtio_mem)\n"
		      "100000000-1ffffffff : CXL Window 0\n"
		      "  100000000-1ffffffff : region0\n"
		      "    100000000-17fffffff : dax0.0\n"
		      "      100000000-13fffffff : System RAM (kmem)\n");
	look();
	CHECK_EQ(host->memory.top, 0x140000000);
	CHECK(ranges_cover(&host->iomem.ram, 0x30000000, BLOCK));
	CHECK_EQ(host->iomem.ram.n, 2);
	CHECK_EQ(memory_next_block(&host->memory)->number, 5);
	end();
}

TEST(memory_of_many_pieces)
{
	char text[60 * 400], *to = text;

	begin();
	for (unsigned i = 0; i < 400; i++)
		to += sprintf(to, "%x-%x : System RAM\n", i << 16, (i << 16) + 0xfff);
	sysroot_write_bytes(&root, "/proc/iomem", text, (size_t)(to - text));
	look();
	CHECK_EQ(host->iomem.ram.n, 400);
	CHECK_EQ(host->memory.top, (399 << 16) + 0x1000);
	end();
}

/* For whom is not root the kernel writes zeros. */
TEST(memory_map_without_rights_is_empty)
{
	begin();
	sysroot_write(&root, "/proc/iomem",
		      "00000000-00000000 : System RAM\n  00000000-00000000 : System RAM (kmem)\n"
		      "no line : System RAM\n");
	look();
	CHECK_EQ(host->iomem.ram.n, 0);
	CHECK_EQ(host->memory.top, 0);
	end();
}

/* Ours is what is offline and on record; the one without the other is somebody else's. */
TEST(memory_is_ours_where_it_is_offline_and_on_record)
{
	struct ranges pool;

	begin();
	sysroot_write(&root, MEMORY_RECORD, "3\n4\n77\n");
	set_state(4, "offline");
	set_state(5, "offline");
	look();
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(host->memory.blocks[i].ours, i == 4);
	CHECK_EQ(memory_pool(&host->memory, &pool), 0);
	CHECK_EQ(pool.n, 1);
	CHECK_EQ(pool.items[0].start, 4 * BLOCK);
	CHECK_EQ(pool.items[0].size, BLOCK);
	ranges_clear(&pool);
	CHECK_EQ(memory_removable(&host->memory), 3 * BLOCK); /* 2, 3 and 6 */
	end();
}

/* Back goes what is ours and no cell needs, nothing else; a needed block stays on record. */
TEST(pool_gives_back_only_what_is_ours_and_free)
{
	struct ranges needed = {0};

	begin();
	sysroot_write(&root, MEMORY_RECORD, "2\n3\n4\n6\n");
	set_state(2, "offline");	   /* ours */
	set_state(3, "offline");	   /* ours, the first page needed */
	set_state(4, "offline");	   /* ours, the last page needed */
	set_state(5, "offline");	   /* an administrator's */
	set_state(6, "online, untouched"); /* on record, but online: no state is written */
	look();
	host->memory.blocks[6].online = true;
	host->memory.blocks[6].ours = false;
	CHECK_EQ(ranges_add(&needed, 3 * BLOCK, 4096), 0);
	CHECK_EQ(ranges_add(&needed, 5 * BLOCK - 4096, 4096), 0);
	pool_give_back(host, &needed);
	CHECK_STR(state_of(2), "online");
	CHECK_STR(state_of(3), "offline");
	CHECK_STR(state_of(4), "offline");
	CHECK_STR(state_of(5), "offline");
	CHECK_STR(state_of(6), "online, untouched");
	CHECK_STR(sysroot_read(&root, MEMORY_RECORD), "3");

	/* Who comes later finds the same. */
	look();
	CHECK(!host->memory.blocks[2].ours && host->memory.blocks[3].ours);
	ranges_clear(&needed);
	pool_give_back(host, &needed);
	CHECK_STR(state_of(3), "online");
	CHECK_STR(state_of(4), "online");
	CHECK_STR(state_of(5), "offline");
	CHECK_STR(sysroot_read(&root, MEMORY_RECORD), "");
	end();
}

/* What does not come back stays ours and on record, so that it is tried again. */
TEST(pool_keeps_on_record_what_does_not_come_back)
{
	struct ranges nothing = {0};

	begin();
	sysroot_write(&root, MEMORY_RECORD, "3\n4\n");
	set_state(3, "offline");
	set_state(4, "offline");
	look();
	sysroot_nail_block(&root, 3);
	pool_give_back(host, &nothing);
	CHECK(host->memory.blocks[3].ours && !host->memory.blocks[3].online);
	CHECK(!host->memory.blocks[4].ours && host->memory.blocks[4].online);
	CHECK_STR(sysroot_read(&root, MEMORY_RECORD), "3");
	CHECK_STR(state_of(4), "online");
	end();
}

TEST(pool_takes_and_records)
{
	struct pool pool;

	begin();
	sysroot_nail_block(&root, 5);
	look();
	pool_begin(&pool, host);
	CHECK(pool_take(&pool, &host->memory.blocks[5]) < 0);
	CHECK(!host->memory.blocks[5].ours && host->memory.blocks[5].online);
	CHECK_STR(sysroot_read(&root, MEMORY_RECORD), "");
	CHECK_EQ(pool_take(&pool, &host->memory.blocks[6]), 0);
	CHECK_STR(state_of(6), "offline");
	CHECK_STR(sysroot_read(&root, MEMORY_RECORD), "6");
	look();
	CHECK(host->memory.blocks[6].ours);
	end();
}
