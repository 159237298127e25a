/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine: memory, its windows, and what the root sees of it. */
#include "fake.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include "core/arch.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/link.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/resource.h"

#define HUGE_SIZE (2ull << 20)

struct fake fake;

/* As unlike those of real processors as core allows. */
#define LEAF(access) ((access) | 1ull << 60)
const struct paging_format fake_format = {
	.access = {[PAGING_READ] = LEAF(1),
		   [PAGING_READ | PAGING_WRITE] = LEAF(3),
		   [PAGING_READ | PAGING_EXECUTE] = LEAF(5),
		   [PAGING_READ | PAGING_WRITE | PAGING_EXECUTE] = LEAF(7),
		   [PAGING_READ | PAGING_DEVICE] = LEAF(9),
		   [PAGING_READ | PAGING_WRITE | PAGING_DEVICE] = LEAF(11),
		   [PAGING_READ | PAGING_EXECUTE | PAGING_DEVICE] = LEAF(13),
		   [PAGING_READ | PAGING_WRITE | PAGING_EXECUTE | PAGING_DEVICE] = LEAF(15)},
	.table = 1ull << 61,
	.large = 1ull << 62,
};

const struct resource *const arch_resources[] = {
	&region_resource,   &comm_resource, &link_resource,    &fake_port_resource,
	&function_resource, &cpu_resource,  &message_resource,
};
const unsigned arch_resource_count = sizeof(arch_resources) / sizeof(arch_resources[0]);

