/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What keeps devices apart: where their DMA may go, and whom their interrupts reach. An
 * architecture has one driver for each type of unit; core has the domains, and tells all units the
 * same.
 *
 * A requester is a function as units see it: bus << 8 | device << 3 | function, of segment 0. All
 * are the root's until a cell has them. All of this runs under the management lock, but for what is
 * said to. Each unit has a lock, too, within which its driver is called: what waits for hardware
 * there waits for no CPU.
 */
#ifndef CORE_IOMMU_H
#define CORE_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/manage.h>

#include "core/lock.h"
#include "core/paging.h"

struct cell;
struct cpu;
struct iommu;

#define IOMMU_DOMAINS 256u    /* ids of 8 bits: all units have as many */
#define IOMMU_REQUESTERS 256u /* that cells may have together */
#define IOMMU_LEVELS_MAX 6u   /* of tables of Linux's */

/*
 * Addresses that devices use, and the memory they mean: the root's are physical addresses, a cell's
 * those of its guest. RAM and links only, never registers, never FEE00000-FEEFFFFF.
 */
struct iommu_domain {
	struct paging tables;
	uint16_t id; /* what units call it by; the root's is 1, 0 is nobody's */
};

/* Tables of Linux's that a unit uses in place: all but the format is what Linux says. */
struct iommu_tables {
	const struct paging_format *format; /* NULL: none */
	uint64_t root;
	unsigned levels; /* the unit faults at more than IOMMU_LEVELS_MAX, or none */
	uint16_t domain; /* Linux's number of it */
};

/* An interrupt of a cell's: what a message of its requester, or a pin, does. */
struct iommu_interrupt {
	uint16_t requester; /* that may ask for it */
	uint8_t vector;
	bool level;
	bool masked;
	uint32_t destination; /* APIC id of a CPU of the cell */
};

/* An access of the root's to registers of a unit, of 4 or 8 bytes. */
struct iommu_access {
	uint64_t offset;
	unsigned size;
	bool write;
	uint64_t value;
};

/* A write of the root's to memory, which a driver follows. */
struct iommu_write {
	uint64_t phys;
	unsigned size; /* bytes; 0: an instruction that nobody has decoded */
	uint64_t value;
};

/*
 * A driver. Units are in `iommus`; registers are reached through the CPU's window, tables come from
 * machine.tables. Whatever waits for hardware waits a bounded time, then it is -ETIMEDOUT with
 * CELLHV_CHECK_IOMMU_SILENT.
 */
struct iommu_ops {
	const char *name;

	/* Whether the unit can do what is needed: reads its registers, changes nothing. The call's
	 * error, with cell_refuse(). */
	int (*probe)(struct cpu *self, struct iommu *unit, struct cellhv_call *call);

	/* Fills in format, levels, huge_1g and past_caches of a domain's tables, as this unit
	 * needs them. Units that want another format or other levels are refused (core/iommu.c);
	 * large pages are had where all have them, caches are heeded where one does not look. */
	void (*describe)(struct cpu *self, const struct iommu *unit, struct paging *tables);

	/* Tables of the hypervisor's own into the hardware, then out of it again, as Linux had it.
	 * `take` that fails has put back what it changed. Where that fails, too, `state` is not
	 * NULL, and all that the hardware may use stays: give_back will be asked for it. One that
	 * fails goes on where it was when it is asked again. */
	int (*take)(struct cpu *self, struct iommu *unit, struct cellhv_call *call);
	int (*give_back)(struct cpu *self, struct iommu *unit, struct cellhv_call *call);

	/* From now on this requester is in `domain`; NULL: nothing of it passes. It has forgotten
	 * the former one when this returns. */
	int (*attach)(struct cpu *self, struct iommu *unit, uint16_t requester,
		      const struct iommu_domain *domain);

	/* Nothing that the domain's tables said before counts any more, and what was under way has
	 * arrived; of the root's: nor what Linux's said. */
	int (*flush)(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain);

