/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual machine control block (AMD64 APM vol. 2, appendix B), and exit codes (appendix C). */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <cellhv/x86/launch.h>
#include <stddef.h>
#include <stdint.h>

/* Intercepts, by 32-bit word and bit as in the VMCB from offset 00Ch on. */
#define VMCB_INTERCEPT_NMI (1u << 1)
#define VMCB_INTERCEPT_IRET (1u << 20)
#define VMCB_INTERCEPT_RDPMC (1u << 15)
#define VMCB_INTERCEPT_CPUID (1u << 18)
#define VMCB_INTERCEPT_INVD (1u << 22)
#define VMCB_INTERCEPT_INVLPGA (1u << 26)
#define VMCB_INTERCEPT_IOIO (1u << 27)
#define VMCB_INTERCEPT_MSR (1u << 28)
#define VMCB_INTERCEPT_SHUTDOWN (1u << 31)

#define VMCB_INTERCEPT2_VMRUN (1u << 0)
#define VMCB_INTERCEPT2_VMMCALL (1u << 1)
#define VMCB_INTERCEPT2_VMLOAD (1u << 2)
#define VMCB_INTERCEPT2_VMSAVE (1u << 3)
#define VMCB_INTERCEPT2_STGI (1u << 4)
#define VMCB_INTERCEPT2_CLGI (1u << 5)
#define VMCB_INTERCEPT2_SKINIT (1u << 6)
#define VMCB_INTERCEPT2_WBINVD (1u << 9)
#define VMCB_INTERCEPT2_MONITOR (1u << 10)
#define VMCB_INTERCEPT2_MWAIT (1u << 11)
#define VMCB_INTERCEPT2_MWAIT_ARMED (1u << 12)

#define VMCB_NESTED_PAGING 1ull
#define VMCB_INVLPGB (1ull << 7) /* with TLBSYNC */
#define VMCB_TLB_FLUSH_ALL 1u

#define EVENT_TYPE_NMI (2ull << 8)
#define EVENT_TYPE_EXCEPTION (3ull << 8)
#define EVENT_TYPE_MASK (7ull << 8)
#define EVENT_HAS_ERROR (1ull << 11)
#define EVENT_VALID (1ull << 31)

struct vmcb {
	uint32_t intercept_cr;
	uint32_t intercept_dr;
	uint32_t intercept_exceptions;
	uint32_t intercept;
	uint32_t intercept2;
	uint32_t intercept3;
	uint8_t reserved018[0x3c - 0x18];
	uint16_t pause_threshold;
	uint16_t pause_count;
	uint64_t iopm_base;
	uint64_t msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint32_t tlb_control;
	uint64_t virtual_interrupt;
	uint64_t interrupt_shadow;
	uint64_t exit_code;
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_int_info;
	uint64_t nested_control;
	uint8_t reserved098[0xa8 - 0x98];
	uint64_t event_injection;
	uint64_t nested_cr3;
	uint64_t lbr_control;
	uint64_t clean;
	uint64_t next_rip;
	uint8_t reserved0d0[0x400 - 0xd0];

	/* State save area */
	struct cellhv_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved4a0[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved4cc;
	uint64_t efer;
	uint8_t reserved4d8[0x548 - 0x4d8];
	uint64_t cr4;
	uint64_t cr3;
	uint64_t cr0;
	uint64_t dr7;
	uint64_t dr6;
	uint64_t rflags;
	uint64_t rip;
	uint8_t reserved580[0x5d8 - 0x580];
	uint64_t rsp;
	uint64_t s_cet;
	uint64_t ssp;
	uint64_t interrupt_ssp_table;
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved648[0x668 - 0x648];
	uint64_t guest_pat;
	uint8_t reserved670[0x6e0 - 0x670];
	uint64_t spec_ctrl;
	uint8_t reserved6e8[0x1000 - 0x6e8];
};

#define VMCB_ASSERT(member, offset) \
	_Static_assert(offsetof(struct vmcb, member) == (offset), #member)
VMCB_ASSERT(iopm_base, 0x40);
VMCB_ASSERT(asid, 0x58);
VMCB_ASSERT(exit_code, 0x70);
VMCB_ASSERT(event_injection, 0xa8);
VMCB_ASSERT(nested_cr3, 0xb0);
VMCB_ASSERT(next_rip, 0xc8);
VMCB_ASSERT(es, 0x400);
VMCB_ASSERT(tr, 0x490);
VMCB_ASSERT(efer, 0x4d0);
VMCB_ASSERT(cr4, 0x548);
VMCB_ASSERT(rip, 0x578);
VMCB_ASSERT(rsp, 0x5d8);
VMCB_ASSERT(rax, 0x5f8);
VMCB_ASSERT(cr2, 0x640);
VMCB_ASSERT(guest_pat, 0x668);
VMCB_ASSERT(spec_ctrl, 0x6e0);
_Static_assert(sizeof(struct vmcb) == 4096, "vmcb");

enum vmcb_exit {
	VMEXIT_EXCEPTION = 0x40, /* + vector */
	VMEXIT_NMI = 0x61,
	VMEXIT_RDPMC = 0x6f,
	VMEXIT_CPUID = 0x72,
	VMEXIT_IRET = 0x74,
	VMEXIT_INVD = 0x76,
	VMEXIT_INVLPGA = 0x7a,
	VMEXIT_IOIO = 0x7b,
	VMEXIT_MSR = 0x7c,
	VMEXIT_SHUTDOWN = 0x7f,
	VMEXIT_VMRUN = 0x80,
	VMEXIT_VMMCALL = 0x81,
	VMEXIT_VMLOAD = 0x82,
	VMEXIT_VMSAVE = 0x83,
	VMEXIT_STGI = 0x84,
	VMEXIT_CLGI = 0x85,
	VMEXIT_SKINIT = 0x86,
	VMEXIT_WBINVD = 0x89,
	VMEXIT_MONITOR = 0x8a,
	VMEXIT_MWAIT = 0x8b,
	VMEXIT_MWAIT_ARMED = 0x8c,
	VMEXIT_NPF = 0x400,
};
#define VMEXIT_INVALID 0xffffffffu /* compared in 32 bits */

#endif
