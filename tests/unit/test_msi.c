/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the root in remappable format: only a table that is its own is ever read. */
#include <stdarg.h>
#include <stdint.h>

#include "arch/x86/iommu/iommu.h"
#include "arch/x86/apic.h"
#include "arch/x86/ipi.h"
#include "arch/x86/kept.h"
#include "arch/x86/machine.h"
#include "arch/x86/msi.h"
#include "check.h"
#include "core/cell.h"
#include "core/iommu.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/window.h"

#define UNIT 0xfed90000ull
#define TABLE 0x40000000ull
#define TABLE_SIZE 0x4000ull /* 1024 entries: S is 9 */
#define REMAPPABLE 0xfee00018u
#define BLOCK 0x50000000ull

struct cell root_cell;
static uint64_t unit_register, not_owned, not_reached;
static uint64_t entry = 0x30000000000ull | 0x510000 | 1; /* destination 3 of the xAPIC, vector 51 */
static unsigned n_reads, n_messages;
static uint32_t sent_command, sent_destination;
static bool sent_x2apic;

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	CHECK(false);
}

void *arch_window_map(struct cpu *cpu, uint64_t phys)
{
	(void)cpu;
	CHECK_EQ(phys, UNIT + 0xb8);
	return &unit_register;
}

void arch_window_unmap(struct cpu *cpu)
{
	(void)cpu;
}

void window_copy_from(struct cpu *cpu, void *destination, uint64_t phys, size_t size)
{
	(void)cpu;
	CHECK(phys >= TABLE && phys + size <= TABLE + TABLE_SIZE);
	n_reads++;
	memcpy(destination, &entry, size);
}

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	return not_owned < phys || not_owned >= phys + size;
}

bool memory_root_reaches(uint64_t phys)
{
	return phys != not_reached;
}

void ipi_send_message(struct cpu *cpu, const struct cell *cell, uint32_t command,
		      uint32_t destination, bool x2apic)
{
	(void)cpu, (void)cell;
	n_messages++;
	sent_x2apic = x2apic;
	sent_command = command;
	sent_destination = destination;
}

static struct arch_cpu arch = {.apic_id = 5};
static struct cpu target = {.arch = &arch};

struct cpu *ipi_message_target(const struct cell *cell, uint32_t command, uint32_t destination)
{
	(void)cell;
	sent_command = command;
	sent_destination = destination;
	return destination == 5 ? &target : NULL;
}

bool ipi_message_stays(const struct cell *cell, uint32_t command, uint32_t destination)
{
	sent_command = command;
	sent_destination = destination;
	return cell == &root_cell && destination == 5;
}

static bool some_remap;

bool iommu_remaps_some(void)
{
	return some_remap;
}

void print(const char *format, ...)
{
	(void)format;
}

static const struct pci_function function = {.cell = &root_cell, .address = 0x50};
static bool has_table;

/* By the vector: what it is, and that of 40h is masked. */
bool amdvi_entry(uint16_t requester, uint32_t data, struct iommu_interrupt *ret)
{
	CHECK_EQ(requester, function.address);
	*ret = (struct iommu_interrupt){
		.vector = (uint8_t)(data + 1), .masked = data == 0x40, .destination = 0x1234};
	return has_table;
}

static struct iommu unit_of_ours;
static bool unit_is_ours;

struct iommu *iommu_at(uint64_t phys)
{
	return unit_is_ours && phys == UNIT ? &unit_of_ours : NULL;
}

bool vtd_entry(const struct iommu *unit, uint32_t index, uint64_t *ret_entry, bool *ret_x2apic)
{
	CHECK(unit == &unit_of_ours);
	*ret_entry = 0x500520001ull | index << 16; /* destination 5 of an x2APIC */
	*ret_x2apic = true;
	return index < 4;
}

