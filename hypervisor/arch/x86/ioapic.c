/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of I/O APICs. The hardware's index is always the one that the root has written, but
 * while the lock is held: so a chip may be trapped, and not any more, between two of its accesses.
 */
#include "arch/x86/ioapic.h"

#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/range.h"
#include "core/window.h"

#define LINES_SHIFT 16
#define LINES_MASK 0xffu
#define VERSION_MASK 0x00ff00ffu
#define HAS_EOI 0x20u /* version, from which on there is the register */

#define LONGER_THAN_AN_ACCESS_MS 2000u

static struct {
	bool trapped;
	uint8_t index; /* as the root has written it */
	uint32_t version;
} chips[CELLHV_MAX_IOAPICS];

static struct spinlock lock;

bool ioapic_try_lock(void)
{
	return lock_try(&lock);
}

bool ioapic_wait_lock(void)
{
	uint64_t end = arch_ticks() + (uint64_t)LONGER_THAN_AN_ACCESS_MS * machine.ticks_per_ms;
	bool locked;

	while (!(locked = lock_try(&lock)) && arch_ticks() < end)
		arch_pause();
	return locked;
}

static bool failure_owed; /* a cell with pins has failed, and who has the lock sees to it */

static void silence_failed(void)
{
	for (struct pins *at = ioapic_pins; at; at = at->next)
		if (at->active && at->cell->failed)
			ioapic_deactivate(arch_self(), at);
}

void ioapic_unlock(void)
{
	do {
		if (__atomic_exchange_n(&failure_owed, false, __ATOMIC_SEQ_CST))
			silence_failed();
		lock_release(&lock);
	} while (__atomic_load_n(&failure_owed, __ATOMIC_SEQ_CST) && lock_try(&lock));
}

void ioapic_note_failure(void)
{
	__atomic_store_n(&failure_owed, true, __ATOMIC_SEQ_CST);
	if (lock_try(&lock))
		ioapic_unlock();
}

uint64_t ioapic_base(unsigned chip)
{
	return config_ioapic(&machine.system, chip)->base;
}

int ioapic_at(uint64_t phys)
{
	for (unsigned i = 0; i < machine.system.ioapics.count; i++)
		if (ioapic_base(i) == (phys & ~(PAGE_SIZE - 1)))
			return (int)i;
	return -1;
}

bool ioapic_is_trapped(unsigned chip)
{
	return chips[chip].trapped;
}

bool ioapic_took(uint64_t phys, uint64_t size)
{
	for (unsigned i = 0; i < machine.system.ioapics.count; i++)
		if (chips[i].trapped && range_overlaps(phys, size, ioapic_base(i), PAGE_SIZE))
			return true;
	return false;
}

uint32_t ioapic_version(unsigned chip)
{
	return chips[chip].version & VERSION_MASK;
}

unsigned ioapic_lines(unsigned chip)
{
	unsigned lines = (chips[chip].version >> LINES_SHIFT & LINES_MASK) + 1;

	return lines < IOAPIC_MAX_LINES ? lines : IOAPIC_MAX_LINES;
}

uint8_t ioapic_index(unsigned chip)
{
	return chips[chip].index;
}

void ioapic_set_index(struct cpu *self, unsigned chip, uint8_t index)
{
	chips[chip].index = index;
	window_write(self, ioapic_base(chip) + IOAPIC_INDEX, 4, index);
}

uint32_t ioapic_read(struct cpu *self, unsigned chip, unsigned index)
{
	uint64_t base = ioapic_base(chip);
	uint32_t value;

	window_write(self, base + IOAPIC_INDEX, 4, index);
	value = (uint32_t)window_read(self, base + IOAPIC_DATA, 4);
	window_write(self, base + IOAPIC_INDEX, 4, chips[chip].index);
	return value;
}

void ioapic_write(struct cpu *self, unsigned chip, unsigned index, uint32_t value)
{
	uint64_t base = ioapic_base(chip);

	window_write(self, base + IOAPIC_INDEX, 4, index);
	window_write(self, base + IOAPIC_DATA, 4, value);
	window_write(self, base + IOAPIC_INDEX, 4, chips[chip].index);
}

uint64_t ioapic_read_entry(struct cpu *self, unsigned chip, unsigned pin)
{
	return ioapic_read(self, chip, IOAPIC_ENTRY(pin)) |
	       (uint64_t)ioapic_read(self, chip, IOAPIC_ENTRY(pin) + 1) << 32;
}

void ioapic_write_entry(struct cpu *self, unsigned chip, unsigned pin, uint64_t entry)
{
	ioapic_write(self, chip, IOAPIC_ENTRY(pin), (uint32_t)(entry | IOAPIC_MASKED));
	ioapic_write(self, chip, IOAPIC_ENTRY(pin) + 1, (uint32_t)(entry >> 32));
	if (!(entry & IOAPIC_MASKED))
		ioapic_write(self, chip, IOAPIC_ENTRY(pin), (uint32_t)entry);
}

void ioapic_eoi(struct cpu *self, unsigned chip, uint32_t vector)
{
	if ((chips[chip].version & 0xff) >= HAS_EOI)
		window_write(self, ioapic_base(chip) + IOAPIC_EOI, 4, vector & 0xff);
}

int ioapic_trap(struct cpu *self, unsigned chip, struct cellhv_call *call)
{
	uint64_t base = ioapic_base(chip);
	int err;

	if (chips[chip].trapped)
		return 0;
	/* Before: an access of the root's that exits finds who answers it. */
	chips[chip].trapped = true;
	err = memory_set_root(self, base, PAGE_SIZE, 0, call);
	if (err) {
		memory_change_root(base, PAGE_SIZE, MEMORY_ROOT_ACCESS);
		chips[chip].trapped = false;
		return err;
	}
	chips[chip].index = (uint8_t)window_read(self, base + IOAPIC_INDEX, 4);
	chips[chip].version = ioapic_read(self, chip, IOAPIC_VERSION);
	return 0;
}

int ioapic_release(struct cpu *self, unsigned chip, struct cellhv_call *call)
{
	int err;

	if (!chips[chip].trapped)
		return 0;
	err = memory_set_root(self, ioapic_base(chip), PAGE_SIZE, MEMORY_ROOT_ACCESS, call);
	if (!err || err == -ETIMEDOUT)
		chips[chip].trapped = false;
	return err;
}
