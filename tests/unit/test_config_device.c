/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions and pins of a cell, IOMMUs and I/O APICs of a system. */
#include <errno.h>

#include "check.h"
#include "core/checksum.h"
#include "core/config.h"

#include <cellhv/manage.h>
#include <cellhv/x86/pc.h>

struct cell {
	struct cellhv_cell_config config;
	uint32_t cpus[2];
	struct cellhv_function functions[2];
	struct cellhv_pin pins[2];
};

struct system {
	struct cellhv_system_config config;
	struct cellhv_iommu iommus[2];
	struct cellhv_ioapic ioapics[2];
};

static struct cellhv_config_header header(uint16_t type, uint32_t size)
{
	return (struct cellhv_config_header){.signature = {'C', 'E', 'L', 'L', 'C', 'O', 'N', 'F'},
					     .version = CELLHV_CONFIG_VERSION,
					     .architecture = CELLHV_ARCH_X86_64,
					     .type = type,
					     .total_size = size};
}

static struct cell new_cell(void)
{
	return (struct cell){
		.config = {.header = header(CELLHV_CONFIG_CELL, sizeof(struct cell)),
			   .name = "devices",
			   .comm_address = 0x100000,
			   .memory = {.entry_size = sizeof(struct cellhv_memory_region)},
			   .cpus = {offsetof(struct cell, cpus), 1, 4, 0},
			   .ports = {.entry_size = sizeof(struct cellhv_port_range)},
			   .links = {.entry_size = sizeof(struct cellhv_link)},
			   .functions = {offsetof(struct cell, functions), 2,
					 sizeof(struct cellhv_function), 0},
			   .pins = {offsetof(struct cell, pins), 2, sizeof(struct cellhv_pin), 0}},
		.cpus = {3},
		.functions = {{.bars = {{0xfeb00000, 0x100000}, {0xc000, 0x20}},
			       .address = 0x28,
			       .num_requesters = 1,
			       .requesters = {0x28}},
			      {.bars = {{0x800000000, 0x100000000}},
			       .address = 0x310,
			       .flags = CELLHV_FUNCTION_NO_RESET,
			       .num_requesters = 2,
			       .num_bridges = 2,
			       .requesters = {0x200, 0x310},
			       .bridges = {0x200, 0x30}}},
		.pins = {{0xfec00000, 4, 0}, {0xfec00000, 239, CELLHV_PIN_FLAGS}},
	};
}

static struct system new_system(void)
{
	return (struct system){
		.config = {.header = header(CELLHV_CONFIG_SYSTEM, sizeof(struct system)),
			   .memory_top = 1 << 30,
			   .iommus = {offsetof(struct system, iommus), 2,
				      sizeof(struct cellhv_iommu), 0},
			   .ioapics = {offsetof(struct system, ioapics), 2,
				       sizeof(struct cellhv_ioapic), 0}},
		.iommus = {{.base = 0xfed90000, .size = 0x1000, .type = CELLHV_IOMMU_VTD},
			   {.base = 0xfed80000,
			    .size = 0x4000,
			    .type = CELLHV_IOMMU_AMD,
			    .function = 2}},
		.ioapics = {{.base = 0xfec00000, .source = 0xff00},
			    {.base = 0xfec01000, .gsi_base = 24}},
	};
}

static uint32_t check_cell(struct cell *cell, uint64_t object)
{
	struct config_error error = {0};

	cell->config.header.checksum = checksum_config(&cell->config.header, sizeof(*cell));
	if (!config_validate_cell(cell, sizeof(*cell), CELLHV_ARCH_X86_64, &error))
		return 0;
	CHECK_EQ(error.object, object);
	return error.check;
}

static uint32_t check_system(struct system *system, uint64_t object)
{
	struct config_error error = {0};

	system->config.header.checksum = checksum_config(&system->config.header, sizeof(*system));
	if (!config_validate_system(system, sizeof(*system), CELLHV_ARCH_X86_64, &error))
		return 0;
	CHECK_EQ(error.object, object);
	return error.check;
}

#define CELL_WITH(field, value, check, object)                \
	do {                                                  \
		struct cell with = new_cell();                \
		with.field = (value);                         \
		CHECK_EQ(check_cell(&with, (object)), check); \
	} while (0)
#define FUNCTION_WITH(field, value) \
	CELL_WITH(functions[1].field, value, CELLHV_CHECK_CONFIG_FUNCTION, 1)
#define PIN_WITH(field, value) CELL_WITH(pins[1].field, value, CELLHV_CHECK_CONFIG_PIN, 1)
#define SYSTEM_WITH(part, index, field, value)                                             \
	do {                                                                               \
		struct system with = new_system();                                         \
		with.part[index].field = (value);                                          \
		CHECK_EQ(check_system(&with, offsetof(struct cellhv_system_config, part)), \
			 CELLHV_CHECK_CONFIG_FORMAT);                                      \
	} while (0)

