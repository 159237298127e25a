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

/* PCI configuration without MMCONFIG. offset: aligned to 4; to size. */
uint32_t pci_ports_read(uint16_t function, unsigned int offset);
void pci_ports_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value);

/* Where an MSI of a vector for this CPU is written to; its data is the vector. */
uint64_t msi_address(void);

#endif
