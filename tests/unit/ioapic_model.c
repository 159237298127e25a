/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ioapic_model.h"

#include <stdarg.h>
#include <stdlib.h>

#include "arch/x86/apic.h"
#include "arch/x86/iommu/iommu.h"
#include "arch/x86/kept.h"
#include "check.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/window.h"

#define POOL_PAGES 8u
#define CONFIG_SIZE 1024u
#define REMOTE_IRR 0x4000ull
#define LEVEL 0x8000ull
#define REMAPPABLE (1ull << 48)
#define HANDLE_OF_CELLS 0xfe00u

struct chip chips_of_machine[2];
struct unit unit;
bool remaps, hardware_remaps, silent;
uint64_t not_the_roots;
struct cell root_cell, one, other, *cells;
struct cpu cpu_of[4], *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus = 4;
uint32_t chip_version = 0x170020;
struct cellhv_call call;

static struct arch_cpu arch_of[4];
static uint8_t pages[POOL_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t bitmap[POOL_BITMAP_WORDS(POOL_PAGES)];
static uint64_t configs[2][CONFIG_SIZE / 8];
static bool used[IOMMU_INTERRUPTS], controlled;
static uint64_t ticks;

/* ---- Chips ---- */

static struct chip *chip_at(uint64_t phys)
{
	CHECK((phys & ~(PAGE_SIZE - 1)) == CHIP || (phys & ~(PAGE_SIZE - 1)) == SECOND);
	return &chips_of_machine[(phys & ~(PAGE_SIZE - 1)) == SECOND];
}

static bool decode(uint64_t entry, uint32_t *id, uint32_t *vector, uint32_t *mode)
{
	uint32_t handle = (uint32_t)(entry >> 49 & 0x7fff) | (uint32_t)(entry >> 11 & 1) << 15;

	*vector = entry & 0xff;
	*mode = entry >> 8 & 7;
	*id = (uint32_t)(entry >> 56);
	if (entry & MASKED)
		return false;
	if (!remaps)
		return true;
	if (!(entry & REMAPPABLE) || handle < HANDLE_OF_CELLS ||
	    !unit.present[handle - HANDLE_OF_CELLS])
		return false;
	CHECK_EQ(unit.entries[handle - HANDLE_OF_CELLS].requester, SOURCE);
	*mode = 0;
	*vector = unit.entries[handle - HANDLE_OF_CELLS].vector;
	*id = unit.entries[handle - HANDLE_OF_CELLS].destination;
	/* What ends a level interrupt is looked for by the vector that is in the chip. */
	CHECK_EQ(*vector, entry & 0xff);
	CHECK_EQ(unit.entries[handle - HANDLE_OF_CELLS].level, !!(entry & LEVEL));
	return true;
}

static const struct cell *owner_of(const struct chip *chip, unsigned pin)
{
	struct pin *found = ioapic_find((unsigned)(chip - chips_of_machine), pin);

	for (struct pins *at = ioapic_pins; found && at; at = at->next)
		if (found >= at->pins && found < at->pins + CELLHV_MAX_PINS)
			return at->cell;
	return &root_cell;
}

static const struct cell *owner_of_id(uint32_t id)
{
	for (unsigned i = 0; i < 4; i++)
		if (arch_of[i].apic_id == id)
			return cpu_of[i].cell;
	return NULL;
}

/* What the chip could send from this moment on. */
static void check_entry(const struct chip *chip, unsigned pin)
{
	const struct cell *owner = owner_of(chip, pin);
	uint32_t id, vector, mode;

	if (!decode(chip->entries[pin], &id, &vector, &mode) ||
	    (cell_is_root(owner) && chip->entries[pin] & 0x800))
		return;
	if (!cell_is_root(owner) || (owner_of_id(id) && !cell_is_root(owner_of_id(id)))) {
		CHECK(mode <= 1);
		CHECK(vector >= 16);
	}
	CHECK(owner_of_id(id) == owner || (cell_is_root(owner) && !owner_of_id(id)));
}

static uint64_t *entry_at(struct chip *chip, unsigned index)
{
	CHECK(index >= 0x10 && index < 0x10 + 2 * LINES);
	return &chip->entries[(index - 0x10) / 2 % LINES];
}

static void write_entry(struct chip *chip, unsigned index, uint32_t value)
{
	uint64_t *entry = entry_at(chip, index);

	if (index & 1)
		*entry = (*entry & UINT32_MAX) | (uint64_t)value << 32;
	else
		*entry = (*entry & (0xffffffff00000000ull | REMOTE_IRR)) |
			 (value & 0x1ffffu & ~(uint32_t)REMOTE_IRR);
	if (!(*entry & LEVEL))
		*entry &= ~REMOTE_IRR;
	check_entry(chip, (unsigned)(entry - chip->entries));
}

static void end_interrupts(struct chip *chip, uint64_t vector)
{
	chip->eois++;
	chip->last_eoi = (unsigned)vector;
	for (unsigned i = 0; i < LINES; i++)
		if ((chip->entries[i] & 0xff) == vector)
			chip->entries[i] &= ~REMOTE_IRR;
}

void window_write(struct cpu *self, uint64_t phys, unsigned size, uint64_t value)
{
	struct chip *chip = chip_at(phys);
	unsigned offset = phys & (PAGE_SIZE - 1);

	(void)self;
	CHECK_EQ(size, 4);
	CHECK(chip->hidden);
	chip->accesses++;
	if (offset == 0)
		chip->index = value & 0xff;
	else if (offset == 0x40)
		end_interrupts(chip, value);
	else if (offset == 0x10 && chip->index == 0)
		chip->id = (uint32_t)value;
	else if (offset == 0x10)
		write_entry(chip, chip->index, (uint32_t)value);
	else
		CHECK(false);
}

uint64_t window_read(struct cpu *self, uint64_t phys, unsigned size)
{
	struct chip *chip = chip_at(phys);

	(void)self;
	CHECK_EQ(size, 4);
	CHECK(chip->hidden);
	chip->accesses++;
	if ((phys & (PAGE_SIZE - 1)) == 0)
		return chip->index;
	CHECK_EQ(phys & (PAGE_SIZE - 1), 0x10);
	if (chip->index < 0x10)
		return chip->index == 1 ? chip_version : chip->id;
	return (uint32_t)(*entry_at(chip, chip->index) >> (chip->index & 1 ? 32 : 0));
}

uint64_t model_entry(unsigned pin)
{
	return chips_of_machine[0].entries[pin] & ~REMOTE_IRR;
}

bool model_delivers(unsigned pin, uint32_t *id, uint32_t *vector)
{
	uint32_t mode;

	return decode(chips_of_machine[0].entries[pin], id, vector, &mode);
}

/* ---- The rest of the machine ---- */

struct cpu *arch_self(void)
{
	return &cpu_of[0];
}

uint64_t arch_ticks(void)
{
	return ticks += 1000;
}

void arch_pause(void)
{
}

void *arch_window_map(struct cpu *self, uint64_t phys)
{
	(void)self, (void)phys;
	CHECK(false);
	return NULL;
}

void arch_window_unmap(struct cpu *self)
{
	(void)self;
}

void window_copy_from(struct cpu *self, void *destination, uint64_t phys, size_t size)
{
	(void)self, (void)destination, (void)phys, (void)size;
	CHECK(false);
}

void pool_broken(const struct page_pool *pool, const void *address)
{
	(void)pool, (void)address;
	CHECK(false);
}

void panic(const char *format, ...)
{
	check_fail(__FILE__, __LINE__, "panic: %s", format);
}

void print(const char *format, ...)
{
	(void)format;
}

bool control_try_lock(void)
{
	return !controlled && (controlled = true);
}

void control_unlock(void)
{
	controlled = false;
}

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	return not_the_roots < phys || not_the_roots >= phys + size;
}

