/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that core asks of an architecture. One is linked, so these are functions, not a table of
 * pointers; no file of core includes anything else of it (tests/gate/boundary).
 *
 * `self` is the CPU that runs this. Nothing here waits for another CPU but where that is said,
 * takes a lock, or calls core but for what core's own headers offer to an architecture.
 */
#ifndef CORE_ARCH_H
#define CORE_ARCH_H

#include <stdbool.h>
#include <stdint.h>

struct cell;
struct cellhv_call;
struct cpu;
struct iommu_interrupt;
struct iommu_ops;
struct pci_function;
struct resource;

/* ---- This CPU ---- */

struct cpu *arch_self(void);

/* Between two looks at a word that another CPU is to change. */
void arch_pause(void);

/* A clock that every CPU reads alike and that never stops; machine.ticks_per_ms is its pace. */
uint64_t arch_ticks(void);

/* The end of this CPU after a panic: no interrupt and no guest any more. */
_Noreturn void arch_halt(void);

/* One byte to where the machine has a debug console; nothing where it has none. From any state. */
void arch_debug_put(char c);

/* ---- Other CPUs ---- */

/*
 * Makes the CPU leave its guest, or its wait, and call cpu_serve_requests(), soon and whatever the
 * guest does; once at least after each call. The CPU clears cpu->kicked before it looks.
 */
void arch_kick(struct cpu *cpu);

/* Called again and again while this CPU waits for `cpu`: does what that one needs another for. */
void arch_help(struct cpu *cpu);

/* ---- Physical memory ---- */

/*
 * The page with `phys`, any address below machine.phys_limit, readable and writable on this CPU;
 * points at the byte asked for and is good until the next call. Caller has checked who owns it.
 */
void *arch_window_map(struct cpu *self, uint64_t phys);

/* Nothing of it can be reached any more. */
void arch_window_unmap(struct cpu *self);

/* Zeroes PAGE_SIZE bytes at a page boundary. */
void arch_clear_page(void *page);

/* What hardware reads that looks into no cache: it is in memory when this returns. */
void arch_write_back(const void *address, uint64_t size);

/* This CPU forgets what it has cached of its guest's translations. */
void arch_flush(struct cpu *self);

/*
 * The root sees memory that is its own as it is, with the types that the hardware has for it.
 * Returns as paging_map() does, and like it leaves flushing to the caller.
 */
int arch_map_root(uint64_t phys, uint64_t size);

/* Whether one of the bytes is what keeps cells apart: nobody is given that. No range wraps. */
bool arch_keeps(uint64_t phys, uint64_t size);

/*
 * The n-th range that no device may reach: the first is where messages to CPUs go, in every domain;
 * the others are registers through which others could be reached. false: there are no more.
 */
bool arch_no_dma(unsigned n, uint64_t *phys, uint64_t *size);

/* ---- What runs on this CPU. core sets cpu->activity, but where that is said. ---- */

/*
 * The guest does not run again: what could interrupt the CPU is off and forgotten, and so it stays
 * until one of the next three. With activity CPU_PARKED already, as it may need another CPU's
 * arch_help() to get there, and then does not return but serves its requests anew.
 */
void arch_park(struct cpu *self);

/*
 * Parked: all that the former owner left is gone, and the code of cpu->cell begins where its
 * configuration says, with its nested tables and permissions. May not return, as arch_park().
 */
void arch_start(struct cpu *self);

/* Parked: as after power-on, for another CPU of cpu->cell to start it. As arch_park(). */
void arch_await_start(struct cpu *self);

/*
 * What CPUs of the same cell sent by cpu_signal(), once; this one is not parked. Changes
 * activity between CPU_GUEST and CPU_AWAITS_START.
 */
void arch_take_signals(struct cpu *self, uint32_t signals);

/* Where the guest is: the address of its instruction. */
uint64_t arch_guest_address(const struct cpu *self);

/* Its cell has failed on this CPU, in the middle of an exit: as arch_park(), and it returns. */
void arch_silence(struct cpu *self);

/* ---- Leaving: CPUs go native ---- */

/* The root's guest goes on from behind its call, natively, with the result 0. */
_Noreturn void arch_leave(struct cpu *self);

/*
 * Asked by CPU_REQUEST_RELEASE, which it clears as soon as that is safe: as the guest is, or
 * halted where it awaits its start.
 */
_Noreturn void arch_release(struct cpu *self);

