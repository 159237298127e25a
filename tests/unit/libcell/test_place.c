// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "base/blob.h"
#include "check.h"
#include "desc/place.h"
#include "host/host.h"
#include "sysroot.h"

#define MB (1ull << 20)

static cell_desc make_desc(uint64_t first, uint64_t second)
{
	return (cell_desc){
		.name = "new", .n_memory = second ? 2 : 1, .memory = {{first}, {second}}};
}

static int place(const cell_host *host, const cell_desc *desc, const struct inventory *inventory,
		 struct place *ret)
{
	struct memory memory;
	int r;

	CHECK_EQ(memory_copy(&host->memory, &memory), 0);
	r = place_desc(desc, inventory, &memory, place_assume, NULL, ret);
	memory_clear(&memory);
	return r;
}

TEST(place_first_fit_around_other_cells)
{
	struct {
		struct cellhv_cell_config config;
		struct cellhv_memory_region region;
	} other = {.config.memory = {sizeof(other.config), 1, sizeof(other.region), 0},
		   .region = {.phys = 0x30000000, .size = 0x3000}};
	struct inventory_cell cell = {.info.name = "other", .config = &other.config};
	const struct inventory inventory = {1, &cell}, nobody = {0};
	cell_desc desc = make_desc(1 * MB, 4 * MB);
	struct place result;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);

	/* Nothing is set aside: the highest block that can go, and the lowest address in it. */
	CHECK_EQ(place(host, &desc, &nobody, &result), 0);
	CHECK_EQ(result.phys[0], 0x30000000);
	CHECK_EQ(result.phys[1], 0x30200000); /* 2 MiB aligned */

	/* 12 KiB of that block belong to another cell. */
	CHECK_EQ(place(host, &desc, &inventory, &result), 0);
	CHECK_EQ(result.phys[0], 0x30003000);

	/* Larger than a block: neighbours are joined. */
	desc = make_desc(300 * MB, 0);
	CHECK_EQ(place(host, &desc, &nobody, &result), 0);
	CHECK_EQ(result.phys[0], 0x20000000);

	desc = make_desc(641 * MB, 0);
	CHECK_EQ(place(host, &desc, &nobody, &result), -ENOSPC);
	cell_host_unref(host);
	sysroot_remove(&root);
}

TEST(place_pinned_takes_its_block)
{
	cell_desc desc = make_desc(1 * MB, 1 * MB);
	const struct inventory nobody = {0};
	struct place result;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	desc.memory[0].pinned = true;
	desc.memory[0].phys = 0x18000000; /* block 3 */
	CHECK_EQ(place(host, &desc, &nobody, &result), 0);
	CHECK_EQ(result.phys[0], 0x18000000);
	CHECK_EQ(result.phys[1], 0x18100000);

	desc.memory[0].phys = 0x08000000; /* block 1 cannot go */
	CHECK_EQ(place(host, &desc, &nobody, &result), -ENOSPC);
	cell_host_unref(host);
	sysroot_remove(&root);
}

/* Pinned memory that is reserved needs no block; beside the reservation it does. */
TEST(place_pinned_in_a_reservation_takes_no_block)
{
	cell_desc desc = make_desc(1 * MB, 0);
	const struct inventory nobody = {0};
	struct place result;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(ranges_add(&host->memory.reserved, 0x08000000, 1 * MB), 0);
	desc.memory[0].pinned = true;
	desc.memory[0].phys = 0x08000000; /* block 1 cannot go */
	CHECK_EQ(place(host, &desc, &nobody, &result), 0);
	CHECK_EQ(result.phys[0], 0x08000000);
	desc.memory[0].phys = 0x08000000 + 1 * MB;
	CHECK_EQ(place(host, &desc, &nobody, &result), -ENOSPC);
	cell_host_unref(host);
	sysroot_remove(&root);
}

/* Somebody else's reason to take a block offline is none to use it. */
TEST(place_leaves_blocks_that_others_took_offline)
{
	cell_desc desc = make_desc(1 * MB, 0);
	const struct inventory nobody = {0};
	struct place result;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	sysroot_write(&root, "/sys/devices/system/memory/memory6/state", "offline\n");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(place(host, &desc, &nobody, &result), 0);
	CHECK_EQ(result.phys[0], 0x28000000); /* block 5 */
	desc.memory[0].pinned = true;
	desc.memory[0].phys = 0x30000000; /* block 6 */
	CHECK_EQ(place(host, &desc, &nobody, &result), -ENOSPC);
	cell_host_unref(host);
	sysroot_remove(&root);
}
