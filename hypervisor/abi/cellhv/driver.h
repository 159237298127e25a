/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * /dev/cellhv: what libcell asks of the kernel module.
 *
 * Every structure begins with its size in bytes as the caller knows it; a shorter one (an older
 * caller) is served as far as it goes, a longer one is taken where the extra bytes are zero (else
 * -E2BIG). Unknown flags are -EINVAL. Calls that change something need CAP_SYS_ADMIN (-EPERM).
 * Where a call fails, `error.check` and `error.object` say why (enum cellhv_check of manage.h, or
 * CELLHV_DRIVER_CHECK_*), and nothing has changed. Without a check the error number says it all:
 * -ENOMEM is the kernel's lack of memory.
 *
 * poll() on the device reports POLLIN when the state of the hypervisor or of a cell has changed
 * since the descriptor last read() it; read() returns one uint64_t, the change count.
 */
#ifndef CELLHV_DRIVER_H
#define CELLHV_DRIVER_H

#include "manage.h"

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#define CELLHV_DEVICE "/dev/cellhv"
#define CELLHV_DRIVER_VERSION 3

enum cellhv_driver_check {
	CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION = 0x1000, /* CPU without SVM and VMX */
	CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED, /* object: CPU; VM_CR.SVMDIS or FEATURE_CONTROL */
	CELLHV_DRIVER_CHECK_IN_USE,	       /* object: CPU; another hypervisor (KVM) uses it */
	CELLHV_DRIVER_CHECK_IMAGE_MISSING,     /* no hypervisor image under /lib/firmware */
	CELLHV_DRIVER_CHECK_IMAGE_FORMAT,      /* object: its ABI version */
	CELLHV_DRIVER_CHECK_NO_MEMORY,	       /* object: bytes wanted */
	CELLHV_DRIVER_CHECK_ENTRY,	       /* object: CPU that could not enter */
	CELLHV_DRIVER_CHECK_ENABLED,	       /* already enabled */
	CELLHV_DRIVER_CHECK_DISABLED,	       /* not enabled */
	CELLHV_DRIVER_CHECK_CPU_OFFLINE,       /* object: CPU; not online, so not Linux's to give */
	CELLHV_DRIVER_CHECK_CPU_BUSY,	       /* object: CPU; Linux would not let it go */
	CELLHV_DRIVER_CHECK_MEMORY_IN_USE,     /* object: address; Linux uses this memory */
	CELLHV_DRIVER_CHECK_TOO_MANY_CPUS,     /* object: possible CPUs */
	CELLHV_DRIVER_CHECK_SUSPENDING,	       /* the machine is suspending or rebooting */
	CELLHV_DRIVER_CHECK_IMAGE_UNREADABLE,  /* object: errno of reading the hypervisor image */
	CELLHV_DRIVER_CHECK_LINK_UNUSABLE,     /* object: which link; its function has no driver */
	CELLHV_DRIVER_CHECK_CPU_LOST,	       /* object: CPU; see CELL_DESTROY */
	CELLHV_DRIVER_CHECK_NO_ROOM,	       /* object: see CELLHV_NO_ROOM */
	CELLHV_DRIVER_CHECK_FUNCTION_ABSENT,   /* object: address, as of struct cellhv_function */
	CELLHV_DRIVER_CHECK_FUNCTION_BUSY,     /* the same; Linux would not let it go */
	CELLHV_DRIVER_CHECK_FUNCTION_RESET,    /* the same; it has no reset, or that failed */
	CELLHV_DRIVER_CHECK_FUNCTION_LOST,     /* the same; see CELL_DESTROY */
	CELLHV_DRIVER_CHECK_PIN_BUSY,	       /* object: GSI; Linux uses it */
	CELLHV_DRIVER_CHECK_FUNCTION_ALIAS,    /* as FUNCTION_ABSENT; requests have another's id */
	CELLHV_DRIVER_CHECK_MAX,
};

/* So many CPUs are online, and there is room in the hypervisor for so many. */
#define CELLHV_NO_ROOM(online, room) ((uint64_t)(online) << 32 | (room))
#define CELLHV_NO_ROOM_ONLINE(object) ((uint32_t)((object) >> 32))
#define CELLHV_NO_ROOM_ROOM(object) ((uint32_t)(object))

struct cellhv_error {
	uint32_t check;
	uint32_t reserved;
	uint64_t object;
};

