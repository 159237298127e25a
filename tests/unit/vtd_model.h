/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VT-d unit that is a model: registers act when the window to them closes, its queue is read from
 * memory. Linux's side of it are bytes in the root's memory.
 */
#ifndef TESTS_VTD_MODEL_H
#define TESTS_VTD_MODEL_H

#include <string.h>

#include "arch/x86/cpu.h"
#include "arch/x86/iommu/iommu.h"
#include "arch/x86/iommu/vtd.h"
#include "arch/x86/paging_formats.h"
#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/machine.h"

#define UNIT 0xfed90000ull
#define RAM 0xc00000u
#define TABLES 0x400000ull /* up to 800000 */
#define CELL 0x800000ull   /* to the end */
#define LINUX_QUEUE 0x10000ull
#define LINUX_IRT 0x20000ull /* 4096 entries: S is 11 */
#define STATUS 0x40000ull
#define LINUX_ROOT 0x60000ull
#define LINUX_CONTEXTS 0x61000ull /* a page for each bus */
#define UNWRITTEN 1u		  /* of GCMD, which is written only: no command has this bit */

extern uint8_t ram[RAM];
extern uint32_t registers[1024];
extern struct cell cell;
extern struct cpu cpu_of[4]; /* 3 is the cell's, the others the root's */
extern struct arch_cpu arch_of[4];
extern struct iommu unit;
static struct cpu *const self = &cpu_of[0];

extern bool deaf;	 /* it does nothing with its queue */
extern uint16_t foreign; /* a requester of the cell; 0: none */
extern int silent_cpu;	 /* one that does not flush; -1: none */
extern bool no_watch;	 /* the root's tables have no room for it */

/* What it has been told, and what it has told. */
extern unsigned contexts_flushed, domains_flushed[IOMMU_DOMAINS], interrupts_flushed, faults,
	lines; /* of the log; a CPU may complain no more */
extern uint64_t fault_address, fault_detail;
#define RECORDS 8u	       /* of faults, at 220, that there may be */
extern uint32_t storm;	       /* what each says again as soon as it is cleared */
extern uint64_t last_iotlb[2]; /* descriptor */
extern bool translation_went_off;

/* A machine with Linux at work, which translates if asked to, with tables for buses 0 and 1; then
 * taken. */
void setup(void);
void setup_translation(void);
void take(void);
void take_as_it_is(void); /* what setup() has made, and the test has changed */

uint64_t (*linux_queue(void))[2];
uint64_t *linux_entry(unsigned index);
const uint64_t *our_entry(unsigned index);

/* Two words for a requester: what the unit has, what Linux has. */
const uint64_t *our_context(uint16_t requester);
uint64_t *linux_context(uint16_t requester);

/* As Linux makes them: x2APIC, logical, one of many. */
void make_entry(unsigned index, uint32_t destination, unsigned vector, uint16_t source);

/* Accesses of Linux's to registers; a write may have to be tried again. */
uint64_t read_as_linux(uint64_t offset, unsigned size);
bool write_as_linux(uint64_t offset, unsigned size, uint64_t value);

/* As qi_submit_sync(): a descriptor, and a wait for it that writes 2 to `address`. */
void submit(uint64_t low, uint64_t address);
void submit_both(uint64_t low, uint64_t high, uint64_t address);
uint32_t status(void); /* at STATUS */
bool stopped(void);    /* Linux's queue, by an error */

#endif
