/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vtd_model.h"

#include "core/memory.h"
#include "core/print.h"

struct cell root_cell, *cells;
struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;
struct iommu_domain iommu_root_domain;

_Alignas(4096) uint8_t ram[RAM];
_Alignas(4096) uint32_t registers[1024];
static uint32_t before[1024];
static uint64_t tables_bitmap[POOL_BITMAP_WORDS(1024)];
struct cell cell = {.id = 1};
struct cpu cpu_of[4];
struct arch_cpu arch_of[4];
static struct cellhv_iommu config = {.base = UNIT, .size = 0x1000, .type = CELLHV_IOMMU_VTD};
struct iommu unit;

static bool open_registers;
bool deaf;
static uint64_t now;
unsigned contexts_flushed, domains_flushed[IOMMU_DOMAINS], interrupts_flushed;
uint64_t last_iotlb[2];
uint16_t foreign;
int silent_cpu;
bool no_watch, translation_went_off;
unsigned faults, lines;
uint32_t storm;
uint64_t fault_address, fault_detail;

/* ---- The model ---- */

static void flush_tlb(const uint64_t *descriptor)
{
	domains_flushed[descriptor[0] >> 16 & 0xff]++;
	memcpy(last_iotlb, descriptor, sizeof(last_iotlb));
}

/* One of 16 bytes (6.5.2). */
static void obey(const uint64_t *descriptor)
{
	switch (descriptor[0] & 15) {
	case 1:
		contexts_flushed++;
		break;
	case 2:
		flush_tlb(descriptor);
		break;
	case 4:
		interrupts_flushed++;
		break;
	case 5:
		CHECK(descriptor[0] & 0x20);
		CHECK(descriptor[1] + 4 <= RAM);
		*(uint32_t *)(ram + descriptor[1]) = (uint32_t)(descriptor[0] >> 32);
		break;
	default:
		CHECK(false);
	}
}

static void run_queue(void)
{
	uint64_t base = (registers[VTD_IQA / 4] & ~0xfffull) | (uint64_t)registers[VTD_IQA / 4 + 1]
								       << 32;
	uint32_t *head = &registers[VTD_IQH / 4];

	while (!deaf && registers[VTD_GSTS / 4] & VTD_QIE && *head != registers[VTD_IQT / 4]) {
		CHECK(base + *head + 16 <= RAM);
		obey((const uint64_t *)(ram + base + *head));
		*head = (*head + 16) % 4096;
	}
}

static void command(uint32_t value)
{
	uint32_t *status = &registers[VTD_GSTS / 4];

	if (value & VTD_QIE && !(*status & VTD_QIE))
		registers[VTD_IQH / 4] = 0;
	translation_went_off |= *status & VTD_TE && !(value & VTD_TE);
	*status = (value & (VTD_TE | VTD_QIE | VTD_IRE | VTD_CFI)) |
		  ((*status | value) & (VTD_SRTP | VTD_SIRTP));
	registers[VTD_GCMD / 4] = UNWRITTEN;
	run_queue();
}

static void act(void)
{
	if (registers[VTD_GCMD / 4] != UNWRITTEN)
		command(registers[VTD_GCMD / 4]);
	for (unsigned at = 0; at < 1024; at++)
		if (registers[at] != before[at] && at == VTD_IQT / 4)
			run_queue();
	for (unsigned at = 0x22c / 4; at < 0x22c / 4 + 4 * RECORDS; at += 4)
		if (registers[at] == 1u << 31 && before[at] != 1u << 31)
			registers[at] = storm; /* a fault is cleared by writing 1 */
	open_registers = false;
}

void *arch_window_map(struct cpu *by, uint64_t phys)
{
	(void)by;
	if (open_registers)
		act();
	if (phys >= UNIT && phys < UNIT + sizeof(registers)) {
		memcpy(before, registers, sizeof(before));
		open_registers = true;
		return (uint8_t *)registers + (phys - UNIT);
	}
	/* Ours, above it, are reached otherwise, and the cell's, above those, never. */
	CHECK(phys < TABLES);
	return &ram[phys % RAM];
}

