/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the parts of the runtime; not for guests.
 */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <stdint.h>
#include "runtime.h"

/* From an architecture's start code, on the first CPU. */
_Noreturn void runtime_main(void);

/* As pci_find(), below the function `end`. */
int pci_find_below(uint16_t vendor, uint16_t device, unsigned int first, unsigned int end);

/* ---- what an architecture gives, beside x86/cpu.h and what runtime.h declares of it ---- */

/* Handlers are called from now on, on this CPU. */
void interrupts_init(void);

/* False where the comm region says of no clock what it takes to use it. */
bool timing_init(void);

/* A character for the hypervisor's ring. */
void hypercall_putc(char c);

/* Ports; where there are none nothing is at them. */
uint8_t port_read8(uintptr_t port);
void port_write8(uintptr_t port, uint8_t value);

/* PCI configuration without MMCONFIG. offset: below 256, aligned to 4; to size. */
uint32_t pci_ports_read(uint16_t function, unsigned int offset);
void pci_ports_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value);

/* Where an MSI of a vector for this CPU is written to; its data is the vector. */
uint64_t msi_address(void);

/* Addresses where BARs may be put: nothing of the cell's is there, nor is a physical function. */
extern const uint64_t bar_area_start, bar_area_end;

#endif
