/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control structure: field encodings (Intel SDM vol. 3, appendix B), control
 * bits (25.6 to 25.8) and exit reasons (appendix C). One VMCS is current on each CPU for as long as
 * the CPU is under the hypervisor.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#include <stdbool.h>
#include <stdint.h>

enum vmcs_field {
	VMCS_VPID = 0x0000,
	VMCS_HOST_SELECTOR = 0x0c00, /* + 2 * enum vmcs_segment, without LDTR; TR as below */
	VMCS_HOST_TR_SELECTOR = 0x0c0c,

	VMCS_PORT_BITMAP_A = 0x2000,
	VMCS_PORT_BITMAP_B = 0x2002,
	VMCS_MSR_BITMAP = 0x2004,
	VMCS_EPT_POINTER = 0x201a,
	VMCS_XSS_EXITING = 0x202c,
	VMCS_GUEST_PHYSICAL = 0x2400,
	VMCS_LINK = 0x2800,
	VMCS_GUEST_DEBUGCTL = 0x2802,
	VMCS_GUEST_PAT = 0x2804,
	VMCS_GUEST_EFER = 0x2806,
	VMCS_HOST_PAT = 0x2c00,
	VMCS_HOST_EFER = 0x2c02,

	VMCS_PIN_CONTROLS = 0x4000,
	VMCS_CPU_CONTROLS = 0x4002,
	VMCS_EXCEPTIONS = 0x4004,
	VMCS_PAGE_FAULT_MASK = 0x4006,
	VMCS_PAGE_FAULT_MATCH = 0x4008,
	VMCS_CR3_TARGETS = 0x400a,
	VMCS_EXIT_CONTROLS = 0x400c,
	VMCS_EXIT_MSR_STORES = 0x400e,
	VMCS_EXIT_MSR_LOADS = 0x4010,
	VMCS_ENTRY_CONTROLS = 0x4012,
	VMCS_ENTRY_MSR_LOADS = 0x4014,
	VMCS_ENTRY_EVENT = 0x4016,
	VMCS_ENTRY_ERROR = 0x4018,
	VMCS_ENTRY_LENGTH = 0x401a,
	VMCS_CPU_CONTROLS2 = 0x401e,
	VMCS_INSTRUCTION_ERROR = 0x4400,
	VMCS_EXIT_REASON = 0x4402,
	VMCS_EXIT_EVENT = 0x4404,
	VMCS_EXIT_ERROR = 0x4406,
	VMCS_VECTORING_EVENT = 0x4408,
	VMCS_VECTORING_ERROR = 0x440a,
	VMCS_INSTRUCTION_LENGTH = 0x440c,
	VMCS_GUEST_LIMIT = 0x4800,	/* + 2 * enum vmcs_segment */
	VMCS_GUEST_ATTRIBUTES = 0x4814, /* + 2 * enum vmcs_segment, up to TR */
	VMCS_INTERRUPTIBILITY = 0x4824,
	VMCS_ACTIVITY = 0x4826,
	VMCS_GUEST_SYSENTER_CS = 0x482a,
	VMCS_HOST_SYSENTER_CS = 0x4c00,

	VMCS_GUEST_SELECTOR = 0x0800, /* + 2 * enum vmcs_segment, up to TR */

	VMCS_CR0_MASK = 0x6000,
	VMCS_CR4_MASK = 0x6002,
	VMCS_CR0_SHADOW = 0x6004,
	VMCS_CR4_SHADOW = 0x6006,
	VMCS_QUALIFICATION = 0x6400,
	VMCS_GUEST_CR0 = 0x6800,
	VMCS_GUEST_CR3 = 0x6802,
	VMCS_GUEST_CR4 = 0x6804,
	VMCS_GUEST_BASE = 0x6806, /* + 2 * enum vmcs_segment */
	VMCS_GUEST_DR7 = 0x681a,
	VMCS_GUEST_RSP = 0x681c,
	VMCS_GUEST_RIP = 0x681e,
	VMCS_GUEST_RFLAGS = 0x6820,
	VMCS_PENDING_DEBUG = 0x6822,
	VMCS_GUEST_SYSENTER_ESP = 0x6824,
	VMCS_GUEST_SYSENTER_EIP = 0x6826,
	VMCS_GUEST_S_CET = 0x6828,
	VMCS_GUEST_SSP = 0x682a,
	VMCS_GUEST_SSP_TABLE = 0x682c,
	VMCS_HOST_CR0 = 0x6c00,
	VMCS_HOST_CR3 = 0x6c02,
	VMCS_HOST_CR4 = 0x6c04,
	VMCS_HOST_FS_BASE = 0x6c06,
	VMCS_HOST_GS_BASE = 0x6c08,
	VMCS_HOST_TR_BASE = 0x6c0a,
	VMCS_HOST_GDTR_BASE = 0x6c0c,
	VMCS_HOST_IDTR_BASE = 0x6c0e,
	VMCS_HOST_SYSENTER_ESP = 0x6c10,
	VMCS_HOST_SYSENTER_EIP = 0x6c12,
	VMCS_HOST_RSP = 0x6c14,
	VMCS_HOST_RIP = 0x6c16,
	VMCS_HOST_S_CET = 0x6c18,
	VMCS_HOST_SSP = 0x6c1a,
	VMCS_HOST_SSP_TABLE = 0x6c1c,
};

