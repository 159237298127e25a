/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Physical functions: config spaces that do what hardware does with what is written there, and what
 * the root sees of them.
 */
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/memory.h"
#include "fake.h"

#define CONTROL 2u
#define PCIE_RESET 0x8000u

struct fake_function fake_functions[FAKE_FUNCTIONS];
bool fake_filtered;

static void put(uint8_t *bytes, unsigned offset, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get(const uint8_t *bytes, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)bytes[offset + i] << 8 * i;
	return value;
}

static struct fake_function *make(unsigned index, uint16_t address, uint32_t ids)
{
	struct fake_function *function = &fake_functions[index];

	*function = (struct fake_function){.address = address};
	put(function->config, PCI_VENDOR, 4, ids);
	put(function->config, PCI_REVISION, 4, 0x02000001);
	put(function->config, PCI_CACHE_LINE, 1, 0x10);
	put(function->config, PCI_COMMAND, 2, 0x0103);
	put(function->writable, PCI_COMMAND, 2, 0x0547);
	put(function->writable, PCI_CACHE_LINE, 1, 0xff);
	put(function->writable, PCI_INTERRUPT_LINE, 1, 0xff);
	return function;
}

static void add_bar(struct fake_function *function, unsigned bar, uint32_t flags, uint64_t phys,
		    uint32_t size)
{
	put(function->config, PCI_BAR(bar), 4, phys | flags);
	put(function->writable, PCI_BAR(bar), 4, ~(size - 1));
	if (flags & PCI_BAR_64BIT)
		put(function->writable, PCI_BAR(bar + 1), 4, UINT32_MAX);
	function->bars[bar] = (struct cellhv_bar){phys, size};
}