	/* Entry `index` of a cell's interrupts, 0 .. IOMMU_INTERRUPTS - 1 in all; NULL: none.
	 * Returns when the unit knows. Without the management lock. */
	int (*set_interrupt)(struct cpu *self, struct iommu *unit, uint32_t index,
			     const struct iommu_interrupt *interrupt);

	/* What a function has to write so that the unit takes entry `index`. */
	void (*message)(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
			uint32_t *ret_data);

	/* CPUs have changed hands: entries of the root's reach root CPUs only. */
	int (*recheck_interrupts)(struct cpu *self, struct iommu *unit);

	/* Registers, by the root. false: try again. */
	bool (*access)(struct cpu *self, struct iommu *unit, struct iommu_access *access);

	/* Whether the driver follows a table of Linux's that has some of this memory, by
	 * iommu_watch(). May be NULL. */
	bool (*follows)(const struct iommu *unit, uint64_t phys, uint64_t size);

	/* The root has written to one, and that counts when this returns. Where nobody has decoded
	 * its instruction it is about to, at any time from now on. */
	void (*follow)(struct cpu *self, struct iommu *unit, const struct iommu_write *write);

	/*
	 * Whether this requester of the root's uses tables of Linux's, and which. Units that have
	 * one table of requesters say it once. Without the unit's lock.
	 */
	bool (*linux_tables)(const struct iommu *unit, uint16_t requester,
			     struct iommu_tables *ret);

	/* Where it uses these nothing of it passes any more, until Linux writes its entry anew; and
	 * nothing counts that the unit remembers of the tables, and what was under way has arrived.
	 */
	int (*block)(struct cpu *self, struct iommu *unit, uint16_t requester,
		     const struct iommu_tables *tables);

	/* The unit forgets what it remembers of the tables. */
	int (*forget)(struct cpu *self, struct iommu *unit, const struct iommu_tables *tables);

	/* Reports what was refused since, by iommu_fault(). From POLL. */
	void (*poll)(struct cpu *self, struct iommu *unit);
};

#define IOMMU_INTERRUPTS 512u /* of all cells together: all that AMD-Vi has for a function */

/*
 * Whose a unit is. One that is stuck is neither's: it did not do what it was told while it was
 * taken or given back, or when a cell had to lose a requester. It may use what it was given as long
 * as it likes, so none of that is freed, nor anything else of machine.tables that it could know; it
 * is asked for nothing but to be given back, and there are no cells before it is.
 */
enum iommu_use {
	IOMMU_LINUXS,
	IOMMU_TRAPPED, /* the same, but the root's accesses to it exit, and wait */
	IOMMU_OURS,
	IOMMU_STUCK,
};

struct iommu {
	const struct iommu_ops *ops;
	const struct cellhv_iommu *config; /* of machine.system */
	uint32_t index;			   /* in it */
	enum iommu_use use;
	void *state;   /* the driver's; NULL: nothing of ours is in it */
	bool remaps;   /* `take` says: interrupts, too */
	bool by_linux; /* ... some requesters use tables of Linux's */
	struct spinlock lock;
};

/* CELLHV_OP_IOMMU_TAKE and _LEAVE; where one unit refuses, none is taken. Those that are stuck are
 * asked again by the latter. */
int iommu_take(struct cpu *self, struct cellhv_call *call);
int iommu_leave(struct cpu *self, struct cellhv_call *call);

/* -ETIMEDOUT: one is stuck. */
int iommu_check_stuck(struct cellhv_call *call);

/* What all units do together: never more than the least of them, and nothing while one is stuck. */
enum cellhv_dma iommu_dma(void);
enum cellhv_interrupts iommu_interrupts(void);

/* Whether there is one unit at least that does. */
bool iommu_remaps_some(void);

/*
 * Devices of the root see this memory from now on, or no more; nothing where the DMA is open.
 * Returns as paging_map(); iommu_settle() makes all units know, as memory_flush_root() does CPUs:
 * -1, or the number of one that is silent.
 */
int iommu_change_root(uint64_t phys, uint64_t size, bool visible);
int iommu_settle(struct cpu *self);

/* The domain of a cell, from the regions and links of its configuration. -ENOMEM */
int iommu_make_domain(struct cell *cell);
void iommu_free_domain(struct cell *cell);

