/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cells: who owns which CPUs and memory. The root is a cell that owns what is left; the others are
 * in a list. All changes are made under the management lock.
 */
#ifndef CORE_CELL_H
#define CORE_CELL_H

#include "core/config.h"
#include "core/cpu.h"
#include "core/iommu.h"
#include "core/lock.h"
#include "core/paging.h"
#include "core/pci.h"
#include "core/ring.h"
#include <cellhv/guest.h>

#define CELL_CONSOLE_PAGES 2u

struct arch_cell;
struct platform;
struct function;
struct ivshmem;

/* What a guest may have asked of a machine that can be turned off. */
enum cell_end { CELL_GOES_ON, CELL_SHUT_DOWN, CELL_RESET };

struct cell {
	uint32_t id; /* CELLHV_ROOT_ID: the root */
	char name[CELLHV_NAME_SIZE];
	struct cellhv_cell_config *config; /* validated copy; NULL: the root */
	uint32_t config_pages;
	struct paging memory; /* nested page tables */
	struct iommu_domain
		dma;		/* what its functions reach; without a root where nothing says so */
	void *comm;		/* page: struct cellhv_comm or _legacy */
	struct arch_cell *arch; /* what the architecture keeps for it; may be NULL */
	struct platform *platform; /* the machine that it finds; NULL: no more than it owns */
	struct ring console;
	struct spinlock console_lock;
	uint64_t console_taken; /* bytes typed that are typed no more, ever; grows */
	bool started;
	bool failed;
	uint32_t ended;		 /* by its guest: enum cell_end; atomic */
	uint32_t reported_state; /* what POLL saw last */
	uint64_t failed_cpus[CELLHV_MAX_CPUS / 64];
	struct cellhv_failure failure;
	struct scrub {
		uint32_t region; /* next to zero */
		uint64_t offset; /* in it */
	} scrub;
	bool scrubbed;	  /* all RAM is zero now */
	bool initialised; /* it was when the cell got it */
	bool ending;	  /* what it owns may be the root's again: it can only be destroyed */
	struct pci_function *functions;			 /* that it owns */
	struct ivshmem *links[CELLHV_MAX_LINKS];	 /* its ends, as in the configuration */
	struct function *physical[CELLHV_MAX_FUNCTIONS]; /* the same */
	struct cell *next;
};

extern struct cell root_cell;
extern struct cell *cells; /* without the root */

struct cell *cell_by_id(uint32_t id);
uint32_t cell_count(void);
/* What its guest writes to its console. */
static inline void cell_console_put(struct cell *cell, char c)
{
	lock_acquire(&cell->console_lock);
	ring_put(&cell->console, c);
	lock_release(&cell->console_lock);
}

/* It fails for this reason, if it has not for another: from whatever CPU. */
void cell_fail(struct cell *cell, const struct cellhv_failure *failure);
enum cellhv_cell_state cell_state(const struct cell *cell);

/* The same, and why it is CELLHV_STATE_FAILED, of one moment: the guest may change it any time. */
enum cellhv_cell_state cell_status(const struct cell *cell, struct cellhv_failure *failure);

/* Why a management call fails: the first reason counts, whatever undoing it meets. Is error. */
static inline int cell_refuse(struct cellhv_call *call, int error, uint32_t check, uint64_t object)
{
	if (call->check == CELLHV_CHECK_NONE) {
		call->check = check;
		call->object = object;
	}
	return error;
}

/* Steps of the management calls; error with call->check and object as manage.h says. */
int cell_create(struct cpu *self, struct cellhv_call *call);
int cell_start(struct cell *cell, struct cellhv_call *call);
int cell_stop(struct cell *cell, struct cellhv_call *call);
int cell_destroy(struct cpu *self, struct cell *cell, struct cellhv_call *call);

/* Zeroes the next part of what a stopped cell has; call->scrub.remaining says what is left. */
int cell_scrub(struct cpu *self, struct cell *cell, struct cellhv_call *call);

/* Its RAM may hold data from now on. */
static inline void cell_soil(struct cell *cell)
{
	cell->scrubbed = false;
	cell->scrub = (struct scrub){0};
}

/* Whether all of the range is memory that the root owns. */
bool cell_root_owns(uint64_t phys, uint64_t size);

/* ... and that may become others': not what keeps them apart. */
bool cell_root_may_give(uint64_t phys, uint64_t size);

static inline bool cell_is_root(const struct cell *cell)
{
	return cell == &root_cell;
}

#endif
