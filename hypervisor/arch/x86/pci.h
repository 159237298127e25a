/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How guests reach PCI: configuration by ports and by MMCONFIG, and the BARs of virtual functions.
 * Physical functions are the root's, which goes to the hardware but where it has virtual ones
 * (arch_pci_attach).
 */
#ifndef X86_PCI_H
#define X86_PCI_H

#include "arch/x86/cpu.h"
#include "core/pci.h"

#define PCI_PORT_ADDRESS 0xcf8
#define PCI_PORT_DATA 0xcfc
#define PCI_PORT_SIZE 4u

enum pci_result {
	PCI_DONE,
	PCI_RETRY,   /* a management call is under way: the guest tries again */
	PCI_REFUSED, /* nothing of PCI is there, or it has no such register */
};

struct pci_access {
	uint64_t address; /* a port of PCI_PORT_DATA and up, or guest physical */
	unsigned size;
	bool write;
	uint64_t value;
};

enum pci_result pci_port(struct cpu *cpu, struct pci_access *access);
enum pci_result pci_memory(struct cpu *cpu, struct pci_access *access);

#endif
