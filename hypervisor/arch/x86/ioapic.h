/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O APICs (Intel 82093AA; ICH9, 13.5). While a cell has a pin of one, the root's accesses to it
 * exit: it reaches its own pins, and its entries interrupt its own CPUs. A cell sees each chip of
 * which it has a pin at the chip's own address, with all its lines, of which it reaches its own.
 *
 * Entries in the hardware are written once for each that a guest writes: interrupts, and what ends
 * them at a CPU, leave no guest.
 */
#ifndef X86_IOAPIC_H
#define X86_IOAPIC_H

#include "core/cell.h"
#include "core/resource.h"

#define IOAPIC_INDEX 0x00u
#define IOAPIC_DATA 0x10u
#define IOAPIC_EOI 0x40u /* from version 20h on */

/* Registers behind the index. */
#define IOAPIC_ID 0x00u
#define IOAPIC_VERSION 0x01u
#define IOAPIC_ARBITRATION 0x02u
#define IOAPIC_ENTRY(pin) (0x10u + 2u * (pin)) /* its lower half, then the upper one */

#define IOAPIC_MAX_LINES 120u /* that an index of 8 bits reaches */

/* An entry: as the guest's form of a message (arch_message_target()) and ... */
#define IOAPIC_VECTOR 0xffull
#define IOAPIC_DELIVERY 0x7ffull /* and vector */
#define IOAPIC_LOGICAL (1ull << 11)
#define IOAPIC_PENDING (1ull << 12) /* read only, as remote IRR */
#define IOAPIC_LOW (1ull << 13)
#define IOAPIC_REMOTE_IRR (1ull << 14)
#define IOAPIC_LEVEL (1ull << 15)
#define IOAPIC_MASKED (1ull << 16)
#define IOAPIC_READ_ONLY (IOAPIC_PENDING | IOAPIC_REMOTE_IRR)
#define IOAPIC_DESTINATION_SHIFT 56
#define IOAPIC_WRITABLE 0xffff00000001afffull /* the others are reserved, or read only */

#define IOAPIC_ID_SHIFT 24
#define IOAPIC_ID_MASK 0xfu

#define IOAPIC_MESSAGES 0xfee00000ull
#define IOAPIC_MESSAGE_DESTINATION_SHIFT 12
#define IOAPIC_MESSAGE_LOGICAL 0x4u

/* To whom the message of an entry goes, in the form that is not remapped. */
static inline uint64_t ioapic_message_address(uint64_t entry)
{
	return IOAPIC_MESSAGES |
	       entry >> IOAPIC_DESTINATION_SHIFT << IOAPIC_MESSAGE_DESTINATION_SHIFT |
	       (entry & IOAPIC_LOGICAL ? IOAPIC_MESSAGE_LOGICAL : 0);
}

/* A pin of a cell's. */
struct pin {
	unsigned chip; /* in the system's configuration */
	unsigned number;
	bool taken;	   /* it is not the root's: the hardware's entry is made from `guest` */
	uint64_t guest;	   /* entry as the guest wrote it */
	uint64_t hardware; /* as it was written last */
	uint64_t roots;	   /* as the root had it */
	uint32_t interrupt;
	bool has_interrupt;	    /* an entry of the IOMMU's */
	struct iommu_interrupt set; /* what that does; vector 0: nothing yet */
	uint64_t message;	    /* how an entry here asks for it */
};

/* What a cell with pins has beside struct cell. */
struct pins {
	struct pins *next; /* of all cells that have some; under ioapic_lock */
	struct cell *cell;
	bool active; /* it runs: its entries count */
	unsigned count;
	struct pin pins[CELLHV_MAX_PINS];
	struct {
		uint8_t index;
		uint8_t id;
	} seen[CELLHV_MAX_IOAPICS]; /* registers of the chips, for the guest */
};

extern struct pins *ioapic_pins;

/*
 * Held while registers are accessed, and while who has which pin changes. Guests and the root only
 * try it, and execute their instruction again. Management waits longer than anybody has it: a CPU
 * that is lost while it has it (false) keeps it, and nothing else changes the registers then.
 */
bool ioapic_try_lock(void);
bool ioapic_wait_lock(void);
void ioapic_unlock(void);

/* A cell has failed: its pins interrupt nobody any more, now or when the lock is released. */
void ioapic_note_failure(void);

/* ---- The hardware, with the lock held ---- */

/* The n-th of the system's; its number by an address of its page, -1: there is none. */
uint64_t ioapic_base(unsigned chip);
int ioapic_at(uint64_t phys);

/* From now on the root's accesses exit, or go to the hardware again. 0, or the call's error, with
 * the state before; -ETIMEDOUT: what is given back is. Without the lock. Again: nothing is done. */
int ioapic_trap(struct cpu *self, unsigned chip, struct cellhv_call *call);
int ioapic_release(struct cpu *self, unsigned chip, struct cellhv_call *call);
bool ioapic_is_trapped(unsigned chip);
bool ioapic_took(uint64_t phys, uint64_t size);

/* Of one that is trapped. */
unsigned ioapic_lines(unsigned chip);
uint32_t ioapic_version(unsigned chip);
uint8_t ioapic_index(unsigned chip); /* as the root has written it */
void ioapic_set_index(struct cpu *self, unsigned chip, uint8_t index);
uint32_t ioapic_read(struct cpu *self, unsigned chip, unsigned index);
void ioapic_write(struct cpu *self, unsigned chip, unsigned index, uint32_t value);
uint64_t ioapic_read_entry(struct cpu *self, unsigned chip, unsigned pin);

/* Its halves in the order in which no mix of the two interrupts anybody. */
void ioapic_write_entry(struct cpu *self, unsigned chip, unsigned pin, uint64_t entry);

/* A chip has forgotten that a level interrupt of this vector was accepted: it may come again. */
void ioapic_eoi(struct cpu *self, unsigned chip, uint32_t vector);

/* ---- Accesses of guests to the page of a chip ---- */

struct ioapic_access {
	uint64_t offset;
	unsigned size;
	bool write;
	uint64_t value;
};

enum ioapic_result {
	IOAPIC_DONE,
	IOAPIC_RETRY, /* it is to execute its instruction again */
	IOAPIC_NONE,  /* nothing is there for this guest */
};

enum ioapic_result ioapic_root_access(struct cpu *self, unsigned chip,
				      struct ioapic_access *access);
enum ioapic_result ioapic_cell_access(struct cpu *self, unsigned chip,
				      struct ioapic_access *access);

/* ---- Entries of a cell's pins, with the lock held ---- */

/* As after power-on: masked. */
void ioapic_reset_pins(struct pins *pins);

/* The hardware's entry is masked, and what had been accepted is forgotten. */
void ioapic_silence(struct cpu *self, struct pin *pin);

/* All of a cell's; nobody changes an entry any more. */
void ioapic_deactivate(struct cpu *self, struct pins *pins);

/* A cell's; NULL: it has none. */
struct pins *ioapic_pins_of(const struct cell *cell);

/* Who has it; NULL: the root. */
struct pin *ioapic_find(unsigned chip, unsigned number);

extern const struct resource pin_resource;

#endif
