/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/checksum.h"
#include "core/config.h"

#include <cellhv/guest.h>
#include <cellhv/manage.h>

/* A cell with all three sections, out of order and with a gap. */
struct cell {
	struct cellhv_cell_config config;
	uint32_t cpus[3];
	uint32_t gap;
	struct cellhv_port_range ports[2];
	struct cellhv_memory_region memory[3];
};

#define FORMAT CELLHV_CHECK_CONFIG_FORMAT
#define MEMORY CELLHV_CHECK_CONFIG_MEMORY
#define FIELD(name) offsetof(struct cellhv_cell_config, name)
#define SYSTEM_FIELD(name) offsetof(struct cellhv_system_config, name)

static struct cellhv_config_header header(uint16_t type, uint32_t size)
{
	struct cellhv_config_header result = {.version = CELLHV_CONFIG_VERSION,
					      .architecture = 1,
					      .type = type,
					      .total_size = size};

	memcpy(result.signature, "CELLCONF", 8);
	return result;
}

static struct cell new_cell(void)
{
	struct cell cell = {
		.config = {.header = header(CELLHV_CONFIG_CELL, sizeof(cell)),
			   .name = "apic-demo_2.x",
			   .flags = CELLHV_CELL_CONSOLE_VIRTUAL,
			   .entry = 0xfffffff0,
			   .comm_address = 0x100000,
			   .console = {.address = 0x3f8, .size = 8, .type = 2, .divider = 1},
			   .memory = {offsetof(struct cell, memory), 3, 32, 0},
			   .cpus = {offsetof(struct cell, cpus), 3, 4, 0},
			   .ports = {offsetof(struct cell, ports), 2, 8, 0},
			   .links = {0, 0, sizeof(struct cellhv_link), 0},
			   .functions = {0, 0, sizeof(struct cellhv_function), 0},
			   .pins = {0, 0, sizeof(struct cellhv_pin), 0}},
		.cpus = {3, 255, 0},
		.ports = {{0x3f8, 8}, {0xfff0, 16}},
		.memory = {{0x40000000, 0, 0x100000, 7, 0},
			   {0xfebf0000, 0xfebf0000, 0x1000, 11, 0},
			   {0x40100000, 0x101000, 0x200000, 1, 0}},
	};
	return cell;
}

static struct cellhv_system_config new_system(void)
{
	struct cellhv_system_config system = {
		.header = header(CELLHV_CONFIG_SYSTEM, sizeof(system)),
		.flags = CELLHV_SYSTEM_STRICT,
		.pm_timer_port = 0x608,
		.debug_port = 0x3f8,
		.mmconfig_base = 0xb0000000,
		.mmconfig_end_bus = 255,
		.memory_top = 0x180000000,
		.iommus = {0, 0, sizeof(struct cellhv_iommu), 0},
		.ioapics = {0, 0, sizeof(struct cellhv_ioapic), 0},
	};
	return system;
}

static void seal(void *block, size_t size)
{
	((struct cellhv_config_header *)block)->checksum = checksum_config(block, size);
}

/* Validates with a right checksum, in memory of just that size. Returns the check, 0 if valid. */
static uint32_t check_of(const void *block, size_t size, uint64_t *object)
{
	struct config_error error = {.check = 12345};
	void *copy = malloc(size);
	bool system = ((const struct cellhv_config_header *)block)->type == CELLHV_CONFIG_SYSTEM;
	int result;

	memcpy(copy, block, size);
	seal(copy, size);
	result = (system ? config_validate_system
			 : config_validate_cell)(copy, size, CELLHV_ARCH_X86_64, &error);
	free(copy);

	if (result == 0) {
		CHECK_EQ(error.check, 12345);
		return 0;
	}
	CHECK_EQ(result, -EINVAL);
	*object = error.object;
	return error.check;
}

#define CHECK_REFUSED(block, expected_check, expected_object)                               \
	do {                                                                                \
		uint64_t check_object = 0;                                                  \
		CHECK_EQ(check_of(&(block), sizeof(block), &check_object), expected_check); \
		CHECK_EQ(check_object, expected_object);                                    \
	} while (0)