/* Nothing reaches the RAM of others by accident. */
static void close_ram(bool tables)
{
	if (!fake.ram) {
		uint8_t *memory = mmap(NULL, FAKE_RAM + HUGE_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			fake_broken("no memory");
		fake.ram = memory + (-(uintptr_t)memory & (HUGE_SIZE - 1));
	}
	ASAN_POISON_MEMORY_REGION(fake.ram, FAKE_RAM);
	ASAN_UNPOISON_MEMORY_REGION(fake.ram + FAKE_BLOCK, CELLHV_MEMORY_SIZE);
	if (tables)
		ASAN_UNPOISON_MEMORY_REGION(fake.ram + FAKE_TABLES, CELLHV_TABLES_SIZE);
}

static void build_root(void)
{
	struct paging *paging = &root_cell.memory;
	uint8_t *ones;
	int err;

	machine_use_pool(paging);
	paging->format = &fake_format;
	paging->levels = 4;
	paging->huge_1g = true;
	err = paging_init(paging);
	ones = pool_alloc(&machine.pool, 1);
	memset(ones, 0xff, PAGE_SIZE);
	machine.ones = machine_phys(ones);
	if (err || paging_init_fill(paging, machine.ones) || arch_map_root(0, FAKE_RAM) < 0 ||
	    arch_map_root(FAKE_MMCONFIG, FAKE_DEVICE_SIZE) < 0 ||
	    arch_map_root(FAKE_REGISTERS, FAKE_DEVICE_SIZE) < 0 ||
	    memory_hide_from_root(machine.memory_phys, CELLHV_MEMORY_SIZE) < 0 ||
	    (machine.tables_phys &&
	     memory_hide_from_root(machine.tables_phys, CELLHV_TABLES_SIZE) < 0))
		fake_broken("no root");
	pool_reclaim(&machine.pool);
}

static void forget(void)
{
	uint8_t *ram = fake.ram;

	for (unsigned i = 0; i < FAKE_CPUS; i++)
		arch_window_unmap(&fake.cpus[i].cpu);
	memset(&fake, 0, sizeof(fake));
	fake.ram = ram;
	memset(cpus, 0, sizeof(cpus));
	num_cpus = 0;
	cells = NULL;
	links = NULL;
	panicked = false;
	control_unlock();
	print_force_unlock();
	print_init();
}

/* What is behind the fixed part of the system's configuration. */
static void describe_units(unsigned units)
{
	struct cellhv_iommu *unit = (void *)(&machine.system + 1);

	machine.system.iommus =
		(struct cellhv_section){sizeof(machine.system), units, sizeof(*unit), 0};
	for (unsigned i = 0; i < units; i++)
		unit[i] =
			(struct cellhv_iommu){.base = FAKE_UNITS + i * PAGE_SIZE,
					      .size = PAGE_SIZE,
					      .type = i == 1 ? CELLHV_IOMMU_AMD : CELLHV_IOMMU_VTD,
					      .segment = i == 2,
					      .function = i == 1 ? FAKE_UNIT : 0};
}

static void boot(unsigned num, uint32_t flags, unsigned units)
{
	fake_forget_units();
	forget();
	root_cell = (struct cell){.name = "root", .started = true};
	machine = (struct machine){.phys_limit = FAKE_PHYS_LIMIT,
				   .num_cpus = num,
				   .ticks_per_ms = 10,
				   .architecture = CELLHV_ARCH_X86_64,
				   .version = "fake",
				   .system.flags = flags,
				   .system.mmconfig_end_bus = 1};
	describe_units(units);
	close_ram(units != 0);
	machine_set_tables(units ? FAKE_TABLES : 0, fake.ram + FAKE_TABLES);
	machine_set_block(FAKE_BLOCK, fake.ram + FAKE_BLOCK, fake.ram + FAKE_BLOCK + FAKE_POOL);
	memset(fake.root_ports, 0xff, sizeof(fake.root_ports));
	build_root();
	fake_make_functions();
	for (unsigned i = 0; i < num; i++) {
		struct arch_cpu *arch = &fake.cpus[i];

		arch->cpu = (struct cpu){.arch = arch, .number = i, .cell = &root_cell};
		arch->cpu.activity = i ? CPU_AWAITS_START : CPU_GUEST;
		arch->runs = i ? NULL : &root_cell;
		cpu_add(&arch->cpu);
	}
	fake.self = cpus[0];
	fake_mend();
}

void fake_boot(unsigned num)
{
	boot(num, 0, 0);
}

void fake_boot_strict(unsigned num)
{
	boot(num, CELLHV_SYSTEM_STRICT, 0);
}

void fake_boot_units(unsigned num, unsigned units)
{
	boot(num, 0, units);
}

/* Byte by byte, or the compiler makes calls of it that look whether it may. */
__attribute__((no_sanitize("address"))) void fake_read(uint64_t phys, void *to, uint64_t size)
{
	volatile uint8_t *bytes = to;

	for (uint64_t i = 0; i < size; i++)
		bytes[i] = fake.ram[phys + i];
}

__attribute__((no_sanitize("address"))) void fake_write(uint64_t phys, const void *from,
							uint64_t size)
{
	volatile uint8_t *ram = fake.ram + phys;

	for (uint64_t i = 0; i < size; i++)
		ram[i] = ((const uint8_t *)from)[i];
}

__attribute__((no_sanitize("address"))) void fake_fill_ram(uint64_t phys, uint8_t value,
							   uint64_t size)
{
	volatile uint8_t *ram = fake.ram + phys;

	for (uint64_t i = 0; i < size; i++)
		ram[i] = value;
}

__attribute__((no_sanitize("address"))) bool fake_ram_is(uint64_t phys, uint8_t value,
							 uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (fake.ram[phys + i] != value)
			return false;
	return true;
}

/* Elsewhere all reads as ones. */
static _Alignas(4096) uint8_t registers[PAGE_SIZE];
_Alignas(4096) uint8_t fake_registers[FAKE_DEVICE_SIZE];

void arch_window_unmap(struct cpu *self)
{
	if (self->arch && self->arch->window)
		ASAN_POISON_MEMORY_REGION(self->arch->window, PAGE_SIZE);
	if (self->arch)
		self->arch->window = NULL;
}

void *arch_window_map(struct cpu *self, uint64_t phys)
{
	uint64_t page = phys & ~(PAGE_SIZE - 1);

	arch_window_unmap(self);
	if (page >= machine.phys_limit || machine_owns(page, PAGE_SIZE))
		fake_broken("a window to %llx", (unsigned long long)phys);
	if (page >= FAKE_REGISTERS && page - FAKE_REGISTERS < FAKE_DEVICE_SIZE)
		return fake_registers + (phys - FAKE_REGISTERS);
	if (page >= FAKE_RAM) {
		memset(registers, 0xff, sizeof(registers));
		return registers + (phys - page);
	}
	self->arch->window = fake.ram + page;
	ASAN_UNPOISON_MEMORY_REGION(self->arch->window, PAGE_SIZE);
	return self->arch->window + (phys - page);
}

void arch_clear_page(void *page)
{
	if ((uintptr_t)page & (PAGE_SIZE - 1))
		fake_broken("clears %p", page);
	memset(page, 0, PAGE_SIZE);
}

/* RAM has an end; what is behind it are registers. */
int arch_map_root(uint64_t phys, uint64_t size)
{
	const uint32_t all = PAGING_READ | PAGING_WRITE | PAGING_EXECUTE;
	uint64_t ram = phys >= FAKE_RAM ? 0 : FAKE_RAM - phys < size ? FAKE_RAM - phys : size;
	int changed = ram ? paging_map(&root_cell.memory, phys, phys, ram, all) : 0, more = 0;

	if (changed >= 0 && size > ram)
		more = paging_map(&root_cell.memory, phys + ram, phys + ram, size - ram,
				  all | PAGING_DEVICE);
	if (changed < 0)
		return changed;
	return more < 0 ? more : changed | more;
}

bool arch_keeps(uint64_t phys, uint64_t size)
{
	return phys < FAKE_REGISTERS + PAGE_SIZE && FAKE_REGISTERS < phys + size;
}

void arch_fill_comm(const struct cell *cell)
{
	((uint8_t *)cell->comm)[PAGE_SIZE - 1] = 0xfa;
}

void arch_info(struct cellhv_call *call)
{
	call->info.apic_khz = 1;
}

void arch_debug_put(char c)
{
	if (fake.debug_length == sizeof(fake.debug) - 1)
		fake.debug_length = 0;
	fake.debug[fake.debug_length++] = c;
	fake.debug[fake.debug_length] = 0;
}

void fake_return_pages(void)
{
	while (fake.tables_fillers)
		pool_free(&machine.tables, fake.tables_filler[--fake.tables_fillers], 1);
	while (fake.fillers)
		pool_free(&machine.pool, fake.filler[--fake.fillers], 1);
}

void fake_leave_pages(unsigned pages, bool spread)
{
	fake_return_pages();
	while (pool_available(&machine.pool))
		fake.filler[fake.fillers++] = pool_alloc(&machine.pool, 1);
	for (unsigned i = 0; pages && i < fake.fillers; i++) {
		if (spread && i % 4 == 3)
			continue;
		pages--;
		pool_free(&machine.pool, fake.filler[i], 1);
		fake.filler[i] = NULL;
	}
}

void fake_leave_tables(unsigned pages)
{
	fake_return_pages();
	while (pool_available(&machine.tables) > pages)
		fake.tables_filler[fake.tables_fillers++] = pool_alloc(&machine.tables, 1);
}
