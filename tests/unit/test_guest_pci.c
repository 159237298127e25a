/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions as they are and as none should be, by a fake of configuration space. */
#include <sys/mman.h>

#include "check.h"
#include "runtime/internal.h"

#define FUNCTION 0x2a3 /* 02:14.3 */
#define CONFIG_SIZE 256
#define HIGH 0x4000000000

const uint64_t bar_area_start = 0xfef00000, bar_area_end = 0xff000000;

static uint8_t config[CONFIG_SIZE], writable[CONFIG_SIZE];
static bool decodes_while_sized;
static unsigned int resets;
static uint8_t msix_table[0x10000] __attribute__((aligned(4096)));

uint32_t pci_ports_read(uint16_t function, unsigned int offset)
{
	uint32_t value = UINT32_MAX;

	CHECK(offset + 4 <= CONFIG_SIZE && offset % 4 == 0);
	if (function == FUNCTION)
		memcpy(&value, config + offset, 4);
	return value;
}

void pci_ports_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value)
{
	CHECK(offset + size <= CONFIG_SIZE && offset % size == 0);
	if (function != FUNCTION)
		return;
	if (offset >= PCI_BAR(0) && offset < PCI_BAR(6) && value == UINT32_MAX)
		decodes_while_sized |= config[PCI_COMMAND] & (PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	for (unsigned int i = 0; i < size; i++) {
		uint8_t bits = writable[offset + i], byte = (uint8_t)(value >> 8 * i);

		config[offset + i] = (uint8_t)((config[offset + i] & ~bits) | (byte & bits));
	}
	/* A reset, by the capability at 80: all that can be written is lost. */
	if (offset == 0x88 && (value & 0x8000) && config[0x80] == 0x10) {
		resets++;
		for (unsigned int i = 0; i < CONFIG_SIZE; i++)
			config[i] &= (uint8_t)~writable[i];
	}
}

/* The table of MSI-X is in this program's memory; all else is not touched. */
uintptr_t device_map(uint64_t address, uint64_t size)
{
	if (address >> 47 || !size)
		return 0;
	if (address >= 0xfe000000 && address + size <= 0xfe000000 + sizeof(msix_table))
		return (uintptr_t)msix_table + (address - 0xfe000000);
	return address;
}

uint64_t msi_address(void)
{
	return 0xfee03000;
}

void delay_us(uint32_t us)
{
	(void)us;
}

static void set(unsigned int offset, unsigned int size, uint32_t value)
{
	memcpy(config + offset, &value, size);
}

static uint32_t get(unsigned int offset)
{
	return pci_read(FUNCTION, offset, 4);
}

static void allow(unsigned int offset, uint32_t bits)
{
	memcpy(writable + offset, &bits, 4);
}

/* A function with capabilities: the first at 40. */
static void start_over(void)
{
	/* The comm region, without MMCONFIG: all goes by ports. */
	static void *page;

	if (!page)
		page = mmap((void *)CELLHV_COMM_DEFAULT_ADDRESS, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(page == comm);
	memset(config, 0, sizeof(config));
	memset(writable, 0, sizeof(writable));
	memset(msix_table, 0xee, sizeof(msix_table));
	decodes_while_sized = false;
	resets = 0;
	set(PCI_ID, 4, 0x10d38086);
	set(PCI_CLASS, 4, 0x02000003);
	set(0x06, 2, 0x10);
	set(0x34, 1, 0x40);
	allow(PCI_COMMAND, 0x0407);
}

static void bar(unsigned int index, uint32_t value, uint32_t mask)
{
	set(PCI_BAR(index), 4, value);
	allow(PCI_BAR(index), mask);
}

TEST(found_on_any_bus)
{
	start_over();
	CHECK_EQ(pci_find(0x8086, 0x10d3, 0), FUNCTION);
	CHECK_EQ(pci_find(0x8086, 0x10d3, FUNCTION + 1), -1);
	CHECK_EQ(pci_find(0x8086, 0x10d4, 0), -1);
	CHECK_EQ(pci_find_class(0x020000, 0), FUNCTION);
	CHECK_EQ(pci_find_class(0x010802, 0), -1);
	CHECK_EQ(pci_find_below(0x8086, 0x10d3, 0, 256), -1);
	CHECK_EQ(pci_read(FUNCTION, 0x100, 4), UINT32_MAX);
	pci_write(FUNCTION, 0x100, 4, 0);
}

TEST(capabilities_in_a_circle)
{
	start_over();
	set(0x40, 4, 0x00005001);
	set(0x50, 4, 0x00004009);
	CHECK_EQ(pci_find_capability(FUNCTION, 1), 0x40);
	CHECK_EQ(pci_find_capability(FUNCTION, 9), 0x50);
	CHECK_EQ(pci_find_capability(FUNCTION, 5), 0);
	set(0x34, 1, 0x43); /* the low bits are reserved */
	CHECK_EQ(pci_find_capability(FUNCTION, 9), 0x50);
	set(0x34, 1, 0x04); /* within the header */
	CHECK_EQ(pci_find_capability(FUNCTION, 1), 0);
	set(0x06, 2, 0);
	set(0x34, 1, 0x40);
	CHECK_EQ(pci_find_capability(FUNCTION, 1), 0);
}

static void check_bar(unsigned int index, uint64_t address, uint64_t size, bool is_io)
{
	struct pci_bar facts;

	CHECK(pci_get_bar(FUNCTION, index, &facts));
	CHECK_EQ(facts.address, address);
	CHECK_EQ(facts.size, size);
	CHECK_EQ(facts.is_io, is_io);
}

TEST(sizes_of_all_kinds)
{
	start_over();
	bar(0, 0xfeb80000, 0xfffe0000);
	bar(1, 0x4, 0xfff00000);
	bar(2, 0x40, 0xffffffff);
	bar(3, 0xc001, 0x0000ffe0); /* ports, by a decoder of 16 bits */
	bar(4, 0xd001, 0xffffffc0);
	set(PCI_COMMAND, 2, 0x7);
	check_bar(0, 0xfeb80000, 0x20000, false);
	check_bar(1, 0x4000000000, 0x100000, false);
	check_bar(3, 0xc000, 0x20, true);
	check_bar(4, 0xd000, 0x40, true);
	CHECK(!decodes_while_sized);
	CHECK_EQ(get(PCI_COMMAND) & 0xffff, 0x7);
	CHECK_EQ(get(PCI_BAR(1)), 0x4);
	CHECK_EQ(get(PCI_BAR(2)), 0x40);

	bar(1, 0xc, 0); /* larger than 4 GiB */
	allow(PCI_BAR(2), 0xfffffff0);
	bar(2, 0x40, 0xfffffff0);
	check_bar(1, 0x4000000000, 0x1000000000, false);
}

TEST(bars_that_are_none)
{
	struct pci_bar facts;

	start_over();
	CHECK(!pci_get_bar(FUNCTION, 0, &facts));
	CHECK(!pci_get_bar(FUNCTION, 6, &facts));
	bar(0, 0xfeb80000, 0xff0f0000); /* a mask with a hole */
	CHECK(!pci_get_bar(FUNCTION, 0, &facts));
	bar(1, 0x1, 0); /* ports, none of which it decodes */
	CHECK(!pci_get_bar(FUNCTION, 1, &facts));
	bar(5, 0xfe000004, 0xfff00000); /* its upper half is not there */
	check_bar(5, 0xfe000000, 0x100000, false);
	CHECK_EQ(pci_map(FUNCTION, 1, NULL), 0);
}

TEST(placed_where_nothing_is)
{
	uint64_t size;

	start_over();
	bar(0, 0, 0xffffff00);
	bar(1, 0xfeb80000, 0xffff0000);
	bar(2, 0x4, 0xfffe0000);
	allow(PCI_BAR(3), UINT32_MAX);
	bar(4, 0, 0xfff00000);
	bar(5, 0, 0xffffff00);
	CHECK_EQ(pci_map(FUNCTION, 0, &size), 0xfef00000);
	CHECK_EQ(size, 256);
	CHECK_EQ(pci_map(FUNCTION, 0, NULL), 0xfef00000);
	CHECK_EQ(pci_map(FUNCTION, 1, &size), 0xfeb80000);
	CHECK_EQ(size, 0x10000);
	CHECK_EQ(pci_map(FUNCTION, 5, NULL), 0xfef01000); /* in a page of its own */
	CHECK_EQ(pci_map(FUNCTION, 2, NULL), 0xfef20000); /* a multiple of its size */
	CHECK_EQ(get(PCI_BAR(2)), 0xfef20004);
	CHECK_EQ(get(PCI_BAR(3)), 0);
	CHECK_EQ(pci_map(FUNCTION, 4, NULL), 0); /* the area has a MiB */
	CHECK_EQ(get(PCI_BAR(4)), 0);

	pci_set_bar(FUNCTION, 2, HIGH);
	CHECK_EQ(pci_map(FUNCTION, 2, NULL), HIGH);
}

/* MSI with and without the upper half of the address, with and without a mask. */
TEST(messages)
{
	static const struct {
		uint16_t control;
		unsigned int data, mask;
	} cases[] = {
		{0x0000, 0x48, 0}, {0x0080, 0x4c, 0}, {0x0100, 0x48, 0x4c}, {0x0180, 0x4c, 0x50}};

	for (unsigned int i = 0; i < 4; i++) {
		start_over();
		set(0x40, 4, 0x00000005u | (uint32_t)(cases[i].control | 0x71) << 16);
		allow(0x40, 0x00710000);
		for (unsigned int at = 0x44; at < 0x60; at += 4) {
			allow(at, UINT32_MAX);
			set(at, 4, 0xaaaaaaaa);
		}
		CHECK(pci_msi_set(FUNCTION, 49));
		CHECK_EQ(get(0x40) >> 16, cases[i].control | 1u);
		CHECK_EQ(get(0x44), 0xfee03000);
		CHECK_EQ(get(cases[i].data) & 0xffff, 49);
		if (cases[i].control & 0x80)
			CHECK_EQ(get(0x48), 0);
		CHECK_EQ(pci_msi_mask(FUNCTION, true), !!cases[i].mask);
		if (cases[i].mask)
			CHECK_EQ(get(cases[i].mask), 1);
		CHECK_EQ(pci_msi_mask(FUNCTION, false), !!cases[i].mask);
		if (cases[i].mask)
			CHECK_EQ(get(cases[i].mask), 0);
		CHECK_EQ(get(0x54), 0xaaaaaaaa);
	}
	start_over();
	CHECK(!pci_msi_set(FUNCTION, 49));
	CHECK(!pci_msi_mask(FUNCTION, true));
	CHECK(!pci_msix_set(FUNCTION, 0, 49));
	CHECK(!pci_msix_mask(FUNCTION, 0, true));
	CHECK_EQ(pci_msix_entries(FUNCTION), 0);
}

static void msix(uint32_t table)
{
	start_over();
	set(0x40, 4, 0x40040011); /* 5 entries, all masked */
	allow(0x40, 0xc0000000);
	set(0x44, 4, table);
	bar(1, 0xfe000000, 0xffff0000);
}

static uint32_t entry(unsigned int number, unsigned int dword)
{
	uint32_t value;

	memcpy(&value, msix_table + 0x2000 + 16 * number + 4 * dword, 4);
	return value;
}

TEST(entries_of_the_table)
{
	msix(0x2001);
	CHECK_EQ(pci_msix_entries(FUNCTION), 5);
	CHECK(pci_msix_set(FUNCTION, 4, 50));
	CHECK_EQ(entry(4, 0), 0xfee03000);
	CHECK_EQ(entry(4, 1), 0);
	CHECK_EQ(entry(4, 2), 50);
	CHECK_EQ(entry(4, 3), 0);
	CHECK_EQ(entry(3, 0), 0xeeeeeeee);
	CHECK_EQ(entry(5, 0), 0xeeeeeeee);
	CHECK_EQ(get(0x40), 0x80040011);
	CHECK(pci_msix_mask(FUNCTION, 4, true));
	CHECK_EQ(entry(4, 3), 1);
	CHECK(pci_msix_mask(FUNCTION, 4, false));
	CHECK_EQ(entry(4, 3), 0);
}

TEST(tables_that_are_none)
{
	msix(0x2001);
	CHECK(!pci_msix_set(FUNCTION, 5, 50));
	CHECK(!pci_msix_mask(FUNCTION, 5, true));
	msix(0x2006); /* there is no BAR 6, but a register that might be one */
	set(PCI_BAR(6), 4, 0xfe000000);
	CHECK(!pci_msix_set(FUNCTION, 0, 50));
	msix(0x2000); /* BAR 0 is nowhere, and none */
	CHECK(!pci_msix_set(FUNCTION, 0, 50));
	msix(0xfffffff8 | 1); /* so far up that the sum is none of this cell's */
	bar(1, 0xffff0004, 0);
	bar(2, UINT32_MAX, 0);
	CHECK(!pci_msix_set(FUNCTION, 0, 50));
	CHECK_EQ(get(0x40), 0x40040011);
}

/* The Express capability at 80, with or without a reset. */
static void express(uint32_t capabilities, uint16_t status)
{
	start_over();
	set(0x34, 1, 0x80);
	set(0x80, 4, 0x00020010);
	set(0x84, 4, capabilities);
	set(0x88, 4, 0x00002810u | (uint32_t)status << 16);
	allow(0x88, 0x00007fff);
	bar(0, 0xfeb80000, 0xffff0000);
	bar(1, 0x4, 0xfffe0000);
	bar(2, 0x40, 0xffffffff);
	set(PCI_COMMAND, 2, 0x406);
}

TEST(reset_keeps_bars_and_command)
{
	express(1u << 28, 0);
	CHECK(pci_reset(FUNCTION));
	CHECK_EQ(resets, 1);
	CHECK_EQ(get(PCI_BAR(0)), 0xfeb80000);
	CHECK_EQ(get(PCI_BAR(1)), 0x4);
	CHECK_EQ(get(PCI_BAR(2)), 0x40);
	CHECK_EQ(get(PCI_COMMAND) & 0xffff, 0x406);
}

TEST(reset_that_is_none)
{
	express(0, 0);
	CHECK(!pci_reset(FUNCTION));
	express(1u << 28, 0x20); /* its transactions never end: it is left without bus master */
	CHECK(!pci_reset(FUNCTION));
	CHECK_EQ(get(PCI_COMMAND) & PCI_COMMAND_MASTER, 0);
	start_over();
	CHECK(!pci_reset(FUNCTION));
	CHECK_EQ(resets, 0);
}

TEST(on_and_off)
{
	start_over();
	pci_enable(FUNCTION);
	CHECK_EQ(get(PCI_COMMAND) & 0xffff, 0x406);
	pci_disable(FUNCTION);
	CHECK_EQ(get(PCI_COMMAND) & 0xffff, 0x402);
}