void arch_window_unmap(struct cpu *by)
{
	(void)by;
	if (open_registers)
		act();
}

/* ---- What core has ---- */

uint64_t arch_ticks(void)
{
	return now += 100;
}

void arch_pause(void)
{
}

void arch_write_back(const void *address, uint64_t size)
{
	CHECK((const uint8_t *)address >= ram + TABLES &&
	      (const uint8_t *)address + size <= ram + CELL);
}

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	return phys + size <= TABLES;
}

bool memory_root_reaches(uint64_t phys)
{
	return phys < TABLES;
}

bool memory_root_writes(uint64_t phys)
{
	struct paging_translation found;

	return paging_lookup(&root_cell.memory, phys, &found) && found.access & PAGING_WRITE;
}

bool cell_root_may_give(uint64_t phys, uint64_t size)
{
	return cell_root_owns(phys, size) && !vtd_ops.follows(&unit, phys, size);
}

int memory_flush_root(struct cpu *by)
{
	(void)by;
	return silent_cpu;
}

int iommu_watch(uint64_t page, bool watch)
{
	CHECK(page < TABLES);
	if (no_watch && watch)
		return -ENOMEM;
	return paging_map(&root_cell.memory, page, page, PAGE_SIZE, watch ? 5 : 7) < 0;
}

bool iommu_owns_some(uint16_t first, uint16_t last, uint16_t ignored)
{
	return foreign && (foreign | ignored) >= (first | ignored) &&
	       (foreign | ignored) <= (last | ignored);
}

void iommu_fault(const struct iommu *by, uint16_t requester, uint64_t address, uint64_t detail)
{
	CHECK(by == &unit);
	faults++;
	fault_address = address;
	fault_detail = detail | requester;
}

bool cpu_may_complain(struct cpu *by)
{
	(void)by;
	return false;
}

void print(const char *format, ...)
{
	(void)format;
	lines++;
}

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	CHECK(false);
}

/* ---- Linux ---- */

uint64_t (*linux_queue(void))[2]
{
	return (uint64_t(*)[2])(ram + LINUX_QUEUE);
}

uint64_t *linux_entry(unsigned index)
{
	return (uint64_t *)(ram + LINUX_IRT) + 2 * index;
}

const uint64_t *our_entry(unsigned index)
{
	return vtd_of(&unit)->interrupts[index];
}

void make_entry(unsigned index, uint32_t destination, unsigned vector, uint16_t source)
{
	linux_entry(index)[0] = (uint64_t)destination << 32 | vector << 16 | 0xd;
	linux_entry(index)[1] = 1u << 18 | source;
}

void setup(void)
{
	struct paging *tables = &iommu_root_domain.tables;

	memset(ram, 0, sizeof(ram));
	memset(registers, 0, sizeof(registers));
	open_registers = deaf = false;
	foreign = 0;
	silent_cpu = -1;
	no_watch = false;
	machine = (struct machine){.ticks_per_ms = 1000, .tables_phys = TABLES};
	pool_init(&machine.tables, ram + TABLES, 1024, tables_bitmap);
	root_cell.memory = (struct paging){.format = &paging_x86_nested, .levels = 4};
	machine_use_tables(&root_cell.memory);
	CHECK_EQ(paging_init(&root_cell.memory), 0);
	CHECK_EQ(paging_map(&root_cell.memory, 0, 0, TABLES, 7), 0);
	CHECK_EQ(paging_map(&root_cell.memory, 0x50000, 0x50000, 0x1000, 1) < 0, false);
	for (unsigned i = 0; i < 4; i++) {
		arch_of[i].apic_id = i;
		cpu_of[i] = (struct cpu){.arch = &arch_of[i],
					 .number = i,
					 .present = true,
					 .cell = i == 3 ? &cell : &root_cell};
		cpus[i] = &cpu_of[i];
	}
	num_cpus = 4;
	registers[VTD_GCMD / 4] = UNWRITTEN;
	registers[VTD_CAP / 4] = 0x222f0606;
	registers[VTD_CAP / 4 + 1] = 0x00d2008c;
	registers[VTD_ECAP / 4] = 0x00f00f5a;
	registers[VTD_GSTS / 4] = VTD_QIE | VTD_IRE | VTD_SIRTP;
	registers[VTD_IQA / 4] = LINUX_QUEUE;
	registers[VTD_IRTA / 4] = LINUX_IRT | 0x800 | 11;
	registers[VTD_FECTL / 4 + 1] = 0x21;
	registers[VTD_FECTL / 4 + 2] = 0xfee00000;
	registers[VTD_IQH / 4] = registers[VTD_IQT / 4] = 5 * 16;
	unit = (struct iommu){.ops = &vtd_ops, .config = &config};
	*tables = (struct paging){0};
	vtd_ops.describe(self, &unit, tables);
	CHECK(tables->format == &paging_vtd && tables->levels == 4);
	CHECK(tables->huge_1g && tables->past_caches);
	machine_use_tables(tables);
	CHECK_EQ(paging_init(tables), 0);
	iommu_root_domain.id = 1;
	make_entry(0, 1, 0x30, 0xff00);
	make_entry(17, 4, 0x41, 0x0010);
}