/* The machine's is hidden by the emulated one there; others are not. */
TEST(a_pc_has_its_own_io_apic)
{
	struct cell cell = new_cell();

	CHECK_EQ(CELLHV_PC_IOAPIC, 0xfec00000);
	cell.config.flags = CELLHV_CELL_PLATFORM_PC | CELLHV_CELL_SIGNATURE_KVM;
	cell.pins[0].ioapic = cell.pins[1].ioapic = 0xfec01000;
	CHECK_EQ(check_cell(&cell, 0), 0);
	cell.pins[1].ioapic = CELLHV_PC_IOAPIC;
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_PIN);
	cell.config.flags = CELLHV_CELL_SIGNATURE_KVM;
	CHECK_EQ(check_cell(&cell, 0), 0);
}

TEST(valid_devices)
{
	struct cell cell = new_cell();
	struct system system = new_system();

	CHECK_EQ(check_cell(&cell, 0), 0);
	CHECK_EQ(config_function(&cell.config, 1)->bridges[1], 0x30);
	CHECK_EQ(config_pin(&cell.config, 1)->pin, 239);
	CHECK_EQ(check_system(&system, 0), 0);
	CHECK_EQ(config_iommu(&system.config, 1)->base, 0xfed80000);
	CHECK_EQ(config_ioapic(&system.config, 1)->gsi_base, 24);
}

TEST(functions)
{
	FUNCTION_WITH(address, 0x28);
	FUNCTION_WITH(flags, 8);
	FUNCTION_WITH(num_requesters, 0);
	FUNCTION_WITH(num_requesters, 1); /* and more than those */
	FUNCTION_WITH(num_requesters, 5);
	FUNCTION_WITH(requesters[1], 0x200);
	FUNCTION_WITH(num_bridges, 9);
	FUNCTION_WITH(num_bridges, 65535);
	FUNCTION_WITH(bridges[0], 0x30);
	FUNCTION_WITH(bridges[7], 1);
	FUNCTION_WITH(bars[0].size, 0);
	FUNCTION_WITH(bars[0].size, 0x180000000);
	FUNCTION_WITH(bars[0].phys, 0x880000000);
	FUNCTION_WITH(bars[0].phys, 0);
	FUNCTION_WITH(bars[0].phys, 0xffffffff00000000);
	FUNCTION_WITH(bars[5].phys, 0x1000);
	FUNCTION_WITH(bars[0].phys, 0x8000); /* ports end at 64 KiB */
	CELL_WITH(functions[0].bars[1].phys, 0xce0, CELLHV_CHECK_CONFIG_FUNCTION, 0);
	CELL_WITH(functions[0].bars[1].size, 0x40, 0, 0);
}

/* Bytes of a page that is shared, and what else the cell has, there or here. */
TEST(bars_are_alone)
{
	struct cell cell = new_cell();
	struct cellhv_bar *bar = &cell.functions[1].bars[0];

	bar->size = 0x100;
	bar->phys = 0xc0000100;
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
	bar->phys = 0xc0000000;
	CHECK_EQ(check_cell(&cell, 1), 0);
	cell.functions[1].bars[2] = (struct cellhv_bar){0xc0001000, 0x1000};
	CHECK_EQ(check_cell(&cell, 1), 0);
	cell.functions[1].bars[2].phys = 0xc0000000;
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
	cell.functions[1].bars[2] = cell.functions[0].bars[0];
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
	cell.functions[1].bars[2] = cell.functions[0].bars[1]; /* ports */
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
	cell.functions[1].bars[2] = (struct cellhv_bar){cell.config.comm_address, 0x1000};
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
}

TEST(pins)
{
	PIN_WITH(ioapic, 0);
	PIN_WITH(ioapic, 0xfec00010);
	PIN_WITH(pin, 240);
	PIN_WITH(pin, 4);
	PIN_WITH(flags, 4);
	CELL_WITH(pins[1].ioapic, 0xfec01000, 0, 0);
	/* Where the chip is nothing else is. */
	CELL_WITH(config.comm_address, 0xfec00000, CELLHV_CHECK_CONFIG_PIN, 0);
}

/* That its pin is the cell's takes a pin. */
TEST(a_function_that_pulls_a_pin)
{
	struct cell cell = new_cell();

	cell.functions[1].flags = CELLHV_FUNCTION_PIN;
	CHECK_EQ(check_cell(&cell, 0), 0);
	cell.config.pins.offset = cell.config.pins.count = 0;
	CHECK_EQ(check_cell(&cell, 1), CELLHV_CHECK_CONFIG_FUNCTION);
}

TEST(units)
{
	SYSTEM_WITH(iommus, 1, base, 0);
	SYSTEM_WITH(iommus, 1, base, 0xfed80010);
	SYSTEM_WITH(iommus, 1, base, 0xfffffffffffff000);
	SYSTEM_WITH(iommus, 1, base, 0xfed8d000); /* into the first one */
	SYSTEM_WITH(iommus, 1, size, 0);
	SYSTEM_WITH(iommus, 1, size, 0x81000);
	SYSTEM_WITH(iommus, 1, type, 3);
	SYSTEM_WITH(iommus, 0, function, 1);
	SYSTEM_WITH(iommus, 1, reserved[2], 1);
	SYSTEM_WITH(ioapics, 1, base, 0xfec00000);
	SYSTEM_WITH(ioapics, 1, base, 0xfec01800);
	SYSTEM_WITH(ioapics, 1, base, 0);
}
