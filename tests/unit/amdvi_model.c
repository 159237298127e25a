/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "amdvi_model.h"

#include <stdarg.h>
#include <stdlib.h>

#include "arch/x86/paging_formats.h"
#include "check.h"
#include "core/arch.h"
#include "core/memory.h"
#include "core/print.h"

#define REGISTERS 0x4000u
#define TRANSLATIONS 64u
#define TABLES_PAGES (CELLHV_TABLES_SIZE / PAGE_SIZE)

struct cell root_cell, *cells;
struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;
struct machine machine;
struct iommu_domain iommu_root_domain;
uint8_t ram[RAM_SIZE];
struct iommu unit, second;
unsigned at;
struct cellhv_call call;
bool unit_is_silent, unit_is_locked, unit_is_lazy;
unsigned unit_commands, unit_illegal, faults;
struct amdvi_event last_fault;

static _Alignas(4096) uint8_t tables[CELLHV_TABLES_SIZE];
static uint64_t tables_bitmap[POOL_BITMAP_WORDS(TABLES_PAGES)];
static _Alignas(8) uint8_t registers[2][REGISTERS];
static struct cellhv_iommu config[2] = {
	{.base = UNIT_BASE, .size = REGISTERS, .type = CELLHV_IOMMU_AMD},
	{.base = UNIT_BASE + UNIT_STRIDE, .size = REGISTERS, .type = CELLHV_IOMMU_AMD}};
static struct cell some_cell = {.id = 1};
static struct arch_cpu arch_cpus[3];
static struct cpu all_cpus[3];
struct cpu *const self = &all_cpus[0];
static uint64_t now;
static uint32_t root_pages;

/* What units have cached: entries of devices and interrupts, and translations of domains. */
static struct cache {
	struct {
		bool valid;
		struct amdvi_device entry;
	} devices[AMDVI_REQUESTERS];
	struct {
		bool valid;
		uint16_t domain;
		uint64_t page, phys, access;
	} translations[TRANSLATIONS];
	struct {
		bool valid;
		uint16_t requester;
		uint32_t index;
		struct amdvi_interrupt entry;
	} interrupts[TRANSLATIONS];
} caches[2];

void pool_broken(const struct page_pool *broken, const void *pages)
{
	(void)broken;
	fprintf(stderr, "pool broken at %p\n", pages);
	abort();
}

void print(const char *format, ...)
{
	(void)format;
}

bool cpu_may_complain(struct cpu *cpu)
{
	(void)cpu;
	return true;
}

void iommu_fault(const struct iommu *from, uint16_t requester, uint64_t address, uint64_t detail)
{
	CHECK(from == &unit || from == &second);
	faults++;
	last_fault = (struct amdvi_event){requester, address, detail};
}

uint64_t arch_ticks(void)
{
	return now++;
}

void arch_pause(void)
{
}

bool memory_root_reaches(uint64_t phys)
{
	return phys < RAM_SIZE && (phys & ~(PAGE_SIZE - 1)) != FOREIGN;
}

bool memory_root_writes(uint64_t phys)
{
	return memory_root_reaches(phys) && (phys & ~(PAGE_SIZE - 1)) != READ_ONLY;
}

static void *memory_at(uint64_t phys)
{
	if (phys < RAM_SIZE)
		return ram + phys;
	CHECK(phys >= TABLES_PHYS && phys < TABLES_PHYS + CELLHV_TABLES_SIZE);
	return tables + (phys - TABLES_PHYS);
}

uint64_t *ram_word(uint64_t phys)
{
	return memory_at(phys);
}

uint64_t unit_register(uint32_t offset)
{
	return *(uint64_t *)(registers[at] + offset);
}

void set_unit_register(uint32_t offset, uint64_t value)
{
	*(uint64_t *)(registers[at] + offset) = value;
}

/* ---- The unit ---- */

static void forget_domain(uint16_t domain)
{
	for (unsigned i = 0; i < TRANSLATIONS; i++)
		caches[at].translations[i].valid &= caches[at].translations[i].domain != domain;
}

static void forget_interrupts(uint16_t requester)
{
	for (unsigned i = 0; i < TRANSLATIONS; i++)
		caches[at].interrupts[i].valid &= caches[at].interrupts[i].requester != requester;
}

static void forget_all(void)
{
	memset(&caches[at], 0, sizeof(caches[at]));
}

