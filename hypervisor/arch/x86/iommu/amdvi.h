/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD-Vi. Sections are those of "AMD I/O Virtualization Technology (IOMMU) Specification", 48882.
 *
 * The device table is the hypervisor's own, one for all units: an entry for each requester. Those
 * of the root's are made from Linux's entries whenever Linux tells a unit that it has changed one,
 * as it does each time; those of cells' are the hypervisor's alone. Linux's commands are read from
 * its buffer, and what the unit has to know of them goes into a buffer of the hypervisor's. Linux's
 * registers are a shadow.
 */
#ifndef X86_AMDVI_H
#define X86_AMDVI_H

#include "arch/x86/iommu/iommu.h"

/* Registers: 3.4. The second part is from 2000h on. */
#define AMDVI_DEVICES 0x00u
#define AMDVI_COMMANDS 0x08u
#define AMDVI_EVENTS 0x10u
#define AMDVI_CONTROL 0x18u
#define AMDVI_EXCLUSION 0x20u
#define AMDVI_EXCLUSION_LIMIT 0x28u
#define AMDVI_FEATURES 0x30u
#define AMDVI_FEATURES_2 0x1a0u
#define AMDVI_COMMAND_HEAD 0x2000u
#define AMDVI_COMMAND_TAIL 0x2008u
#define AMDVI_EVENT_HEAD 0x2010u
#define AMDVI_EVENT_TAIL 0x2018u
#define AMDVI_STATUS 0x2020u
#define AMDVI_REGISTERS_SIZE 0x4000u

#define AMDVI_ADDRESS 0x000ffffffffff000ull
#define AMDVI_LENGTH_SHIFT 56 /* of the buffers' bases: log2 of entries, 8 or more */

#define AMDVI_FEATURE_X2APIC (1ull << 2)
#define AMDVI_FEATURE_ALL (1ull << 6) /* INVALIDATE_IOMMU_ALL */
#define AMDVI_FEATURE_LEVELS(features) ((features) >> 10 & 3)
#define AMDVI_NO_LEVELS 3u

#define AMDVI_CONTROL_ENABLE (1ull << 0)
#define AMDVI_CONTROL_EVENTS (1ull << 2)
#define AMDVI_CONTROL_COHERENT (1ull << 10)
#define AMDVI_CONTROL_COMMANDS (1ull << 12)
#define AMDVI_CONTROL_WIDE (1ull << 17)	  /* GAEn: entries of 128 bits for interrupts */
#define AMDVI_CONTROL_X2APIC (1ull << 50) /* destinations of 32 bits */

/* What Linux has set of these stays in force: how units answer and order, and see interrupts. */
#define AMDVI_CONTROL_CARRIED \
	(AMDVI_CONTROL_ENABLE | 0xfe2ull | AMDVI_CONTROL_WIDE | AMDVI_CONTROL_X2APIC)

#define AMDVI_STATUS_EVENTS_LOST (1ull << 0)
#define AMDVI_STATUS_EVENTS (1ull << 3)	  /* they are logged */
#define AMDVI_STATUS_COMMANDS (1ull << 4) /* they are done */

/* Commands: 2.4 */
#define AMDVI_COMMAND(low) ((unsigned)((low) >> 60))
#define AMDVI_WAIT 1u
#define AMDVI_FORGET_DEVICE 2u
#define AMDVI_FORGET_PAGES 3u
#define AMDVI_FORGET_INTERRUPTS 5u
#define AMDVI_FORGET_ALL 8u
#define AMDVI_WAIT_STORES 1ull
#define AMDVI_WAIT_ADDRESS 0x000ffffffffffff8ull

struct cpu;

/* An entry of the device table: 2.2.2.1, by its four words. */
struct amdvi_device {
	uint64_t word[4];
};

#define AMDVI_DEVICE_VALID 0x1ull
#define AMDVI_DEVICE_TRANSLATES 0x2ull /* the rest of the first two words is valid */
#define AMDVI_DEVICE_LEVELS (7ull << 9)
#define AMDVI_DEVICE_LEVELS_SHIFT 9
#define AMDVI_DEVICE_GUEST (1ull << 55)
#define AMDVI_DEVICE_READ (1ull << 61)
#define AMDVI_DEVICE_WRITE (1ull << 62)
#define AMDVI_DEVICE_ACCESS (AMDVI_DEVICE_READ | AMDVI_DEVICE_WRITE)
#define AMDVI_DEVICE_DOMAIN 0xffffull		 /* word 1 */
#define AMDVI_DEVICE_SYSTEM (3ull << 40)	 /* word 1: system management messages */
#define AMDVI_DEVICE_INTERRUPTS 0x1ull		 /* word 2: the rest of it is valid */
#define AMDVI_DEVICE_TABLE 0x000fffffffffffc0ull /* word 2 */
#define AMDVI_DEVICE_LENGTH(word) ((word) >> 1 & 0xf)
#define AMDVI_DEVICE_MODE (AMDVI_DEVICE_INTERRUPTS | 3ull << 60)
#define AMDVI_DEVICE_REMAPPED \
	(AMDVI_DEVICE_INTERRUPTS | 2ull << 60) /* by the table; else blocked */

