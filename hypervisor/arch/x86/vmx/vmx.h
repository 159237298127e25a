/* SPDX-License-Identifier: GPL-2.0-only */
/* The Intel back end's own part of a CPU. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

/* Offsets in struct arch_cpu that run.S uses; asserted in vmx.c. */
#define CPU_NMI_ARRIVED 136
#define CPU_LAUNCHED 137

#ifndef __ASSEMBLER__
#include "arch/x86/vcpu.h"
#include "arch/x86/vmx/event.h"
#include "arch/x86/vmx/vmcs.h"

struct vcpu {
	void *vmxon_region;
	void *vmcs;
	uint32_t cpu_controls; /* as in the VMCS */
	bool nmi_queued;
};

/* Values of the control fields for a guest. */
struct vmx_controls {
	uint32_t pin, cpu, cpu2, exit, entry;
};

/* controls.c: what this CPU lets us choose (Intel SDM vol. 3, appendix A). */
uint32_t vmx_missing_feature(void);
void vmx_wanted_controls(struct vmx_controls *wanted, bool root, bool vpid);
void vmx_choose_controls(struct vmx_controls *controls, bool root);
bool vmx_has_vpid(void);
bool vmx_has_huge_pages(void);
uint32_t vmx_revision(void);
uint64_t vmx_fixed_cr0(uint64_t value);
uint64_t vmx_fixed_cr4(uint64_t value);

/* memory_types.c */
int vmx_set_memory_types(struct paging *paging, uint64_t base, uint64_t size);

/* context.c: of the current VMCS. CR0 and CR4 are as the guest sees them. */
void vmx_load_native(struct cpu *cpu, const struct cellhv_native *native);
void vmx_reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip);
void vmx_flush(struct cpu *cpu);
void vmx_set_efer(struct cpu *cpu, uint64_t efer);
uint64_t vmx_get_cr0(void);

/* The one way for an event into the guest; error and length count where the event has them. */
void vmx_inject(uint32_t event, uint32_t error, uint32_t length);
uint64_t vmx_get_cr4(void);

/* run.S: executes the guest and calls vmx_exit() after each exit, for ever. */
_Noreturn void vmx_run(struct arch_cpu *arch);
extern const uint8_t vmx_exit_entry[];

/* exits.c: after an exit; after an NMI that came just before an entry; where the entry failed. */
void vmx_exit(struct arch_cpu *arch);
void vmx_recheck(struct arch_cpu *arch);
void vmx_entry_failed(struct arch_cpu *arch);

/* nmi.c */
void vmx_nmi_queue(struct cpu *cpu);
void vmx_nmi_reset(struct cpu *cpu);
void vmx_nmi_prepare(struct cpu *cpu); /* before each return to the guest */
void vmx_nmi_unblocked(uint64_t info); /* an exit during IRET; info with bit 12 as the SDM has it */
void vmx_nmi_arrived(uint64_t *rip);
void vmx_wait(void);
#endif

#endif