/* Whose it is; NULL: the root's. */
const struct cell *iommu_owner(uint16_t requester);

/* Whether a cell has a requester from first to last; bits of `ignored` make no difference. */
bool iommu_owns_some(uint16_t first, uint16_t last, uint16_t ignored);

/* A requester goes to a cell; back to the root. In all units. May be tried again. */
int iommu_attach(struct cpu *self, uint16_t requester, struct cell *cell, struct cellhv_call *call);
int iommu_detach(struct cpu *self, uint16_t requester, struct cellhv_call *call);

/* Entries for a cell's interrupts, where they are remapped: `count`, a power of 2 up to
 * IOMMU_INTERRUPTS, beginning at a multiple of it. -ENOSPC */
int iommu_allocate_interrupts(uint32_t count, uint32_t *ret_first);
void iommu_free_interrupts(struct cpu *self, uint32_t first, uint32_t count);

/*
 * Sets entry `index` in all units, and says what message asks for it. From a cell's CPU too: no
 * management lock. -EAGAIN: a unit is busy, try again.
 */
int iommu_set_interrupt(struct cpu *self, uint32_t index, const struct iommu_interrupt *interrupt,
			uint64_t *ret_address, uint32_t *ret_data);

/* CPUs have changed hands: interrupts of the root's reach the root's alone. */
int iommu_recheck(struct cpu *self, struct cellhv_call *call);

/* A unit has refused something; from `poll`. detail: as CELLHV_FAILURE_DMA has it. */
void iommu_fault(const struct iommu *unit, uint16_t requester, uint64_t address, uint64_t detail);

/* Whether some of this physical memory is registers of units: whatever becomes of these; those that
 * the root's accesses to exit. */
bool iommu_keeps(uint64_t phys, uint64_t size);
bool iommu_took(uint64_t phys, uint64_t size);

/* AMD-Vi's units are functions of PCI's. Whether that one is: whatever becomes of it. */
bool iommu_is_function(uint16_t address);

/* From `address` on, the next below `end` that is a unit's own to whose registers the root's
 * accesses exit; `end`: none is. */
uint32_t iommu_took_next(uint32_t address, uint32_t end);

static inline bool iommu_took_function(uint16_t address)
{
	return iommu_took_next(address, address + 1u) == address;
}

/* The unit whose registers are there, where the root's accesses to them exit; NULL: none. */
struct iommu *iommu_at(uint64_t phys);

/* An access of the root's to them; takes the management lock. false: try again. */
bool iommu_access(struct cpu *self, struct iommu *unit, struct iommu_access *access);

/*
 * For drivers: the root's writes to this page exit from now on, or no more; its devices do not
 * reach it meanwhile. All CPUs know after memory_flush_root(). -ENOMEM
 */
int iommu_watch(uint64_t page, bool watch);

/* Whether drivers follow what is in some of this memory. */
bool iommu_follows(uint64_t phys, uint64_t size);

enum iommu_result {
	IOMMU_NOT_FOLLOWED,
	IOMMU_DONE,
	IOMMU_AGAIN, /* the root's CPU has to run its instruction again */
};

/* A write of the root's that has exited; takes the management lock. */
enum iommu_result iommu_follow(struct cpu *self, const struct iommu_write *write);

void iommu_poll(struct cpu *self);

/*
 * The tables of Linux's that units use are looked at, a few pages at a time: whoever would reach by
 * them what is not Linux's is blocked. `begin`: from the first on, as memory is another's from now
 * on. `step`: that goes on, once more around. iommu_audit_owed(): not all that there were when it
 * began have been looked at.
 */
void iommu_audit_begin(void);
void iommu_audit_step(struct cpu *self, unsigned pages);
bool iommu_audit_owed(void);
void iommu_audit_poll(struct cpu *self);

/* What IOMMU_TAKE does not carry: tables of Linux's that have our own memory, one to one. */
bool iommu_audit_finds_us(struct cpu *self);

/* Whether domains say what the lists of cells do; or panics. */
void iommu_verify(void);

#endif
