/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/paging_formats.h"

/* AMD64 APM vol. 2, 5.3.3 and 5.4.1: P, RW, US, PWT, PCD, A, D, NX. */
#define X86_READ 0x1ull
#define X86_WRITE 0x2ull
#define X86_USER 0x4ull
#define X86_DEVICE 0x18ull
#define X86_ACCESSED 0x20ull
#define X86_DIRTY 0x40ull
#define X86_LARGE 0x80ull
#define X86_NO_EXECUTE (1ull << 63)

/* Intel SDM vol. 3, table 29-6: R, W, X, memory type write-back (6; uncached is 0), large page. */
#define EPT_READ 0x1ull
#define EPT_WRITE 0x2ull
#define EPT_EXECUTE 0x4ull
#define EPT_WRITE_BACK 0x30ull
#define EPT_LARGE 0x80ull

/*
 * AMD I/O Virtualization Technology (48882), 2.2.3: PR, next level, IR, IW. What devices do not do,
 * or units do not know, cannot be asked for: there is no EXECUTE and no DEVICE.
 */
#define AMDVI_PRESENT 0x1ull
#define AMDVI_NEXT_LEVEL 0x200ull
#define AMDVI_READ (1ull << 61)
#define AMDVI_WRITE (1ull << 62)

/* Intel VT-d, 9.8: R, W, large page; no execute, and no types of memory. */
#define VTD_READ 0x1ull
#define VTD_WRITE 0x2ull
#define VTD_LARGE 0x80ull

/* Leaves of all accesses with READ: by WRITE, EXECUTE and DEVICE. */
#define ACCESS_TABLE(always, write, execute, no_execute, memory, device)                          \
	{                                                                                         \
		[PAGING_READ] = (always) | (no_execute) | (memory),                               \
		[PAGING_READ | PAGING_WRITE] = (always) | (write) | (no_execute) | (memory),      \
		[PAGING_READ | PAGING_EXECUTE] = (always) | (execute) | (memory),                 \
		[PAGING_READ | PAGING_WRITE | PAGING_EXECUTE] =                                   \
			(always) | (write) | (execute) | (memory),                                \
		[PAGING_READ | PAGING_DEVICE] = (always) | (no_execute) | (device),               \
		[PAGING_READ | PAGING_WRITE | PAGING_DEVICE] =                                    \
			(always) | (write) | (no_execute) | (device),                             \
		[PAGING_READ | PAGING_EXECUTE | PAGING_DEVICE] = (always) | (execute) | (device), \
		[PAGING_READ | PAGING_WRITE | PAGING_EXECUTE | PAGING_DEVICE] =                   \
			(always) | (write) | (execute) | (device),                                \
	}
#define X86_ACCESS_TABLE(always) ACCESS_TABLE(always, X86_WRITE, 0, X86_NO_EXECUTE, 0, X86_DEVICE)
#define X86_ALWAYS (X86_READ | X86_ACCESSED | X86_DIRTY)
#define X86_TABLE (X86_READ | X86_WRITE | X86_ACCESSED)

const struct paging_format paging_x86_host = {
	.access = X86_ACCESS_TABLE(X86_ALWAYS),
	.table = X86_TABLE,
	.large = X86_LARGE,
	.sign_extended = true,
};

const struct paging_format paging_x86_nested = {
	.access = X86_ACCESS_TABLE(X86_ALWAYS | X86_USER),
	.table = X86_TABLE | X86_USER,
	.large = X86_LARGE,
};

const struct paging_format paging_ept = {
	.access = ACCESS_TABLE(EPT_READ, EPT_WRITE, EPT_EXECUTE, 0, EPT_WRITE_BACK, 0),
	.table = EPT_READ | EPT_WRITE | EPT_EXECUTE,
	.large = EPT_LARGE,
};

const struct paging_format paging_amdvi = {
	.access = {[PAGING_READ] = AMDVI_PRESENT | AMDVI_READ,
		   [PAGING_READ | PAGING_WRITE] = AMDVI_PRESENT | AMDVI_READ | AMDVI_WRITE},
	.table = AMDVI_PRESENT | AMDVI_READ | AMDVI_WRITE,
	.table_level = AMDVI_NEXT_LEVEL,
	.present = AMDVI_PRESENT,
	.any_size = true,
};

const struct paging_format paging_vtd = {
	.access = {[PAGING_READ] = VTD_READ, [PAGING_READ | PAGING_WRITE] = VTD_READ | VTD_WRITE},
	.table = VTD_READ | VTD_WRITE,
	.large = VTD_LARGE,
	.present = VTD_READ | VTD_WRITE,
};