/*
 * Waits a bounded time for a CPU that has answered CPU_REQUEST_RELEASE to be out of our memory;
 * had_guest: what it was before. false: it is not.
 */
bool arch_await_left(struct cpu *self, const struct cpu *target, bool had_guest);

/* ---- Cells ---- */

/* The comm page, zeroed and filled in as far as all architectures have it: adds the others' part.
 */
void arch_fill_comm(const struct cell *cell);

/* Adds to the answer of CELLHV_OP_INFO what is of the architecture. */
void arch_info(struct cellhv_call *call);

/*
 * Bytes that may be typed into the console of a cell's machine now (CELLHV_CELL_PLATFORM_PC);
 * negative: it has none. And types some, as far as there is room: how many.
 */
int arch_console_room(const struct cell *cell);
uint32_t arch_console_type(struct cpu *self, struct cell *cell, const void *text, uint32_t size);

/* Of such a machine the power button. */
void arch_press_button(struct cpu *self, const struct cell *cell);

/*
 * The kinds of things that a cell may own (core/resource.h), core's and the architecture's own, in
 * the order in which they are taken; they are given back in the reverse order.
 */
extern const struct resource *const arch_resources[];
extern const unsigned arch_resource_count;

/* The driver for units of a type (enum cellhv_iommu_type); NULL: none. */
const struct iommu_ops *arch_iommu_ops(uint16_t type);

/*
 * CPUs have changed hands: what of the root's interrupts without a message through an IOMMU, and is
 * looked at, reaches the root's CPUs alone.
 */
void arch_recheck_interrupts(struct cpu *self);

/* ---- Virtual PCI functions ---- */

/* A message of the function reaches CPUs of its cell alone; from any CPU. */
void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data);

/*
 * A virtual function beside the physical ones of the root, from now on or no more: the root's
 * accesses to it exit. Under the management lock; may wait for CPUs of the root's. Detaching one
 * that is not attached does nothing. 0, or the call's error: what could not be attached is not;
 * with -ETIMEDOUT it is detached all the same, as the function may end with a create that fails.
 */
int arch_pci_attach(struct cpu *self, struct pci_function *function, struct cellhv_call *call);
int arch_pci_detach(struct cpu *self, struct pci_function *function, struct cellhv_call *call);

/* Whether some of this range exits for the root for the sake of a virtual function, of those of
 * cells or of an IOMMU's. */
bool arch_pci_took(uint64_t phys, uint64_t size);

/* ---- Physical functions ---- */

/*
 * Config space of the hardware, at an offset below PCI_CONFIG_PAGE: 1, 2 or 4 bytes, aligned. From
 * any CPU. A function that is not reached, or that is not there, reads as all ones.
 */
uint32_t arch_pci_read(struct cpu *self, uint16_t address, unsigned offset, unsigned size);
void arch_pci_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
		    uint32_t value);

/*
 * From now on each write of the root's to config space comes to function_root_write(), or none any
 * more; and one function reads as all ones for it, or is seen again. Under the management lock; may
 * wait for CPUs of the root's. Doing it again does nothing. 0, or the call's error: where taking
 * something away fails it is as before, and what is given back is with -ETIMEDOUT.
 */
int arch_pci_filter(struct cpu *self, bool on, struct cellhv_call *call);
int arch_pci_hide(struct cpu *self, uint16_t address, bool hidden, struct cellhv_call *call);

/*
 * The same of an IOMMU's own function alone, as long as iommu_took_function() says so: its config
 * space reads as it did. Returns as memory_change_root(), and like it leaves settling to the
 * caller.
 */
int arch_pci_protect(uint16_t address);

/*
 * What a guest's message does: a CPU of the cell and a vector that may be interrupted with. false:
 * it reaches nobody of the cell's, or is none. From any CPU.
 */
bool arch_message_target(const struct cell *cell, uint64_t address, uint32_t data,
			 struct iommu_interrupt *ret);

/*
 * Whether a message of a function of the root's does no more than to interrupt CPUs of the root's,
 * with a vector from this one up to the next `count` - 1, a power of two.
 */
bool arch_message_is_roots(uint64_t address, uint32_t data, unsigned count);

/* The message that does this where nothing remaps it; false: there is none. */
bool arch_message(const struct iommu_interrupt *interrupt, uint64_t *ret_address,
		  uint32_t *ret_data);

#endif
