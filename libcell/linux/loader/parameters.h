/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cell's first MiB, and what the library leaves in it for the loader, which adds what only the
 * cell's CPUs and the comm page tell: APIC ids and frequencies.
 *
 * The library knows the rest, and does the rest: it has the descriptions, the host's tables and a
 * test for each line of it.
 */
#ifndef LIBCELL_LINUX_PARAMETERS_H
#define LIBCELL_LINUX_PARAMETERS_H

#define LINUX_ZERO_PAGE 0x1000
#define LINUX_SETUP_DATA 0x2000
#define LINUX_COMMAND_LINE 0x3000
#define LINUX_COMMAND_LINE_ROOM 0x1000
#define LINUX_LOW_END 0x4000
#define LINUX_LOW_RAM 0xa0000 /* the kernel's up to here: it starts CPUs in it */
#define LINUX_TABLES 0xe0000  /* from here on reserved */
#define LINUX_PARAMETERS 0xef000
#define LINUX_LOADER 0xf0000 /* the cell's reset address */
#define LINUX_HIGH_END 0x100000

#define LINUX_MAX_CPUS 255	 /* as many as setup_data names */
#define LINUX_PARAMETERS_CPUS 12 /* offset of n_cpus */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct linux_parameters {
	uint64_t entry;	    /* of the kernel, in long mode */
	uint32_t comm;	    /* the comm page */
	uint32_t n_cpus;    /* of the cell */
	uint32_t madt;	    /* its entries of CPUs are to be added at its end */
	uint32_t madt_room; /* bytes, all of it */
	uint32_t tsc_khz;   /* eight hexadecimal digits on the command line */
	uint32_t reserved;
};

/* setup_data of type 6, which kernels with CONFIG_JAILHOUSE_GUEST read. */
#define LINUX_SETUP_TYPE 6
struct linux_setup_data {
	uint64_t next;
	uint32_t type;
	uint32_t length; /* of what follows */
	uint16_t version;
	uint16_t compatible_version;
	uint16_t pm_timer_port;
	uint16_t n_cpus;
	uint64_t mmconfig_base;
	uint32_t tsc_khz;
	uint32_t apic_khz;
	uint8_t has_standard_ioapic;
	uint8_t cpu_ids[LINUX_MAX_CPUS]; /* of APICs */
	uint32_t uarts;			 /* bit 0: that at 3F8h */
} __attribute__((packed));

_Static_assert(__builtin_offsetof(struct linux_parameters, n_cpus) == LINUX_PARAMETERS_CPUS,
	       "parameters");
_Static_assert(sizeof(struct linux_setup_data) == 16 + 284, "setup data");
#endif

#endif
