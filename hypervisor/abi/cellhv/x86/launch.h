/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How an x86 CPU goes from Linux into the hypervisor and back: the boot block in the image that the
 * module fills in, and the frame a leaving CPU loads. CPUs enter one after another.
 *
 * Two pages of the module are mapped at the same addresses by both worlds' page tables: the switch
 * page, text, and the tables that hold while it runs (struct cellhv_switch). The hypervisor block
 * is seen at CELLHV_BASE by the hypervisor and at memory_virt by Linux.
 */
#ifndef CELLHV_X86_LAUNCH_H
#define CELLHV_X86_LAUNCH_H

/* Offsets that the assembly on both sides uses; asserted below. */
#define CELLHV_BOOT_SIZE 3368
#define CELLHV_NATIVE_RSP 32
#define CELLHV_NATIVE_RIP 40
#define CELLHV_FRAME_REG(number) ((number)*8) /* by the processor's numbers: RAX 0, RSP 4 */
#define CELLHV_FRAME_RIP 128
#define CELLHV_FRAME_RFLAGS 136
#define CELLHV_FRAME_CR4 144
#define CELLHV_FRAME_FS_BASE 152
#define CELLHV_FRAME_GS_BASE 160
#define CELLHV_FRAME_GDTR 168
#define CELLHV_FRAME_IDTR 184
#define CELLHV_FRAME_ES 200
#define CELLHV_FRAME_SS 202
#define CELLHV_FRAME_DS 204
#define CELLHV_FRAME_FS 206
#define CELLHV_FRAME_GS 208
#define CELLHV_FRAME_LDTR 210
#define CELLHV_FRAME_DONE 212
#define CELLHV_SWITCH_SIZE 4096 /* one page; its end is the top of its stack */
#define CELLHV_SWITCH_GDTR 0
#define CELLHV_SWITCH_IDTR 16
#define CELLHV_SWITCH_NMI 32

#ifndef __ASSEMBLER__
#include "../launch.h"

#define CELLHV_BASE 0xffff800000000000ul /* where the hypervisor's tables map that block */

/* A segment register as the VMCB keeps it (AMD64 APM vol. 2, 15.5.1): attributes are the
 * descriptor's bits 40-47 and 52-55; 0 for a null selector. */
struct cellhv_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit; /* bytes - 1 */
	uint64_t base;
};

/* State of the entering CPU that only the module can see; the rest is read from the CPU. */
struct cellhv_native {
	uint32_t cpu; /* Linux CPU number */
	uint32_t reserved;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t rsp; /* written by the switch routine, as is rip; RAX there is the result */
	uint64_t rip;
	uint64_t rflags;
	uint64_t gdt_base;
	uint64_t idt_base;
	uint32_t gdt_limit;
	uint32_t idt_limit;
	struct cellhv_segment es, cs, ss, ds, fs, gs, ldtr, tr;
};

/*
 * Descriptor tables for the moment in which neither Linux's nor the hypervisor's are mapped. The
 * IDT has an NMI gate only, without a stack of its own; its handler, in the switch page, notes the
 * NMI. Whoever has the CPU next makes up for it. One CPU at a time is here.
 */
#define CELLHV_SWITCH_GDT_ENTRIES 32

struct cellhv_switch {
	uint16_t gdtr[8]; /* limit, base */
	uint16_t idtr[8];
	uint32_t nmi; /* one came */
	uint32_t reserved[3];
	uint64_t idt[3][2];
	uint64_t
		gdt[CELLHV_SWITCH_GDT_ENTRIES]; /* Linux's flat segments; a back end adds its TSS */
	uint8_t stack[CELLHV_SWITCH_SIZE - 96 - 8 * CELLHV_SWITCH_GDT_ENTRIES];
};

/* At boot_offset of the image copied into memory: written by the module, and `error` by the
 * hypervisor where it refuses a CPU. */
