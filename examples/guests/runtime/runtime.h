/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest runtime: what a bare-metal program in a cell of its own needs, and nothing else.
 *
 * A guest defines guest_main() and links with this library into a flat binary at address 0. There
 * is no libc, no heap and no floating point. Memory up to 4 GiB is mapped one to one, its last GiB
 * uncached. A guest runs with interrupts disabled except inside cpu_idle(), so that handlers and
 * the main program of one CPU never run at the same time.
 *
 * Once set up, a timer tick needs the TSC, the APIC's initial count and EOI registers and HLT:
 * none of them leaves the cell. Console output and the start of other CPUs do.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cellhv/guest.h>

/* The guest's program, on the first CPU of the cell. Returning from it shuts the cell down. */
void guest_main(void);

/* ---- comm region: how the cell and its management talk ---- */

#define comm ((struct cellhv_comm *)CELLHV_COMM_DEFAULT_ADDRESS)

/* False where the page has another layout than this runtime knows. */
bool comm_valid(void);

/* True while a shutdown request waits for comm_reply(). Answers all other messages itself. */
bool comm_shutdown_requested(void);

/* Answer the waiting message with CELLHV_REPLY_*. */
void comm_reply(uint32_t reply);

/* Publish CELLHV_COMM_RUNNING or _LOCKED. */
void comm_set_state(uint32_t state);

/* Publish CELLHV_COMM_SHUT_DOWN or _FAILED and halt this CPU for good. */
_Noreturn void comm_finish(uint32_t state);

/* ---- console: what the comm region names, the hypercall or a 8250 ---- */

void console_init(void);
void console_putc(char c);

/* %c %s %d %u %x %p %%, with l or ll, a width and zero padding. Whole calls never interleave. */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- interrupts ---- */

#define INTERRUPT_VECTORS 64 /* of the IDT; 0-31 are the processor's exceptions */
#define VECTOR_TIMER 32
#define VECTOR_IPI 33
#define VECTOR_SPURIOUS 63

/* As interrupt_entry in start64.S and start32.S leaves it on the stack. */
struct interrupt_frame {
#ifdef __x86_64__
	unsigned long r11, r10, r9, r8, di, si, dx, cx, ax;
#else
	unsigned long dx, cx, ax;
#endif
	unsigned long vector;
	unsigned long error; /* 0 where the exception has none */
	unsigned long ip, cs, flags;
};

typedef void (*interrupt_handler)(struct interrupt_frame *frame);

/*
 * Handlers are shared by all CPUs. That of a device, timer or IPI ends with apic_eoi(). What has
 * no handler is reported on the console and fails the cell.
 */
void interrupts_set_handler(unsigned int vector, interrupt_handler handler);

void interrupts_init(void);
void interrupts_load(void); /* on each CPU */

/* ---- local APIC, by its x2APIC registers ---- */

void apic_enable(void);
uint32_t apic_id(void);
void apic_eoi(void);

/* Route the timer of this CPU to `vector`; it fires once per apic_timer_arm(). */
void apic_timer_one_shot(unsigned int vector);
void apic_timer_arm(uint32_t ticks); /* timer clocks from now, at least 1 */

/* The timer of this CPU fires every `ticks` timer clocks from now on. */
void apic_timer_periodic(unsigned int vector, uint32_t ticks);
void apic_timer_stop(void);

void apic_send_ipi(uint32_t apic_id, unsigned int vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned int page); /* real-mode entry at page << 12 */

/* ---- time ---- */

/* Frequencies in kHz: what the comm region says, else measured against the PM timer. */
extern uint32_t tsc_khz;
extern uint32_t apic_khz; /* of the APIC timer with a divider of 1 */

/* False where the comm region gives neither frequencies nor a PM timer. */
bool timing_init(void);
uint64_t tsc_to_ns(uint64_t tsc); /* for differences below 2^44 */
uint64_t us_to_tsc(uint32_t us);
uint32_t tsc_to_apic(uint64_t tsc); /* timer clocks; saturates, never 0 */
void delay_us(uint32_t us);

/* ---- the other CPUs of the cell ---- */

#define SMP_CPUS_MAX 16

/*
 * Wait until all CPUs that the comm region counts have come by, at most a second. Returns how many
 * have; they are numbered from 0, the caller's.
 */
unsigned int smp_wait(void);
uint32_t smp_apic_id(unsigned int cpu);

/* Start a CPU at `function`, which must not return. False where it stays silent. */
bool smp_start(unsigned int cpu, void (*function)(void));

#endif