/* Bits that are reserved in a command are an error, at which a unit stops (48882, 2.4). */
static bool is_legal(uint64_t low, uint64_t high)
{
	switch (low >> 60) {
	case AMDVI_WAIT:
		return true;
	case AMDVI_FORGET_DEVICE:
	case AMDVI_FORGET_INTERRUPTS:
		return !(low & ~(0xfull << 60 | 0xffff)) && !high;
	case AMDVI_FORGET_PAGES:
		return !(low & ~(0xfull << 60 | 0xffffull << 32)) && !(high & 0xffc);
	case AMDVI_FORGET_ALL:
		return low == 8ull << 60 && !high && unit_register(AMDVI_FEATURES) >> 6 & 1;
	default:
		return false;
	}
}

static void do_command(uint64_t low, uint64_t high)
{
	unit_commands++;
	unit_illegal += !is_legal(low, high);
	switch (low >> 60) {
	case AMDVI_WAIT:
		if (low & 1)
			*ram_word(low & 0x000ffffffffffff8ull) = high;
		break;
	case AMDVI_FORGET_DEVICE:
		caches[at].devices[(uint16_t)low].valid = false;
		break;
	case AMDVI_FORGET_PAGES:
		forget_domain((uint16_t)(low >> 32));
		break;
	case AMDVI_FORGET_INTERRUPTS:
		forget_interrupts((uint16_t)low);
		break;
	case AMDVI_FORGET_ALL:
		forget_all();
		break;
	default:
		break;
	}
}

static uint64_t locked_base;

/* What happens behind a write. */
static void unit_acts(void)
{
	uint64_t control = unit_register(AMDVI_CONTROL);
	uint64_t status = unit_register(AMDVI_STATUS) & ~0x18ull;
	uint64_t base = unit_register(AMDVI_COMMANDS);
	uint64_t mask = (16ull << (base >> 56 & 15)) - 1;

	if (unit_is_locked)
		set_unit_register(AMDVI_DEVICES, locked_base);
	if (unit_is_silent)
		return;
	set_unit_register(AMDVI_STATUS, status | (control & 1 && control >> 2 & 1 ? 8u : 0) |
						(control & 1 && control >> 12 & 1 ? 16u : 0));
	while (!unit_is_lazy && unit_register(AMDVI_STATUS) & 16 &&
	       unit_register(AMDVI_COMMAND_HEAD) != unit_register(AMDVI_COMMAND_TAIL)) {
		uint64_t head = unit_register(AMDVI_COMMAND_HEAD);
		const uint64_t *command = ram_word((base & AMDVI_ADDRESS) + head);

		do_command(command[0], command[1]);
		set_unit_register(AMDVI_COMMAND_HEAD, (head + 16) & mask);
	}
}

void *arch_window_map(struct cpu *cpu, uint64_t phys)
{
	CHECK(cpu == self);
	for (unsigned n = 0; n < 2; n++)
		if (phys >= config[n].base && phys < config[n].base + REGISTERS)
			return registers[n] + (phys - config[n].base);
	CHECK(memory_root_reaches(phys));
	return ram + phys;
}

void arch_window_unmap(struct cpu *cpu)
{
	unsigned former = at;

	(void)cpu;
	for (at = 0; at < 2; at++)
		unit_acts();
	at = former;
}

static const struct amdvi_device *device_of(uint16_t requester)
{
	uint64_t base = unit_register(AMDVI_DEVICES);

	CHECK(requester * 32ull < ((base & 511) + 1) * PAGE_SIZE);
	if (!caches[at].devices[requester].valid) {
		caches[at].devices[requester].valid = true;
		memcpy(&caches[at].devices[requester].entry,
		       ram_word((base & AMDVI_ADDRESS) + requester * 32ull), 32);
	}
	return &caches[at].devices[requester].entry;
}

/* The page's entry: 48882, 2.2.3; 0: none. */
static uint64_t walk(uint64_t table, unsigned levels, uint64_t address, uint64_t *size)
{
	for (unsigned level = levels; level; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		uint64_t entry = ram_word(table)[address >> shift & 511];

		*size = 1ull << shift;
		if (!(entry & 1) || !(entry >> 9 & 7))
			return entry & 1 ? entry : 0;
		CHECK_EQ(entry >> 9 & 7, level - 1);
		table = entry & AMDVI_ADDRESS;
	}
	return 0;
}