static void find(uint64_t value)
{
	machine.system.remapping_base = UNIT;
	machine.system.memory_top = 4 * TABLE;
	unit_register = value;
	n_reads = n_messages = 0;
	msi_find_remapping(NULL);
}

static void nothing_is_foreign(void)
{
	not_owned = not_reached = UINT64_MAX;
}

TEST(the_entry_says_where_the_message_goes)
{
	nothing_is_foreign();
	find(TABLE | 9);
	arch_send_message(NULL, &function, REMAPPABLE, 1023);
	CHECK_EQ(n_reads, 1);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(sent_command, 0x51);
	CHECK_EQ(sent_destination, 3);
	arch_send_message(NULL, &function, REMAPPABLE, 1024);
	CHECK_EQ(n_reads, 1);
	CHECK_EQ(n_messages, 1);
}

TEST(a_table_with_a_page_of_others_is_not_read)
{
	nothing_is_foreign();
	not_owned = TABLE + TABLE_SIZE - 1;
	find(TABLE | 9);
	arch_send_message(NULL, &function, REMAPPABLE, 0);
	CHECK_EQ(n_reads, 0);
	CHECK_EQ(n_messages, 0);
	CHECK_EQ(msi_remapping_table(), 0);

	nothing_is_foreign();
	not_reached = TABLE + TABLE_SIZE - PAGE_SIZE;
	find(TABLE | 9);
	arch_send_message(NULL, &function, REMAPPABLE, 0);
	CHECK_EQ(n_reads, 0);
	CHECK_EQ(n_messages, 0);
}

TEST(what_keeps_cells_apart_is_kept)
{
	nothing_is_foreign();
	find(TABLE | 9);
	machine.memory_phys = BLOCK;
	machine.system.mmconfig_base = 0xb0000000;
	machine.system.mmconfig_end_bus = 255;
	CHECK(arch_keeps(0xfee00000, PAGE_SIZE));
	CHECK(arch_keeps(0xfeeff000, PAGE_SIZE));
	CHECK(!arch_keeps(0xfedff000, PAGE_SIZE));
	CHECK(!arch_keeps(0xfef00000, PAGE_SIZE));
	CHECK(arch_keeps(0xbffff000, PAGE_SIZE));
	CHECK(arch_keeps(0xa0000000, 0x10001000));
	CHECK(!arch_keeps(0xa0000000, 0x10000000));
	CHECK(!arch_keeps(0xc0000000, PAGE_SIZE));
	CHECK(arch_keeps(UNIT, PAGE_SIZE));
	CHECK(!arch_keeps(UNIT + PAGE_SIZE, PAGE_SIZE));
	CHECK(arch_keeps(BLOCK + CELLHV_MEMORY_SIZE - PAGE_SIZE, PAGE_SIZE));
	CHECK(arch_keeps(TABLE + TABLE_SIZE - PAGE_SIZE, PAGE_SIZE));
	CHECK(!arch_keeps(TABLE + TABLE_SIZE, PAGE_SIZE));
	msi_forget_remapping();
	CHECK(!arch_keeps(TABLE, TABLE_SIZE));
}

TEST(what_the_machine_does_not_have_is_not_kept)
{
	machine = (struct machine){.memory_phys = BLOCK};
	msi_forget_remapping();
	CHECK(!arch_keeps(0, PAGE_SIZE));
	CHECK(!kept_ports(0, 8));
	machine.system.debug_port = 0x2f8;
	CHECK(kept_ports(0x2ff, 1));
	CHECK(kept_ports(0x2f0, 9));
	CHECK(!kept_ports(0x2f0, 8));
	CHECK(!kept_ports(0x300, 1));
}