struct cellhv_boot {
	uint64_t memory_phys;
	uint64_t memory_virt;	   /* Linux's address of the same */
	uint64_t switch_page;	   /* module text page that both worlds map: address */
	uint64_t switch_page_phys; /* and where it is */
	uint64_t leave;		   /* in that page: where a leaving CPU jumps */
	uint64_t switch_data;	   /* struct cellhv_switch: address */
	uint64_t switch_data_phys; /* and where it is */
	uint32_t num_cpus;	   /* that will enter; until all are in there are no cells */
	uint32_t tsc_khz;
	uint64_t tables_phys; /* CELLHV_TABLES_SIZE bytes, zeroed, naturally aligned; 0: none */
	uint64_t system[CELLHV_SYSTEM_MAX_SIZE / 8]; /* struct cellhv_system_config, sections */
	struct cellhv_native native;		     /* of the CPU that is entering now */
	struct cellhv_refusal refusal;
};

/*
 * What the leave routine loads once Linux's CR3 is in force. It is called on the tables of struct
 * cellhv_switch, with RBX = Linux's address of this frame, RDI = CR4 without PGE, RSI = CR3.
 */
struct cellhv_frame {
	uint64_t regs[16]; /* by the processor's numbers */
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr4;
	uint64_t fs_base;
	uint64_t gs_base;
	uint16_t gdtr[8]; /* limit, base */
	uint16_t idtr[8];
	uint16_t es, ss, ds, fs, gs, ldtr;
	volatile uint16_t done; /* set when neither frame nor hypervisor is needed any more */
};

#define CELLHV_OFFSET_ASSERT(type, member, value) \
	CELLHV_ASSERT(__builtin_offsetof(struct type, member) == (value), #member)
CELLHV_OFFSET_ASSERT(cellhv_native, rsp, CELLHV_NATIVE_RSP);
CELLHV_OFFSET_ASSERT(cellhv_native, rip, CELLHV_NATIVE_RIP);
CELLHV_OFFSET_ASSERT(cellhv_frame, rip, CELLHV_FRAME_RIP);
CELLHV_OFFSET_ASSERT(cellhv_frame, rflags, CELLHV_FRAME_RFLAGS);
CELLHV_OFFSET_ASSERT(cellhv_frame, cr4, CELLHV_FRAME_CR4);
CELLHV_OFFSET_ASSERT(cellhv_frame, fs_base, CELLHV_FRAME_FS_BASE);
CELLHV_OFFSET_ASSERT(cellhv_frame, gs_base, CELLHV_FRAME_GS_BASE);
CELLHV_OFFSET_ASSERT(cellhv_frame, gdtr, CELLHV_FRAME_GDTR);
CELLHV_OFFSET_ASSERT(cellhv_frame, idtr, CELLHV_FRAME_IDTR);
CELLHV_OFFSET_ASSERT(cellhv_frame, es, CELLHV_FRAME_ES);
CELLHV_OFFSET_ASSERT(cellhv_frame, ss, CELLHV_FRAME_SS);
CELLHV_OFFSET_ASSERT(cellhv_frame, ds, CELLHV_FRAME_DS);
CELLHV_OFFSET_ASSERT(cellhv_frame, fs, CELLHV_FRAME_FS);
CELLHV_OFFSET_ASSERT(cellhv_frame, gs, CELLHV_FRAME_GS);
CELLHV_OFFSET_ASSERT(cellhv_frame, ldtr, CELLHV_FRAME_LDTR);
CELLHV_OFFSET_ASSERT(cellhv_frame, done, CELLHV_FRAME_DONE);
CELLHV_OFFSET_ASSERT(cellhv_switch, gdtr, CELLHV_SWITCH_GDTR);
CELLHV_OFFSET_ASSERT(cellhv_switch, idtr, CELLHV_SWITCH_IDTR);
CELLHV_OFFSET_ASSERT(cellhv_switch, nmi, CELLHV_SWITCH_NMI);
CELLHV_ASSERT(sizeof(struct cellhv_switch) == CELLHV_SWITCH_SIZE, "switch data");
CELLHV_ASSERT(sizeof(struct cellhv_boot) == CELLHV_BOOT_SIZE, "boot block");
#endif

#endif