bool memory_root_reaches(uint64_t phys)
{
	return !chip_at(phys)->hidden;
}

int memory_change_root(uint64_t phys, uint64_t size, uint32_t access)
{
	CHECK_EQ(size, PAGE_SIZE);
	CHECK(access == 0 || access == MEMORY_ROOT_ACCESS);
	chip_at(phys)->hidden = !access;
	return 0;
}

int memory_set_root(struct cpu *self, uint64_t phys, uint64_t size, uint32_t access,
		    struct cellhv_call *ret)
{
	(void)self;
	memory_change_root(phys, size, access);
	return silent ? cell_refuse(ret, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, 1) : 0;
}

void apic_send(const struct cpu *self, uint32_t apic_id, uint32_t command)
{
	(void)self, (void)apic_id, (void)command;
	CHECK(false);
}

bool apic_send_safe(const struct cpu *self, uint32_t destination, uint32_t command)
{
	(void)self, (void)destination, (void)command;
	CHECK(false);
	return false;
}

void cpu_signal(struct cpu *cpu, const struct cell *from, uint32_t clear, uint32_t set)
{
	(void)cpu, (void)from, (void)clear, (void)set;
	CHECK(false);
}

bool cpu_may_complain(struct cpu *self)
{
	(void)self;
	return false;
}

