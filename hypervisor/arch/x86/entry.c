/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's way in from Linux. CPUs come one after another; the module sees to that. */
#include "arch/x86/entry.h"

#include "arch/x86/apic.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/nmi.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/window.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/print.h"
#include "core/string.h"

/* Per CPU, from the bottom, each stack above a guard page: NMI, double fault, #MC, the normal one.
 */
#define STACK_AREA 0x10000ull
#define STACK_IST_PAGES 1u
#define STACK_PAGES 2u

struct cellhv_boot boot __attribute__((section(".data")));

static struct cellhv_frame failed_frame;

static uint64_t stack_base(uint32_t number)
{
	return LAYOUT_STACKS + number * STACK_AREA;
}

/* Maps fresh pages at *address behind a guard page; moves *address to their end: the stack's top.
 */
static int entry_map_stack(uint64_t *address, uint32_t pages)
{
	void *memory = pool_alloc(&machine.pool, pages);
	int err;

	if (!memory)
		return -ENOMEM;

	*address += PAGE_SIZE;
	err = paging_map(&x86_machine.paging, *address, machine_phys(memory), pages * PAGE_SIZE,
			 PAGING_READ | PAGING_WRITE);
	*address += pages * PAGE_SIZE;
	return err < 0 ? err : 0;
}

static int entry_make_stacks(struct cpu *cpu, uint64_t ist[3])
{
	uint64_t address = stack_base(cpu->number);
	int err = 0;

	for (unsigned i = 0; i < 3 && !err; i++) {
		err = entry_map_stack(&address, STACK_IST_PAGES);
		ist[i] = address;
	}
	return err ? err : entry_map_stack(&address, STACK_PAGES);
}

/*
 * Linux's CR4 is the hypervisor's but for what would check our own accesses by Linux's keys and
 * halves of the address space; and a cell's XSETBV works though Linux uses none.
 */
static uint64_t entry_own_cr4(uint64_t native)
{
	const uint64_t foreign = CR4_PKS | CR4_UINTR | CR4_LASS | CR4_LAM_SUP;

	return (native & ~foreign) | (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE ? CR4_OSXSAVE : 0);
}

/* Everything of the CPU that lives on one page. */
struct entry_page {
	struct arch_cpu arch;
	struct cpu cpu;
	struct descriptor_tables tables;
};

/* One that came while the tables of the switch page were in force. */
static void entry_take_nmi(struct cpu *cpu)
{
	struct cellhv_switch *data = (void *)boot.switch_data;

	if (data->nmi)
		vcpu_ops->queue_nmi(cpu);
	data->nmi = 0;
}

static int entry_make_cpu(const struct cellhv_native *native)
{
	struct entry_page *page = pool_alloc(&machine.pool, 1);
	uint64_t ist[3];
	int err;

	_Static_assert(sizeof(*page) <= PAGE_SIZE, "one page");
	_Static_assert(1 + 3 * STACK_IST_PAGES + STACK_PAGES + VCPU_PAGES <= CELLHV_CPU_PAGES,
		       "as many pages as the module counts on");
	if (!page)
		return -ENOMEM;

	page->arch.cpu = &page->cpu;
	page->cpu.arch = &page->arch;
	page->cpu.number = native->cpu;
	page->cpu.cell = &root_cell;
	page->cpu.activity = CPU_GUEST;
	err = entry_make_stacks(&page->cpu, ist);
	if (!err)
		err = window_init(&page->cpu);
	if (!err)
		err = vcpu_ops->init(&page->cpu, native);
	if (err)
		return err;

	apic_init(&page->cpu);
	idt_load(&page->tables, ist, &page->cpu);
	vcpu_ops->finish_init(&page->cpu);
	entry_take_nmi(&page->cpu);
	cpu_add(&page->cpu);
	return 0;
}

int entry_cpu(void)
{
	const struct cellhv_native *native = &boot.native;
	int err;

	boot.refusal = (struct cellhv_refusal){0};
	if (native->cpu >= CELLHV_MAX_CPUS || native->cs.selector != SELECTOR_CODE)
		return -EINVAL;
	err = machine_check_cpu(&boot);
	if (!err && !machine.memory_phys)
		err = machine_init(&boot);
	if (err)
		return err;

	cr3_write(paging_root_phys(&x86_machine.paging));
	cr4_write(entry_own_cr4(cr4_read()));
	err = entry_make_cpu(native);
	if (!err)
		print(" CPU %u: APIC ID %u, %s\n", native->cpu, cpus[native->cpu]->arch->apic_id,
		      cpus[native->cpu]->arch->x2apic ? "x2APIC" : "xAPIC");
	return err;
}

uint64_t entry_stack(uint32_t number)
{
	return stack_base(number) + (3 * (1 + STACK_IST_PAGES) + 1 + STACK_PAGES) * PAGE_SIZE;
}

uint64_t cpu_stack(void)
{
	return entry_stack(boot.native.cpu);
}

void entry_renewed(struct cpu *cpu)
{
	struct entry_page *page = (struct entry_page *)cpu->arch;
	uint64_t ist[3];

	memcpy(ist, page->tables.tss.ist, sizeof(ist));
	idt_load(&page->tables, ist, cpu);
	vcpu_ops->restart(cpu);
	apic_init(cpu);
	/* A kick that was under way is lost; what it was for is in the requests. */
	__atomic_store_n(&cpu->kicked, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->arch->needs_init, false, __ATOMIC_RELEASE);
	cpu_serve_requests(cpu);
	nmi_handle_arrived(cpu);
	vcpu_ops->run(cpu);
}

void cpu_run(void)
{
	vcpu_ops->run(arch_self());
}

void entry_failed(int error)
{
	const struct cellhv_native *native = &boot.native;
	struct cellhv_frame *frame = &failed_frame;

	memset(frame, 0, sizeof(*frame));
	frame->regs[RAX] = (uint64_t)error;
	frame->regs[RSP] = native->rsp;
	frame->rip = native->rip;
	frame->rflags = native->rflags;
	frame->cr4 = native->cr4;
	frame->fs_base = native->fs.base;
	frame->gs_base = native->gs.base;
	frame->gdtr[0] = (uint16_t)native->gdt_limit;
	memcpy(&frame->gdtr[1], &native->gdt_base, sizeof(native->gdt_base));
	frame->idtr[0] = (uint16_t)native->idt_limit;
	memcpy(&frame->idtr[1], &native->idt_base, sizeof(native->idt_base));
	frame->es = native->es.selector;
	frame->ss = native->ss.selector;
	frame->ds = native->ds.selector;
	frame->fs = native->fs.selector;
	frame->gs = native->gs.selector;
	frame->ldtr = native->ldtr.selector;
	leave_jump((uint64_t)frame - CELLHV_BASE + boot.memory_virt, native->cr4 & ~CR4_PGE,
		   native->cr3, boot.leave);
}
