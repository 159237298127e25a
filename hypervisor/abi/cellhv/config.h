/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Binary configurations: what libcell compiles and the hypervisor validates.
 *
 * Little-endian. A configuration is one contiguous block: a fixed structure that begins with
 * struct cellhv_config_header, then the arrays that its sections point at. Offsets count bytes from
 * the start of the block and are multiples of 8; arrays neither overlap each other nor the fixed
 * part. Reserved fields are zero. The checksum is CRC-32 (IEEE 802.3, reflected, initial value and
 * final XOR FFFFFFFF) over the whole block with the checksum field taken as zero.
 */
#ifndef CELLHV_CONFIG_H
#define CELLHV_CONFIG_H

#include "types.h"

#define CELLHV_CONFIG_SIGNATURE "CELLCONF" /* 8 bytes, no terminator */
#define CELLHV_CONFIG_VERSION 1
#define CELLHV_ARCH_X86_64 1

#define CELLHV_CONFIG_MAX_SIZE 16384 /* bytes, header included */
#define CELLHV_NAME_SIZE 32	     /* with at least one terminating zero; zero padded */
#define CELLHV_MAX_CPUS 256
#define CELLHV_MAX_MEMORY_REGIONS 64
#define CELLHV_MAX_PORT_RANGES 64

enum cellhv_config_type {
	CELLHV_CONFIG_CELL = 1,
	CELLHV_CONFIG_SYSTEM = 2,
};

struct cellhv_config_header {
	char signature[8];
	uint16_t version;
	uint16_t architecture;
	uint16_t type; /* enum cellhv_config_type */
	uint16_t reserved;
	uint32_t total_size; /* bytes */
	uint32_t checksum;
};

struct cellhv_section {
	uint32_t offset; /* 0 where count is 0 */
	uint32_t count;
	uint32_t entry_size; /* bytes: sizeof the entry type of this version */
	uint32_t reserved;
};

/* Memory access rights and kinds; at least READ is set. */
#define CELLHV_MEMORY_READ 0x1u
#define CELLHV_MEMORY_WRITE 0x2u
#define CELLHV_MEMORY_EXECUTE 0x4u
#define CELLHV_MEMORY_DEVICE 0x8u /* registers, not RAM: never zeroed, never loaded */
#define CELLHV_MEMORY_FLAGS 0xfu

/* Addresses and size in bytes, multiples of 4096, size not 0, no wrap-around. */
struct cellhv_memory_region {
	uint64_t phys;
	uint64_t guest;
	uint64_t size;
	uint32_t flags;
	uint32_t reserved;
};

/* I/O ports base .. base + count - 1, all below 65536. */
struct cellhv_port_range {
	uint32_t base;
	uint32_t count;
};

/* Same layout and values as the console in the comm region (guest.h). */
struct cellhv_console {
	uint64_t address;
	uint32_t size;
	uint16_t type;
	uint16_t flags;
	uint32_t divider;
	uint32_t gate;
	uint64_t clock_register;
};

#define CELLHV_CELL_CONSOLE_VIRTUAL 0x1u /* console hypercall permitted and in use */
#define CELLHV_CELL_PASSIVE_COMM 0x2u	 /* the guest does not answer messages */
#define CELLHV_CELL_COMM_LEGACY 0x4u	 /* comm region without signature, as in v0.5/0.6 */
#define CELLHV_CELL_FLAGS 0x7u

struct cellhv_cell_config {
	struct cellhv_config_header header;
	char name[CELLHV_NAME_SIZE];
	uint32_t flags;
	uint32_t reserved;
	uint64_t entry;	       /* reset address, below 4 GiB */
	uint64_t comm_address; /* guest address of the comm page, multiple of 4096 */
	struct cellhv_console console;
	struct cellhv_section memory; /* struct cellhv_memory_region */
	struct cellhv_section cpus;   /* uint32_t: Linux CPU numbers, each once, at least one */
	struct cellhv_section ports;  /* struct cellhv_port_range */
};

/* A root access to what it does not own parks its CPU instead of reading all ones. */
#define CELLHV_SYSTEM_STRICT 0x1u
#define CELLHV_SYSTEM_FLAGS 0x1u

/* Facts about the machine that only firmware tables tell; no sections. */
struct cellhv_system_config {
	struct cellhv_config_header header;
	uint32_t flags;
	uint16_t pm_timer_port;	   /* FADT PM_TMR_BLK, 0: none */
	uint16_t debug_port;	   /* I/O base of a 16550 for the hypervisor's own lines, 0: none */
	uint64_t mmconfig_base;	   /* MCFG, segment 0; 0: none */
	uint32_t mmconfig_end_bus; /* last bus number of that window */
	uint32_t reserved;
	uint64_t memory_top; /* first byte above the highest RAM address in the memory map */
};

#define CELLHV_CONFIG_ASSERT(name, test) _Static_assert(test, name)
CELLHV_CONFIG_ASSERT("config header", sizeof(struct cellhv_config_header) == 24);
CELLHV_CONFIG_ASSERT("memory region", sizeof(struct cellhv_memory_region) == 32);
CELLHV_CONFIG_ASSERT("console", sizeof(struct cellhv_console) == 32);
CELLHV_CONFIG_ASSERT("cell config",
		     sizeof(struct cellhv_cell_config) == 24 + 32 + 8 + 16 + 32 + 48);
CELLHV_CONFIG_ASSERT("system config", sizeof(struct cellhv_system_config) == 24 + 8 + 16 + 8);

#endif
