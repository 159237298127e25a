/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Management calls of the kernel module to the running hypervisor (launch.h starts it).
 *
 * A call is VMMCALL (AMD) or VMCALL (Intel) on a root CPU at CPL 0 with EAX = CELLHV_CALL and
 * RDI = physical address of a struct cellhv_call that lies in root memory and within one 4 KiB
 * page. The hypervisor copies it once, acts, and writes it back. EAX returns the error as well.
 * Calls never wait for a guest; those that need other CPUs wait for them a bounded time. While one
 * CPU is in a call another gets -EBUSY (errno 16): the module serialises.
 */
#ifndef CELLHV_MANAGE_H
#define CELLHV_MANAGE_H

#include "config.h"

#define CELLHV_ABI_VERSION 3

#define CELLHV_CALL 0x4348u

enum cellhv_op {
	CELLHV_OP_DISABLE = 1,	 /* this CPU goes native again; -EBUSY while a cell exists */
	CELLHV_OP_RELEASE_CPU,	 /* cpu: an offline CPU goes native; -EBUSY while a cell exists */
	CELLHV_OP_INFO,		 /* info */
	CELLHV_OP_CELL_CREATE,	 /* create */
	CELLHV_OP_CELL_SCRUB,	 /* scrub: zero some of the cell's RAM */
	CELLHV_OP_CELL_LOAD,	 /* load */
	CELLHV_OP_CELL_START,	 /* cell */
	CELLHV_OP_CELL_MESSAGE,	 /* message */
	CELLHV_OP_CELL_STATUS,	 /* status */
	CELLHV_OP_CELL_STOP,	 /* cell: park its CPUs, whatever the guest thinks */
	CELLHV_OP_CELL_DESTROY,	 /* cell: stopped and scrubbed; CPUs and memory back to the root */
	CELLHV_OP_CPU_STATS,	 /* stats */
	CELLHV_OP_CONSOLE_READ,	 /* console */
	CELLHV_OP_POLL,		 /* poll: cheap, meant for a timer */
	CELLHV_OP_IOMMU_TAKE,	 /* devices are confined from now on; all CPUs are in, no cells */
	CELLHV_OP_IOMMU_LEAVE,	 /* Linux has its IOMMUs as before; -EBUSY while a cell exists */
	CELLHV_OP_CONSOLE_WRITE, /* console: types, where x86/pc.h is; size out: taken; -EAGAIN: no
				    room */
	CELLHV_OP_MAX,
};

/* Cell state as management sees it. */
enum cellhv_cell_state {
	CELLHV_STATE_STOPPED = 0, /* created or stopped: may be loaded and started */
	CELLHV_STATE_RUNNING,
	CELLHV_STATE_LOCKED,	/* running, and the guest forbids changes around it */
	CELLHV_STATE_SHUT_DOWN, /* the guest ended by itself */
	CELLHV_STATE_FAILED,	/* parked after a fault, or whatever else the guest has written */
};

/* Why a cell failed. */
enum cellhv_failure_reason {
	CELLHV_FAILURE_NONE = 0,
	CELLHV_FAILURE_MEMORY,	    /* address = guest physical, detail = 1 read 2 write 4 fetch */
	CELLHV_FAILURE_PORT,	    /* address = port, detail = bytes, bit 8: write */
	CELLHV_FAILURE_MSR,	    /* address = MSR, detail = value written, bit 63..: read is 0 */
	CELLHV_FAILURE_CONTROL,	    /* illegal control register, XCR0 or mode */
	CELLHV_FAILURE_INSTRUCTION, /* forbidden or undecodable instruction; detail = exit code */
	CELLHV_FAILURE_TRIPLE_FAULT,
	CELLHV_FAILURE_APIC, /* address = register, detail = value */
	CELLHV_FAILURE_MACHINE_CHECK,
	CELLHV_FAILURE_GUEST,	 /* the guest set its state to failed */
	CELLHV_FAILURE_REVISION, /* it wants a comm region of another revision than address */
	CELLHV_FAILURE_STATE,	 /* it set its state to what is none: address */
	CELLHV_FAILURE_DMA,	 /* of its function; detail = CELLHV_FAILURE_DMA_* */
	CELLHV_FAILURE_SILENT,	 /* a CPU does not answer: something outside took it away */
	CELLHV_FAILURE_PANIC,	 /* its kernel has panicked, and asked for a reset (x86/pc.h) */
	CELLHV_FAILURE_MAX,
};

