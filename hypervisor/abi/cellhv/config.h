/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Binary configurations: what libcell compiles and the hypervisor validates.
 *
 * Little-endian. A configuration is one contiguous block: a fixed structure that begins with
 * struct cellhv_config_header, then the arrays that its sections point at. Offsets count bytes from
 * the start of the block and are multiples of 8; arrays neither overlap each other nor the fixed
 * part. Reserved fields are zero. The checksum is CRC-32 (IEEE 802.3, reflected, initial value and
 * final XOR FFFFFFFF) over the whole block with the checksum field taken as zero.
 *
 * Module and hypervisor take CELLHV_CONFIG_VERSION and no other. Version 2 had no sections of
 * functions and pins, and none in a system's. In version 1 also comm_revision was a reserved 0:
 * flag 4 stood for CELLHV_COMM_LEGACY, and without it the revision was 1; and a link's variant was
 * reserved, too; all cells were as with CELLHV_CELL_STRICT_MSRS. libcell reads all three.
 */
#ifndef CELLHV_CONFIG_H
#define CELLHV_CONFIG_H

#include "types.h"

#define CELLHV_CONFIG_SIGNATURE "CELLCONF" /* 8 bytes, no terminator */
#define CELLHV_CONFIG_VERSION 3
#define CELLHV_ARCH_X86_64 1

#define CELLHV_CONFIG_MAX_SIZE 16384 /* bytes, header included */
#define CELLHV_NAME_SIZE 32	     /* with at least one terminating zero; zero padded */
#define CELLHV_MAX_CPUS 256
#define CELLHV_MAX_MEMORY_REGIONS 64
#define CELLHV_MAX_PORT_RANGES 64
#define CELLHV_MAX_LINKS 8
#define CELLHV_LINK_PEERS 12   /* that a link may have at most */
#define CELLHV_LINK_VECTORS 16 /* and a peer's function */
#define CELLHV_MAX_FUNCTIONS 16
#define CELLHV_FUNCTION_BARS 6
#define CELLHV_FUNCTION_BRIDGES 8    /* above it */
#define CELLHV_FUNCTION_REQUESTERS 4 /* ids that its IOMMU sees */
#define CELLHV_MAX_PINS 32

#define CELLHV_SYSTEM_MAX_SIZE 3072 /* bytes of a system's configuration, header included */
#define CELLHV_MAX_IOMMUS 32
#define CELLHV_MAX_IOAPICS 32

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

/*
 * A link: memory that its peers share, and for each peer a virtual PCI function that interrupts the
 * others (link.h). `shared` is the same, to the byte, in the configurations of all its peers: the
 * first cell that comes makes the link, the last one that goes ends it.
 *
 * The root has no configuration of its own that comes and goes with links, and a call to attach it
 * would need an order and a way back of its own: so `shared` says as well whether Linux is a peer,
 * with which id and function. Its function appears and goes with the link; there it sees the memory
 * at its physical address.
 *
 * The memory begins at `phys` with the state table (protocol 2: a page), then the common section,
 * which all peers write, then an output section for each id, which only that peer writes.
 *
 * Protocol 1 is in two variants: the function of v0.5, and with registers for states that of v0.6
 * to v0.11.
 */
#define CELLHV_LINK_VARIANT_PLAIN 0
#define CELLHV_LINK_VARIANT_STATES 1
#define CELLHV_LINK_ROOT 0x1u /* Linux is a peer */
#define CELLHV_LINK_FLAGS 0x1u

struct cellhv_link_shared {
	char name[CELLHV_NAME_SIZE]; /* as a cell's */
	uint64_t phys;
	uint64_t common_size;	 /* bytes, multiple of 4096; protocol 1: not 0 */
	uint64_t output_size;	 /* of each peer, multiple of 4096; protocol 1: 0 */
	uint16_t protocol;	 /* 1 or 2: of ivshmem */
	uint16_t max_peers;	 /* 2 .. CELLHV_LINK_PEERS; protocol 1: 2 */
	uint16_t vectors;	 /* 1 .. CELLHV_LINK_VECTORS; protocol 1: 1 */
	uint16_t class_protocol; /* what the peers talk; protocol 1 without states: 0 */
	uint16_t flags;
	uint16_t root_id;	/* with CELLHV_LINK_ROOT, else 0 */
	uint16_t root_function; /* the same: bus << 8 | device << 3 | function, on segment 0 */
	uint16_t variant;	/* of protocol 1: CELLHV_LINK_VARIANT_*; protocol 2: 0 */
};