#define CHECK_VALID(block)                                                     \
	do {                                                                   \
		uint64_t check_object = 0;                                     \
		CHECK_EQ(check_of(&(block), sizeof(block), &check_object), 0); \
	} while (0)
/* One field of a valid cell changed. */
#define CELL_WITH(field, value, check, object)            \
	do {                                              \
		struct cell check_cell = new_cell();      \
		check_cell.field = (value);               \
		CHECK_REFUSED(check_cell, check, object); \
	} while (0)
#define VALID_WITH(field, value)                     \
	do {                                         \
		struct cell check_cell = new_cell(); \
		check_cell.field = (value);          \
		CHECK_VALID(check_cell);             \
	} while (0)
#define SYSTEM_WITH(field, value, object)                                        \
	do {                                                                     \
		struct cellhv_system_config check_system = new_system();         \
		check_system.field = (value);                                    \
		CHECK_REFUSED(check_system, CELLHV_CHECK_CONFIG_FORMAT, object); \
	} while (0)

TEST(a_cell_is_valid_and_readable)
{
	struct cell cell = new_cell();

	CHECK_VALID(cell);
	CHECK(config_memory(&cell.config, 2) == &cell.memory[2]);
	CHECK(config_ports(&cell.config, 1) == &cell.ports[1]);
	CHECK_EQ(config_cpu(&cell.config, 1), 255);
}

TEST(header_fields)
{
	CELL_WITH(config.header.signature[7], 'f', FORMAT, 0);
	CELL_WITH(config.header.version, 1, FORMAT, 8);
	CELL_WITH(config.header.version, 4, FORMAT, 8);
	CELL_WITH(config.header.version, 2, FORMAT, 8);
	CELL_WITH(config.header.architecture, 2, FORMAT, 10);
	CELL_WITH(config.header.type, 3, FORMAT, 12);
	CELL_WITH(config.header.reserved, 1, FORMAT, 14);
	CELL_WITH(config.header.total_size, sizeof(struct cell) - 8, FORMAT, 16);
	CELL_WITH(config.header.total_size, sizeof(struct cell) + 8, FORMAT, 16);
}

TEST(types_are_not_mixed_up)
{
	struct cell cell = new_cell();
	struct config_error error;

	seal(&cell, sizeof(cell));
	CHECK_EQ(config_validate_system(&cell, sizeof(cell), CELLHV_ARCH_X86_64, &error), -EINVAL);
	CHECK_EQ(error.object, 12);
}

/* One library checks for all machines: each takes its own alone. */
TEST(architectures_are_not_mixed_up)
{
	struct cell cell = new_cell();
	struct config_error error;

	cell.config.header.architecture = CELLHV_ARCH_X86_64 + 1;
	seal(&cell, sizeof(cell));
	CHECK_EQ(config_validate_cell(&cell, sizeof(cell), CELLHV_ARCH_X86_64 + 1, &error), 0);
	CHECK_EQ(config_validate_cell(&cell, sizeof(cell), CELLHV_ARCH_X86_64, &error), -EINVAL);
	CHECK_EQ(error.check, CELLHV_CHECK_CONFIG_FORMAT);
	CHECK_EQ(error.object, 10);
}

TEST(sizes)
{
	static _Alignas(8) uint8_t big[CELLHV_CONFIG_MAX_SIZE + 8];
	struct cell cell = new_cell();
	struct config_error error;

	for (size_t size = 0; size < sizeof(cell); size++) {
		void *copy = malloc(size ? size : 1);

		memcpy(copy, &cell, size);
		CHECK_EQ(config_validate_cell(copy, size, CELLHV_ARCH_X86_64, &error), -EINVAL);
		free(copy);
	}

	cell.config.header.total_size = CELLHV_CONFIG_MAX_SIZE;
	memcpy(big, &cell, sizeof(cell));
	seal(big, CELLHV_CONFIG_MAX_SIZE);
	CHECK_EQ(config_validate_cell(big, CELLHV_CONFIG_MAX_SIZE, CELLHV_ARCH_X86_64, &error), 0);
	((struct cellhv_config_header *)big)->total_size += 8;
	seal(big, sizeof(big));
	CHECK_EQ(config_validate_cell(big, sizeof(big), CELLHV_ARCH_X86_64, &error), -EINVAL);
}

