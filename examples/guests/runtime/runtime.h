/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest runtime: what a bare-metal program in a cell of its own needs, and nothing else.
 *
 * A guest defines guest_main() and links with this library into a flat binary at address 0. There
 * is no libc, no heap and no floating point. Memory up to 4 GiB is mapped one to one, its last GiB
 * uncached; what lies elsewhere device_map() adds, one to one as well. A guest runs with interrupts
 * disabled except inside cpu_idle(), so that handlers and the main program of one CPU never run at
 * the same time.
 *
 * Once set up, a timer tick leaves the cell nowhere. Console output and the start of other CPUs do.
 *
 * What is here is the same on each architecture; x86/x86.h has what is one's own.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cellhv/guest.h>
#include <cellhv/link.h>
#include "mmio.h"
#if defined(__x86_64__) || defined(__i386__)
#include "x86/cpu.h" /* cpu_relax(), cpu_idle(), cpu_halt(), clock_now(), divide(), dma_barrier() */
#else
#error "this runtime does not know the architecture"
#endif

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

/* ---- the command line: "command-line" of the description, words like name=value ---- */

#define COMMAND_LINE_SIZE                                                      \
	1024 /* bytes that there is room for, the one behind the text included \
	      */

/* What follows "name=", up to a space or the end; NULL: there is no such word. */
const char *command_line_find(const char *name);

/*
 * The value of name=NUMBER, decimal or with 0x; `otherwise` where there is no such word. False:
 * what is there is no number.
 */
bool command_line_number(const char *name, uint64_t otherwise, uint64_t *ret_value);

/* The number that the text begins with: returns what follows it; NULL: none, or one too large. */
const char *parse_number(const char *text, uint64_t *ret_value);

/* ---- interrupts ---- */

#define INTERRUPT_VECTORS 64 /* of the IDT; 0-31 are the processor's exceptions */
#define VECTOR_TIMER 32
#define VECTOR_IPI 33
#define VECTOR_LINK 34	 /* and up: of links */
#define VECTOR_DEVICE 48 /* and up: of PCI devices */
#define VECTOR_SPURIOUS 63

struct interrupt_frame; /* the state that was interrupted: an architecture's own */
typedef void (*interrupt_handler)(struct interrupt_frame *frame);

/*
 * Handlers are shared by all CPUs. What has no handler is reported on the console and fails the
 * cell.
 */
void interrupts_set_handler(unsigned int vector, interrupt_handler handler);

/* What every handler of a device, timer or IPI ends with. */
void interrupts_done(void);

/* This CPU takes them from now on, in cpu_idle(). */
void interrupts_enable(void);

/* ---- time, in clocks of clock_now() ---- */

uint64_t clock_to_ns(uint64_t clocks); /* for differences below 2^44 */
uint64_t clock_from_us(uint32_t us);
void delay_us(uint32_t us);

/* VECTOR_TIMER is raised on this CPU once for each timer_arm(). */
void timer_init(void);
void timer_arm(uint64_t clocks); /* from now */
void timer_stop(void);

/* ---- the other CPUs of the cell ---- */

#define SMP_CPUS_MAX 16

/*
 * Wait until all CPUs that the comm region counts have come by, at most a second. Returns how many
 * have; they are numbered from 0, the caller's.
 */
unsigned int smp_wait(void);

/* Start a CPU at `function`, which must not return. False where it stays silent. */
bool smp_start(unsigned int cpu, void (*function)(void));

/* ---- devices: registers in memory, and memory that devices reach ---- */

/*
 * Map `size` bytes at `address` one to one and uncached, wherever they are. Returns their address;
 * 0: beyond what this code reaches (32-bit code: 4 GiB), or no table is left. Before another CPU
 * uses them.
 */
uintptr_t device_map(uint64_t address, uint64_t size);

/*
 * A device reaches the memory of the cell by the addresses that the guest has for it, which is that
 * of a variable here. What a device has written may change until it is told to stop: copy it, then
 * check the copy.
 *
 * dma_barrier() between what is written to (read from) memory and the register access that tells
 * the device of it (that has told of it).
 */

/* ---- PCI: functions are numbered bus << 8 | device << 3 | function ---- */

#define PCI_FUNCTIONS 0x10000
#define PCI_BARS 6

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_COMMAND_IO 0x1
#define PCI_COMMAND_MEMORY 0x2
#define PCI_COMMAND_MASTER 0x4
#define PCI_COMMAND_INTX_OFF 0x400
#define PCI_CLASS 0x08 /* in the upper three bytes */
#define PCI_BAR(index) (0x10u + 4 * (index))

/* size: 1, 2 or 4 bytes, aligned. What is not the cell's reads as all ones. */
uint32_t pci_read(uint16_t function, unsigned int offset, unsigned int size);
uint64_t pci_read64(uint16_t function, unsigned int offset);
void pci_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value);

/*
 * The next one from `first` on; -1: none. To find that there is none takes two accesses to ports
 * for each of 65536 functions. class: base class, sub-class and interface, as in 0x010802.
 */
int pci_find(uint16_t vendor, uint16_t device, unsigned int first);
int pci_find_class(uint32_t class, unsigned int first);

unsigned int pci_find_capability(uint16_t function, uint8_t id); /* its offset; 0: none */

struct pci_bar {
	uint64_t address; /* of memory or the first port; 0: nowhere so far */
	uint64_t size;	  /* bytes, a power of 2 */
	bool is_io;
	bool is_64bit; /* the next index is its upper half */
};

/* False: there is no such BAR. The function decodes no address while it is being asked. */
bool pci_get_bar(uint16_t function, unsigned int bar, struct pci_bar *ret);

/* Where it is to be, a multiple of its size; a physical function's BARs are in place already. */
void pci_set_bar(uint16_t function, unsigned int bar, uint64_t address);

/*
 * The registers behind a memory BAR, uncached, and how many bytes they are (ret_size may be NULL).
 * One that is nowhere is placed first. 0: it is none, or no room is left.
 */
uintptr_t pci_map(uint16_t function, unsigned int bar, uint64_t *ret_size);

void pci_enable(uint16_t function);  /* memory and bus master */
void pci_disable(uint16_t function); /* no bus master: it neither reads nor writes memory */

/* Reset of the function alone; its BARs and command stay. False where it has none, or hangs. */
bool pci_reset(uint16_t function);

/* MSI: to a vector of this CPU. False where the function has no MSI, or cannot mask it. */
bool pci_msi_set(uint16_t function, unsigned int vector);
bool pci_msi_mask(uint16_t function, bool masked);

/*
 * MSI-X: entry to a vector of this CPU, unmasked; after pci_enable(). False where the function has
 * no such entry.
 */
unsigned int pci_msix_entries(uint16_t function); /* 0: it has no MSI-X */
bool pci_msix_set(uint16_t function, unsigned int entry, unsigned int vector);
bool pci_msix_mask(uint16_t function, unsigned int entry, bool masked);

/* ---- ivshmem: this cell's end of a link, a function of bus 0 ---- */

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