/* In the order in which the fields of segments follow each other. */
enum vmcs_segment {
	VMCS_ES,
	VMCS_CS,
	VMCS_SS,
	VMCS_DS,
	VMCS_FS,
	VMCS_GS,
	VMCS_LDTR,
	VMCS_TR,
	VMCS_SEGMENTS,
	VMCS_GDTR = VMCS_SEGMENTS, /* base and limit only */
	VMCS_IDTR,
};

#define VMCS_SEGMENT_LONG (1u << 13)
#define VMCS_SEGMENT_DEFAULT_32 (1u << 14)
#define VMCS_SEGMENT_UNUSABLE (1u << 16)

/* Table 25-5 */
#define PIN_NMI_EXITING (1u << 3)
#define PIN_VIRTUAL_NMIS (1u << 5)

/* Table 25-6 */
#define CPU_MWAIT_EXITING (1u << 10)
#define CPU_RDPMC_EXITING (1u << 11)
#define CPU_NMI_WINDOW (1u << 22)
#define CPU_PORT_BITMAPS (1u << 25)
#define CPU_MSR_BITMAP (1u << 28)
#define CPU_MONITOR_EXITING (1u << 29)
#define CPU_CONTROLS2 (1u << 31)

/* Table 25-7 */
#define CPU2_EPT (1u << 1)
#define CPU2_RDTSCP (1u << 3)
#define CPU2_VPID (1u << 5)
#define CPU2_WBINVD_EXITING (1u << 6)
#define CPU2_UNRESTRICTED (1u << 7)
#define CPU2_INVPCID (1u << 12)
#define CPU2_XSAVES (1u << 20)
#define CPU2_USER_WAIT (1u << 26)
#define CPU2_PCONFIG (1u << 27)

/* Table 25-13 */
#define EXIT_SAVE_DEBUG (1u << 2)
#define EXIT_HOST_64 (1u << 9)
#define EXIT_SAVE_PAT (1u << 18)
#define EXIT_LOAD_PAT (1u << 19)
#define EXIT_SAVE_EFER (1u << 20)
#define EXIT_LOAD_EFER (1u << 21)
#define EXIT_LOAD_CET (1u << 28)

/* Table 25-15 */
#define ENTRY_LOAD_DEBUG (1u << 2)
#define ENTRY_GUEST_64 (1u << 9)
#define ENTRY_LOAD_PAT (1u << 14)
#define ENTRY_LOAD_EFER (1u << 15)
#define ENTRY_LOAD_CET (1u << 20)

/* Event fields: 25.8.3 and 25.9.2 */
#define EVENT_VECTOR 0xffu
#define EVENT_TYPE (7u << 8)
#define EVENT_TYPE_NMI (2u << 8)
#define EVENT_TYPE_EXCEPTION (3u << 8)
#define EVENT_TYPE_SOFTWARE (4u << 8) /* this and higher types have an instruction length */
#define EVENT_HAS_ERROR (1u << 11)
#define EVENT_NMI_UNBLOCKED (1u << 12) /* by an IRET that then faulted */
#define EVENT_VALID (1u << 31)

/* Table 25-3 */
#define INTERRUPTIBILITY_SHADOW 0x3u /* behind STI and MOV SS */
#define INTERRUPTIBILITY_MOV_SS 0x2u
#define INTERRUPTIBILITY_NMI (1u << 3)

#define EXIT_REASON_ENTRY_FAILED (1u << 31)

enum vmcs_exit {
	VMX_EXIT_EVENT = 0, /* exception or NMI */
	VMX_EXIT_TRIPLE_FAULT = 2,
	VMX_EXIT_INIT = 3,
	VMX_EXIT_SIPI = 4,
	VMX_EXIT_NMI_WINDOW = 8,
	VMX_EXIT_TASK_SWITCH = 9,
	VMX_EXIT_CPUID = 10,
	VMX_EXIT_GETSEC = 11,
	VMX_EXIT_INVD = 13,
	VMX_EXIT_RDPMC = 15,
	VMX_EXIT_VMCALL = 18,
	VMX_EXIT_VMCLEAR = 19,
	VMX_EXIT_VMXON = 27,
	VMX_EXIT_CR = 28,
	VMX_EXIT_PORT = 30,
	VMX_EXIT_RDMSR = 31,
	VMX_EXIT_WRMSR = 32,
	VMX_EXIT_GUEST_STATE = 33, /* failed entry */
	VMX_EXIT_MSR_LOADING = 34, /* failed entry */
	VMX_EXIT_MWAIT = 36,
	VMX_EXIT_MONITOR = 39,
	VMX_EXIT_MACHINE_CHECK = 41, /* failed entry */
	VMX_EXIT_EPT_VIOLATION = 48,
	VMX_EXIT_EPT_MISCONFIGURATION = 49,
	VMX_EXIT_INVEPT = 50,
	VMX_EXIT_INVVPID = 53,
	VMX_EXIT_WBINVD = 54,
	VMX_EXIT_XSETBV = 55,
	VMX_EXIT_VMFUNC = 59,
	VMX_EXITS = 64,
};

static inline uint64_t vmcs_read(unsigned field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field) : "cc");
	return value;
}

static inline uint32_t vmcs_read32(unsigned field)
{
	return (uint32_t)vmcs_read(field);
}

/* The fields are chosen by what the CPU has: a write that fails is of one without effect. */
static inline void vmcs_write(unsigned field, uint64_t value)
{
	__asm__ volatile("vmwrite %1, %0" : : "r"((uint64_t)field), "r"(value) : "cc");
}

#endif
