/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An AMD-Vi unit on the host, for its driver: registers, command buffer, event log, and caches that
 * keep what they have seen until a command makes them forget. Linux's memory is RAM below
 * RAM_SIZE; CPUs 0 and 1 are the root's, CPU 2 is a cell's.
 */
#ifndef TESTS_AMDVI_MODEL_H
#define TESTS_AMDVI_MODEL_H

#include "arch/x86/cpu.h"
#include "arch/x86/iommu/amdvi.h"
#include "core/cell.h"
#include "core/iommu_domain.h"
#include "core/machine.h"

#define UNIT_BASE 0xfed80000ull
#define UNIT_STRIDE 0x10000ull
#define RAM_SIZE 0x200000ull
#define TABLES_PHYS 0x10000000ull
#define BLOCK_PHYS 0x20000000ull /* no device of the root's reaches it */
#define FOREIGN 0x1f0000ull	 /* a page that is not the root's */
#define READ_ONLY 0x1f1000ull	 /* one that it may read */
#define NOWHERE UINT64_MAX

/* Where Linux keeps what. */
#define LINUX_DEVICES 0x10000ull /* 8 KiB */
#define LINUX_COMMANDS_PHYS 0x20000ull
#define LINUX_EVENTS 0x22000ull
#define LINUX_PAGES 0x30000ull
#define LINUX_INTERRUPTS 0x40080ull
#define LINUX_DONE 0x50008ull

extern uint8_t ram[RAM_SIZE];
extern struct iommu unit, second;
extern unsigned at; /* 1: what is said of the hardware here is of the second one's */
extern struct cellhv_call call;
extern struct cpu *const self;

/* What the unit is like. */
extern bool unit_is_silent, unit_is_locked, unit_is_lazy; /* the last one does no commands */
extern unsigned unit_commands; /* that it has done since the machine began */
extern unsigned unit_illegal;  /* of them such as make it stop */

/* What core was told of faults. */
extern unsigned faults;
extern struct amdvi_event last_fault;

/* A machine whose unit is off; then one whose Linux has set it up. */
void machine_begin(uint64_t features);
void linux_uses_unit(uint64_t control);
void machine_end(void); /* gives back, and nothing is left */

uint64_t *ram_word(uint64_t phys);
struct amdvi_device *linux_entry(uint16_t requester);
uint64_t unit_register(uint32_t offset);
void set_unit_register(uint32_t offset, uint64_t value);

/* Linux: true where it need not do it again. */
bool linux_writes(uint32_t offset, unsigned size, uint64_t value);
uint64_t linux_reads(uint32_t offset, unsigned size);

/* Puts a command into its buffer, then tells the unit, as often as it has to. */
void linux_commands(unsigned count, const uint64_t commands[][2]);
void linux_asks(uint64_t low, uint64_t high); /* and waits until it is done */

/* Where an access of a requester goes, by what the unit knows: NOWHERE: it is refused. */
uint64_t dma(uint16_t requester, uint64_t address, bool write);

/* Destination << 8 | vector of a message; NOWHERE: it is refused; PASSES: as it is. */
#define PASSES (UINT64_MAX - 1)
uint64_t message(uint16_t requester, uint32_t data);

/* An event in its log. */
void unit_logs(uint64_t low, uint64_t high);

/* A domain of a cell's: guest addresses 0 - 2000 are at `phys`. */
struct iommu_domain make_domain(uint16_t id, uint64_t phys);
void end_domain(struct iommu_domain *domain);

#endif