/* detail of CELLHV_FAILURE_DMA: the requester id, and what it wanted with `address`. */
#define CELLHV_FAILURE_DMA_REQUESTER 0xffffull
#define CELLHV_FAILURE_DMA_WRITE 0x10000ull
#define CELLHV_FAILURE_DMA_INTERRUPT 0x20000ull /* address: index of what it asked for */

struct cellhv_failure {
	uint32_t reason;
	uint32_t cpu; /* Linux CPU number */
	uint64_t rip;
	uint64_t address;
	uint64_t detail;
};

/* Reasons for leaving a guest, the same on both vendors. */
enum cellhv_exit {
	CELLHV_EXIT_TOTAL = 0,
	CELLHV_EXIT_MANAGEMENT, /* NMI kicks by the hypervisor itself */
	CELLHV_EXIT_NMI,	/* NMIs of the machine */
	CELLHV_EXIT_HYPERCALL,
	CELLHV_EXIT_MSR,
	CELLHV_EXIT_MSR_ICR, /* x2APIC interrupt command */
	CELLHV_EXIT_CPUID,
	CELLHV_EXIT_PORT,
	CELLHV_EXIT_MMIO,
	CELLHV_EXIT_XAPIC,
	CELLHV_EXIT_CONTROL, /* CR, DR, XSETBV */
	CELLHV_EXIT_EXCEPTION,
	CELLHV_EXIT_OTHER,
	CELLHV_EXIT_MAX,
};

/* What the hypervisor cannot do without; in the order in which it looks. */
enum cellhv_cpu_feature {
	CELLHV_CPU_FEATURE_NESTED_PAGING = 1, /* AMD NPT, Intel EPT with 2 MiB pages, write-back */
	CELLHV_CPU_FEATURE_UNRESTRICTED_GUEST,
	CELLHV_CPU_FEATURE_TRUE_CONTROLS,
	CELLHV_CPU_FEATURE_NMI_EXITING,	 /* with virtual NMIs and the NMI window */
	CELLHV_CPU_FEATURE_BITMAPS,	 /* of MSRs and I/O ports */
	CELLHV_CPU_FEATURE_STATE_SWITCH, /* PAT and EFER loaded and saved by VM entry and exit */
	CELLHV_CPU_FEATURE_INVEPT,
	CELLHV_CPU_FEATURE_CONTROL_BITS, /* CR0 or CR4 as Linux has them */
	CELLHV_CPU_FEATURE_MAX,
};

/* What Linux uses of its CPUs that it cannot use as a guest of the hypervisor's. */
enum cellhv_cpu_mode {
	CELLHV_CPU_MODE_FRED = 1, /* flexible return and event delivery */
	CELLHV_CPU_MODE_SME,	  /* memory encryption, with a bit of the addresses */
	CELLHV_CPU_MODE_SEV_GUEST,
	CELLHV_CPU_MODE_TDX_GUEST,
	CELLHV_CPU_MODE_SHADOW_STACK, /* the kernel's; those of programs may be */
	CELLHV_CPU_MODE_TRACE,	      /* Intel PT, while it writes */
	CELLHV_CPU_MODE_INVLPGB,      /* and guests cannot have it */
	CELLHV_CPU_MODE_UNLIKE,	      /* CPUs that differ in what the hypervisor builds on */
	CELLHV_CPU_MODE_MAX,
};

