/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions of guests are found through their page tables, wherever the RAM with them is. */
#include <stdint.h>
#include <stdlib.h>

#include "arch/x86/guest_memory.h"
#include "arch/x86/machine.h"
#include "arch/x86/x86.h"
#include "check.h"
#include "core/cell.h"

#define MEMORY_TOP 0x40000000ull
#define ADDED 0x140000000ull /* RAM that came after the hypervisor */
#define CODE (ADDED + 4 * PAGE_SIZE)
#define LINEAR 0x7ff8ull /* eight bytes, then the next page */

struct cell root_cell;
struct machine machine;
static struct cell other_cell;
static _Alignas(4096) uint8_t ram[6 * PAGE_SIZE]; /* four tables, two pages of code */
static uint32_t nested_access;

bool paging_lookup(const struct paging *paging, uint64_t virt,
		   struct paging_translation *translation)
{
	(void)paging;
	if (virt < ADDED || virt >= ADDED + sizeof(ram))
		return false;
	*translation = (struct paging_translation){virt, PAGE_SIZE, nested_access};
	return true;
}

void *arch_window_map(struct cpu *cpu, uint64_t phys)
{
	(void)cpu;
	CHECK(phys >= ADDED && phys < ADDED + sizeof(ram));
	return ram + (phys - ADDED);
}

void arch_window_unmap(struct cpu *cpu)
{
	(void)cpu;
}

static void set_entry(unsigned table, unsigned index, uint64_t phys)
{
	((uint64_t *)(ram + table * PAGE_SIZE))[index] = phys | 1;
}

static size_t fetch(struct cell *cell, uint8_t *buffer)
{
	struct cpu cpu = {.cell = cell};
	struct vcpu_state state = {.cr0 = CR0_PG, .cr3 = ADDED, .efer = EFER_LMA};

	machine.system.memory_top = MEMORY_TOP;
	for (unsigned table = 0; table < 3; table++)
		set_entry(table, 0, ADDED + (table + 1) * PAGE_SIZE);
	set_entry(3, 7, CODE);
	set_entry(3, 8, CODE + PAGE_SIZE);
	for (unsigned i = 0; i < 2 * PAGE_SIZE; i++)
		ram[4 * PAGE_SIZE + i] = (uint8_t)(i / 8);
	memset(buffer, 0, 15);
	return guest_fetch(&cpu, &state, LINEAR, buffer, 15);
}

TEST(code_and_tables_of_the_root_are_anywhere)
{
	uint8_t bytes[15];

	nested_access = PAGING_READ | PAGING_WRITE | PAGING_EXECUTE;
	CHECK_EQ(fetch(&root_cell, bytes), 15);
	CHECK_EQ(bytes[7], 0xff);
	CHECK_EQ(bytes[8], 0);
	/* Where nobody has told the memory type of RAM that came later. */
	nested_access |= PAGING_DEVICE;
	CHECK_EQ(fetch(&root_cell, bytes), 15);
}

TEST(registers_of_a_cell_are_not_read)
{
	uint8_t bytes[15];

	nested_access = PAGING_READ | PAGING_WRITE | PAGING_EXECUTE | PAGING_DEVICE;
	CHECK_EQ(fetch(&other_cell, bytes), 0);
	nested_access = PAGING_READ | PAGING_EXECUTE;
	CHECK_EQ(fetch(&other_cell, bytes), 15);
}