TEST(names)
{
	static const char *const bad[] = {"",	 " a",	"-a",	 ".",	"_x",
					  "a/b", "a b", "a\xc3", "a@b", "a\x7f"};
	struct cell cell = new_cell();

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t object;

		memset(cell.config.name, 0, CELLHV_NAME_SIZE);
		strcpy(cell.config.name, bad[i]);
		CHECK_EQ(check_of(&cell, sizeof(cell), &object), CELLHV_CHECK_CONFIG_NAME);
	}
	/* The first and the last of each kind of character. */
	memset(cell.config.name, 0, CELLHV_NAME_SIZE);
	strcpy(cell.config.name, "0919AZaz._-");
	CHECK_VALID(cell);
	memset(cell.config.name, 'a', CELLHV_NAME_SIZE);
	CHECK_REFUSED(cell, CELLHV_CHECK_CONFIG_NAME, 32);
	cell.config.name[31] = 0;
	CHECK_VALID(cell);
	cell.config.name[1] = 0;
	CHECK_REFUSED(cell, CELLHV_CHECK_CONFIG_NAME, 2);
	memset(cell.config.name + 1, 0, 31);
	CHECK_VALID(cell);
	cell.config.name[31] = 'x';
	CHECK_REFUSED(cell, CELLHV_CHECK_CONFIG_NAME, 31);
}

TEST(fixed_fields)
{
	CELL_WITH(config.flags, 4, FORMAT, FIELD(flags));
	VALID_WITH(config.flags, 0x7b);
	CELL_WITH(config.flags, 0x80, FORMAT, FIELD(flags));
	for (uint16_t revision = 0; revision <= CELLHV_COMM_REVISION; revision++)
		VALID_WITH(config.comm_revision, revision);
	VALID_WITH(config.comm_revision, CELLHV_COMM_LEGACY);
	CELL_WITH(config.comm_revision, CELLHV_COMM_REVISION + 1, FORMAT, FIELD(comm_revision));
	CELL_WITH(config.comm_revision, CELLHV_COMM_LEGACY - 1, FORMAT, FIELD(comm_revision));
	CELL_WITH(config.reserved, 1, FORMAT, FIELD(reserved));
	CELL_WITH(config.console.type, 3, FORMAT, FIELD(console.type));
	CELL_WITH(config.console.flags, 4, FORMAT, FIELD(console.flags));
	CELL_WITH(config.entry, 1ull << 32, CELLHV_CHECK_CONFIG_ENTRY, 1ll << 32);
}

TEST(sections)
{
	const uint32_t size = sizeof(struct cell), fixed = sizeof(struct cellhv_cell_config);

	CELL_WITH(config.memory.entry_size, 24, FORMAT, FIELD(memory));
	CELL_WITH(config.cpus.entry_size, 0, FORMAT, FIELD(cpus));
	CELL_WITH(config.ports.reserved, 1, FORMAT, FIELD(ports));
	CELL_WITH(config.memory.count, 4, FORMAT, FIELD(memory));
	CELL_WITH(config.memory.count, 0, FORMAT, FIELD(memory));
	CELL_WITH(config.memory.count, 65, FORMAT, FIELD(memory));
	CELL_WITH(config.cpus.count, 0x40000001, FORMAT, FIELD(cpus));
	CELL_WITH(config.ports.count, 0xffffffff, FORMAT, FIELD(ports));
	CELL_WITH(config.ports.offset, 0xfffffff8, FORMAT, FIELD(ports));
	CELL_WITH(config.ports.offset, size - 8, FORMAT, FIELD(ports));
	CELL_WITH(config.ports.offset, fixed - 8, FORMAT, FIELD(ports));
	CELL_WITH(config.ports.offset, fixed + 4, FORMAT, FIELD(ports));
	CELL_WITH(config.ports.offset, fixed, FORMAT, FIELD(ports));
	CELL_WITH(config.cpus.offset, offsetof(struct cell, memory) + 88, FORMAT, FIELD(cpus));
}

