/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Guest interface: the comm region and the hypercalls a cell may make. It is the one that Jailhouse
 * inmates speak.
 */
#ifndef CELLHV_GUEST_H
#define CELLHV_GUEST_H

#include "types.h"

/* Hypercalls: VMMCALL or VMCALL from CPL 0; EAX = code, RDI and RSI = arguments, EAX = result. */
#define CELLHV_HC_DISABLE 0
#define CELLHV_HC_CELL_CREATE 1
#define CELLHV_HC_CELL_START 2
#define CELLHV_HC_CELL_SET_LOADABLE 3
#define CELLHV_HC_CELL_DESTROY 4
#define CELLHV_HC_INFO 5
#define CELLHV_HC_CELL_STATE 6
#define CELLHV_HC_CPU_INFO 7
#define CELLHV_HC_CONSOLE_PUTC 8

/* CPU_INFO of an own CPU: its state, or its exits for reason n of enum cellhv_exit (manage.h). */
#define CELLHV_CPU_INFO_STATE 0
#define CELLHV_CPU_INFO_EXITS 1000 /* + n; the low 31 bits of the count */

#define CELLHV_CPUID_SIGNATURE 0x40000000u /* EAX 40000001, "Jailhouse" in EBX, ECX, EDX */
#define CELLHV_CPUID_FEATURES 0x40000001u

#define CELLHV_COMM_SIGNATURE "JHCOMM" /* 6 bytes */
#define CELLHV_COMM_REVISION 2	       /* the latest, see struct cellhv_comm */
#define CELLHV_COMM_DEFAULT_ADDRESS 0x100000u

/* Cell states, as the guest writes them. */
#define CELLHV_COMM_RUNNING 0
#define CELLHV_COMM_LOCKED 1
#define CELLHV_COMM_SHUT_DOWN 2
#define CELLHV_COMM_FAILED 3
#define CELLHV_COMM_WRONG_REVISION 4 /* it wants another revision of this region, and has ended */

/* Messages to the cell. */
#define CELLHV_MSG_NONE 0
#define CELLHV_MSG_SHUTDOWN_REQUEST 1
#define CELLHV_MSG_RECONFIGURED 2

/* Replies from the cell. */
#define CELLHV_REPLY_NONE 0
#define CELLHV_REPLY_UNKNOWN 1
#define CELLHV_REPLY_DENIED 2
#define CELLHV_REPLY_APPROVED 3
#define CELLHV_REPLY_RECEIVED 4

#define CELLHV_COMM_FLAG_CONSOLE_PERMITTED 0x1u
#define CELLHV_COMM_FLAG_CONSOLE_ACTIVE 0x2u

#define CELLHV_CONSOLE_NONE 0
#define CELLHV_CONSOLE_EFIFB 1
#define CELLHV_CONSOLE_8250 2
#define CELLHV_CONSOLE_FLAG_MMIO 0x1
#define CELLHV_CONSOLE_FLAG_DISTANCE_4 0x2

struct cellhv_comm_console {
	uint64_t address;
	uint32_t size;
	uint16_t type;
	uint16_t flags;
	uint32_t divider;
	uint32_t gate;
	uint64_t clock_register;
};

/*
 * Guests compare the revision with the one they were made for, and give up with any other. What
 * they then read is at the same place in all of them: revision 2 is what guests of v0.12 and later
 * want, 1 those of v0.10 and v0.11, 0 those of v0.9. A cell's configuration says which it gets.
 */
struct cellhv_comm {
	char signature[6];
	uint16_t revision;
	volatile uint32_t cell_state;
	volatile uint32_t message;
	volatile uint32_t reply;
	uint32_t flags;
	struct cellhv_comm_console console;
	uint64_t mmconfig_base;
	uint16_t pm_timer_port;
	uint16_t num_cpus;
	uint32_t tsc_khz;
	uint32_t apic_khz;
};

/* Of v0.5 and v0.6, without signature: CELLHV_COMM_LEGACY selects it. */
struct cellhv_comm_legacy {
	volatile uint32_t message;
	volatile uint32_t reply;
	volatile uint32_t cell_state;
	uint32_t reserved;
	uint16_t pm_timer_port;
	uint16_t num_cpus;
};

CELLHV_ASSERT(__builtin_offsetof(struct cellhv_comm, cell_state) == 0x08, "cell state");
CELLHV_ASSERT(__builtin_offsetof(struct cellhv_comm, console) == 0x18, "console");
CELLHV_ASSERT(__builtin_offsetof(struct cellhv_comm, mmconfig_base) == 0x38, "mmconfig");
CELLHV_ASSERT(__builtin_offsetof(struct cellhv_comm, apic_khz) == 0x48, "apic kHz");
CELLHV_ASSERT(__builtin_offsetof(struct cellhv_comm_legacy, pm_timer_port) == 0x10, "legacy");

#endif