/* At the beginning of the chain. */
static void add_capability(struct fake_function *function, unsigned at, uint8_t id)
{
	put(function->config, at, 1, id);
	put(function->config, at + 1, 1, function->config[PCI_CAPABILITIES]);
	put(function->config, PCI_CAPABILITIES, 1, at);
	put(function->config, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
}

static void add_msi(struct fake_function *function, unsigned at, bool maskable)
{
	add_capability(function, at, PCI_CAP_MSI);
	put(function->config, at + CONTROL, 2, maskable ? 0x186 : 0x80);
	put(function->writable, at + CONTROL, 2, 0x71);
	put(function->writable, at + 4, 4, ~3u);
	put(function->writable, at + 8, 4, UINT32_MAX);
	put(function->writable, at + 12, 2, 0xffff);
	if (maskable)
		put(function->writable, at + 16, 4, UINT32_MAX);
	function->msi = at;
}

static void add_msix(struct fake_function *function, unsigned at, unsigned vectors, uint32_t table,
		     uint32_t pending)
{
	add_capability(function, at, PCI_CAP_MSIX);
	put(function->config, at + CONTROL, 2, vectors - 1);
	put(function->writable, at + CONTROL, 2, 0xc000);
	put(function->config, at + 4, 4, table);
	put(function->config, at + 8, 4, pending);
	function->msix = at;
	function->vectors = vectors;
	function->table = function->bars[table & 7].phys + (table & ~7u);
}

static void add_pcie(struct fake_function *function, unsigned at, bool resets)
{
	add_capability(function, at, PCI_CAP_PCIE);
	put(function->config, at + CONTROL, 2, 2);
	put(function->config, at + 4, 4, resets ? 1u << 28 : 0);
	put(function->config, at + 8, 2, 0x2010);
	put(function->writable, at + 8, 2, 0xffff);
	put(function->writable, at + 16, 2, 0x3f);
	put(function->writable, at + 24, 2, 0xfff);
	put(function->writable, at + 40, 2, 0xffff);
	function->pcie = at;
}

static void add_pm(struct fake_function *function, unsigned at)
{
	add_capability(function, at, PCI_CAP_PM);
	put(function->writable, at + 4, 2, 0x0103);
	function->pm = at;
}

static void add_extended(struct fake_function *function, unsigned at, unsigned id, unsigned next)
{
	put(function->config, at, 4, id | 1u << 16 | next << 20);
}

static void make_functions(void)
{
	struct fake_function *at = make(0, FAKE_EDU, 0x11e81234);

	add_bar(at, 0, 0, FAKE_REGISTERS + 0x180000, 0x80000);
	add_msi(at, 0x40, false);

	at = make(1, FAKE_NVME, 0x00101b36);
	add_bar(at, 0, PCI_BAR_64BIT, FAKE_REGISTERS + 0x110000, 0x4000);
	add_msi(at, 0xc0, true);
	add_msix(at, 0x40, 65, 0x2000, 0x3000);
	add_pm(at, 0x60);
	add_capability(at, 0x70, PCI_CAP_VENDOR);
	put(at->config, 0x72, 2, 0xaa10);
	put(at->writable, 0x74, 4, UINT32_MAX);
	add_pcie(at, 0x80, true);
	add_extended(at, 0x100, 0x0f, 0x150);
	put(at->config, 0x106, 2, 0x8000);
	put(at->writable, 0x106, 2, 0x8000);
	add_extended(at, 0x150, 0x01, 0x200);
	put(at->config, 0x154, 4, 0x12345678);
	add_extended(at, 0x200, 0x10, 0);

	at = make(2, FAKE_BRIDGE, 0x000c1b36);
	put(at->config, PCI_HEADER_TYPE, 1, 1);
	put(at->config, 0x18, 4, 0x00010100);
	put(at->config, 0x20, 4, 0x40204020);
	memset(at->writable + 0x18, 0xff, 0x34 - 0x18);
	put(at->writable, 0x3e, 2, 0xffff);
	add_pcie(at, 0x40, false);
	add_pm(at, 0x80);
	add_extended(at, 0x100, 0x0d, 0);
	put(at->writable, 0x106, 2, 0xffff);

	at = make(3, FAKE_NIC, 0x10d38086);
	add_bar(at, 0, 0, FAKE_REGISTERS + 0x80000, 0x20000);
	add_bar(at, 2, PCI_BAR_IO, 0xc000, 0x20);
	add_bar(at, 3, 0, FAKE_REGISTERS + 0xa0000, 0x4000);
	add_msix(at, 0xa0, 5, 3, 0x2003);
	add_pcie(at, 0x60, false);

	at = make(4, FAKE_SIBLING, 0x56781234);
	add_bar(at, 0, 0, FAKE_REGISTERS + 0xc0000, 0x1000);
	put(at->writable, PCI_ROM, 4, 0xffff0001);

	at = make(5, FAKE_UNIT, 0x14191022);
	add_msi(at, 0x54, false);
	add_capability(at, 0x40, 0x0f);
	memset(at->writable + 0x42, 0xff, 0x54 - 0x42);
	memset(at->writable + 0x62, 0xff, 0x100 - 0x62);
}

void fake_add_resets(void)
{
	struct fake_function *sibling = fake_function(FAKE_SIBLING);

	add_pcie(sibling, 0x40, true);
	memcpy(sibling->initial, sibling->config, PCI_CONFIG_PAGE);
}

void fake_make_functions(void)
{
	fake_filtered = false;
	functions_taken = NULL;
	make_functions();
	for (unsigned i = 0; i < FAKE_FUNCTIONS; i++) {
		struct fake_function *at = &fake_functions[i];

		memcpy(at->initial, at->config, PCI_CONFIG_PAGE);
		if (at->table)
			memset(fake_registers + (at->table - FAKE_REGISTERS), 0xff,
			       16 * at->vectors);
	}
}

struct fake_function *fake_function(uint16_t address)
{
	for (unsigned i = 0; i < FAKE_FUNCTIONS; i++)
		if (fake_functions[i].address == address)
			return &fake_functions[i];
	return NULL;
}

uint32_t fake_get(uint16_t address, unsigned offset, unsigned size)
{
	return get(fake_function(address)->config, offset, size);
}

void fake_set(uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	put(fake_function(address)->config, offset, size, value);
}

static void check_access(unsigned offset, unsigned size)
{
	if ((size != 1 && size != 2 && size != 4) || offset & (size - 1) ||
	    offset >= PCI_CONFIG_PAGE)
		fake_broken("%u bytes at %x of config space", size, offset);
}

uint32_t arch_pci_read(struct cpu *self, uint16_t address, unsigned offset, unsigned size)
{
	const struct fake_function *function = fake_function(address);
	uint32_t value;

	check_access(offset, size);
	if (self != fake.self)
		fake_broken("CPU %u reads as another", self->number);
	if (!function || fake.now < function->absent_until)
		return UINT32_MAX >> (32 - 8 * size);
	value = get(function->config, offset, size);
	if (function->pcie && offset == function->pcie + 10 && fake.now < function->pending_until)
		value |= 0x20;
	return value;
}

/* BARs and all else that software has set are gone, and for some time it is not there at all. */
static void reset(struct fake_function *function)
{
	memcpy(function->config, function->initial, PCI_CONFIG_PAGE);
	put(function->config, PCI_COMMAND, 2, 0);
	put(function->config, PCI_CACHE_LINE, 1, 0);
	put(function->config, function->pcie + 8, 2, 0);
	for (unsigned i = 0; i < PCI_BARS; i++)
		put(function->config, PCI_BAR(i), 4,
		    get(function->initial, PCI_BAR(i), 4) & (function->bars[i].size ? 0xfu : 0));
	function->absent_until = fake.now + 150ull * machine.ticks_per_ms;
	function->resets++;
}

void arch_pci_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
		    uint32_t value)
{
	struct fake_function *function = fake_function(address);
	void (*at_write)(void) = fake.at_write;

	check_access(offset, size);
	if (self != fake.self)
		fake_broken("CPU %u writes as another", self->number);
	fake.at_write = NULL;
	if (at_write)
		at_write();
	if (!function || fake.now < function->absent_until)
		return;
	function->writes++;
	for (unsigned i = 0; i < size; i++) {
		uint8_t writable = function->writable[offset + i];
		uint8_t *byte = &function->config[offset + i];

		*byte = (uint8_t)((*byte & ~writable) | ((value >> 8 * i) & writable));
	}
	if (function->pcie && offset == function->pcie + 8 && size == 2 && value & PCIE_RESET &&
	    get(function->config, function->pcie + 4, 4) & 1u << 28)
		reset(function);
}