TEST(cpus)
{
	struct cell cell = new_cell();

	CELL_WITH(cpus[1], 256, CELLHV_CHECK_CONFIG_CPU, 1);
	CELL_WITH(cpus[2], 3, CELLHV_CHECK_CONFIG_CPU, 2);
	CELL_WITH(cpus[0], UINT32_MAX, CELLHV_CHECK_CONFIG_CPU, 0);
	cell.config.cpus = (struct cellhv_section){.entry_size = 4};
	CHECK_REFUSED(cell, CELLHV_CHECK_CONFIG_CPU, 0);
}

TEST(memory)
{
	struct cell cell = new_cell();

	CELL_WITH(memory[0].phys, 0x40000800, MEMORY, 0);
	CELL_WITH(memory[0].guest, 8, MEMORY, 0);
	CELL_WITH(memory[1].size, 0, MEMORY, 1);
	CELL_WITH(memory[1].size, 0x1010, MEMORY, 1);
	CELL_WITH(memory[1].size, 0xfffffffffffff000, MEMORY, 1);
	CELL_WITH(memory[1].phys, 0xfffffffffffff000, MEMORY, 1);
	CELL_WITH(memory[1].guest, 0xfffffffffffff000, MEMORY, 1);
	VALID_WITH(memory[1].guest, 0xffffffffffffe000);
	CELL_WITH(memory[1].flags, 0x10 | 1, MEMORY, 1);
	CELL_WITH(memory[1].flags, 2, MEMORY, 1);
	CELL_WITH(memory[1].reserved, 1, MEMORY, 1);
	CELL_WITH(memory[2].phys, 0x400ff000, MEMORY, 2);
	CELL_WITH(memory[2].phys, 0x40000000 - 0x200000 + 0x1000, MEMORY, 2);
	VALID_WITH(memory[2].phys, 0x40000000 - 0x200000);
	CELL_WITH(memory[2].guest, 0xff000, MEMORY, 2);
	CELL_WITH(memory[1].guest, 0x300000, MEMORY, 2);
	VALID_WITH(memory[1].guest, 0x301000);

	cell.config.memory = (struct cellhv_section){.entry_size = 32};
	CHECK_VALID(cell);
}

TEST(comm_page)
{
	CELL_WITH(config.comm_address, 0x100800, CELLHV_CHECK_CONFIG_COMM, 0x100800);
	CELL_WITH(config.comm_address, 0xff000, CELLHV_CHECK_CONFIG_COMM, 0xff000);
	CELL_WITH(config.comm_address, 0xfebf0000, CELLHV_CHECK_CONFIG_COMM, 0xfebf0000);
	CELL_WITH(config.comm_address, 0xfffffffffffff000, CELLHV_CHECK_CONFIG_COMM,
		  (long long)0xfffffffffffff000);
	VALID_WITH(config.comm_address, 0xfebf1000);
}

TEST(ports)
{
	CELL_WITH(ports[0].count, 0, CELLHV_CHECK_CONFIG_PORT, 0);
	CELL_WITH(ports[1].count, 17, CELLHV_CHECK_CONFIG_PORT, 1);
	CELL_WITH(ports[1].base, 65536, CELLHV_CHECK_CONFIG_PORT, 1);
	CELL_WITH(ports[1].count, 0xffff0010u + 1, CELLHV_CHECK_CONFIG_PORT, 1);
	CELL_WITH(ports[0].base, 0xfffffff8, CELLHV_CHECK_CONFIG_PORT, 0);
	CELL_WITH(ports[0].base, 0xcf1, CELLHV_CHECK_CONFIG_PORT, 0);
	CELL_WITH(ports[0].base, 0xcff, CELLHV_CHECK_CONFIG_PORT, 0);
	VALID_WITH(ports[0].base, 0xcf0);
	VALID_WITH(ports[1].count, 1);
}

