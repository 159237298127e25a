/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions and numbers of the processor. */
#ifndef X86_X86_H
#define X86_X86_H

#include <stdbool.h>
#include <stdint.h>

/* AMD64 APM vol. 2, 3.1 */
#define CR0_PE (1ull << 0)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_LA57 (1ull << 12)
#define CR4_VMXE (1ull << 13)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_PKE (1ull << 22)
#define CR4_PKS (1ull << 24)
#define CR4_UINTR (1ull << 25)
#define CR4_LASS (1ull << 27)
#define CR4_LAM_SUP (1ull << 28)
#define CR4_FRED (1ull << 32)

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)
#define EFER_FFXSR (1ull << 14)

#define RFLAGS_FIXED (1ull << 1)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_RF (1ull << 16)

#define DR6_BS (1ull << 14)
#define DR7_GENERAL_DETECT (1ull << 13)
#define DEBUGCTL_LBR (1ull << 0)
#define DEBUGCTL_BTF (1ull << 1)

#define MSR_APIC_BASE 0x1bu
#define MSR_SMI_COUNT 0x34u	/* Intel SDM vol. 4, table 2-2; as all to APERF */
#define MSR_MICROCODE 0x8bu	/* its revision; AMD64 APM vol. 2, appendix A too */
#define MSR_PLATFORM_INFO 0xceu /* Intel */
#define MSR_MPERF 0xe7u
#define MSR_APERF 0xe8u
#define MSR_MTRR_CAP 0xfeu
#define MSR_SPEC_CTRL 0x48u
#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_MCG_CAP 0x179u /* of machine checks; AMD64 APM vol. 2, 9.3.2 too */
#define MSR_MCG_STATUS 0x17au
#define MSR_MISC_ENABLE 0x1a0u
#define MSR_DEBUGCTL 0x1d9u
#define MSR_PAT 0x277u
#define MSR_MTRR_DEFAULT 0x2ffu
#define MSR_TRACE_CONTROL 0x570u /* IA32_RTIT_CTL */
#define MSR_S_CET 0x6a2u
#define MSR_SSP_TABLE 0x6a8u
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC 0x800u
#define MSR_XSS 0xda0u
#define MSR_FEEDBACK_POINTER 0x17d0u /* IA32_HW_FEEDBACK_PTR */
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX 0xc0000103u
#define MSR_VM_CR 0xc0010114u
#define MSR_VM_HSAVE_PA 0xc0010117u
#define MSR_SEV_STATUS 0xc0010131u

#define CPUID_1_ECX_VMX (1u << 5)
#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_7_EBX_TRACE (1u << 25)
#define CPUID_7_ECX_SHSTK (1u << 7)
#define CPUID_7_EDX_IBT (1u << 20)
#define CPUID_80000008_EBX_INVLPGB (1u << 3)
#define CPUID_8000000A_EDX_SPEC_CTRL (1u << 20)
#define CPUID_8000000A_EDX_INVLPGB (1u << 24)

#define PAT_RESET 0x0007040600070406ull

#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_TS 10
#define VECTOR_GP 13
#define VECTOR_AC 17
#define VECTOR_MC 18

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

/* A value of the hypervisor's own, which the processor takes. What a guest chose: safe.h. */
static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

#define X86_CONTROL_REGISTER(name)                                              \
	static inline uint64_t name##_read(void)                                \
	{                                                                       \
		uint64_t value;                                                 \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value));          \
		return value;                                                   \
	}                                                                       \
	static inline void name##_write(uint64_t value)                         \
	{                                                                       \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}
X86_CONTROL_REGISTER(cr0)
X86_CONTROL_REGISTER(cr2)
X86_CONTROL_REGISTER(cr3)
X86_CONTROL_REGISTER(cr4)
X86_CONTROL_REGISTER(dr6)
X86_CONTROL_REGISTER(dr7)

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid c;

	__asm__ volatile("cpuid"
			 : "=a"(c.eax), "=b"(c.ebx), "=c"(c.ecx), "=d"(c.edx)
			 : "a"(leaf), "c"(subleaf));
	return c;
}

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Breakpoint addresses, which no world switch exchanges. */
static inline void breakpoints_clear(void)
{
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3"
			 :
			 : "r"(0ull));
}

static inline void page_invalidate(const void *address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* The smallest line of x86-64 processors is as long. */
#define CACHE_LINE 64u

static inline void cache_flush(const void *address)
{
	__asm__ volatile("clflush (%0)" : : "r"(address) : "memory");
}

/* size: bytes, a multiple of 8. */
static inline void memory_clear(void *address, uint64_t size)
{
	uint64_t count = size / 8;

	__asm__ volatile("rep stosq" : "+D"(address), "+c"(count) : "a"(0ull) : "memory");
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

/* size: 1, 2 or 4 */
static inline void port_write(uint16_t port, unsigned size, uint32_t value)
{
	if (size == 1)
		port_write8(port, (uint8_t)value);
	else if (size == 2)
		__asm__ volatile("outw %w0, %1" : : "a"(value), "Nd"(port));
	else
		__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t port_read(uint16_t port, unsigned size)
{
	uint32_t value = 0;

	if (size == 1)
		__asm__ volatile("inb %1, %b0" : "+a"(value) : "Nd"(port));
	else if (size == 2)
		__asm__ volatile("inw %1, %w0" : "+a"(value) : "Nd"(port));
	else
		__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* NMIs stay held; only INIT or a reset ends this. */
static inline void halt_forever(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
}

#endif
