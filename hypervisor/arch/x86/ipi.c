/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/ipi.h"

#include "arch/x86/apic.h"
#include "core/cell.h"
#include "core/print.h"

#include <stddef.h>

#define FIRST_VECTOR 16u /* those below are illegal (Intel SDM vol. 3, 11.5.2) */

enum shorthand { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

struct ipi {
	uint32_t command;
	uint32_t destination;
	bool x2apic; /* form of the destination */
};

/* Cluster in the upper half, one bit per CPU of it in the lower (Intel SDM vol. 3, 11.12.10.2). */
static bool ipi_matches_cluster(const struct cpu *cpu, uint32_t destination)
{
	return (destination >> 16) == (cpu->arch->apic_id >> 4) &&
	       (destination & (1u << (cpu->arch->apic_id & 15)));
}

static bool ipi_matches(const struct ipi *ipi, const struct cpu *self, const struct cpu *cpu)
{
	switch ((ipi->command >> APIC_SHORTHAND_SHIFT) & 3) {
	case SHORTHAND_SELF:
		return cpu == self;
	case SHORTHAND_ALL:
		return true;
	case SHORTHAND_OTHERS:
		return cpu != self;
	default:
		break;
	}
	if (ipi->x2apic && ipi->destination == UINT32_MAX)
		return true;
	if (!ipi->x2apic && ipi->destination == 0xff)
		return true;
	if (!(ipi->command & APIC_LOGICAL))
		return cpu->arch->apic_id == ipi->destination;
	if (ipi->x2apic)
		return ipi_matches_cluster(cpu, ipi->destination);
	/* A CPU without a logical id of its own has the one of its x2APIC mode. */
	return cpu->arch->xapic_ldr ? (cpu->arch->xapic_ldr >> 24) & ipi->destination
				    : ipi_matches_cluster(cpu, ipi->destination);
}

static void ipi_deliver(struct cpu *self, struct cpu *cpu, uint32_t command)
{
	uint32_t delivery = command & APIC_DELIVERY_MASK;

	switch (delivery) {
	case APIC_DELIVERY_NMI:
		cpu_signal(cpu, self->cell, 0, CPU_SIGNAL_NMI);
		break;
	case APIC_DELIVERY_INIT:
		/* Only the assertion resets; the level de-assert is for ancient APICs. */
		if (command & APIC_ASSERT)
			cpu_signal(cpu, self->cell, 0, CPU_SIGNAL_INIT);
		break;
	case APIC_DELIVERY_STARTUP:
		cpu_signal(cpu, self->cell, CPU_SIGNAL_VECTOR,
			   CPU_SIGNAL_SIPI | (command & 0xff) << CPU_SIGNAL_VECTOR_SHIFT);
		break;
	default:
		apic_send(self, cpu->arch->apic_id, (command & 0xff) | APIC_ASSERT);
	}
}

static bool ipi_allowed(uint32_t command)
{
	uint32_t delivery = command & APIC_DELIVERY_MASK;

	return delivery == APIC_DELIVERY_FIXED || delivery == APIC_DELIVERY_LOWEST ||
	       delivery == APIC_DELIVERY_NMI || delivery == APIC_DELIVERY_INIT ||
	       delivery == APIC_DELIVERY_STARTUP;
}

/*
 * With no cell to protect, the root's interrupts go out as they are. That is not only short: while
 * CPUs enter, some that Linux sends to are not ours yet.
 */
static bool ipi_passes(const struct cpu *self, const struct ipi *ipi)
{
	uint32_t delivery = ipi->command & APIC_DELIVERY_MASK;

	return !cells && cell_is_root(self->cell) && delivery != APIC_DELIVERY_INIT &&
	       delivery != APIC_DELIVERY_STARTUP;
}

static bool ipi_dispatch(struct cpu *self, const struct ipi *ipi)
{
	bool found = false;

	if (!ipi_allowed(ipi->command))
		return false;
	if (ipi_passes(self, ipi))
		return apic_send_safe(self, ipi->destination, ipi->command);

	for (uint32_t i = 0; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		if (!cpu || cpu->cell != self->cell || !ipi_matches(ipi, self, cpu))
			continue;

		found = true;
		ipi_deliver(self, cpu, ipi->command);
		if ((ipi->command & APIC_DELIVERY_MASK) == APIC_DELIVERY_LOWEST)
			break;
	}
	if (!found && !((ipi->command >> APIC_SHORTHAND_SHIFT) & 3) && cpu_may_complain(self))
		print("CPU %u: IPI %x to %x dropped: no CPU of cell \"%s\"\n", self->number,
		      ipi->command, ipi->destination, self->cell->name);
	return true;
}

bool ipi_send(struct cpu *self, uint32_t command, uint32_t destination)
{
	struct ipi ipi = {.command = command, .destination = destination >> 24};

	return ipi_dispatch(self, &ipi);
}

bool ipi_send_x2apic(struct cpu *self, uint64_t icr)
{
	struct ipi ipi = {
		.command = (uint32_t)icr, .destination = (uint32_t)(icr >> 32), .x2apic = true};

	return ipi_dispatch(self, &ipi);
}

/* From `first` on. */
static struct cpu *ipi_find(const struct ipi *ipi, struct cpu *self, const struct cell *cell,
			    uint32_t first)
{
	for (uint32_t i = first; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		if (cpu && cpu->cell == cell && ipi_matches(ipi, self, cpu))
			return cpu;
	}
	return NULL;
}

static bool ipi_is_message(uint32_t command)
{
	uint32_t delivery = command & APIC_DELIVERY_MASK;

	return (delivery == APIC_DELIVERY_FIXED || delivery == APIC_DELIVERY_LOWEST) &&
	       (command & 0xff) >= FIRST_VECTOR;
}

struct cpu *ipi_message_target(const struct cell *cell, uint32_t command, uint32_t destination)
{
	const struct ipi ipi = {.command = command, .destination = destination};

	return ipi_is_message(command) ? ipi_find(&ipi, NULL, cell, 0) : NULL;
}

bool ipi_message_stays(const struct cell *cell, uint32_t command, uint32_t destination)
{
	const struct ipi ipi = {.command = command, .destination = destination};
	bool found = false;

	for (uint32_t i = 0; i < num_cpus; i++) {
		const struct cpu *cpu = cpu_by_number(i);

		if (!cpu || !ipi_matches(&ipi, NULL, cpu))
			continue;
		if (cpu->cell != cell)
			return false;
		found = true;
	}
	return found && ipi_is_message(command);
}

void ipi_send_message(struct cpu *self, const struct cell *cell, uint32_t command,
		      uint32_t destination, bool x2apic)
{
	const struct ipi ipi = {.command = command, .destination = destination, .x2apic = x2apic};
	struct cpu *cpu = ipi_is_message(command) ? ipi_find(&ipi, self, cell, 0) : NULL;

	while (cpu) {
		apic_send(self, cpu->arch->apic_id, (command & 0xff) | APIC_ASSERT);
		if ((command & APIC_DELIVERY_MASK) == APIC_DELIVERY_LOWEST)
			break;
		cpu = ipi_find(&ipi, self, cell, cpu->number + 1);
	}
}