static uint64_t translate(const struct amdvi_device *device, uint64_t address, uint64_t *access)
{
	uint16_t domain = (uint16_t)device->word[1];
	uint64_t size = 0, entry;
	static unsigned next;

	for (unsigned i = 0; i < TRANSLATIONS; i++)
		if (caches[at].translations[i].valid &&
		    caches[at].translations[i].domain == domain &&
		    caches[at].translations[i].page == address >> 12) {
			*access = caches[at].translations[i].access;
			return caches[at].translations[i].phys;
		}
	entry = walk(device->word[0] & AMDVI_ADDRESS, device->word[0] >> 9 & 7, address, &size);
	if (!entry)
		return NOWHERE;
	next = (next + 1) % TRANSLATIONS;
	caches[at].translations[next].valid = true;
	caches[at].translations[next].domain = domain;
	caches[at].translations[next].page = address >> 12;
	caches[at].translations[next].access = *access = entry;
	caches[at].translations[next].phys =
		(entry & AMDVI_ADDRESS) + (address & (size - 1) & ~0xfffull);
	return caches[at].translations[next].phys;
}

uint64_t dma(uint16_t requester, uint64_t address, bool write)
{
	const struct amdvi_device *device;
	uint64_t wanted = write ? AMDVI_DEVICE_WRITE : AMDVI_DEVICE_READ, access = 0, phys;

	if (!(unit_register(AMDVI_CONTROL) & 1))
		return address;
	device = device_of(requester);
	if (!(device->word[0] & 1))
		return address;
	if (!(device->word[0] & 2) || !(device->word[0] & wanted))
		return NOWHERE;
	if (!(device->word[0] >> 9 & 7))
		return address;
	phys = translate(device, address, &access);
	return phys == NOWHERE || !(access & wanted) ? NOWHERE : phys + (address & 0xfff);
}

static struct amdvi_interrupt interrupt_of(uint16_t requester, uint64_t word, uint32_t index)
{
	bool wide = unit_register(AMDVI_CONTROL) >> 17 & 1;
	static unsigned next;
	uint64_t base = word & AMDVI_DEVICE_TABLE;

	for (unsigned i = 0; i < TRANSLATIONS; i++)
		if (caches[at].interrupts[i].valid &&
		    caches[at].interrupts[i].requester == requester &&
		    caches[at].interrupts[i].index == index)
			return caches[at].interrupts[i].entry;
	next = (next + 1) % TRANSLATIONS;
	caches[at].interrupts[next].valid = true;
	caches[at].interrupts[next].requester = requester;
	caches[at].interrupts[next].index = index;
	memset(&caches[at].interrupts[next].entry, 0, sizeof(caches[at].interrupts[next].entry));
	memcpy(&caches[at].interrupts[next].entry,
	       (uint8_t *)memory_at(base) + index * (wide ? 16 : 4), wide ? 16 : 4);
	return caches[at].interrupts[next].entry;
}

uint64_t message(uint16_t requester, uint32_t data)
{
	bool wide = unit_register(AMDVI_CONTROL) >> 17 & 1;
	const struct amdvi_device *device = device_of(requester);
	struct amdvi_interrupt entry;

	if (!(device->word[2] & 1))
		return PASSES;
	if (device->word[2] >> 60 != 2 || data >> (device->word[2] >> 1 & 15))
		return NOWHERE;
	entry = interrupt_of(requester, device->word[2], data);
	if (!(entry.low & 1))
		return NOWHERE;
	CHECK_EQ(entry.low & 0xfe, 0);
	return wide ? (entry.low >> 8 & 0xffffff) << 8 | (entry.high & 0xff) |
			       entry.high >> 56 << 32
		    : (entry.low >> 8 & 0xff) << 8 | (entry.low >> 16 & 0xff);
}

void unit_logs(uint64_t low, uint64_t high)
{
	uint64_t tail = unit_register(AMDVI_EVENT_TAIL);
	uint64_t *entry = ram_word((unit_register(AMDVI_EVENTS) & AMDVI_ADDRESS) + tail);

	entry[0] = low;
	entry[1] = high;
	set_unit_register(AMDVI_EVENT_TAIL, (tail + 16) & 0xfff);
}

/* ---- Linux ---- */

struct amdvi_device *linux_entry(uint16_t requester)
{
	return (void *)ram_word(LINUX_DEVICES + requester * 32ull);
}

bool linux_writes(uint32_t offset, unsigned size, uint64_t value)
{
	struct iommu_access access = {offset, size, true, value};

	return unit.ops->access(self, &unit, &access);
}

uint64_t linux_reads(uint32_t offset, unsigned size)
{
	struct iommu_access access = {offset, size, false, 0};

	CHECK(unit.ops->access(self, &unit, &access));
	return size == 4 ? (uint32_t)access.value : access.value;
}