/* Which check refused a call; `object` says on what. */
enum cellhv_check {
	CELLHV_CHECK_NONE = 0,
	CELLHV_CHECK_CALL_FORMAT,   /* object: size or operation */
	CELLHV_CHECK_CONFIG_FORMAT, /* object: byte offset in the configuration */
	CELLHV_CHECK_CONFIG_CHECKSUM,
	CELLHV_CHECK_CONFIG_NAME,
	CELLHV_CHECK_CONFIG_ENTRY,	/* object: entry address */
	CELLHV_CHECK_CONFIG_COMM,	/* object: comm address */
	CELLHV_CHECK_CONFIG_MEMORY,	/* object: index of the region */
	CELLHV_CHECK_CONFIG_CPU,	/* object: index in the list */
	CELLHV_CHECK_CONFIG_PORT,	/* object: index of the range */
	CELLHV_CHECK_NAME_EXISTS,	/* object: id of the other cell */
	CELLHV_CHECK_NO_SUCH_CELL,	/* object: id */
	CELLHV_CHECK_CELL_STATE,	/* object: its state */
	CELLHV_CHECK_CELL_LOCKED,	/* object: id of the cell that is locked */
	CELLHV_CHECK_CELL_NOT_SCRUBBED, /* object: id */
	CELLHV_CHECK_CPU_OWNED,		/* object: CPU; not the root's */
	CELLHV_CHECK_CPU_SELF,		/* object: CPU; it makes this call */
	CELLHV_CHECK_CPU_SILENT,	/* object: CPU; did not answer in time */
	CELLHV_CHECK_CPU_NUMBER,	/* object: CPU; not under the hypervisor */
	CELLHV_CHECK_MEMORY_OWNED,	/* object: address; hypervisor's, a cell's, or nobody's */
	CELLHV_CHECK_MEMORY_RANGE,	/* object: address outside the cell or the machine */
	CELLHV_CHECK_PORT_OWNED,	/* object: port; the same */
	CELLHV_CHECK_POOL_EMPTY,	/* object: pages left */
	CELLHV_CHECK_CELLS_EXIST,	/* object: number of cells */
	CELLHV_CHECK_CPU_FEATURE,	/* object: enum cellhv_cpu_feature */
	CELLHV_CHECK_CPU_STATE,		/* object: CPU; Linux's state is refused by VM entry */
	CELLHV_CHECK_CONFIG_LINK,	/* object: index of the link */
	CELLHV_CHECK_LINK_DIFFERS,	/* object: index; its other peers describe it otherwise */
	CELLHV_CHECK_LINK_PEER,		/* object: index; another cell has this id */
	CELLHV_CHECK_LINK_FUNCTION,	/* object: index; the root has a function there already */
	CELLHV_CHECK_CPU_MODE,		/* object: enum cellhv_cpu_mode */
	CELLHV_CHECK_CPUS_OUTSIDE,     /* object: CPUs of Linux; not all are under the hypervisor */
	CELLHV_CHECK_IOMMU_NONE,       /* this machine has none, that is known */
	CELLHV_CHECK_IOMMU_FEATURE,    /* object: unit << 32 | enum cellhv_iommu_feature */
	CELLHV_CHECK_IOMMU_SILENT,     /* object: unit, as all; it does not do what it is told */
	CELLHV_CHECK_IOMMU_LOCKED,     /* ... its registers do not take what is written */
	CELLHV_CHECK_IOMMU_TRANSLATES, /* not answered any more; it stands for compatibility */
	CELLHV_CHECK_CONFIG_FUNCTION,  /* object: index of the function, as all below */
	CELLHV_CHECK_CONFIG_PIN,       /* object: index of the pin */
	CELLHV_CHECK_FUNCTION_OWNED,   /* not the root's */
	CELLHV_CHECK_FUNCTION_ABSENT,  /* nothing answers there */
	CELLHV_CHECK_FUNCTION_DIFFERS, /* BARs are not as the configuration says */
	CELLHV_CHECK_FUNCTION_DMA,     /* nothing would confine it, and the cell is not trusted */
	CELLHV_CHECK_PIN_NONE,	       /* object: index of the pin, as below; there is none */
	CELLHV_CHECK_PIN_OWNED,	       /* another cell's */
	CELLHV_CHECK_PIN_REMAPPED,     /* its interrupts go through an IOMMU that cannot be told */
	CELLHV_CHECK_FUNCTION_PATH, /* object: index; it has other bridges above it or requesters */
	CELLHV_CHECK_FUNCTION_OVERLAPPED, /* object: address of a function of the root's */
	CELLHV_CHECK_MAX,
};

/* What the hypervisor asks of an IOMMU; without it nothing is confined. */
enum cellhv_iommu_feature {
	CELLHV_IOMMU_FEATURE_QUEUE = 1, /* of invalidations */
	CELLHV_IOMMU_FEATURE_LEVELS,	/* tables of 3 or 4 levels */
	CELLHV_IOMMU_FEATURE_DOMAINS,	/* ids of 16 bits */
	CELLHV_IOMMU_FEATURE_MODE,	/* Linux uses a mode that is not carried: scalable, guest */
	CELLHV_IOMMU_FEATURE_REGISTERS, /* beyond what the firmware says there is */
	CELLHV_IOMMU_FEATURE_PROTECTED, /* the firmware protects memory by it */
	CELLHV_IOMMU_FEATURE_MAX,
};

