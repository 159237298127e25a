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
#include <cellhv/link.h>

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
#define VECTOR_LINK 34 /* and up: of links */
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

/* ---- PCI: functions of bus 0 are numbered device << 3 | function ---- */

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x2
#define PCI_COMMAND_MASTER 0x4
#define PCI_BAR(index) (0x10u + 4 * (index))

/* size: 1, 2 or 4 bytes, aligned. What is not the cell's reads as all ones. */
uint32_t pci_read(uint16_t function, unsigned int offset, unsigned int size);
uint64_t pci_read64(uint16_t function, unsigned int offset);
void pci_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value);

/* The next one from `first` on; -1: none. */
int pci_find(uint16_t vendor, uint16_t device, unsigned int first);
unsigned int pci_find_capability(uint16_t function, uint8_t id); /* its offset; 0: none */
uint32_t pci_bar_size(uint16_t function, unsigned int bar);
void pci_set_bar(uint16_t function, unsigned int bar, uint64_t address);
void pci_enable(uint16_t function); /* memory and bus master */

/* MSI-X: entry to a vector of this CPU. False where the function has no MSI-X. */
bool pci_msix_set(uint16_t function, unsigned int entry, unsigned int vector);
void pci_msix_mask(uint16_t function, unsigned int entry, bool masked);

/* ---- ivshmem: this cell's end of a link ---- */

struct ivshmem {
	unsigned int version; /* of the protocol: 1 or 2 */
	uint16_t function;
	uint32_t id;
	uint32_t max_peers;
	uintptr_t registers; /* addresses of the BARs */
	uintptr_t msix;
	void *memory;		  /* all of it */
	volatile uint32_t *state; /* by id; version 2, like the outputs */
	char *common;		  /* everybody writes */
	uint64_t common_size;
	char *outputs; /* by id, each written by its owner only */
	uint64_t output_size;
};

/* Finds a function from `first` on, places and enables it; false: there is none. */
bool ivshmem_open(struct ivshmem *end, unsigned int version, unsigned int first);

/* Entry of its MSI-X table to `vector` of this CPU; interrupts may come from then on. */
void ivshmem_enable(struct ivshmem *end, unsigned int entry, unsigned int vector);
void ivshmem_ring(const struct ivshmem *end, unsigned int peer, unsigned int vector);
void ivshmem_set_state(const struct ivshmem *end, uint32_t state);

#endif