/* Where the unit is the hypervisor's, Linux's table is not looked at. */
TEST(the_table_of_ours_counts_where_there_is_one)
{
	nothing_is_foreign();
	unit_is_ours = true;
	find(TABLE | 9);
	CHECK_EQ(msi_remapping_table(), 0);
	arch_send_message(NULL, &function, 0xfee00010u | 3 << 5, 0);
	CHECK_EQ(n_reads, 0);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(sent_command, 0x53);
	CHECK_EQ(sent_destination, 5);
	arch_send_message(NULL, &function, 0xfee00010u | 4 << 5, 0);
	CHECK_EQ(n_messages, 1);
	unit_is_ours = false;
}

/* What a guest asks of its function: a CPU of its own, by its one format. */
TEST(messages_of_physical_functions)
{
	struct iommu_interrupt interrupt = {.requester = 0x28};
	struct cell cell = {.id = 1};
	uint64_t address;
	uint32_t data;

	CHECK(arch_message_target(&cell, 0xfee05000, 0x1041, &interrupt));
	CHECK_EQ(interrupt.vector, 0x41);
	CHECK_EQ(interrupt.destination, 5);
	CHECK_EQ(interrupt.requester, 0x28);
	CHECK_EQ(sent_command, 0x41);
	CHECK(arch_message_target(&cell, 0xfee05004, 0x741, &interrupt));
	CHECK_EQ(sent_command, 0x741 | APIC_LOGICAL);
	CHECK(!arch_message_target(&cell, 0xfee06000, 0x41, &interrupt));
	CHECK(!arch_message_target(&cell, 0xfee05010, 0x41, &interrupt));
	CHECK(!arch_message_target(&cell, 0xfed05000, 0x41, &interrupt));
	CHECK(!arch_message_target(&cell, 0x1fee05000, 0x41, &interrupt));

	CHECK(arch_message(&interrupt, &address, &data));
	CHECK_EQ(address, 0xfee05000);
	CHECK_EQ(data, 0x41);
	interrupt.destination = 0x100;
	CHECK(!arch_message(&interrupt, &address, &data));
}

TEST(messages_of_the_root)
{
	CHECK(arch_message_is_roots(0xfee05000, 0x4041, 1));
	CHECK_EQ(sent_command, 0x41);
	CHECK(arch_message_is_roots(0xfee05004, 0x747, 4));
	CHECK_EQ(sent_command, 0x744 | APIC_LOGICAL);
	CHECK(!arch_message_is_roots(0xfee06000, 0x41, 1));
	CHECK(!arch_message_is_roots(0xfed05000, 0x41, 1));
	CHECK(!arch_message_is_roots(0x1fee05000, 0x41, 1));
	CHECK(!arch_message_is_roots(0xfee05010, 0x41, 1));
	some_remap = true;
	CHECK(arch_message_is_roots(0xfee05010, 0x41, 1));
	CHECK(!arch_message_is_roots(0xfee06000, 0x41, 1));
	some_remap = false;
}

/* Behind an AMD-Vi unit the data is an index, whatever the address; a cell's own says what it does.
 */
TEST(a_table_of_the_requester_counts_where_there_is_one)
{
	struct cell cell = {.id = 1};
	const struct pci_function of_cell = {.cell = &cell, .address = 0x50};

	has_table = true;
	n_messages = 0;
	arch_send_message(NULL, &function, 0xfee00000u, 3);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(sent_command, 4);
	CHECK_EQ(sent_destination, 0x1234);
	CHECK(sent_x2apic);
	arch_send_message(NULL, &function, 0xfee00000u, 0x40);
	arch_send_message(NULL, &function, 0xfed00000u, 3);
	CHECK_EQ(n_messages, 1);
	arch_send_message(NULL, &of_cell, 0xfee05000u, 0x41);
	CHECK_EQ(n_messages, 2);
	CHECK_EQ(sent_command, 0x41);
	CHECK_EQ(sent_destination, 5);
	has_table = false;
	arch_send_message(NULL, &function, 0xfee06000u, 0x42);
	CHECK_EQ(n_messages, 3);
	CHECK_EQ(sent_command, 0x42);
	CHECK_EQ(sent_destination, 6);
}
