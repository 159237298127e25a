/* SPDX-License-Identifier: GPL-2.0-only */
/* Found and built while the first CPU enters: memory, page tables, the root cell, permissions. */
#include "arch/x86/machine.h"

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "arch/x86/paging_formats.h"
#include "arch/x86/port.h"
#include "arch/x86/idt.h"
#include "arch/x86/uart.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/config.h"
#include "core/errno.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/string.h"

#define LOW_MEMORY (4ull << 30) /* mapped for the root whatever is there */
#define HUGE_SIZE (1ull << 30)

extern uint8_t image_start[], text_end[], rodata_end[], image_end[];

struct x86_machine x86_machine;
const struct vcpu_ops *vcpu_ops;

static void machine_read_cpuid(void)
{
	uint32_t max_extended = cpuid(0x80000000, 0).eax;
	unsigned bits = max_extended >= 0x80000008 ? cpuid(0x80000008, 0).eax & 0xff : 36;

	machine.phys_limit = 1ull << bits;
	x86_machine.has_x2apic = cpuid(1, 0).ecx & (1u << 21);
	x86_machine.has_huge_pages = cpuid(0x80000001, 0).edx & (1u << 26);
	x86_machine.root_x2apic = msr_read(MSR_APIC_BASE) & (1u << 10);
}

static int machine_map(uint64_t virt, uint64_t phys, uint64_t size, uint32_t access)
{
	int err = paging_map(&x86_machine.paging, virt, phys, size, access);

	return err < 0 ? err : 0;
}

static int machine_map_range(const void *start, const void *end, uint32_t access)
{
	return machine_map((uint64_t)start, machine_phys(start), (uint64_t)end - (uint64_t)start,
			   access);
}

/* The hypervisor's own address space: no page is both writable and executable. */
static int machine_build_paging(const struct cellhv_boot *boot)
{
	const void *end = (const void *)(CELLHV_BASE + CELLHV_MEMORY_SIZE);
	int err;

	machine_use_pool(&x86_machine.paging);
	x86_machine.paging.format = &paging_x86_host;
	x86_machine.paging.levels = cr4_read() & CR4_LA57 ? 5 : 4;
	x86_machine.paging.huge_1g = x86_machine.has_huge_pages;
	err = paging_init(&x86_machine.paging);
	if (!err)
		err = machine_map_range(image_start, text_end, PAGING_READ | PAGING_EXECUTE);
	if (!err)
		err = machine_map_range(text_end, rodata_end, PAGING_READ);
	if (!err)
		err = machine_map_range(rodata_end, end, PAGING_READ | PAGING_WRITE);
	if (!err && machine.tables_phys)
		err = machine_map(LAYOUT_TABLES, machine.tables_phys, CELLHV_TABLES_SIZE,
				  PAGING_READ | PAGING_WRITE);
	if (!err)
		err = machine_map(boot->switch_page, boot->switch_page_phys, PAGE_SIZE,
				  PAGING_READ | PAGING_EXECUTE);
	if (!err)
		err = machine_map(boot->switch_data, boot->switch_data_phys, PAGE_SIZE,
				  PAGING_READ | PAGING_WRITE);
	if (!err)
		err = machine_map(LAYOUT_XAPIC, XAPIC_BASE, PAGE_SIZE,
				  PAGING_READ | PAGING_WRITE | PAGING_DEVICE);
	return err;
}

int arch_map_root(uint64_t base, uint64_t size)
{
	struct paging *paging = &root_cell.memory;
	int changed =
		paging_map(paging, base, base, size, PAGING_READ | PAGING_WRITE | PAGING_EXECUTE);
	int err = changed < 0 ? changed : vcpu_ops->set_memory_types(paging, base, size);

	return err < 0 ? err : changed | err;
}

/* Guests may read it with memory types of theirs, so nothing of it stays in a cache. */
static int machine_make_ones(struct paging *paging)
{
	uint8_t *page = pool_alloc(&machine.pool, 1);

	if (!page)
		return -ENOMEM;

	memset(page, 0xff, PAGE_SIZE);
	for (unsigned i = 0; i < PAGE_SIZE; i += CACHE_LINE)
		cache_flush(page + i);
	machine.ones = machine_phys(page);
	return paging_init_fill(paging, machine.ones);
}

