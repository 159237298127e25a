/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A physical CPU, its guest's registers and what other CPUs ask of it.
 *
 * A CPU belongs to exactly one cell. Others never change a CPU: they set a bit in `requests` or
 * `signals` and kick it; the CPU acts on its own stack and clears the bit. Requests are the
 * management's; signals are what CPUs of one cell send each other, and a parked CPU takes none.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <cellhv/launch.h>
#include <cellhv/manage.h>

struct cell;

/* Guest registers by the processor's own numbers. */
enum register_number { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 };

#define CPU_REQUEST_FLUSH 0x01u	  /* forget cached translations of the nested tables */
#define CPU_REQUEST_PARK 0x02u	  /* leave the guest for good, reset the APIC, wait */
#define CPU_REQUEST_RESET 0x04u	  /* parked: start the cell's code at its reset address */
#define CPU_REQUEST_RETURN 0x08u  /* parked: wait for a SIPI of the root */
#define CPU_REQUEST_RELEASE 0x10u /* go native and stay as the guest was */

#define CPU_SIGNAL_INIT 0x01u /* wait for SIPI */
#define CPU_SIGNAL_SIPI 0x02u /* start at its vector, where waiting for it */
#define CPU_SIGNAL_NMI 0x04u

enum cpu_activity {
	CPU_GUEST,     /* executes its guest */
	CPU_WAIT_SIPI, /* after INIT */
	CPU_PARKED,    /* waits for the management; nothing else changes that */
};

struct cpu {
	uint64_t regs[16];	   /* first, and up to launched: the assembly counts on it */
	struct cpu *self;	   /* GS base points here */
	volatile bool nmi_arrived; /* taken by the IDT, not yet looked at */
	bool launched;		   /* the back end's context, since it was made */
	bool has_run;		   /* a guest, at least once */
	uint32_t number;	   /* Linux's */
	uint32_t apic_id;
	struct cell *cell;
	enum cpu_activity activity;
	bool present;		   /* entered, and not native again */
	bool leaving;		   /* goes native, sooner or later; set under the control lock */
	bool x2apic;		   /* mode of the APIC at the moment */
	bool needs_init;	   /* its APIC is dead until INIT; atomic, see renew.h */
	bool kicked;		   /* one NMI is under way for `requests`; atomic */
	uint32_t requests;	   /* CPU_REQUEST_*; atomic */
	uint64_t signals;	   /* CPU_SIGNAL_*, vector of a SIPI, id of the owner; atomic */
	uint32_t icr_high;	   /* xAPIC guests write the interrupt command in two halves */
	uint32_t xapic_ldr;	   /* logical destination as the guest set it */
	uint32_t config_address;   /* the cell's CF8 */
	uint64_t mtrr_default;	   /* a cell's, emulated */
	uint64_t complaint_window; /* TSC, see cpu_may_complain() */
	uint32_t complaints;
	uint32_t refusals; /* VM entries of its guest in a row */
	uint64_t stats[CELLHV_EXIT_MAX];
	struct cellhv_frame frame;
	struct vcpu *vcpu;	/* the back end's part */
	uint64_t *window_entry; /* page table entry of the window to guest memory */
};

/* CPUs by Linux's number; NULL beyond those that have entered once. */
extern struct cpu *cpus[CELLHV_MAX_CPUS];
extern uint32_t num_cpus;

static inline struct cpu *cpu_by_number(uint32_t number)
{
	return number < CELLHV_MAX_CPUS && cpus[number] && cpus[number]->present ? cpus[number]
										 : (void *)0;
}

/* The CPU that runs this. */
static inline struct cpu *cpu_self(void)
{
	struct cpu *self;

	__asm__("mov %%gs:%c1, %0" : "=r"(self) : "i"(__builtin_offsetof(struct cpu, self)));
	return self;
}

/* Sets requests and makes the CPU look at them soon. */
void cpu_request(struct cpu *cpu, uint32_t requests);

/* A CPU of the cell `from` signals; lost where the CPU is not that cell's, or is parked. */
void cpu_signal(struct cpu *cpu, const struct cell *from, uint32_t signal, uint8_t vector);

/*
 * The CPU, which is parked, is this cell's from now on, and what was sent to it before is
 * forgotten. The same cell again: it begins a new life.
 */
void cpu_set_owner(struct cpu *cpu, struct cell *cell);

/* Whether all CPUs that Linux runs on are under the hypervisor, and none is on its way out. */
bool cpu_all_inside(void);

/* Waits a bounded time for the CPU to have acted. false: it did not. */
bool cpu_await(struct cpu *cpu, uint32_t requests);

/* On the CPU itself: act on what others asked. */
void cpu_serve_requests(struct cpu *cpu);

/* On the CPU itself: its cell has failed for this reason. The guest does not run again. */
void cpu_fail(struct cpu *cpu, uint32_t reason, uint64_t address, uint64_t detail);

/* A guest may cause only so many lines of the log in a second: false when they are used up. */
bool cpu_may_complain(struct cpu *self);

static inline void cpu_count(struct cpu *cpu, enum cellhv_exit reason)
{
	cpu->stats[reason]++;
}

#endif
