/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A physical CPU and what other CPUs ask of it.
 *
 * A CPU belongs to exactly one cell. Others never change a CPU: they set a bit in `requests` or
 * `signals` and kick it; the CPU acts on its own stack and clears the bit. Requests are the
 * management's; signals are what CPUs of one cell send each other, and a parked CPU takes none.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <cellhv/manage.h>

#include "core/line_limit.h"

struct arch_cpu;
struct cell;

#define CPU_REQUEST_FLUSH 0x01u	  /* forget cached translations of the nested tables */
#define CPU_REQUEST_PARK 0x02u	  /* leave the guest for good, be quiet, wait */
#define CPU_REQUEST_RESET 0x04u	  /* parked: start the cell's code at its reset address */
#define CPU_REQUEST_RETURN 0x08u  /* parked: wait for another CPU of the root's to start it */
#define CPU_REQUEST_RELEASE 0x10u /* go native and stay as the guest was */

enum cpu_activity {
	CPU_GUEST,	  /* executes its guest */
	CPU_AWAITS_START, /* by another CPU of its cell */
	CPU_PARKED,	  /* waits for the management; nothing else changes that */
};

struct cpu {
	struct arch_cpu *arch; /* the architecture's part */
	uint32_t number;       /* Linux's */
	enum cpu_activity activity;
	struct cell *cell;
	bool present;	     /* entered, and not native again */
	uint32_t unanswered; /* stops of its cell in a row; under the control lock */
	bool leaving;	     /* goes native, sooner or later; set under the control lock */
	bool kicked;	     /* a kick is under way for `requests`; atomic */
	uint32_t requests;   /* CPU_REQUEST_*; atomic */
	uint64_t signals;    /* the architecture's, and the id of the owner; atomic */
	struct line_limit complaints;
	uint64_t stats[CELLHV_EXIT_MAX];
};

/* CPUs by Linux's number; NULL beyond those that have entered once. */
extern struct cpu *cpus[CELLHV_MAX_CPUS];
extern uint32_t num_cpus;

static inline struct cpu *cpu_by_number(uint32_t number)
{
	return number < CELLHV_MAX_CPUS && cpus[number] && cpus[number]->present ? cpus[number]
										 : (void *)0;
}

/* Entered, in full: from now on others may find it. */
void cpu_add(struct cpu *cpu);

/* Sets requests and makes the CPU look at them soon. */
void cpu_request(struct cpu *cpu, uint32_t requests);

/*
 * A CPU of the cell `from` signals; lost where the CPU is not that cell's, or is parked. What the
 * 32 bits mean is the architecture's affair: those of `clear` go, then those of `set` come, in one
 * step; arch_take_signals() gets and clears them all. What does not fit is written elsewhere first.
 */
void cpu_signal(struct cpu *cpu, const struct cell *from, uint32_t clear, uint32_t set);

/*
 * The CPU, which is parked, is this cell's from now on, and what was sent to it before is
 * forgotten. The same cell again: it begins a new life.
 */
void cpu_set_owner(struct cpu *cpu, struct cell *cell);

/*
 * Something outside has taken a CPU of a cell away (an SMI, an INIT): nobody waits for it any more,
 * and what it was asked last is the first thing that it does, should it come back. Until then it is
 * no other cell's.
 */
bool cpu_is_lost(const struct cpu *cpu);

/* A cell that lacks one is not started. */
int cpu_check_lost(const struct cell *cell, struct cellhv_call *call);

/* Of a cell that ends: it is the root's, and once it answers it waits for the root to start it. */
void cpu_leave_lost(struct cpu *cpu);

/* Whether all CPUs that Linux runs on are under the hypervisor, and none is on its way out. */
bool cpu_all_inside(void);

/* Waits a bounded time for the CPU to have acted. false: it did not. */
bool cpu_await(struct cpu *cpu, uint32_t requests);

/* On the CPU itself: act on what others asked. */
void cpu_serve_requests(struct cpu *cpu);

/* On the CPU itself: its cell has failed for this reason. The guest does not run again. */
void cpu_fail(struct cpu *cpu, uint32_t reason, uint64_t address, uint64_t detail);

/* On the CPU itself: its guest has turned its machine off (enum cell_end), and does not run again.
 */
void cpu_end_guest(struct cpu *cpu, uint32_t end);

/* A guest may cause only so many lines of the log in a second: false when they are used up. */
bool cpu_may_complain(struct cpu *self);

static inline void cpu_count(struct cpu *cpu, enum cellhv_exit reason)
{
	cpu->stats[reason]++;
}

#endif
