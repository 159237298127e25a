// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the processor itself says, by its own instructions: the kernel's names for them differ from
 * version to version.
 */
#include <linux/version.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include "native.h"

#define VM_CR 0xc0010114 /* AMD64 APM vol. 2, 15.30.1 */
#define VM_CR_SVMDIS BIT_ULL(4)
#define VM_HSAVE_PA 0xc0010117

#define FEATURE_CONTROL 0x3a				 /* Intel SDM vol. 4, table 2-2 */
#define FEATURE_CONTROL_USABLE (BIT_ULL(0) | BIT_ULL(2)) /* locked, VMX outside SMX */

static u64 native_get_msr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static void native_set_msr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

/* Linux forgets the flag where the firmware has disabled VMX; the processor does not. */
static bool native_has_vmx(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx & BIT(5);
}

static u32 native_check_vmx(void)
{
	if (~native_get_msr(FEATURE_CONTROL) & FEATURE_CONTROL_USABLE)
		return CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED;
	if (__read_cr4() & X86_CR4_VMXE)
		return CELLHV_DRIVER_CHECK_IN_USE;
	return 0;
}

static u32 native_check_svm(void)
{
	if (native_get_msr(VM_CR) & VM_CR_SVMDIS)
		return CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED;
	if (native_get_msr(MSR_EFER) & EFER_SVME || native_get_msr(VM_HSAVE_PA))
		return CELLHV_DRIVER_CHECK_IN_USE;
	return 0;
}

u32 native_check(void)
{
	if (native_has_vmx())
		return native_check_vmx();
	if (boot_cpu_has(X86_FEATURE_SVM))
		return native_check_svm();
	return CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION;
}

/* A descriptor of Linux's GDT in the VMCB's form (AMD64 APM vol. 2, 4.8 and 15.5.1). */
static void native_segment(struct cellhv_segment *segment, const struct desc_ptr *gdt, u16 selector)
{
	const u64 *entry = (const u64 *)(gdt->address + (selector & ~7));
	u64 low;

	memset(segment, 0, sizeof(*segment));
	segment->selector = selector;
	if (!(selector & ~3) || (selector & 4) || (selector | 7) > gdt->size)
		return;

	low = entry[0];
	segment->attributes = ((low >> 40) & 0xff) | ((low >> 44) & 0xf00);
	segment->limit = (low & 0xffff) | ((low >> 32) & 0xf0000);
	if (low & BIT_ULL(55))
		segment->limit = (segment->limit << 12) | 0xfff;
	segment->base = ((low >> 16) & 0xffffff) | ((low >> 32) & 0xff000000);
	if (!(low & BIT_ULL(44)))
		segment->base |= entry[1] << 32; /* system descriptors have 16 bytes */
}

#define native_read_selector(name)                                      \
	({                                                              \
		u16 selector_;                                          \
		asm volatile("mov %%" #name ", %0" : "=rm"(selector_)); \
		selector_;                                              \
	})

void native_capture(struct cellhv_native *native, u32 cpu)
{
	struct desc_ptr gdt, idt;
	u16 selector;

	memset(native, 0, sizeof(*native));
	native_store_gdt(&gdt);
	store_idt(&idt);
	native->cpu = cpu;
	native->cr0 = read_cr0();
	native->cr3 = __read_cr3();
	native->cr4 = __read_cr4();
	native->rflags = native_save_fl();
	native->gdt_base = gdt.address;
	native->gdt_limit = gdt.size;
	native->idt_base = idt.address;
	native->idt_limit = idt.size;
	native_segment(&native->es, &gdt, native_read_selector(es));
	native_segment(&native->cs, &gdt, native_read_selector(cs));
	native_segment(&native->ss, &gdt, native_read_selector(ss));
	native_segment(&native->ds, &gdt, native_read_selector(ds));
	native_segment(&native->fs, &gdt, native_read_selector(fs));
	native_segment(&native->gs, &gdt, native_read_selector(gs));
	asm volatile("sldt %0" : "=rm"(selector));
	native_segment(&native->ldtr, &gdt, selector);
	asm volatile("str %0" : "=rm"(selector));
	native_segment(&native->tr, &gdt, selector);
	native->fs.base = native_get_msr(MSR_FS_BASE);
	native->gs.base = native_get_msr(MSR_GS_BASE);
}

/*
 * From 6.19 on only KVM may change Linux's copy of CR4: there it finds out by its VMXON, which the
 * hypervisor answers with #GP, as where the firmware forbids VMX.
 */
static void native_claim_vmx(bool claim)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	if (claim)
		cr4_set_bits(X86_CR4_VMXE);
	else
		cr4_clear_bits(X86_CR4_VMXE);
#endif
}

static void native_claim_svm(bool claim)
{
	u64 efer = native_get_msr(MSR_EFER) & ~(u64)EFER_SVME;

	native_set_msr(MSR_EFER, claim ? efer | EFER_SVME : efer);
}

void native_claim(bool claim)
{
	if (native_has_vmx())
		native_claim_vmx(claim);
	else
		native_claim_svm(claim);
}

unsigned long native_hypercall(unsigned long code, u64 argument)
{
	unsigned long result = code;

	if (native_has_vmx())
		asm volatile("vmcall" : "+a"(result) : "D"(argument) : "memory");
	else
		asm volatile("vmmcall" : "+a"(result) : "D"(argument) : "memory");
	return result;
}