/* The root sees all memory less ours; its writes to an xAPIC go through the filter. */
static int machine_build_root(void)
{
	struct paging *paging = &root_cell.memory;
	uint64_t top = (machine.system.memory_top + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	int err;

	machine_use_pool(paging);
	vcpu_ops->describe_nested(paging);
	if (machine.phys_limit > 1ull << (PAGE_SHIFT + 9 * paging->levels))
		machine.phys_limit = 1ull << (PAGE_SHIFT + 9 * paging->levels);
	err = paging_init(paging);
	if (!err)
		err = machine_make_ones(paging);
	if (!err)
		err = arch_map_root(0, top > LOW_MEMORY ? top : LOW_MEMORY);
	if (err >= 0)
		err = memory_hide_from_root(machine.memory_phys, CELLHV_MEMORY_SIZE);
	if (err >= 0 && machine.tables_phys)
		err = memory_hide_from_root(machine.tables_phys, CELLHV_TABLES_SIZE);
	if (err >= 0 && !x86_machine.root_x2apic)
		err = paging_map(paging, XAPIC_BASE, XAPIC_BASE, PAGE_SIZE, PAGING_READ);
	return err < 0 ? err : 0;
}

static int machine_build_permissions(void)
{
	const struct msr_table *cell =
		x86_machine.has_x2apic ? &msr_cell_table : &msr_cell_table_no_x2apic;
	uint32_t msr_pages = vcpu_ops->msr_bitmap_pages;

	x86_machine.root_msr_bitmap = pool_alloc(&machine.pool, msr_pages);
	x86_machine.cell_msr_bitmap = pool_alloc(&machine.pool, msr_pages);
	x86_machine.root_port_bitmap = pool_alloc(&machine.pool, PORT_BITMAP_SIZE / PAGE_SIZE);
	x86_machine.cell_port_bitmap = pool_alloc(&machine.pool, PORT_BITMAP_SIZE / PAGE_SIZE);
	if (!x86_machine.root_msr_bitmap || !x86_machine.cell_msr_bitmap ||
	    !x86_machine.root_port_bitmap || !x86_machine.cell_port_bitmap)
		return -ENOMEM;

	vcpu_ops->make_msr_bitmap(x86_machine.root_msr_bitmap, msr_root_table.entries,
				  msr_root_table.count);
	vcpu_ops->make_msr_bitmap(x86_machine.cell_msr_bitmap, cell->entries, cell->count);
	port_init_bitmaps();
	return 0;
}

static int machine_refuse(struct cellhv_boot *boot, uint32_t check, uint32_t object)
{
	boot->refusal = (struct cellhv_refusal){.check = check, .object = object};
	return -ENODEV;
}

int machine_check_cpu(struct cellhv_boot *boot)
{
	static struct processor first;
	static bool has_first;
	struct processor processor;
	uint32_t mode, missing;

	processor_read(&processor, boot->native.cr3, boot->native.cr4);
	mode = processor_refuses(&processor, has_first ? &first : NULL);
	if (mode)
		return machine_refuse(boot, CELLHV_CHECK_CPU_MODE, mode);

	vcpu_ops = cpuid(1, 0).ecx & CPUID_1_ECX_VMX ? &vcpu_vmx : &vcpu_svm;
	missing = vcpu_ops->missing_feature();
	if (missing)
		return machine_refuse(boot, CELLHV_CHECK_CPU_FEATURE, missing);

	if (!has_first)
		first = processor;
	has_first = true;
	return 0;
}

int machine_init(struct cellhv_boot *boot)
{
	const struct cellhv_image_header *header = (const void *)image_start;
	struct config_error error;
	int err;

	memcpy(machine.system_words, boot->system, sizeof(machine.system_words));
	if (config_validate_system(&machine.system, machine.system.header.total_size,
				   CELLHV_ARCH_X86_64, &error))
		return -EINVAL;

	machine.architecture = CELLHV_ARCH_X86_64;
	x86_machine.memory_virt = boot->memory_virt;
	x86_machine.leave = boot->leave;
	machine.num_cpus = boot->num_cpus;
	machine.ticks_per_ms = boot->tsc_khz;
	memcpy(machine.version, header->version, sizeof(machine.version));
	machine_set_block(boot->memory_phys, (void *)CELLHV_BASE, image_end);
	machine_set_tables(boot->tables_phys, (void *)LAYOUT_TABLES);
	machine_read_cpuid();
	print_init();
	uart_init();
	idt_init();
	print("\nInitializing hypervisor %s (%s)\n", machine.version, vcpu_ops->name);

	err = machine_build_paging(boot);
	if (!err)
		err = machine_build_root();
	/* No CPU has walked the tables yet. */
	pool_reclaim(&machine.pool);
	if (!err)
		err = machine_build_permissions();
	if (!err)
		print("Page pool usage after early setup: %u of %u\nInitializing processors:\n",
		      machine.pool.used, machine.pool.pages);
	return err;
}