enum cellhv_hypervisor_state {
	CELLHV_HYPERVISOR_DISABLED = 0,
	CELLHV_HYPERVISOR_ENABLED = 1,
};

struct cellhv_info {
	uint32_t size;
	uint32_t driver_version; /* out: CELLHV_DRIVER_VERSION */
	uint32_t abi_version;	 /* out: CELLHV_ABI_VERSION the module was built with */
	uint32_t state;		 /* out: enum cellhv_hypervisor_state */
	uint32_t pages_total;	 /* out, as all below: zero while disabled */
	uint32_t pages_used;
	uint32_t num_cpus;
	uint32_t num_cells;
	uint32_t x2apic;
	uint32_t apic_khz;
	uint64_t memory_phys;
	uint64_t memory_size;
	char version[32];
	uint32_t dma;		   /* enum cellhv_dma */
	uint32_t interrupts;	   /* enum cellhv_interrupts */
	struct cellhv_error iommu; /* why they are open, if they are */
	uint32_t tables_total;
	uint32_t tables_used;
};

struct cellhv_enable {
	uint32_t size;
	uint32_t flags;	 /* 0 */
	uint64_t config; /* user pointer to struct cellhv_system_config */
	uint32_t config_size;
	uint32_t reserved;
	struct cellhv_error error; /* out */
};

struct cellhv_disable {
	uint32_t size;
	uint32_t flags; /* 0 */
	struct cellhv_error error;
};

/* Take functions, pins and CPUs from Linux, create the cell, zero its memory. */
struct cellhv_cell_create {
	uint32_t size;
	uint32_t flags;	 /* 0 */
	uint64_t config; /* user pointer to struct cellhv_cell_config and its sections */
	uint32_t config_size;
	uint32_t id; /* out: 1 and up, never reused while the hypervisor is enabled */
	struct cellhv_error error;
};

struct cellhv_cell_load {
	uint32_t size;
	uint32_t id;
	uint64_t guest;	 /* destination, guest physical */
	uint64_t buffer; /* user pointer */
	uint64_t length; /* bytes */
	struct cellhv_error error;
};

/*
 * Stop a running cell after its consent; used by START, STOP, and DESTROY alike. What DESTROY has
 * taken apart it cannot put together: where Linux fails to bring a CPU of the cell back online, the
 * cell is gone all the same, and -EIO with CELLHV_DRIVER_CHECK_CPU_LOST names the first such CPU.
 * The same with CELLHV_DRIVER_CHECK_FUNCTION_LOST where the driver of a function does not take it
 * again, or Linux has removed it meanwhile.
 */
#define CELLHV_CELL_FORCE 0x1u /* DESTROY: do not ask, park a running cell's CPUs */

struct cellhv_cell_op {
	uint32_t size;
	uint32_t id;
	uint32_t flags;
	uint32_t reserved;
	struct cellhv_error error;
};

/*
 * Send a message and wait for the answer with everything else running; ends early with -EINTR, and
 * with -ETIMEDOUT after timeout_ms. `reply` is the guest's answer. After CELLHV_REPLY_APPROVED the
 * call also waits, within the same time, for the guest to say it has shut down or failed. A guest
 * that ends so without an answer: -ENOTCONN with CELLHV_CHECK_CELL_STATE; -EBUSY with the same: it
 * had ended before, and was not asked. With CELLHV_CELL_PLATFORM_PC nobody answers: approved is
 * what is asked, and a shutdown, by the power button, is waited for all the same.
 */
struct cellhv_cell_message {
	uint32_t size;
	uint32_t id;
	uint32_t message;    /* CELLHV_MSG_* */
	uint32_t timeout_ms; /* 1 .. 3600000 */
	uint32_t reply;	     /* out: CELLHV_REPLY_* */
	uint32_t reserved;
	struct cellhv_error error;
};

#define CELLHV_CELL_NEXT 0x1u /* the cell with the smallest id above `id` instead */

/* -ENOENT: no such cell; the hypervisor being disabled is no error, there are no cells then. */
struct cellhv_cell_info {
	uint32_t size;
	uint32_t id; /* in and out */
	uint32_t flags;
	uint32_t state; /* out: enum cellhv_cell_state */
	char name[CELLHV_NAME_SIZE];
	uint64_t cpus[CELLHV_MAX_CPUS / 64]; /* out: bit per Linux CPU */
	uint64_t failed_cpus[CELLHV_MAX_CPUS / 64];
	struct cellhv_failure failure;
	uint32_t config_size; /* out: bytes that CELL_CONFIG returns */
	uint32_t reset;	      /* out: 1: it has shut down by a reset, to be started again */
	uint64_t start_time;  /* out: ns of CLOCK_MONOTONIC of its last start; 0: none yet */
};

