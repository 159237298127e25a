/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI functions of this machine, and how they hang together. */
#ifndef LIBCELL_PCI_FUNCTION_H
#define LIBCELL_PCI_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellhv/config.h>

#define PCI_NAME_SIZE 16 /* "0000:00:05.0" */

/* PCI Express Base Specification, 7.5.3.2: types of functions that concern what is below them. */
enum pci_type {
	PCI_ENDPOINT = 0,
	PCI_LEGACY_ENDPOINT = 1,
	PCI_ROOT_PORT = 4,
	PCI_UPSTREAM_PORT = 5,
	PCI_DOWNSTREAM_PORT = 6,
	PCI_TO_CONVENTIONAL = 7, /* a bridge from PCI Express */
	PCI_TO_EXPRESS = 8,
	PCI_CONVENTIONAL = 16, /* not of PCI Express at all */
};

struct pci_function {
	char name[PCI_NAME_SIZE]; /* as sysfs has it */
	uint16_t segment;
	uint16_t address; /* bus << 8 | device << 3 | function */
	uint16_t vendor;
	uint16_t device;
	uint32_t class; /* 24 bits */
	enum pci_type type;
	bool is_hidden;	 /* reads all ones: it is a cell's, or has gone */
	bool is_virtual; /* of SR-IOV */
	bool is_shown;	 /* all of its configuration space can be read */
	bool is_bridge;	 /* has a bus below it */
	bool is_multifunction;
	bool isolates; /* what is below it, or its siblings, are kept from each other */
	bool has_msi;
	bool has_msix;
	bool uses_pin; /* has INTx */
	bool is_boot_display;
	uint8_t secondary; /* bus of a bridge */
	uint32_t irq;	   /* of INTx; 0: none, or Linux does not know it yet */
	char driver[32];   /* "": none */
	char resets[64];   /* methods, in order; "": none */
	char group_of[16]; /* number of Linux's group, or "" */
	struct cellhv_bar bars[CELLHV_FUNCTION_BARS];
	bool bar_is_ports[CELLHV_FUNCTION_BARS];
	int above;     /* index of the bridge, or -1 */
	size_t group;  /* index of the first function that it is not isolated from */
	bool too_deep; /* more bridges or requesters than there is room for */
	uint16_t n_bridges;
	uint16_t n_requesters;
	uint16_t bridges[CELLHV_FUNCTION_BRIDGES];	 /* the nearest first */
	uint16_t requesters[CELLHV_FUNCTION_REQUESTERS]; /* what units see first */
};

struct pci {
	size_t n;
	struct pci_function *functions; /* by segment and address */
};

/* -ENOMEM. Without PCI there are none. */
int pci_read(const char *root, struct pci *ret);
void pci_clear(struct pci *pci);
#define _cleanup_pci_ __attribute__((cleanup(pci_clear)))

const struct pci_function *pci_find(const struct pci *pci, unsigned segment, unsigned address);

/* Of all functions: bridges above, requesters, groups. */
void pci_topology(struct pci *pci);

#endif
