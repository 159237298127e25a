/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/message_table.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/memory.h"
#include "core/message_registers.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/range.h"
#include "core/window.h"

#define TABLES 128u

struct table {
	uint64_t phys;
	uint32_t size;	  /* bytes */
	uint16_t address; /* of the function */
};

static struct table tables[TABLES];
static unsigned num_tables;

static uint64_t first_page(const struct table *table)
{
	return table->phys & ~(PAGE_SIZE - 1);
}

static uint64_t size_of_pages(const struct table *table)
{
	return ((table->phys + table->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)) - first_page(table);
}

bool message_table_meets(uint64_t phys, uint64_t size)
{
	for (unsigned i = 0; i < num_tables; i++)
		if (range_overlaps(phys, size, first_page(&tables[i]), size_of_pages(&tables[i])))
			return true;
	return false;
}

unsigned message_table_bar(struct cpu *self, uint16_t address, unsigned capability)
{
	uint32_t bar = arch_pci_read(self, address, capability + MSIX_TABLE, 4) & MSIX_BAR;

	return PCI_BAR(bar < PCI_BARS ? bar : 0);
}

/* Where the table is now. false: at no address that memory could be at. */
static bool find(struct cpu *self, uint16_t address, unsigned capability, struct table *table)
{
	unsigned bar = message_table_bar(self, address, capability);
	uint32_t where = arch_pci_read(self, address, capability + MSIX_TABLE, 4);
	uint32_t low = arch_pci_read(self, address, bar, 4);
	uint64_t base = low & PCI_BAR_ADDRESS;

	if (low & PCI_BAR_64BIT && bar + 4 < PCI_BAR(PCI_BARS))
		base |= (uint64_t)arch_pci_read(self, address, bar + 4, 4) << 32;
	*table = (struct table){
		.phys = base + (where & ~MSIX_BAR),
		.size = MSIX_ENTRIES(
				arch_pci_read(self, address, capability + MESSAGE_CONTROL, 2)) *
			MSIX_ENTRY_SIZE,
		.address = address,
	};
	return !(low & PCI_BAR_IO) && base &&
	       cell_root_owns(first_page(table), size_of_pages(table));
}

/* ---- The root's rights ---- */

static void unlist(unsigned index)
{
	tables[index] = tables[--num_tables];
}

void message_table_forget(uint16_t address)
{
	for (unsigned i = num_tables; i--;)
		if (tables[i].address == address)
			unlist(i);
}

/* But for pages that another table is in, too. */
static int give_back(unsigned index)
{
	const struct table table = tables[index];
	uint64_t end = first_page(&table) + size_of_pages(&table);
	int err = 0;

	unlist(index);
	for (uint64_t page = first_page(&table); page < end && !err; page += PAGE_SIZE)
		if (!message_table_meets(page, PAGE_SIZE))
			err = memory_change_root(page, PAGE_SIZE, MEMORY_ROOT_ACCESS);
	if (err)
		tables[num_tables++] = table;
	return err;
}

int message_table_release(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;

	while (num_tables && !err)
		err = give_back(num_tables - 1);
	return err ? err : memory_settle_root(self, call);
}

static bool is_known(const struct table *table)
{
	for (unsigned i = 0; i < num_tables; i++)
		if (tables[i].address == table->address && tables[i].phys == table->phys &&
		    tables[i].size == table->size)
			return true;
	return false;
}

/* In place of where it was before. */
static int add(struct cpu *self, const struct table *table, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = num_tables; i-- && !err;)
		if (tables[i].address == table->address)
			err = give_back(i);
	if (!err && num_tables == TABLES)
		err = -ENOMEM;
	if (!err)
		err = memory_change_root(first_page(table), size_of_pages(table),
					 PAGING_READ | PAGING_DEVICE);
	if (err)
		return err;
	tables[num_tables++] = *table;
	return memory_settle_root(self, call);
}

/* ---- Entries ---- */

static void read_entry(struct cpu *self, uint64_t entry, uint32_t words[ENTRY_WORDS])
{
	for (unsigned i = 0; i < ENTRY_WORDS; i++)
		words[i] = (uint32_t)window_read(self, entry + 4 * i, 4);
}

static bool is_allowed(const uint32_t words[ENTRY_WORDS])
{
	return words[VECTOR_CONTROL] & VECTOR_MASKED ||
	       arch_message_is_roots((uint64_t)words[ADDRESS_HIGH] << 32 | words[ADDRESS_LOW],
				     words[DATA], 1);
}

static void complain(struct cpu *self, const struct table *table, uint64_t entry, const char *what)
{
	if (cpu_may_complain(self))
		print("Function " PCI_NAME ": message %u is not for CPUs of the root alone: %s\n",
		      PCI_NAME_OF(table->address),
		      (unsigned)((entry - table->phys) / MSIX_ENTRY_SIZE), what);
}

/* What Linux has left there, for CPUs that were its own. */
static void mask_others(struct cpu *self, const struct table *table)
{
	uint32_t words[ENTRY_WORDS];

	for (uint64_t entry = table->phys; entry < table->phys + table->size;
	     entry += MSIX_ENTRY_SIZE) {
		read_entry(self, entry, words);
		if (is_allowed(words))
			continue;
		complain(self, table, entry, "masked");
		window_write(self, entry + 4 * VECTOR_CONTROL, 4,
			     words[VECTOR_CONTROL] | VECTOR_MASKED);
	}
}

int message_table_protect(struct cpu *self, uint16_t address, unsigned capability,
			  struct cellhv_call *call)
{
	struct table table;
	int err;

	if (!find(self, address, capability, &table))
		return -EPERM;
	err = is_known(&table) ? 0 : add(self, &table, call);
	if (!err)
		mask_others(self, &table);
	return err;
}

/* Words of 4 bytes, one or two (6.8.2); of these the mask comes first where it is set. */
static void write_table(struct cpu *self, const struct table *table, uint64_t phys, unsigned size,
			uint64_t value)
{
	uint64_t entry = phys - (phys - table->phys) % MSIX_ENTRY_SIZE;
	unsigned first = (unsigned)(phys - entry) / 4, count = size / 4;
	uint32_t words[ENTRY_WORDS];

	if (count - 1 > 1)
		return;
	read_entry(self, entry, words);
	for (unsigned i = 0; i < count; i++)
		words[first + i] = (uint32_t)(value >> 32 * i);
	if (!is_allowed(words)) {
		complain(self, table, entry, "not written");
		return;
	}
	if (words[VECTOR_CONTROL] & VECTOR_MASKED && first + count == ENTRY_WORDS)
		window_write(self, entry + 4 * VECTOR_CONTROL, 4, words[VECTOR_CONTROL]);
	for (unsigned i = 0; i < count; i++)
		window_write(self, phys + 4 * i, 4, words[first + i]);
}

void message_table_write(struct cpu *self, uint64_t phys, unsigned size, uint64_t value)
{
	if (phys & (size - 1))
		return;
	for (unsigned i = 0; i < num_tables; i++) {
		if (!range_overlaps(phys, size, tables[i].phys, tables[i].size))
			continue;
		write_table(self, &tables[i], phys, size, value);
		return;
	}
	window_write(self, phys, size, value);
}

void message_table_verify(void)
{
	for (unsigned i = 0; i < num_tables; i++) {
		uint64_t page = first_page(&tables[i]);

		for (; page < first_page(&tables[i]) + size_of_pages(&tables[i]); page += PAGE_SIZE)
			if (memory_root_writes(page))
				panic("the root writes to the messages at %llx",
				      (unsigned long long)page);
	}
}