struct cellhv_link {
	struct cellhv_link_shared shared;
	uint64_t guest;	   /* where this peer sees the memory */
	uint16_t id;	   /* below max_peers */
	uint16_t function; /* as root_function, in this cell */
	uint32_t reserved;
};

static inline uint64_t cellhv_link_state_size(const struct cellhv_link_shared *link)
{
	return link->protocol == 1 ? 0 : 4096;
}

/* Bytes of all sections. */
static inline uint64_t cellhv_link_size(const struct cellhv_link_shared *link)
{
	return cellhv_link_state_size(link) + link->common_size +
	       link->max_peers * link->output_size;
}

/*
 * A physical PCI function of segment 0. What of it the hardware tells, the hypervisor reads there:
 * capabilities, identity. Its BARs stay where they are, and the cell finds them at the same
 * addresses.
 */
#define CELLHV_FUNCTION_VENDOR_CONFIG \
	0x1u			      /* vendor-specific capabilities are the guest's to write */
#define CELLHV_FUNCTION_NO_RESET 0x2u /* it has no reset, and the description takes it so */
#define CELLHV_FUNCTION_PIN 0x4u      /* its interrupt pin is one of the cell's: it may pull it */
#define CELLHV_FUNCTION_FLAGS 0x7u

/* size: bytes, a power of 2; 0: none, or the upper half of the one before. */
struct cellhv_bar {
	uint64_t phys; /* memory: multiple of 4096, alone in its pages; I/O: port */
	uint64_t size;
};

struct cellhv_function {
	struct cellhv_bar bars[CELLHV_FUNCTION_BARS];
	uint16_t address; /* bus << 8 | device << 3 | function */
	uint16_t flags;
	uint16_t num_requesters; /* at least 1 */
	uint16_t num_bridges;
	uint16_t
		requesters[CELLHV_FUNCTION_REQUESTERS]; /* like address; the first is in its MSIs */
	uint16_t bridges[CELLHV_FUNCTION_BRIDGES];	/* like address; the nearest first */
};

/* A pin of an I/O APIC, which interrupts CPUs of the cell through an I/O APIC of the cell's own. */
#define CELLHV_PIN_LEVEL 0x1u
#define CELLHV_PIN_LOW 0x2u /* active low */
#define CELLHV_PIN_FLAGS 0x3u

