/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt commands of guests: only CPUs of the own cell are reached, INIT and SIPI are emulated.
 */
#ifndef X86_IPI_H
#define X86_IPI_H

#include "arch/x86/cpu.h"

/*
 * command: ICR bits 0-31; destination: as the guest's APIC mode has it, bits 24-31 (xAPIC) or
 * all 32. Foreign and missing destinations are dropped. false: a delivery mode that nobody may use.
 */
bool ipi_send(struct cpu *self, uint32_t command, uint32_t destination);

/* The same for a guest that uses the x2APIC register, whatever the CPU's mode. */
bool ipi_send_x2apic(struct cpu *self, uint64_t icr);

/*
 * A message signalled interrupt for CPUs of `cell`. command: vector, delivery and destination mode
 * as in ICR bits 0-11; destination: 8 bits, or all 32 with x2apic. Others than fixed ones, and to
 * nobody, are dropped.
 */
void ipi_send_message(struct cpu *self, const struct cell *cell, uint32_t command,
		      uint32_t destination, bool x2apic);

/* The first CPU of `cell` that such a message is for; NULL: none, or it is of another mode. */
struct cpu *ipi_message_target(const struct cell *cell, uint32_t command, uint32_t destination);

/* Whether it is one, is for a CPU of `cell`, and for no CPU of another. */
bool ipi_message_stays(const struct cell *cell, uint32_t command, uint32_t destination);

#endif
