/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "core/checksum.h"
#include "core/config.h"

#include <cellhv/manage.h>

struct cell {
	struct cellhv_cell_config config;
	uint32_t cpus[2];
	struct cellhv_memory_region memory[1];
	struct cellhv_link links[2];
};

static struct cell new_cell(void)
{
	struct cell cell = {
		.config = {.header = {.version = CELLHV_CONFIG_VERSION,
				      .architecture = CELLHV_ARCH_X86_64,
				      .type = CELLHV_CONFIG_CELL,
				      .total_size = sizeof(cell)},
			   .name = "linked",
			   .comm_address = 0x100000,
			   .memory = {offsetof(struct cell, memory), 1, 32, 0},
			   .cpus = {offsetof(struct cell, cpus), 1, 4, 0},
			   .ports = {0, 0, sizeof(struct cellhv_port_range), 0},
			   .links = {offsetof(struct cell, links), 2, sizeof(struct cellhv_link),
				     0},
			   .functions = {0, 0, sizeof(struct cellhv_function), 0},
			   .pins = {0, 0, sizeof(struct cellhv_pin), 0}},
		.cpus = {3},
		.memory = {{0x40000000, 0, 0x100000, 7, 0}},
		.links = {{.shared = {.name = "first",
				      .phys = 0x40100000,
				      .common_size = 0x10000,
				      .protocol = 1,
				      .max_peers = 2,
				      .vectors = 1},
			   .guest = 0x80000000,
			   .id = 1,
			   .function = 0x70},
			  {.shared = {.name = "second",
				      .phys = 0x40200000,
				      .common_size = 0x2000,
				      .output_size = 0x1000,
				      .protocol = 2,
				      .max_peers = 3,
				      .vectors = 16,
				      .class_protocol = 0x4000,
				      .flags = CELLHV_LINK_ROOT,
				      .root_id = 0,
				      .root_function = 0x78},
			   .guest = 0x80200000,
			   .id = 2,
			   .function = 0x78}},
	};

	memcpy(cell.config.header.signature, CELLHV_CONFIG_SIGNATURE, 8);
	return cell;
}

/* The link that is refused, -1: none. */
static int refused(struct cell cell)
{
	struct config_error error;
	int result;

	cell.config.header.checksum = checksum_config(&cell.config.header, sizeof(cell));
	result = config_validate_cell(&cell, sizeof(cell), CELLHV_ARCH_X86_64, &error);
	if (result == 0)
		return -1;

	CHECK_EQ(result, -EINVAL);
	CHECK_EQ(error.check, CELLHV_CHECK_CONFIG_LINK);
	return (int)error.object;
}

#define CHECK_WITH(index, field, value, expected)        \
	do {                                             \
		struct cell check_cell = new_cell();     \
		check_cell.links[index].field = value;   \
		CHECK_EQ(refused(check_cell), expected); \
	} while (0)

TEST(valid_links)
{
	CHECK_EQ(refused(new_cell()), -1);
	CHECK_EQ(cellhv_link_size(&new_cell().links[0].shared), 0x10000);
	CHECK_EQ(cellhv_link_size(&new_cell().links[1].shared), 0x6000);
	CHECK_WITH(1, shared.common_size, 0, -1);
	CHECK_WITH(1, shared.output_size, 0, -1);
	CHECK_WITH(1, shared.max_peers, CELLHV_LINK_PEERS, -1);
}

TEST(protocol_1_has_no_choice)
{
	CHECK_WITH(0, shared.common_size, 0, 0);
	CHECK_WITH(0, shared.output_size, 0x1000, 0);
	CHECK_WITH(0, shared.max_peers, 3, 0);
	CHECK_WITH(0, shared.vectors, 2, 0);
	CHECK_WITH(0, shared.class_protocol, 1, 0);
	CHECK_WITH(0, shared.variant, CELLHV_LINK_VARIANT_STATES, -1);
	CHECK_WITH(0, shared.variant, CELLHV_LINK_VARIANT_STATES + 1, 0);
	CHECK_WITH(0, shared.protocol, 0, 0);
	CHECK_WITH(0, shared.protocol, 3, 0);
}

/* What its peers talk is in the class of this one. */
TEST(protocol_1_with_states)
{
	struct cell cell = new_cell();

	cell.links[0].shared.variant = CELLHV_LINK_VARIANT_STATES;
	cell.links[0].shared.class_protocol = 0xffff;
	CHECK_EQ(refused(cell), -1);
	cell.links[0].shared.output_size = 0x1000;
	CHECK_EQ(refused(cell), 0);
	cell.links[0].shared.output_size = 0;
	cell.links[0].shared.vectors = 2;
	CHECK_EQ(refused(cell), 0);
}

TEST(limits)
{
	CHECK_WITH(1, shared.max_peers, 1, 1);
	CHECK_WITH(1, shared.max_peers, CELLHV_LINK_PEERS + 1, 1);
	CHECK_WITH(1, shared.vectors, 0, 1);
	CHECK_WITH(1, shared.vectors, CELLHV_LINK_VECTORS + 1, 1);
	CHECK_WITH(1, shared.vectors, 1, -1);
	CHECK_WITH(1, shared.vectors, CELLHV_LINK_VECTORS, -1);
	CHECK_WITH(1, id, 3, 1);
	CHECK_WITH(1, shared.flags, 2, 1);
	CHECK_WITH(1, shared.variant, 1, 1);
	CHECK_WITH(1, reserved, 1, 1);
	CHECK_WITH(1, shared.name[0], '-', 1);
	CHECK_WITH(1, shared.name[20], 'x', 1);
}

TEST(sizes_and_addresses)
{
	CHECK_WITH(1, shared.phys, 0x40200800, 1);
	CHECK_WITH(1, guest, 0x80200001, 1);
	CHECK_WITH(1, shared.common_size, 0x1800, 1);
	CHECK_WITH(1, shared.output_size, 0x800, 1);
	CHECK_WITH(1, shared.common_size, UINT64_MAX - 0xfff, 1);
	CHECK_WITH(1, shared.output_size, 0x5555555555556000, 1);
	CHECK_WITH(1, shared.phys, UINT64_MAX - 0x5fff, 1);
	CHECK_WITH(1, guest, UINT64_MAX - 0x5fff, 1);
}

TEST(root)
{
	CHECK_WITH(0, shared.root_id, 1, 0);
	CHECK_WITH(0, shared.root_function, 8, 0);
	CHECK_WITH(1, shared.root_id, 2, 1);
	CHECK_WITH(1, shared.root_id, 3, 1);
	CHECK_WITH(1, shared.root_id, 1, -1);
}

TEST(nothing_twice)
{
	struct cell cell = new_cell();

	CHECK_WITH(1, function, 0x70, 1);
	CHECK_WITH(1, guest, 0x80000000 + 0xf000, 1);
	CHECK_WITH(1, shared.phys, 0x40100000 + 0xf000, 1);
	memcpy(cell.links[1].shared.name, "first\0", 7);
	CHECK_EQ(refused(cell), 1);

	cell = new_cell();
	cell.links[0].shared.flags = CELLHV_LINK_ROOT;
	cell.links[0].shared.root_function = 0x78;
	CHECK_EQ(refused(cell), 1);
}

TEST(memory_and_comm_page)
{
	CHECK_WITH(0, shared.phys, 0x400ff000, 0);
	CHECK_WITH(0, guest, 0xff000, 0);
	CHECK_WITH(0, guest, 0x100000, 0);
	CHECK_WITH(0, guest, 0x101000, -1);
}
