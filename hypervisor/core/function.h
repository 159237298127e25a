/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical PCI functions of cells. The guest sees a config space of its own, of which some bytes
 * are the hardware's; what it writes there goes to the hardware only where that is said. BARs stay
 * where they are in the hardware and in the cell's nested tables, which do not change while it
 * runs; where the guest moves one, its accesses exit and are done for it. Interrupts are messages,
 * which are written once, when the guest sets them up.
 *
 * Nothing of the hardware's config space is the root's from its taking on; what it may do to others
 * meanwhile is in core/function_root.h.
 */
#ifndef CORE_FUNCTION_H
#define CORE_FUNCTION_H

#include "core/cell.h"
#include "core/pci.h"

/* Of more in the hardware a cell sees so many, and the others stay masked. */
#define FUNCTION_VECTORS 64u

/* Offsets of capabilities in config space; 0: the function has none, or the guest sees none. */
struct function_msi {
	uint16_t capability;
	uint16_t data; /* of the message's data, from the capability */
	uint16_t mask; /* 0: it cannot be masked */
	bool is_64bit;
};

struct function_msix {
	uint16_t capability;
	uint8_t bar;
	uint32_t offset;  /* of the table, in the BAR */
	uint32_t entries; /* in the hardware */
	uint32_t vectors; /* for the guest */
	uint32_t table[FUNCTION_VECTORS][4];
};

/* While it is reset: what software has set, and the reset takes. */
struct function_kept {
	bool is_reset;
	uint16_t command, control, control2;
	uint8_t cache_line;
};

struct function {
	struct pci_function pci; /* first */
	struct function *next;	 /* that is taken, of whatever cell */
	const struct cellhv_function *config;
	struct spinlock lock; /* what guests change; only its cell's end waits for it */
	bool listed;	      /* in functions_taken, and in its cell's list */
	bool active;	      /* its cell runs: it may master the bus, and interrupt; atomic */
	struct function_kept kept;
	uint16_t pcie;
	uint16_t errors; /* AER, in extended config space */
	struct function_msi msi;
	struct function_msix msix;
	uint32_t first_interrupt, interrupts;	/* at the IOMMU */
	uint8_t through[PCI_CONFIG_SIZE / 8];	/* bytes that read as the hardware's */
	uint8_t forwarded[PCI_CONFIG_SIZE / 8]; /* and are written there */
};

/* ---- The hardware (function_hardware.c) ---- */

/* Where a capability is; 0: there is none. */
unsigned function_find_capability(struct cpu *self, uint16_t address, unsigned id);
unsigned function_find_extended(struct cpu *self, uint16_t address, unsigned id);

/*
 * From `address` on, the first function below `end` that answers; `end`: none does. Where function
 * 0 of a device does not answer no other is there, and where it says that it is alone it is
 * (PCI 3.0, 6.2.1).
 */
uint32_t function_next(struct cpu *self, uint32_t address, uint32_t end);

/*
 * A register as it is when these bits are written to it, which then is as before: of a BAR's, what
 * stays 0 says its size.
 */
uint32_t function_probe(struct cpu *self, uint16_t address, unsigned offset, uint32_t bits);

/* A BAR's size, found as 6.2.5.1 says; for a moment it decodes nothing of that kind. */
uint64_t function_size_bar(struct cpu *self, uint16_t address, unsigned bar);

/*
 * It neither masters the bus nor interrupts any more, and its ROM is off, for which no cell has an
 * address; what it had begun may still be under way.
 */
void function_mute(struct cpu *self, const struct function *function);

/* What these had begun has ended; or a tenth of a second has passed, for all of them together, and
 * a line says which have not. */
void function_await(struct cpu *self, struct function *const *functions, uint32_t count);

/*
 * As after power-on, where they can do that themselves, but for where they are and how they use the
 * bus. All at once: it takes as long as the slowest.
 */
void function_reset_hardware(struct cpu *self, struct function *const *functions, uint32_t count);

/*
 * Whether something keeps its DMA and its messages from what is not its cell's, or the cell is
 * trusted: a message of its own making is a write like any other, so it takes remapping, too.
 */
bool function_is_confined(const struct cell *cell);

/*
 * Not active any more, and muted. Waits for nobody: a CPU of the guest's that is just changing it
 * does that again when it is done (function.c let_go); one that was lost doing so changes nothing.
 */
void function_silence(struct cpu *self, struct function *function);

static inline bool function_is_active(const struct function *function)
{
	return __atomic_load_n(&function->active, __ATOMIC_SEQ_CST);
}

/* Tells it what the guest's command register says, as far as it may. */
void function_apply_command(struct cpu *self, const struct function *function);

/* ---- What the guest sees ---- */

/* From the hardware's config space; zeroed, but for config, pci.cell and pci.address. */
void function_build(struct cpu *self, struct function *function);

/* As after a reset. */
void function_reset_shadow(struct function *function);

extern const struct pci_ops function_ops;

/* ---- Interrupts (function_interrupt.c); with the lock held ---- */

/* The guest has changed its messages: so the hardware's. PCI_RETRY: an IOMMU is busy. */
enum pci_result function_update_msi(struct cpu *self, const struct function *function);
enum pci_result function_update_msix(struct cpu *self, struct function *function);

bool function_in_table(const struct function *function, unsigned bar, uint64_t offset,
		       unsigned size);
uint64_t function_read_table(const struct function *function, uint64_t offset, unsigned size);
enum pci_result function_write_table(struct cpu *self, struct function *function, uint64_t offset,
				     unsigned size, uint64_t value);

/* All entries of the hardware's table are masked. */
void function_mask_table(struct cpu *self, const struct function *function);

/* ---- Who owns them ---- */

/* That are not the root's, of all cells; also while one is made. Under the management lock. */
extern struct function *functions_taken;

/* Whether config space of this function is a cell's. */
bool function_is_taken(uint16_t address);

/* What in the hardware is not as the configuration says: CELLHV_CHECK_FUNCTION_*; 0: nothing. */
uint32_t function_find_difference(struct cpu *self, const struct cellhv_function *config);
bool function_sizes_are_as_said(struct cpu *self, const struct function *function);

/* ---- Where they are (function_path.c) ---- */

/*
 * Whether the bridges above it are those, and IOMMUs see it by those requesters: what config space
 * says counts, and no other bridge may say that the function's bus is behind it.
 */
bool function_path_is_as_said(struct cpu *self, const struct cellhv_function *config);

/* That no function of the root's decodes what is a cell's; config space is filtered already. */
int function_check_beside(struct cpu *self, struct cellhv_call *call);

/* Of all functions of a cell to be (core/resource.h). */
int function_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call);

#endif