/* ---- The IOMMU ---- */

enum cellhv_interrupts iommu_interrupts(void)
{
	return remaps ? CELLHV_INTERRUPTS_REMAPPED : CELLHV_INTERRUPTS_OPEN;
}

bool iommu_remaps_some(void)
{
	return remaps;
}

bool iommu_hardware_remaps(struct cpu *self)
{
	(void)self;
	return hardware_remaps;
}

bool iommu_keeps(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

struct iommu *iommu_at(uint64_t phys)
{
	(void)phys;
	return NULL;
}

bool vtd_entry(const struct iommu *from, uint32_t index, uint64_t *ret_entry, bool *ret_x2apic)
{
	(void)from, (void)index, (void)ret_entry, (void)ret_x2apic;
	return false;
}

bool amdvi_entry(uint16_t requester, uint32_t data, struct iommu_interrupt *ret)
{
	(void)requester, (void)data, (void)ret;
	return false;
}

bool vtd_entry_is_cells(uint32_t index)
{
	return index >= HANDLE_OF_CELLS;
}

int iommu_allocate_interrupts(uint32_t count, uint32_t *ret_first)
{
	CHECK_EQ(count, 1);
	for (uint32_t i = 0; i < IOMMU_INTERRUPTS; i++) {
		if (used[i])
			continue;
		used[i] = true;
		*ret_first = i;
		return 0;
	}
	return -ENOSPC;
}

void iommu_free_interrupts(struct cpu *self, uint32_t first, uint32_t count)
{
	(void)self;
	CHECK_EQ(count, 1);
	CHECK(used[first]);
	used[first] = unit.present[first] = false;
}

int iommu_set_interrupt(struct cpu *self, uint32_t index, const struct iommu_interrupt *interrupt,
			uint64_t *ret_address, uint32_t *ret_data)
{
	uint32_t handle = HANDLE_OF_CELLS + index;

	(void)self;
	CHECK(used[index]);
	if (unit.busy)
		return -EAGAIN;
	unit.sets++;
	unit.entries[index] = *interrupt;
	unit.present[index] = true;
	*ret_address = 0xfee00010u | (handle & 0x7fff) << 5 | (handle & 0x8000 ? 4 : 0);
	*ret_data = 0;
	return 0;
}

/* ---- Cells ---- */

static struct cellhv_cell_config *config_of(const struct cell *cell)
{
	return (struct cellhv_cell_config *)configs[cell == &other];
}

void model_configure(struct cell *cell, uint64_t base, const int *pins)
{
	struct cellhv_cell_config *config = config_of(cell);
	struct cellhv_pin *entries = (struct cellhv_pin *)(config + 1);

	memset(configs[cell == &other], 0, CONFIG_SIZE);
	config->pins.offset = sizeof(*config);
	config->pins.entry_size = sizeof(*entries);
	for (; pins[config->pins.count] >= 0; config->pins.count++)
		entries[config->pins.count] = (struct cellhv_pin){
			.ioapic = base, .pin = (uint32_t)pins[config->pins.count]};
	cell->config = config;
}

static void start_system(void)
{
	struct cellhv_system_config *system = &machine.system;
	struct cellhv_ioapic *ioapics = (struct cellhv_ioapic *)(system + 1);
	struct cellhv_iommu *iommu = (struct cellhv_iommu *)(ioapics + 2);

	memset(machine.system_words, 0, sizeof(machine.system_words));
	system->ioapics.offset = sizeof(*system);
	system->ioapics.count = 2;
	ioapics[0] = (struct cellhv_ioapic){.base = CHIP, .source = SOURCE};
	ioapics[1] = (struct cellhv_ioapic){.base = SECOND, .gsi_base = LINES, .source = SOURCE};
	system->iommus.offset = (uint32_t)((uint8_t *)iommu - (uint8_t *)system);
	system->iommus.count = 1;
	iommu->type = CELLHV_IOMMU_VTD;
	machine.ticks_per_ms = 1000;
}

void model_start(bool with_remapping)
{
	start_system();
	pool_init(&machine.pool, pages, POOL_PAGES, bitmap);
	memset(chips_of_machine, 0, sizeof(chips_of_machine));
	memset(&unit, 0, sizeof(unit));
	memset(used, 0, sizeof(used));
	remaps = with_remapping;
	hardware_remaps = silent = controlled = false;
	not_the_roots = UINT64_MAX;
	ioapic_pins = NULL;
	one.failed = other.failed = false;
	call = (struct cellhv_call){0};
	for (unsigned i = 0; i < 4; i++) {
		arch_of[i].apic_id = ROOT_ID + i;
		cpu_of[i].arch = &arch_of[i];
		cpu_of[i].number = i;
		cpu_of[i].present = true;
		cpu_of[i].cell = i == 2 ? &one : i == 3 ? &other : &root_cell;
		cpus[i] = &cpu_of[i];
	}
	for (unsigned i = 0; i < LINES; i++)
		chips_of_machine[0].entries[i] = chips_of_machine[1].entries[i] = MASKED;
}

int model_create(struct cell *cell)
{
	int err;

	call = (struct cellhv_call){0};
	err = pin_resource.check(&cpu_of[0], cell, &call);
	if (err)
		return err;
	err = pin_resource.reserve(cell);
	if (!err)
		err = pin_resource.take(&cpu_of[0], cell, &call);
	if (err) {
		pin_resource.release(cell);
		return err;
	}
	pin_resource.start(cell);
	pin_resource.verify();
	return 0;
}

int model_destroy(struct cell *cell)
{
	int err;

	call = (struct cellhv_call){0};
	pin_resource.stop(cell, &call);
	err = pin_resource.give_back(&cpu_of[0], cell, &call);
	if (err)
		return err;
	pin_resource.verify();
	pin_resource.release(cell);
	return 0;
}

enum ioapic_result model_access(struct cpu *cpu, unsigned chip, uint64_t offset, unsigned size,
				bool write, uint64_t *value)
{
	struct ioapic_access access = {offset, size, write, *value};
	uint32_t before = chips_of_machine[chip].index;
	enum ioapic_result result = cell_is_root(cpu->cell)
					    ? ioapic_root_access(cpu, chip, &access)
					    : ioapic_cell_access(cpu, chip, &access);

	*value = access.value;
	/* The root's index is in the hardware again, but for one that it writes itself. */
	if (!cell_is_root(cpu->cell) || offset || !write)
		CHECK_EQ(chips_of_machine[chip].index, before);
	return result;
}
