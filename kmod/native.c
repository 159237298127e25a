// SPDX-License-Identifier: GPL-2.0-only
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

/* Linux forgets the flag where the firmware has disabled VMX; the processor does not. */
static bool native_has_vmx(void)
{
	return cpuid_ecx(1) & BIT(5);
}

static u32 native_check_vmx(void)
{
	u64 value;

	rdmsrl(FEATURE_CONTROL, value);
	if ((value & FEATURE_CONTROL_USABLE) != FEATURE_CONTROL_USABLE)
		return CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED;
	if (__read_cr4() & X86_CR4_VMXE)
		return CELLHV_DRIVER_CHECK_IN_USE;
	return 0;
}

static u32 native_check_svm(void)
{
	u64 value;

	rdmsrl(VM_CR, value);
	if (value & VM_CR_SVMDIS)
		return CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED;
	rdmsrl(MSR_EFER, value);
	if (value & EFER_SVME)
		return CELLHV_DRIVER_CHECK_IN_USE;
	rdmsrl(VM_HSAVE_PA, value);
	if (value)
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
	rdmsrl(MSR_FS_BASE, native->fs.base);
	rdmsrl(MSR_GS_BASE, native->gs.base);
}

void native_claim(bool claim)
{
	u64 efer;

	if (native_has_vmx()) {
		if (claim)
			cr4_set_bits(X86_CR4_VMXE);
		else
			cr4_clear_bits(X86_CR4_VMXE);
		return;
	}
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, claim ? efer | EFER_SVME : efer & ~(u64)EFER_SVME);
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
