/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a cell may own: memory, CPUs, ports, links, functions, or
 * what it keeps the root from: messages. Each kind is one file that knows all
 * about it, and has the same verbs. The management calls walk the table of kinds and name none; who
 * owns an address, a port, a function is answered by the file of its kind.
 *
 * A verb that a kind has no use for is NULL. Functions are called after their kind and verb
 * (link_take), which tests/gate/stack counts on. All of them run under the management lock, but for
 * `fail`.
 */
#ifndef CORE_RESOURCE_H
#define CORE_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct cell;
struct cellhv_call;
struct cpu;

struct resource {
	/*
	 * Create. First, of all kinds: the configuration against what the root owns now. Changes
	 * nothing. The call's error, with cell_refuse().
	 */
	int (*check)(struct cpu *self, const struct cell *cell, struct cellhv_call *call);

	/* Pages, tables, shadows for this cell. -ENOMEM; `release` takes what there is. */
	int (*reserve)(struct cell *cell);

	/*
	 * Away from the root, into the cell. May fail; then of this kind nothing has been taken, as
	 * far as CPUs answer.
	 */
	int (*take)(struct cpu *self, struct cell *cell, struct cellhv_call *call);

	/* Each start and stop of the guest. Where a stop fails the guest has not stopped. */
	void (*start)(struct cell *cell);
	int (*stop)(struct cell *cell, struct cellhv_call *call);

	/*
	 * A CPU of the cell has failed, and says so itself, or an IOMMU has refused what a function
	 * of it wanted; others of its CPUs may still run. Waits for nobody, whatever locks are
	 * held.
	 */
	void (*fail)(struct cell *cell);

	/*
	 * The root's again: what may fail of that, and may be tried again. The cell is stopped. On
	 * the way back of a create nobody tries again: what fails is left out, and the rest is
	 * done.
	 */
	int (*give_back)(struct cpu *self, struct cell *cell, struct cellhv_call *call);

	/* The root's again: what cannot fail, once all kinds have been given back. */
	void (*drop)(struct cell *cell);

	/* Frees what was reserved; takes half-built cells, and those without a configuration. */
	void (*release)(struct cell *cell);

	/* Of a stopped cell: bytes that may hold data, and zeroing up to `bytes` of them. */
	uint64_t (*unclean)(const struct cell *cell);
	uint64_t (*scrub)(struct cpu *self, struct cell *cell, uint64_t bytes);

	/* Whether some of this physical memory is of a cell, or of what cells share. */
	bool (*owns_memory)(uint64_t phys, uint64_t size);

	/* Whether what the hardware's tables say agrees with the owners, of all cells; or panics.
	 */
	void (*verify)(void);
};

/* The kinds of core; the table that is walked is arch_resources (core/arch.h). */
extern const struct resource region_resource, comm_resource, link_resource, function_resource,
	cpu_resource, message_resource;

/* The verbs, of all kinds: forwards, or up to the first that fails. */
int resource_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call);
int resource_reserve(struct cell *cell);
void resource_start(struct cell *cell);
void resource_fail(struct cell *cell);
uint64_t resource_unclean(const struct cell *cell);
uint64_t resource_scrub(struct cpu *self, struct cell *cell, uint64_t bytes);
bool resource_owns_memory(uint64_t phys, uint64_t size);
void resource_verify(void);

/* Where a kind fails those before it are given back and dropped. */
int resource_take(struct cpu *self, struct cell *cell, struct cellhv_call *call);

/* Backwards. */
int resource_stop(struct cell *cell, struct cellhv_call *call);
int resource_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call);
void resource_drop(struct cell *cell);
void resource_release(struct cell *cell);

#endif