/* ---- The root's view ---- */

static uint64_t page_of(uint16_t address)
{
	return FAKE_MMCONFIG + address * (uint64_t)PCI_CONFIG_PAGE;
}

static uint32_t root_access(uint16_t address)
{
	return fake_filtered || iommu_took_function(address) ? PAGING_READ | PAGING_DEVICE
							     : MEMORY_ROOT_ACCESS;
}

static uint16_t address_of(uint64_t page)
{
	return (uint16_t)((page - FAKE_MMCONFIG) / PCI_CONFIG_PAGE);
}

static bool is_apart(uint64_t page)
{
	return pci_find(root_cell.functions, address_of(page)) ||
	       iommu_took_function(address_of(page));
}

static int change_all(void)
{
	const uint64_t end = FAKE_MMCONFIG + FAKE_DEVICE_SIZE;
	int err = 0;

	for (uint64_t page = FAKE_MMCONFIG, stop; page < end && !err; page = stop + PAGE_SIZE) {
		for (stop = page; stop < end && !is_apart(stop);)
			stop += PAGE_SIZE;
		if (stop > page)
			err = memory_change_root(page, stop - page, root_access(address_of(page)));
	}
	return err;
}

static int fail(struct cellhv_call *call)
{
	return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, 77);
}

int arch_pci_filter(struct cpu *self, bool on, struct cellhv_call *call)
{
	int err;

	if (on == fake_filtered)
		return 0;
	if (fake_change_fails())
		return fail(call);
	fake_filtered = on;
	err = change_all();
	if (!err)
		err = memory_settle_root(self, call);
	if (err && (on || err != -ETIMEDOUT)) {
		fake_filtered = !on;
		if (on)
			change_all();
	}
	return err;
}

int arch_pci_hide(struct cpu *self, uint16_t address, bool hidden, struct cellhv_call *call)
{
	int err = fake_change_fails() ? fail(call) : 0;

	if (!err)
		err = memory_set_root(self, page_of(address), PAGE_SIZE,
				      hidden ? MEMORY_ROOT_HIDDEN : root_access(address), call);
	if (err && hidden)
		memory_change_root(page_of(address), PAGE_SIZE, root_access(address));
	return err;
}

int arch_pci_protect(uint16_t address)
{
	if (iommu_took_function(address) && fake_change_fails())
		return -ENOMEM;
	return memory_change_root(page_of(address), PAGE_SIZE, root_access(address));
}

void fake_root_write(uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	struct paging_translation found;

	if (!paging_lookup(&root_cell.memory, page_of(address), &found) ||
	    (found.phys & ~(PAGE_SIZE - 1)) == machine.ones || !(found.access & PAGING_WRITE))
		function_root_write(fake.self, address, offset, size, value);
	else
		arch_pci_write(fake.self, address, offset, size, value);
}

/* ---- Messages ---- */

bool arch_message_target(const struct cell *cell, uint64_t address, uint32_t data,
			 struct iommu_interrupt *ret)
{
	const struct cpu *cpu = cpu_by_number((address >> 12) & 0xff);

	if (address >> 20 != 0xfee || (data & 0x700) > 0x100 || (data & 0xff) < 16 || !cpu ||
	    cpu->cell != cell)
		return false;
	ret->vector = (uint8_t)data;
	ret->destination = cpu->number;
	return true;
}

bool arch_message_is_roots(uint64_t address, uint32_t data, unsigned count)
{
	struct iommu_interrupt interrupt;

	return arch_message_target(&root_cell, address, data & ~(count - 1), &interrupt);
}

bool arch_message(const struct iommu_interrupt *interrupt, uint64_t *ret_address,
		  uint32_t *ret_data)
{
	*ret_address = 0xfee00000 | (uint64_t)interrupt->destination << 12;
	*ret_data = interrupt->vector;
	return true;
}