/* The configuration the cell was created with. */
struct cellhv_cell_read_config {
	uint32_t size;
	uint32_t id;
	uint64_t buffer; /* user pointer */
	uint32_t
		length; /* in: bytes of buffer; out: bytes written. -ENOSPC where it is too small */
	uint32_t reserved;
};

struct cellhv_cpu_stats {
	uint32_t size;
	uint32_t cpu;
	uint64_t count[CELLHV_EXIT_MAX];
};

/*
 * Returns a descriptor that read()s the console from its oldest kept byte (id CELLHV_ROOT_ID: the
 * hypervisor's); blocks unless O_NONBLOCK, poll() works, end of file when the cell is gone.
 *
 * With O_RDWR write() types into the console of a cell that has CELLHV_CELL_PLATFORM_PC (else
 * -EOPNOTSUPP); who opens it needs CAP_SYS_ADMIN. It waits for room as read() waits for bytes;
 * -EPIPE: the cell does not run; -EOPNOTSUPP: it owns the UART's ports.
 */
struct cellhv_console_open {
	uint32_t size;
	uint32_t id;
	uint32_t flags; /* O_CLOEXEC is always set; O_NONBLOCK, O_RDWR may be given */
	uint32_t reserved;
};

/*
 * /dev/cell-link-NAME, while the link NAME exists and Linux is a peer of it. read() waits for an
 * interrupt and returns uint32_t counters since open(), one for each vector, as many as fit; 0
 * bytes when the link has ended. poll() reports POLLIN, then also POLLHUP. mmap() (shared) of part
 * N is at offset N << CELLHV_LINK_PART_SHIFT; when the link ends, accesses to it raise SIGBUS.
 */
#define CELLHV_LINK_DEVICE "/dev/cell-link-%s"
#define CELLHV_LINK_PART_SHIFT 40

enum cellhv_link_part {
	CELLHV_LINK_REGISTERS, /* a page: those of link.h */
	CELLHV_LINK_STATES,    /* read only; protocol 2 */
	CELLHV_LINK_COMMON,
	CELLHV_LINK_OUTPUTS, /* of all peers, by id; read only */
	CELLHV_LINK_OUTPUT,  /* Linux's own */
};

struct cellhv_link_info {
	uint32_t size;	   /* out, as all: sizeof this */
	uint32_t protocol; /* 1 or 2 */
	uint32_t id;	   /* Linux's */
	uint32_t max_peers;
	uint32_t vectors;
	uint32_t class_protocol;
	uint64_t state_size; /* bytes of the parts */
	uint64_t common_size;
	uint64_t output_size; /* of each peer's */
};

#define CELLHV_IOC_LINK_INFO _IOR('H', 0x60, struct cellhv_link_info)

#define CELLHV_IOC_INFO _IOWR('H', 0x40, struct cellhv_info)
#define CELLHV_IOC_ENABLE _IOWR('H', 0x41, struct cellhv_enable)
#define CELLHV_IOC_DISABLE _IOWR('H', 0x42, struct cellhv_disable)
#define CELLHV_IOC_CELL_CREATE _IOWR('H', 0x43, struct cellhv_cell_create)
#define CELLHV_IOC_CELL_LOAD _IOWR('H', 0x44, struct cellhv_cell_load)
#define CELLHV_IOC_CELL_START _IOWR('H', 0x45, struct cellhv_cell_op)
#define CELLHV_IOC_CELL_STOP _IOWR('H', 0x46, struct cellhv_cell_op) /* park, keep the cell */
#define CELLHV_IOC_CELL_DESTROY _IOWR('H', 0x47, struct cellhv_cell_op)
#define CELLHV_IOC_CELL_MESSAGE _IOWR('H', 0x48, struct cellhv_cell_message)
#define CELLHV_IOC_CELL_INFO _IOWR('H', 0x49, struct cellhv_cell_info)
#define CELLHV_IOC_CELL_CONFIG _IOWR('H', 0x4a, struct cellhv_cell_read_config)
#define CELLHV_IOC_CPU_STATS _IOWR('H', 0x4b, struct cellhv_cpu_stats)
#define CELLHV_IOC_CONSOLE_OPEN _IOW('H', 0x4c, struct cellhv_console_open)

#endif