void linux_commands(unsigned count, const uint64_t commands[][2])
{
	uint64_t tail = linux_reads(AMDVI_COMMAND_TAIL, 8);
	unsigned again = 0;

	for (unsigned i = 0; i < count; i++) {
		memcpy(ram + LINUX_COMMANDS_PHYS + tail, commands[i], 16);
		tail = (tail + 16) & 0x1fff;
	}
	while (!linux_writes(AMDVI_COMMAND_TAIL, 4, tail))
		CHECK(again++ < 16);
	CHECK_EQ(linux_reads(AMDVI_COMMAND_HEAD, 4), tail);
}

void linux_asks(uint64_t low, uint64_t high)
{
	static uint64_t done;
	const uint64_t both[][2] = {{low, high}, {1ull << 60 | LINUX_DONE | 1, ++done}};

	linux_commands(2, both);
	CHECK_EQ(*ram_word(LINUX_DONE), done);
}

/* ---- The machine ---- */

static void make_cpu(unsigned number, struct cell *cell)
{
	arch_cpus[number] =
		(struct arch_cpu){.apic_id = 0x20 + number, .xapic_ldr = 1u << (24 + number)};
	all_cpus[number] = (struct cpu){
		.arch = &arch_cpus[number], .number = number, .cell = cell, .present = true};
	cpus[number] = &all_cpus[number];
}

struct iommu_domain make_domain(uint16_t id, uint64_t phys)
{
	struct iommu_domain domain = {.id = id};
	struct paging *paging = &domain.tables;

	unit.ops->describe(self, &unit, paging);
	paging->pool = &machine.tables;
	paging->virt_offset = (uint64_t)tables - TABLES_PHYS;
	CHECK_EQ(paging_init(paging), 0);
	CHECK_EQ(paging_map(paging, 0, phys, 0x2000, PAGING_READ | PAGING_WRITE), 0);
	return domain;
}

void end_domain(struct iommu_domain *domain)
{
	paging_destroy(&domain->tables);
}

static void make_root_domain(void)
{
	struct paging *paging = &iommu_root_domain.tables;

	iommu_root_domain = make_domain(IOMMU_ROOT_DOMAIN, 0);
	CHECK(paging_map(paging, 0, 0, 1ull << 32, PAGING_READ | PAGING_WRITE) >= 0);
	CHECK(paging_unmap(paging, BLOCK_PHYS, CELLHV_MEMORY_SIZE) >= 0);
	pool_reclaim(&machine.tables);
	root_pages = machine.tables.used;
}

void machine_begin(uint64_t features)
{
	memset(ram, 0, sizeof(ram));
	memset(registers, 0, sizeof(registers));
	memset(caches, 0, sizeof(caches));
	at = 0;
	unit_is_silent = unit_is_locked = unit_is_lazy = false;
	unit_commands = unit_illegal = faults = 0;
	call = (struct cellhv_call){0};
	machine = (struct machine){.ticks_per_ms = 1, .tables_phys = TABLES_PHYS};
	pool_init(&machine.tables, tables, TABLES_PAGES, tables_bitmap);
	num_cpus = 3;
	make_cpu(0, &root_cell);
	make_cpu(1, &root_cell);
	make_cpu(2, &some_cell);
	unit = (struct iommu){.ops = &amdvi_ops, .config = &config[0]};
	second = (struct iommu){.ops = &amdvi_ops, .config = &config[1], .index = 1};
	*(uint64_t *)(registers[0] + AMDVI_FEATURES) = features;
	*(uint64_t *)(registers[1] + AMDVI_FEATURES) = features;
	make_root_domain();
}

void linux_uses_unit(uint64_t control)
{
	set_unit_register(AMDVI_DEVICES, LINUX_DEVICES | 1);
	set_unit_register(AMDVI_COMMANDS, (LINUX_COMMANDS_PHYS + at * 0x40000) | 9ull << 56);
	set_unit_register(AMDVI_EVENTS, (LINUX_EVENTS + at * 0x40000) | 9ull << 56);
	set_unit_register(AMDVI_COMMAND_HEAD, 0x40);
	set_unit_register(AMDVI_COMMAND_TAIL, 0x40);
	set_unit_register(AMDVI_CONTROL, control | 0x1005);
	for (uint32_t i = 0; i < 256 && !at; i++)
		linux_entry((uint16_t)i)->word[0] = 3;
	locked_base = LINUX_DEVICES | 1;
	unit_acts();
}

void machine_end(void)
{
	CHECK_EQ(unit.ops->give_back(self, &unit, &call), 0);
	CHECK_EQ(unit_illegal, 0);
	pool_reclaim(&machine.tables);
	CHECK_EQ(machine.tables.used, root_pages);
}
