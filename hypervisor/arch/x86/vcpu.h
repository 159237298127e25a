/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU back end (SVM, VMX) does for the rest of arch/x86: one table of operations, chosen
 * once. All of them act on the CPU they run on.
 */
#ifndef X86_VCPU_H
#define X86_VCPU_H

#include "arch/x86/cpu.h"
#include "arch/x86/decode.h"
#include "arch/x86/permissions.h"
#include "core/paging.h"

#define VCPU_PAGES 4u /* of the pool, that a back end takes for a CPU at most */

/* Guest state that is not in cpu->arch->regs. */
struct vcpu_state {
	uint64_t rip, rflags, cr0, cr3, cr4, efer;
	uint64_t linear_ip; /* rip with the base of CS */
	struct decode_mode mode;
	unsigned cpl;
};

struct vcpu_ops {
	const char *name;
	uint32_t msr_bitmap_pages;
	void (*make_msr_bitmap)(uint8_t *bitmap, const struct msr_permission *table, size_t count);

	/* enum cellhv_cpu_feature that is needed and that this CPU lacks; 0: none. Changes nothing.
	 */
	uint32_t (*missing_feature)(void);

	/* Fills in format, levels and huge_1g of nested page tables. */
	void (*describe_nested)(struct paging *paging);

	/*
	 * Where nested tables decide on memory types: makes uncached what is not RAM between `base`
	 * and `base + size` of the root. -ENOMEM
	 */
	int (*set_memory_types)(struct paging *paging, uint64_t base, uint64_t size);

	/* Builds cpu->arch->vcpu for Linux's context. -ENOMEM, -EIO; then the CPU is as before. */
	int (*init)(struct cpu *cpu, const struct cellhv_native *native);

	/* With the hypervisor's descriptor tables loaded: keeps them for every exit. */
	void (*finish_init)(struct cpu *cpu);

	/* Executes guests until the CPU goes native. */
	void (*run)(struct cpu *cpu) __attribute__((noreturn));

	/* Fills in cpu->arch->frame from the guest, but for the registers in cpu->arch->regs.
	 * Returns CR3. */
	uint64_t (*save_frame)(struct cpu *cpu);

	/*
	 * With the tables of the switch page in force: loads what the guest has in registers that
	 * are not in the frame, TR among them, and ends virtualisation on this CPU.
	 */
	void (*leave)(struct cpu *cpu);

	/* Ends virtualisation and halts: the CPU may take INIT natively. */
	void (*stop)(struct cpu *cpu) __attribute__((noreturn));

	/* After stop() and INIT, with the hypervisor's tables loaded again. */
	void (*restart)(struct cpu *cpu);

	/* The guest starts anew in real mode, with the nested tables and bitmaps of cpu->cell. */
	void (*reset)(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip);

	void (*get_state)(const struct cpu *cpu, struct vcpu_state *state);

	/* Of the instruction that exited; 0 where the processor does not tell. */
	unsigned (*get_length)(const struct cpu *cpu);
	/* Goes on that many bytes further; single-stepping ends behind it. */
	void (*skip)(struct cpu *cpu, unsigned bytes);
	void (*inject_exception)(struct cpu *cpu, unsigned vector, bool has_error, uint32_t error);
	void (*queue_nmi)(struct cpu *cpu);
	void (*flush)(struct cpu *cpu);
	void (*set_efer)(struct cpu *cpu, uint64_t efer);
	uint64_t (*get_pat)(const struct cpu *cpu);
	void (*set_pat)(struct cpu *cpu, uint64_t pat);

	/* Waits for an NMI with the guest not running. */
	void (*wait)(void);

	/* An NMI came in at *rip of the hypervisor; gets a waiting CPU going. */
	void (*nmi_arrived)(uint64_t *rip);

	/* An external interrupt that is pending reaches the IDT, by idt_open_window(). */
	void (*allow_interrupt)(void);
};

extern const struct vcpu_ops vcpu_svm, vcpu_vmx;
extern const struct vcpu_ops *vcpu_ops;

static inline void vcpu_inject_gp(struct cpu *cpu)
{
	vcpu_ops->inject_exception(cpu, 13, true, 0);
}

#endif
