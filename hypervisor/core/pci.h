/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * PCI functions as a guest sees them. A cell has a list of those it owns; any other function reads
 * as all ones and drops writes. Config space is a shadow: the guest changes the bits that
 * `writable` has, and where a BAR is matters to nobody but the one who traps accesses to it. What
 * else an access does is known to the kind of function: virtual ones (core/ivshmem.h), physical
 * ones (core/function.h).
 */
#ifndef CORE_PCI_H
#define CORE_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pci_name.h"

struct cell;
struct cpu;
struct pci_function;

#define PCI_BARS 6u
#define PCI_CONFIG_SIZE 256u
#define PCI_CONFIG_PAGE 4096u /* of a function in MMCONFIG; PCIe Base Specification, 7.2.2 */

#define PCI_VENDOR 0x00
#define PCI_DEVICE 0x02
#define PCI_COMMAND 0x04
#define PCI_STATUS 0x06
#define PCI_REVISION 0x08
#define PCI_INTERFACE 0x09
#define PCI_SUBCLASS 0x0a
#define PCI_CLASS 0x0b
#define PCI_CACHE_LINE 0x0c
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR(index) (0x10u + 4 * (index))
#define PCI_SUBSYSTEM 0x2c
#define PCI_ROM 0x30
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN 0x3d

#define PCI_HEADER_KIND 0x7fu /* of the header type: 0, a function; ... */
#define PCI_HEADER_BRIDGE 0x01u
#define PCI_HEADER_MULTIFUNCTION 0x80u
#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_INTX_OFF 0x400u
#define PCI_STATUS_CAPABILITIES 0x10u
#define PCI_BAR_IO 0x1u
#define PCI_BAR_64BIT 0x4u
#define PCI_BAR_FLAGS 0xfu /* of memory */
#define PCI_BAR_IO_FLAGS 0x3u
#define PCI_BAR_ADDRESS 0xfffffff0u

#define PCI_CAP_PM 0x01
#define PCI_CAP_MSI 0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_PCIE 0x10
#define PCI_CAP_MSIX 0x11

#define PCI_EXTENDED_VIRTUAL 0x10 /* PCI Express Base Specification 5.0, 9.3.3 */
#define PCI_VIRTUAL_CONTROL 0x08u

enum pci_result {
	PCI_REFUSED, /* nothing of PCI is there, or it has no such register */
	PCI_DONE,
	PCI_RETRY, /* somebody else is at it: the guest executes its instruction again */
};

/* What a kind of function does. `self` is the CPU whose guest is at it. */
struct pci_ops {
	/* Config space: an access as pci_config_read() takes it. */
	uint32_t (*config_read)(struct cpu *self, const struct pci_function *function,
				unsigned offset, unsigned size);
	enum pci_result (*config_write)(struct cpu *self, struct pci_function *function,
					unsigned offset, unsigned size, uint32_t value);

	/* size: 1, 2, 4 or 8 bytes, within the BAR. */
	enum pci_result (*read)(struct cpu *self, struct pci_function *function, unsigned bar,
				uint64_t offset, unsigned size, uint64_t *value);
	enum pci_result (*write)(struct cpu *self, struct pci_function *function, unsigned bar,
				 uint64_t offset, unsigned size, uint64_t value);
};

struct pci_function {
	struct pci_function *next; /* of the same cell */
	const struct pci_ops *ops;
	struct cell *cell;
	uint16_t address;	     /* bus << 8 | device << 3 | function */
	uint64_t bar_size[PCI_BARS]; /* a power of 2 from 16 on; 0: none, or an upper half */
	uint64_t
		taken[PCI_BARS + 1]; /* pages the root cannot see for the BARs' and config's sake */
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
};

/* While a function is built. BARs: kind is the low bits; 64 bit ones take two places. */
void pci_set(struct pci_function *function, unsigned offset, unsigned size, uint64_t value);
void pci_allow(struct pci_function *function, unsigned offset, unsigned size, uint64_t bits);
void pci_add_bar(struct pci_function *function, unsigned bar, uint64_t size, uint32_t kind);

/* What a guest may write is zero again. */
void pci_reset(struct pci_function *function);

uint32_t pci_get(const struct pci_function *function, unsigned offset, unsigned size);

/*
 * A guest's access of 1, 2 or 4 bytes at an offset below PCI_CONFIG_PAGE, within an aligned group
 * of four; any other reads all ones and writes nothing.
 */
uint32_t pci_config_read(struct cpu *self, const struct pci_function *function, unsigned offset,
			 unsigned size);
enum pci_result pci_config_write(struct cpu *self, struct pci_function *function, unsigned offset,
				 unsigned size, uint32_t value);

/* The same of the shadow alone: for a kind's config_read and config_write. */
uint32_t pci_shadow_read(struct cpu *self, const struct pci_function *function, unsigned offset,
			 unsigned size);
void pci_shadow_write(struct pci_function *function, unsigned offset, unsigned size,
		      uint32_t value);

/* Where a BAR is now; 0: nowhere, as it has no address or memory decoding is off. */
uint64_t pci_bar_address(const struct pci_function *function, unsigned bar);

/* In a list; NULL: none. */
struct pci_function *pci_find(struct pci_function *list, uint16_t address);
struct pci_function *pci_find_bar(struct pci_function *list, uint64_t address, unsigned *ret_bar,
				  uint64_t *ret_offset);

void pci_insert(struct pci_function **list, struct pci_function *function);
void pci_remove(struct pci_function **list, const struct pci_function *function);

#endif
