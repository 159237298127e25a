/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How guests reach PCI: configuration by ports and by MMCONFIG, and those BARs to which accesses
 * exit. The root goes to the hardware itself but where it has virtual functions (arch_pci_attach),
 * where a cell has physical ones (arch_pci_filter, pci_root.c), and to functions that are IOMMUs'
 * (arch_pci_protect).
 */
#ifndef X86_PCI_H
#define X86_PCI_H

#include "arch/x86/cpu.h"
#include "core/memory.h"
#include "core/pci.h"

#define PCI_PORT_ADDRESS 0xcf8
#define PCI_PORT_DATA 0xcfc
#define PCI_PORT_SIZE 4u

struct pci_access {
	uint64_t address; /* a port of PCI_PORT_DATA and up, or guest physical */
	unsigned size;
	bool write;
	uint64_t value;
};

enum pci_result pci_port(struct cpu *cpu, struct pci_access *access);
enum pci_result pci_memory(struct cpu *cpu, struct pci_access *access);

/* MMCONFIG has a page for each function; 0: the firmware has none for this one. */
uint64_t pci_config_page(uint16_t address);
bool pci_in_mmconfig(uint64_t guest);

/* The root's writes to config space exit, all of them. */
extern bool pci_root_filtered;

/* Whether any access of the root's to PCI may exit. */
bool pci_root_is_trapped(void);

/* What the root may do with a page of MMCONFIG that has no function which it cannot reach, nor an
 * IOMMU's. */
static inline uint32_t pci_root_access(void)
{
	return pci_root_filtered ? PAGING_READ | PAGING_DEVICE : MEMORY_ROOT_ACCESS;
}

/* Whether some of this range is config space of an IOMMU's own function, which it may read. */
bool pci_root_protects(uint64_t phys, uint64_t size);

/* An access of the root's to a physical function; at `offset` in its config space. */
void pci_root_config(struct cpu *cpu, uint16_t address, unsigned offset, struct pci_access *access);

/* As CF8 says, which the root has written itself. */
void pci_root_native(struct pci_access *access);

/* The port of data exits as long as anything is trapped. */
void pci_root_trap_port(void);

#endif