/* Nothing passes. Without V everything would. */
#define AMDVI_BLOCKED (AMDVI_DEVICE_VALID | AMDVI_DEVICE_TRANSLATES)

/* An entry for an interrupt: 2.2.5.2; of 32 bits: `low` alone. */
struct amdvi_interrupt {
	uint64_t low;
	uint64_t high;
};

/* How a unit reads those. */
struct amdvi_interrupt_mode {
	bool wide;
	bool x2apic;
};

#define AMDVI_REQUESTERS 65536u
#define AMDVI_LOW_WORDS 64u
#define AMDVI_HIGH_WORDS 32u
#define AMDVI_HIGH_BASE 0x2000u

/* A unit that is taken: a page of machine.tables. */
struct amdvi {
	uint64_t low[AMDVI_LOW_WORDS];	 /* registers as Linux has them, from 0 */
	uint64_t high[AMDVI_HIGH_WORDS]; /* from AMDVI_HIGH_BASE */
	uint64_t written;		 /* of `low`, by Linux: a bit for each word */
	uint64_t *commands;		 /* a page each */
	uint64_t *events;
	uint32_t command_tail; /* bytes */
	uint32_t event_head;
	uint32_t unconfirmed; /* commands since the last wait */
	uint64_t sequence;    /* what `done` is to become */
	uint64_t done;	      /* the unit writes it */
	bool silent;	      /* it has not done what it was told in time */
	bool loaded;	      /* buffer, log and table are ours */
};

/* ---- amdvi_registers.c ---- */

uint64_t amdvi_read(struct cpu *self, const struct iommu *unit, uint32_t offset);
void amdvi_write(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t value);

/* Waits a bounded time for what `mask` has to be `value`. */
bool amdvi_await(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t mask,
		 uint64_t value);

/* The shadow: NULL where there is none. */
uint64_t *amdvi_shadow(struct amdvi *state, uint64_t offset);

/* Reads the registers into it; writes those that Linux has written since, but those of a setting.
 */
void amdvi_read_shadow(struct cpu *self, const struct iommu *unit);
void amdvi_write_shadow(struct cpu *self, const struct iommu *unit);
void amdvi_note_write(struct amdvi *state, uint64_t offset);

/* What is in the hardware at a time: Linux's or ours. */
struct amdvi_setting {
	uint64_t devices;
	uint64_t commands, command_head, command_tail;
	uint64_t events, event_head, event_tail;
	uint64_t exclusion, exclusion_limit;
	uint64_t control;
};

/* -ETIMEDOUT: buffer and log do not stop; nothing else has been done. */
int amdvi_load(struct cpu *self, const struct iommu *unit, const struct amdvi_setting *setting);

/* ---- amdvi_commands.c ---- */

/* A command of ours; the unit need not have seen it before amdvi_settle(). */
int amdvi_send(struct cpu *self, const struct iommu *unit, uint64_t low, uint64_t high);
int amdvi_forget_device(struct cpu *self, const struct iommu *unit, uint16_t requester);
int amdvi_forget_domain(struct cpu *self, const struct iommu *unit, uint16_t domain);
int amdvi_forget_all(struct cpu *self, const struct iommu *unit);

/* All that was sent is done. -ETIMEDOUT */
int amdvi_settle(struct cpu *self, const struct iommu *unit);

/* Linux's commands, from its head on, but a bounded number. Whether all were done. */
bool amdvi_linux_commands(struct cpu *self, const struct iommu *unit);

/* ---- amdvi_devices.c ---- */

/* The first unit that is taken makes the table, and the last one ends it. -ENOMEM */
int amdvi_devices_get(struct cpu *self, const struct iommu *unit);
void amdvi_devices_put(const struct iommu *unit);
uint64_t amdvi_devices_base(void); /* as in the register */

/* What units call a domain by. */
uint16_t amdvi_domain_id(const struct iommu_domain *domain);

/* What an entry of Linux's does with its requester. */
enum amdvi_use {
	AMDVI_PASSES, /* untranslated */
	AMDVI_BLOCKS,
	AMDVI_TRANSLATES,
	AMDVI_NESTS, /* tables of processes: cannot be carried */
};