TEST(a_system)
{
	struct cellhv_system_config system = new_system();

	CHECK_VALID(system);
	SYSTEM_WITH(flags, 2, SYSTEM_FIELD(flags));
	SYSTEM_WITH(reserved, 1, SYSTEM_FIELD(reserved));
	SYSTEM_WITH(mmconfig_base, 0xb0080000, SYSTEM_FIELD(mmconfig_base));
	SYSTEM_WITH(mmconfig_base, 0xfffffffff0000000, SYSTEM_FIELD(mmconfig_end_bus));
	SYSTEM_WITH(mmconfig_end_bus, 256, SYSTEM_FIELD(mmconfig_end_bus));
	SYSTEM_WITH(mmconfig_end_bus, UINT32_MAX, SYSTEM_FIELD(mmconfig_end_bus));
	SYSTEM_WITH(memory_top, 0, SYSTEM_FIELD(memory_top));
	SYSTEM_WITH(header.total_size, 0, 16);
}

TEST(any_changed_byte_breaks_the_checksum)
{
	struct cell cell = new_cell();
	uint8_t *bytes = (uint8_t *)&cell;
	struct config_error error;

	seal(&cell, sizeof(cell));
	for (size_t i = 0; i < sizeof(cell); i++) {
		for (unsigned change = 1; change < 256; change++) {
			bytes[i] ^= (uint8_t)change;
			CHECK_EQ(config_validate_cell(&cell, sizeof(cell), CELLHV_ARCH_X86_64,
						      &error),
				 -EINVAL);
			if (i >= 24)
				CHECK_EQ(error.check, CELLHV_CHECK_CONFIG_CHECKSUM);
			bytes[i] ^= (uint8_t)change;
		}
	}
	CHECK_EQ(config_validate_cell(&cell, sizeof(cell), CELLHV_ARCH_X86_64, &error), 0);
}

/* Reads all that a valid configuration says is there: the sanitizers see where that is. */
static void use(const struct cellhv_cell_config *config)
{
	uint64_t sum = strlen(config->name);

	CHECK(sum > 0 && sum < CELLHV_NAME_SIZE);
	for (uint32_t i = 0; i < config->memory.count; i++)
		sum += config_memory(config, i)->reserved;
	for (uint32_t i = 0; i < config->ports.count; i++)
		CHECK(config_ports(config, i)->base + config_ports(config, i)->count <= 65536);
	for (uint32_t i = 0; i < config->cpus.count; i++)
		CHECK(config_cpu(config, i) < CELLHV_MAX_CPUS);
	CHECK(sum < CELLHV_NAME_SIZE);
}

/* Returns whether it is still valid. */
static bool survives(const struct cell *cell)
{
	struct cell *copy = malloc(sizeof(*copy));
	struct config_error error;
	bool valid;

	*copy = *cell;
	seal(copy, sizeof(*copy));
	valid = config_validate_cell(copy, sizeof(*copy), CELLHV_ARCH_X86_64, &error) == 0;
	if (valid)
		use(&copy->config);
	free(copy);
	return valid;
}

TEST(every_single_byte_with_a_right_checksum)
{
	struct cell cell = new_cell();
	uint8_t *bytes = (uint8_t *)&cell;
	unsigned valid = 0, all = 0;

	for (size_t i = 0; i < sizeof(cell); i++) {
		for (unsigned change = 1; change < 256; change++, all++) {
			bytes[i] ^= (uint8_t)change;
			valid += survives(&cell);
			bytes[i] ^= (uint8_t)change;
		}
	}
	CHECK(valid > all / 10 && valid < all * 9 / 10);
}

TEST(random_changes_with_a_right_checksum)
{
	static const uint32_t values[] = {0,	      1,	  3,	      4,	 8,
					  32,	      255,	  256,	      4096,	 65536,
					  0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff};
	unsigned valid = 0;

	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		struct cell cell = new_cell();
		uint32_t *words = (uint32_t *)&cell;

		for (int change = 1 + rand() % 4; change; change--) {
			unsigned word = 6 + (unsigned)rand() % (sizeof(cell) / 4 - 6);
			uint32_t value = values[rand() % 14];

			words[word] = rand() % 2 ? value : words[word] + value;
		}
		valid += survives(&cell);
	}
	CHECK(valid > 1000 && valid < 199000);
}
