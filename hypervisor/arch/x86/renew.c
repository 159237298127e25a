/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/renew.h"

#include "arch/x86/apic.h"
#include "arch/x86/entry.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/print.h"
#include "core/string.h"
#include "core/window.h"

#define RENEW_PAGES 2u

/* Intel SDM vol. 3, 9.4.4.1: INIT, 10 ms, SIPI, and a second one for those that missed it. */
#define RENEW_INIT_MS 10u
#define RENEW_SIPI_MS 100u
#define RENEW_SIPIS 2u

extern const uint8_t renew_start[], renew_long[], renew_end[], renew_arrive[];

struct renew_parameters {
	uint16_t gdt_limit;
	uint16_t gdt_base[2];
	uint16_t unused;
	uint32_t cr0;
	uint32_t cr4;
	uint64_t efer;
	uint64_t cr3;
	uint64_t stack;
	uint64_t cpu;
	uint64_t entry;
	uint32_t offset; /* of the 64-bit part, and its segment */
	uint32_t selector;
	uint64_t gdt[4];
};

#define RENEW_ASSERT(member, value) \
	_Static_assert(__builtin_offsetof(struct renew_parameters, member) == (value), #member)
RENEW_ASSERT(cr0, RENEW_CR0);
RENEW_ASSERT(cr4, RENEW_CR4);
RENEW_ASSERT(efer, RENEW_EFER);
RENEW_ASSERT(cr3, RENEW_CR3);
RENEW_ASSERT(stack, RENEW_STACK);
RENEW_ASSERT(cpu, RENEW_CPU);
RENEW_ASSERT(entry, RENEW_ENTRY);
RENEW_ASSERT(offset, RENEW_FAR);
RENEW_ASSERT(gdt, RENEW_GDT);

void renew_wait(struct cpu *self)
{
	__atomic_store_n(&self->arch->needs_init, true, __ATOMIC_RELEASE);
	vcpu_ops->stop(self);
}

static void renew_fill(struct renew_parameters *parameters, const struct cpu *target)
{
	const uint32_t gdt = RENEW_PAGE + RENEW_PARAMETERS + RENEW_GDT;

	*parameters = (struct renew_parameters){
		.gdt_limit = sizeof(parameters->gdt) - 1,
		.gdt_base = {(uint16_t)gdt, gdt >> 16},
		.cr0 = (uint32_t)cr0_read(),
		.cr4 = (uint32_t)cr4_read(),
		.efer = msr_read(MSR_EFER) & ~EFER_LMA,
		.cr3 = cr3_read(),
		.entry = (uint64_t)renew_arrive,
		.stack = entry_stack(target->number),
		.cpu = (uint64_t)target,
		.offset = RENEW_PAGE + (uint32_t)((uint64_t)renew_long - (uint64_t)renew_start),
		.selector = SELECTOR_CODE,
		.gdt = {0, 0, DESCRIPTOR_CODE, DESCRIPTOR_DATA},
	};
}

/*
 * The way back: its code and parameters, and a top table below 4 GiB, with what the hypervisor has
 * and, in the lowest entry, the two pages.
 */
static void renew_write(struct cpu *self, const struct cpu *target, const struct paging *pages)
{
	struct renew_parameters parameters;

	renew_fill(&parameters, target);
	window_copy_to(self, RENEW_PAGE, renew_start, (uint64_t)renew_end - (uint64_t)renew_start);
	window_copy_to(self, RENEW_PAGE + RENEW_PARAMETERS, &parameters, sizeof(parameters));
	window_copy_to(self, RENEW_TABLE, x86_machine.paging.root, PAGE_SIZE);
	window_copy_to(self, RENEW_TABLE, pages->root, sizeof(*pages->root));
}

static bool renew_await(const struct cpu *target, unsigned limit_ms)
{
	uint64_t start = tsc_read();

	while (tsc_read() - start < (uint64_t)limit_ms * machine.ticks_per_ms) {
		if (!__atomic_load_n(&target->arch->needs_init, __ATOMIC_ACQUIRE))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

/* Whether it has come: then it uses the hypervisor's own tables, and the pages no more. */
static bool renew_start_cpu(const struct cpu *self, const struct cpu *target)
{
	apic_send(self, target->arch->apic_id, APIC_DELIVERY_INIT | APIC_ASSERT);
	renew_await(target, RENEW_INIT_MS);
	for (unsigned i = 0; i < RENEW_SIPIS; i++) {
		apic_send(self, target->arch->apic_id,
			  APIC_DELIVERY_STARTUP | APIC_ASSERT | RENEW_PAGE / PAGE_SIZE);
		if (renew_await(target, RENEW_SIPI_MS))
			return true;
	}
	print("CPU %u does not come back from INIT\n", target->number);
	return false;
}

/* Where it does not come, its tables are lost with it. */
static void renew_with_pages(struct cpu *self, struct cpu *target, struct paging *pages)
{
	if (paging_map(pages, RENEW_PAGE, RENEW_PAGE, RENEW_PAGES * PAGE_SIZE,
		       PAGING_READ | PAGING_EXECUTE) < 0) {
		paging_destroy(pages);
		return;
	}
	renew_write(self, target, pages);
	if (renew_start_cpu(self, target))
		paging_destroy(pages);
}

void renew_cpu(struct cpu *target)
{
	const uint64_t size = RENEW_PAGES * PAGE_SIZE;
	struct cpu *self = arch_self();
	struct paging pages = x86_machine.paging;
	uint8_t *kept = pool_alloc(&machine.pool, RENEW_PAGES);

	if (!kept || paging_init(&pages)) {
		pool_free(&machine.pool, kept, RENEW_PAGES);
		return; /* whoever waits for the CPU says that it is silent */
	}
	window_copy_from(self, kept, RENEW_PAGE, size);
	renew_with_pages(self, target, &pages);
	window_copy_to(self, RENEW_PAGE, kept, size);
	pool_free(&machine.pool, kept, RENEW_PAGES);
}