/* What keeps devices of the root's from memory that is not the root's. */
enum cellhv_dma {
	CELLHV_DMA_OPEN = 0, /* nothing */
	CELLHV_DMA_ISOLATED, /* tables of the hypervisor's */
	CELLHV_DMA_BY_LINUX, /* Linux's tables, under the hypervisor's */
};

/* What keeps their interrupts from CPUs that are not the root's. */
enum cellhv_interrupts {
	CELLHV_INTERRUPTS_OPEN = 0,
	CELLHV_INTERRUPTS_MESSAGES, /* MSI and MSI-X registers are filtered; a device may still
				       write messages of its own */
	CELLHV_INTERRUPTS_REMAPPED, /* a table of the hypervisor's */
};

#define CELLHV_ROOT_ID 0u /* in console calls: the hypervisor's own console */

struct cellhv_call {
	uint32_t size;	 /* sizeof(struct cellhv_call) */
	uint32_t op;	 /* enum cellhv_op */
	int32_t error;	 /* out: 0 or negative errno */
	uint32_t check;	 /* out: enum cellhv_check */
	uint64_t object; /* out */
	/* C99 has no such member without a name; both compilers have. */
	__extension__ union {
		uint32_t cell; /* id */
		uint32_t cpu;  /* Linux CPU number */
		struct {
			uint32_t pages_total; /* pool */
			uint32_t pages_used;
			uint32_t num_cpus;  /* CPUs under the hypervisor now */
			uint32_t num_cells; /* without the root */
			uint32_t x2apic;    /* the root's CPUs run in x2APIC mode */
			uint32_t apic_khz;
			char version[32];
			uint32_t dma;	       /* enum cellhv_dma */
			uint32_t interrupts;   /* enum cellhv_interrupts */
			uint32_t tables_total; /* pages of the block for tables of IOMMUs */
			uint32_t tables_used;
		} info;
		struct {
			uint64_t config_phys; /* contiguous root memory */
			uint32_t config_size;
			uint32_t id; /* out */
		} create;
		struct {
			uint32_t cell;
			uint32_t reserved;
			uint64_t remaining; /* out: bytes; 0: done */
		} scrub;
		struct {
			uint32_t cell;
			uint32_t length; /* bytes, up to 65536 */
			uint64_t guest;	 /* destination, guest physical, in RAM of the cell */
			uint64_t phys;	 /* source, contiguous root memory */
		} load;
		struct {
			uint32_t cell;
			uint32_t message; /* CELLHV_MSG_*; earlier reply is cleared */
		} message;
		struct {
			uint32_t cell;	/* in: id */
			uint32_t state; /* out: enum cellhv_cell_state */
			uint32_t reply; /* out: CELLHV_REPLY_*, to the last message */
			uint32_t reset; /* out: 1: shut down, by a reset: to be started again */
			uint64_t failed_cpus[CELLHV_MAX_CPUS / 64]; /* out: bit per CPU */
			struct cellhv_failure failure;		    /* out: the first */
		} status;
		struct {
			uint32_t cpu; /* in */
			uint32_t reserved;
			uint64_t count[CELLHV_EXIT_MAX]; /* out: since the CPU's owner started */
		} stats;
		struct {
			uint32_t cell;	   /* id, or CELLHV_ROOT_ID */
			uint32_t size;	   /* in: bytes of buffer, up to 4096; out: bytes copied */
			uint64_t phys;	   /* buffer in root memory, within one page */
			uint64_t position; /* in: first byte wanted, out: byte after the last
					    * copied; it jumps ahead where the ring has been
					    * overwritten; 0 where it is written */
		} console;
		struct {
			uint64_t state_sequence; /* out: grows with each change of a cell's state */
			uint64_t console_sequence; /* out: grows with console output of any cell */
		} poll;
	};
};

CELLHV_ASSERT(sizeof(struct cellhv_call) <= 256, "call");

#endif