const uint64_t *our_context(uint16_t requester)
{
	const uint64_t *root = (const uint64_t *)(ram + registers[VTD_RTADDR / 4]);
	uint64_t table = root[2 * (requester >> 8)];

	CHECK(table & 1);
	return (const uint64_t *)(ram + (table & ~0xfffull)) + 2 * (requester & 0xff);
}

uint64_t *linux_context(uint16_t requester)
{
	return (uint64_t *)(ram + LINUX_CONTEXTS + 4096 * (requester >> 8)) +
	       2 * (requester & 0xff);
}

void setup_translation(void)
{
	setup();
	registers[VTD_GSTS / 4] |= VTD_TE | VTD_SRTP;
	registers[VTD_RTADDR / 4] = LINUX_ROOT;
	for (unsigned bus = 0; bus < 2; bus++)
		((uint64_t *)(ram + LINUX_ROOT))[2 * bus] = (LINUX_CONTEXTS + 4096 * bus) | 1;
}

void take(void)
{
	setup();
	take_as_it_is();
}

void take_as_it_is(void)
{
	struct cellhv_call call = {0};

	CHECK_EQ(vtd_ops.probe(self, &unit, &call), 0);
	CHECK_EQ(vtd_ops.take(self, &unit, &call), 0);
	memset(domains_flushed, 0, sizeof(domains_flushed));
	contexts_flushed = interrupts_flushed = 0;
}

uint64_t read_as_linux(uint64_t offset, unsigned size)
{
	struct iommu_access access = {.offset = offset, .size = size};

	CHECK(vtd_ops.access(self, &unit, &access));
	return access.value;
}

bool write_as_linux(uint64_t offset, unsigned size, uint64_t value)
{
	struct iommu_access access = {
		.offset = offset, .size = size, .write = true, .value = value};

	return vtd_ops.access(self, &unit, &access);
}

void submit(uint64_t low, uint64_t address)
{
	submit_both(low, 0, address);
}

void submit_both(uint64_t low, uint64_t high, uint64_t address)
{
	uint32_t tail = (uint32_t)read_as_linux(VTD_IQT, 4) / 16;

	linux_queue()[tail][0] = low;
	linux_queue()[tail][1] = high;
	tail = (tail + 1) % 256;
	linux_queue()[tail][0] = 5 | 1 << 5 | 2ull << 32;
	linux_queue()[tail][1] = address;
	tail = (tail + 1) % 256;
	/* The exit comes again while there is more to do. */
	for (unsigned exits = 0; !write_as_linux(VTD_IQT, 4, tail * 16); exits++)
		CHECK(exits < 4);
}

uint32_t status(void)
{
	return *(uint32_t *)(ram + STATUS);
}

bool stopped(void)
{
	return read_as_linux(VTD_FSTS, 4) & 16;
}
