// SPDX-License-Identifier: LGPL-2.1-or-later
/* Why a guest failed. */
#include <inttypes.h>
#include <stdio.h>

#include <core/pci_name.h>

#include "driver/explain.h"

static const char *const reasons[CELLHV_FAILURE_MAX] = {
	[CELLHV_FAILURE_NONE] = "",
	[CELLHV_FAILURE_MEMORY] = "memory-access",
	[CELLHV_FAILURE_PORT] = "port-access",
	[CELLHV_FAILURE_MSR] = "msr-access",
	[CELLHV_FAILURE_CONTROL] = "control-register",
	[CELLHV_FAILURE_INSTRUCTION] = "instruction",
	[CELLHV_FAILURE_TRIPLE_FAULT] = "triple-fault",
	[CELLHV_FAILURE_APIC] = "apic-access",
	[CELLHV_FAILURE_MACHINE_CHECK] = "machine-check",
	[CELLHV_FAILURE_GUEST] = "guest",
	[CELLHV_FAILURE_REVISION] = "comm-revision",
	[CELLHV_FAILURE_STATE] = "cell-state",
	[CELLHV_FAILURE_DMA] = "dma",
	[CELLHV_FAILURE_SILENT] = "cpu-silent",
	[CELLHV_FAILURE_PANIC] = "kernel-panic",
};

const char *explain_failure_reason(uint32_t reason)
{
	return reason < CELLHV_FAILURE_MAX ? reasons[reason] : "unknown";
}

/* What no instruction of the guest's did. */
static bool explain_machine(const struct cellhv_failure *failure, char message[160])
{
	switch (failure->reason) {
	case CELLHV_FAILURE_DMA:
		snprintf(message, 160,
			 "The guest had PCI function " PCI_NAME " %s 0x%" PRIx64
			 ", which it may not.",
			 PCI_NAME_OF(failure->detail & CELLHV_FAILURE_DMA_REQUESTER),
			 failure->detail & CELLHV_FAILURE_DMA_INTERRUPT ? "ask for interrupt"
			 : failure->detail & CELLHV_FAILURE_DMA_WRITE	? "write"
									: "read",
			 failure->address);
		return true;
	case CELLHV_FAILURE_SILENT:
		snprintf(message, 160,
			 "The guest has lost CPU %" PRIu32
			 ", which does not answer: an SMI or INIT took it away.",
			 failure->cpu);
		return true;
	default:
		return false;
	}
}

static const char *memory_verb(uint64_t detail)
{
	return detail & 4 ? "executed" : detail & 2 ? "wrote" : "read";
}

/* What the guest says of itself: that was no single instruction. */
static bool explain_report(const struct cellhv_failure *failure, char message[160])
{
	switch (failure->reason) {
	case CELLHV_FAILURE_GUEST:
		snprintf(message, 160, "The guest reported that it failed.");
		return true;
	case CELLHV_FAILURE_PANIC:
		snprintf(message, 160,
			 "The guest has panicked: the last lines of its console say why.");
		return true;
	case CELLHV_FAILURE_REVISION:
		snprintf(message, 160,
			 "The guest wants a comm page of another revision: say which with "
			 "\"comm-revision\" in the cell's description.");
		return true;
	case CELLHV_FAILURE_STATE:
		snprintf(message, 160,
			 "The guest set its state in the comm page to 0x%" PRIx64
			 ", which is none.",
			 failure->address);
		return true;
	default:
		return false;
	}
}

void explain_guest_failure(const struct cellhv_failure *failure, char message[160])
{
	static const char *const texts[CELLHV_FAILURE_MAX] = {
		[CELLHV_FAILURE_CONTROL] = "set a control register to a forbidden value",
		[CELLHV_FAILURE_INSTRUCTION] = "executed a forbidden instruction",
		[CELLHV_FAILURE_TRIPLE_FAULT] = "ended in a triple fault",
		[CELLHV_FAILURE_MACHINE_CHECK] = "was hit by a machine check",
	};
	char what[80];

	if (explain_report(failure, message) || explain_machine(failure, message))
		return;

	switch (failure->reason) {
	case CELLHV_FAILURE_NONE:
		message[0] = '\0';
		return;
	case CELLHV_FAILURE_MEMORY:
		snprintf(what, sizeof(what),
			 "%s guest address 0x%" PRIx64 ", which it does not own",
			 memory_verb(failure->detail), failure->address);
		break;
	case CELLHV_FAILURE_PORT:
		snprintf(what, sizeof(what), "%s I/O port 0x%" PRIx64 ", which it does not own",
			 failure->detail & 0x100 ? "wrote" : "read", failure->address);
		break;
	case CELLHV_FAILURE_MSR:
		snprintf(what, sizeof(what), "used MSR 0x%" PRIx64 ", which it may not",
			 failure->address);
		break;
	case CELLHV_FAILURE_APIC:
		snprintf(what, sizeof(what), "used APIC register 0x%" PRIx64 " in a forbidden way",
			 failure->address);
		break;
	default:
		snprintf(what, sizeof(what), "%s",
			 failure->reason < CELLHV_FAILURE_MAX ? texts[failure->reason]
							      : "failed for an unknown reason");
	}
	snprintf(message, 160, "The guest %s (CPU %" PRIu32 ", instruction at 0x%" PRIx64 ").",
		 what, failure->cpu, failure->rip);
}
