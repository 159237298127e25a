/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the root's functions where no unit remaps them (PCI Local Bus Specification 3.0,
 * 6.8): as long as there is a cell, what the root writes to MSI capabilities and to tables of MSI-X
 * interrupts CPUs of the root alone. What such a message is changes with who owns CPUs, so each
 * cell that is made has all of them looked at again.
 *
 * Of virtual functions (SR-IOV) none are enabled meanwhile; those that there are already have MSI
 * like others, but no MSI-X: where their tables are is not known.
 *
 * It is no more than that: a device that can be told to write to memory can still be told to write
 * a message. Nor are functions without a page of MMCONFIG covered.
 */
#ifndef CORE_MESSAGE_ROOT_H
#define CORE_MESSAGE_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/manage.h>

#include "core/pci.h"

struct function_write;

/* What is true of the root's interrupts: no cell need be there. */
enum cellhv_interrupts message_root_interrupts(void);

/* Whether writes to config space have to exit for this. */
bool message_root_filters(void);

/*
 * Whether a write to config space may be done. One that turns MSI-X on, or decoding where that is
 * on, has had the table's pages protected. Under the management lock.
 */
bool message_root_allows(struct cpu *self, uint16_t address, const struct function_write *write);

#endif
