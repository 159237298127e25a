/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cell's I/O APIC, with the pins that "irqs" of its description names, at the numbers they have
 * on the machine: an ISA interrupt is the pin of its number where the firmware says nothing else.
 * The other pins are masked, and stay so.
 */
#ifndef X86_IOAPIC_H
#define X86_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_ADDRESS 0xfec00000u
#define IOAPIC_LEVEL 0x8000u /* what follows: level-triggered, active low */
#define IOAPIC_LOW 0x2000u
#define IOAPIC_MASKED 0x10000u

unsigned int ioapic_version(void);
unsigned int ioapic_pins(void); /* of the chip, whosever they are */

/* An entry as the chip has it; the upper half is written first, while the lower one is masked. */
uint64_t ioapic_read(unsigned int pin);
void ioapic_write(unsigned int pin, uint64_t entry);

/* The pin interrupts this CPU. flags: IOAPIC_LEVEL, IOAPIC_LOW; false: it is not the cell's. */
bool ioapic_route(unsigned int pin, unsigned int vector, uint32_t flags);
void ioapic_mask(unsigned int pin, bool masked);

#endif