enum amdvi_use amdvi_use_of(const struct amdvi_device *theirs);

/* An entry for a requester in that domain, or in none; `access`: AMDVI_DEVICE_READ, _WRITE. */
struct amdvi_device amdvi_device_in(const struct iommu_domain *domain, uint64_t access);

/* What a requester of the root's has in words 0 and 1 where Linux's entry is `theirs`. */
struct amdvi_device amdvi_device_of_root(const struct amdvi_device *theirs);

/* Sets unit->remaps and by_linux. -EINVAL: an entry of Linux's cannot be carried, or the unit is
 * used otherwise than those that are taken, with which it is to have one table. */
int amdvi_look_at_devices(struct cpu *self, struct iommu *unit);

/* Requesters of the root's are as Linux has them now; the unit may not know it yet. */
int amdvi_sync_device(struct cpu *self, const struct iommu *unit, uint16_t requester);
int amdvi_sync_devices(struct cpu *self, const struct iommu *unit);
int amdvi_sync_interrupts(struct cpu *self, const struct iommu *unit, uint16_t requester);

/* Tables of Linux's that a requester uses: core/iommu.h; the first unit says them for all. */
bool amdvi_linux_tables(const struct iommu *unit, uint16_t requester, struct iommu_tables *ret);
int amdvi_block_device(struct cpu *self, const struct iommu *unit, uint16_t requester,
		       const struct iommu_tables *tables);

int amdvi_move_device(struct cpu *self, struct iommu *unit, uint16_t requester,
		      const struct iommu_domain *domain);

/* Word 2 of what units have for it; 0: they are not ours. Without any lock. */
uint64_t amdvi_device_interrupts(uint16_t requester);

/* ---- amdvi_entry.c ---- */

/* To that CPU alone. */
struct amdvi_interrupt amdvi_make_interrupt(struct amdvi_interrupt_mode how, uint32_t destination,
					    uint8_t vector);

/* The entry for Linux's `theirs`: fixed, to one CPU of the root's; or empty. */
struct amdvi_interrupt amdvi_narrow(struct amdvi_interrupt_mode how, struct amdvi_interrupt theirs);

/* What one of ours does: fixed, to one CPU. */
struct iommu_interrupt amdvi_read_interrupt(struct amdvi_interrupt_mode how,
					    struct amdvi_interrupt entry);

/* As a whole, which is what units read. */
void amdvi_store_wide(struct amdvi_interrupt *entry, struct amdvi_interrupt value);
struct amdvi_interrupt amdvi_load_wide(struct amdvi_interrupt *entry);

/* ---- amdvi_interrupts.c ---- */

/* With the device table; the unit says what entries look like. -ENOMEM */
int amdvi_interrupts_get(const struct iommu *unit);
void amdvi_interrupts_put(void);

/* A unit is about to see them, has forgotten all that it has seen, and sees them no more. */
void amdvi_interrupts_join(const struct iommu *unit);
void amdvi_interrupts_forgotten(const struct iommu *unit);
void amdvi_interrupts_leave(const struct iommu *unit);

/* Word 2 for a requester of the root's, where Linux's is `theirs`: leads to a copy of its table,
 * which is kept as long as amdvi_use_interrupts() has been told of more entries with that word than
 * without it any more. */
uint64_t amdvi_interrupts_of_root(struct cpu *self, const struct iommu *unit, uint16_t requester,
				  uint64_t theirs);
void amdvi_use_interrupts(uint64_t ours, int users);

/* Linux's table is copied again, where word 2 of ours leads to a copy. Whether others use it, too.
 */
bool amdvi_copy_interrupts(struct cpu *self, uint64_t ours);
void amdvi_copy_all_interrupts(struct cpu *self);

/* Word 2 for a requester of a cell's, with a table of its own; 0: there is no memory. */
uint64_t amdvi_make_interrupts(uint16_t requester);
void amdvi_free_interrupts(uint16_t requester); /* when all units have forgotten it */

int amdvi_set_entry(struct cpu *self, struct iommu *unit, uint32_t index,
		    const struct iommu_interrupt *interrupt);
void amdvi_message(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
		   uint32_t *ret_data);

/* ---- amdvi_access.c, amdvi_events.c ---- */

bool amdvi_do_access(struct cpu *self, struct iommu *unit, struct iommu_access *access);

struct amdvi_event {
	uint16_t requester;
	uint64_t address;
	uint64_t detail; /* CELLHV_FAILURE_DMA_* */
};

/* false: it is of the unit's own, no requester's doing. */
bool amdvi_read_event(const uint64_t entry[2], struct amdvi_event *event);
void amdvi_poll(struct cpu *self, struct iommu *unit);

#endif
