/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What keeps devices apart: where their DMA may go, and whom their interrupts reach. An
 * architecture has one driver for each type of unit; core has the domains, and tells all units the
 * same.
 *
 * A requester is a function as units see it: bus << 8 | device << 3 | function, of segment 0. All
 * are the root's until a cell has them. All of this runs under the management lock, but for what is
 * said to.
 */
#ifndef CORE_IOMMU_H
#define CORE_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/manage.h>

#include "core/paging.h"

struct cell;
struct cpu;
struct iommu;

/*
 * Addresses that devices use, and the memory they mean: the root's are physical addresses, a cell's
 * those of its guest. RAM and links only, never registers, never FEE00000-FEEFFFFF.
 */
struct iommu_domain {
	struct paging tables;
	uint16_t id; /* what units call it by; the root's is 1, 0 is nobody's */
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

	/* Fills in format, levels and large pages of a domain's tables, as this unit needs them.
	 * Units that want different ones are refused (core/iommu.c). */
	void (*describe)(const struct iommu *unit, struct paging *tables);

	/* Tables of the hypervisor's own into the hardware, then out of it again, as Linux had it.
	 * `take` that fails has put back what it changed. */
	int (*take)(struct cpu *self, struct iommu *unit, struct cellhv_call *call);
	int (*give_back)(struct cpu *self, struct iommu *unit, struct cellhv_call *call);

	/* From now on this requester is in `domain`; NULL: nothing of it passes. It has forgotten
	 * the former one when this returns. */
	int (*attach)(struct cpu *self, struct iommu *unit, uint16_t requester,
		      const struct iommu_domain *domain);

	/* Nothing that the domain's tables said before counts any more, and what was under way has
	 * arrived. */
	int (*flush)(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain);

	/* Entry `index` of a cell's interrupts, 0 .. IOMMU_INTERRUPTS - 1 in all; NULL: none.
	 * Returns when the unit knows. */
	int (*set_interrupt)(struct cpu *self, struct iommu *unit, uint32_t index,
			     const struct iommu_interrupt *interrupt);

	/* What a function has to write so that the unit takes entry `index`. */
	void (*message)(const struct iommu *unit, uint32_t index, uint64_t *ret_address,
			uint32_t *ret_data);

	/* CPUs have changed hands: entries of the root's reach root CPUs only. */
	int (*recheck_interrupts)(struct cpu *self, struct iommu *unit);

	/* Registers, by the root. No management lock: a lock of the unit's that is only tried.
	 * false: try again. */
	bool (*access)(struct cpu *self, struct iommu *unit, struct iommu_access *access);

	/* Reports what was refused since, by iommu_fault(). From POLL. */
	void (*poll)(struct cpu *self, struct iommu *unit);
};

#define IOMMU_INTERRUPTS 1024u /* of all cells together */

struct iommu {
	const struct iommu_ops *ops;
	const struct cellhv_iommu *config; /* of machine.system */
	uint32_t index;			   /* in it */
	void *state;			   /* the driver's */
};

/* Of the architecture: the driver for a type (enum cellhv_iommu_type); NULL: none. */
const struct iommu_ops *arch_iommu_ops(uint16_t type);

/* CELLHV_OP_IOMMU_TAKE and _LEAVE; where one unit refuses, none is taken. */
int iommu_take(struct cpu *self, struct cellhv_call *call);
int iommu_leave(struct cpu *self, struct cellhv_call *call);

enum cellhv_dma iommu_dma(void);
enum cellhv_interrupts iommu_interrupts(void);

/*
 * Devices of the root see this memory from now on, or no more; nothing where the DMA is open.
 * Returns as paging_map(); iommu_settle() makes all units know.
 */
int iommu_change_root(uint64_t phys, uint64_t size, bool visible);
int iommu_settle(struct cpu *self, struct cellhv_call *call);

/* The domain of a cell, from the regions and links of its configuration. -ENOMEM */
int iommu_make_domain(struct cell *cell);
void iommu_free_domain(struct cell *cell);

/* A requester goes to a cell; back to the root. In all units. */
int iommu_attach(struct cpu *self, uint16_t requester, const struct cell *cell,
		 struct cellhv_call *call);
int iommu_detach(struct cpu *self, uint16_t requester, struct cellhv_call *call);

/* Entries for a cell's interrupts: `count` beginning at a multiple of it. -ENOSPC */
int iommu_allocate_interrupts(uint32_t count, uint32_t *ret_first);
void iommu_free_interrupts(struct cpu *self, uint32_t first, uint32_t count);

/*
 * Sets entry `index` in all units, and says what message asks for it. From a cell's CPU too: no
 * management lock. -EAGAIN: a unit is busy, try again.
 */
int iommu_set_interrupt(struct cpu *self, uint32_t index, const struct iommu_interrupt *interrupt,
			uint64_t *ret_address, uint32_t *ret_data);

/* A unit has refused something; from `poll`. detail: as CELLHV_FAILURE_DMA has it. */
void iommu_fault(uint16_t requester, uint64_t address, uint64_t detail);

/* Whether some of this physical memory is a unit's registers, while they are taken. */
struct iommu *iommu_at(uint64_t phys);
void iommu_poll(struct cpu *self);

#endif
