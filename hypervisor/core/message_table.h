/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of MSI-X (PCI Local Bus Specification 3.0, 6.8.2) of functions of the root's, whose pages
 * it may only read: each write to them exits. All is under the management lock.
 */
#ifndef CORE_MESSAGE_TABLE_H
#define CORE_MESSAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct cellhv_call;
struct cpu;

/*
 * The pages of the table of the function with this MSI-X capability, where its BAR is now; and
 * entries that are not masked, and reach others than the root, are. Where that fails nobody may
 * turn MSI-X on: -EPERM, it is nowhere in memory of the root's; -ENOMEM, also for the 129th table;
 * or the call's error.
 */
int message_table_protect(struct cpu *self, uint16_t address, unsigned capability,
			  struct cellhv_call *call);

/* The offset in config space of the BAR that the table is in. */
unsigned message_table_bar(struct cpu *self, uint16_t address, unsigned capability);

/* It is a cell's function now, and what becomes of its pages is told elsewhere. */
void message_table_forget(uint16_t address);

/* The root may write to all of them again. May be repeated; the call's error. */
int message_table_release(struct cpu *self, struct cellhv_call *call);

/* Whether some page of this range is such a one. */
bool message_table_meets(uint64_t phys, uint64_t size);

/* A write of the root's to one of these pages: to the table, or to what is beside it. One that is
 * not aligned writes nothing. */
void message_table_write(struct cpu *self, uint64_t phys, unsigned size, uint64_t value);

/* Or panics. */
void message_table_verify(void);

#endif