struct cellhv_pin {
	uint64_t ioapic; /* its registers: cellhv_ioapic.base */
	uint32_t pin;
	uint32_t flags;
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
#define CELLHV_CELL_STRICT_MSRS 0x8u	 /* an MSR that it may not use fails it; else it gets #GP */
#define CELLHV_CELL_DMA_TRUSTED 0x10u	 /* may have functions whose DMA nothing confines */
#define CELLHV_CELL_PLATFORM_PC 0x20u	 /* it finds the machine of x86/pc.h */
#define CELLHV_CELL_SIGNATURE_KVM 0x40u	 /* CPUID 40000000h: "KVMKVMKVM", and no feature of it */
#define CELLHV_CELL_FLAGS 0x7bu

/* In comm_revision: the layout without signature, struct cellhv_comm_legacy of guest.h. */
#define CELLHV_COMM_LEGACY 0xffffu

struct cellhv_cell_config {
	struct cellhv_config_header header;
	char name[CELLHV_NAME_SIZE];
	uint32_t flags;
	uint16_t comm_revision; /* 0 .. CELLHV_COMM_REVISION of guest.h, or CELLHV_COMM_LEGACY */
	uint16_t reserved;
	uint64_t entry;	       /* reset address, below 4 GiB */
	uint64_t comm_address; /* guest address of the comm page, multiple of 4096 */
	struct cellhv_console console;
	struct cellhv_section memory;	 /* struct cellhv_memory_region */
	struct cellhv_section cpus;	 /* uint32_t: Linux CPU numbers, each once, at least one */
	struct cellhv_section ports;	 /* struct cellhv_port_range; 0CF8-0CFF are nobody's */
	struct cellhv_section links;	 /* struct cellhv_link */
	struct cellhv_section functions; /* struct cellhv_function */
	struct cellhv_section pins;	 /* struct cellhv_pin */
};

/* A root access to what it does not own parks its CPU instead of reading all ones. */
#define CELLHV_SYSTEM_STRICT 0x1u
#define CELLHV_SYSTEM_FLAGS 0x1u

enum cellhv_iommu_type {
	CELLHV_IOMMU_VTD = 1, /* Intel VT-d */
	CELLHV_IOMMU_AMD = 2, /* AMD-Vi */
};

/*
 * Which functions a unit serves is not said: what is set for a requester is set in all units of its
 * segment, and the others never see it.
 */
struct cellhv_iommu {
	uint64_t base; /* registers, a multiple of 4096 */
	uint32_t size; /* bytes of them, a multiple of 4096, at most 512 KiB */
	uint16_t type; /* enum cellhv_iommu_type */
	uint16_t segment;
	uint16_t function; /* AMD-Vi: its own, bus << 8 | device << 3 | function; VT-d: 0 */
	uint16_t reserved[3];
};

struct cellhv_ioapic {
	uint64_t base; /* registers, a multiple of 4096 */
	uint32_t gsi_base;
	uint16_t source; /* requester id of its interrupts, where they are remapped; else 0 */
	uint16_t id;	 /* as the firmware numbers it */
};

/* Facts about the machine that only firmware tables tell. */
struct cellhv_system_config {
	struct cellhv_config_header header;
	uint32_t flags;
	uint16_t pm_timer_port;	   /* FADT PM_TMR_BLK, 0: none */
	uint16_t debug_port;	   /* I/O base of a 16550 for the hypervisor's own lines, 0: none */
	uint64_t mmconfig_base;	   /* MCFG, segment 0; 0: none */
	uint32_t mmconfig_end_bus; /* last bus number of that window */
	uint32_t reserved;
	uint64_t remapping_base; /* registers of the VT-d unit that has all of PCI segment 0; 0:
				    none */
	uint64_t memory_top;	 /* first byte above the highest RAM address in the memory map */
	struct cellhv_section iommus;  /* struct cellhv_iommu, of all segments */
	struct cellhv_section ioapics; /* struct cellhv_ioapic */
};

#define CELLHV_CONFIG_ASSERT(name, test) CELLHV_ASSERT(test, name)
CELLHV_CONFIG_ASSERT("config header", sizeof(struct cellhv_config_header) == 24);
CELLHV_CONFIG_ASSERT("memory region", sizeof(struct cellhv_memory_region) == 32);
CELLHV_CONFIG_ASSERT("link", sizeof(struct cellhv_link) == 72 + 16);
CELLHV_CONFIG_ASSERT("console", sizeof(struct cellhv_console) == 32);
CELLHV_CONFIG_ASSERT("cell config",
		     sizeof(struct cellhv_cell_config) == 24 + 32 + 8 + 16 + 32 + 96);
CELLHV_CONFIG_ASSERT("system config", sizeof(struct cellhv_system_config) == 24 + 8 + 16 + 16 + 32);
CELLHV_CONFIG_ASSERT("function", sizeof(struct cellhv_function) == 96 + 8 + 8 + 16);
CELLHV_CONFIG_ASSERT("pin", sizeof(struct cellhv_pin) == 16);
CELLHV_CONFIG_ASSERT("IOMMU", sizeof(struct cellhv_iommu) == 24);
CELLHV_CONFIG_ASSERT("I/O APIC", sizeof(struct cellhv_ioapic) == 16);

#endif
