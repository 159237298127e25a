/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of cell.h about devices: include that. */
#ifndef LIBCELL_CELL_DEVICE_H
#define LIBCELL_CELL_DEVICE_H

#include "cell.h"

/* ---- Devices --------------------------------------------------------------------------------- */

/* A PCI function of this machine. */
struct cell_device {
	const char *function; /* "0000:00:05.0" */
	unsigned vendor;
	unsigned device;
	unsigned class_code;	/* base class << 16 | sub-class << 8 | interface */
	const char *class_name; /* "Ethernet controller" */
	const char *driver;	/* of Linux's; "" where none has it */
	const char *group;	/* the first function that nothing keeps this one apart from */
	const char *resets;	/* how Linux can reset it, with blanks between; "" */
	const char *cell;	/* that has it; "" */
	bool is_assignable;	/* a description may name it */
	const char *reason;	/* why not, or what then; "" */
};

/* One function, which is good for the time of the call. A return other than 0 ends the list. */
typedef int (*cell_device_fn)(void *userdata, const struct cell_device *device);

/*
 * Calls fn for each PCI function, by address. Returns what fn returned last, 0 where there are
 * none. What only root may read is needed to say that a cell may have one.
 */
int cell_device_list(cell_host *host, cell_device_fn fn, void *userdata);

/* What keeps Linux's devices from memory that is not Linux's. */
enum cell_dma {
	CELL_DMA_OPEN,	   /* nothing */
	CELL_DMA_ISOLATED, /* IOMMUs, with tables of the hypervisor's */
	CELL_DMA_BY_LINUX, /* IOMMUs, with Linux's tables under the hypervisor's */
};

/* What keeps their interrupts from CPUs that are not Linux's. */
enum cell_interrupts {
	CELL_INTERRUPTS_OPEN,	  /* nothing */
	CELL_INTERRUPTS_FILTERED, /* what Linux tells them; not what they write by themselves */
	CELL_INTERRUPTS_REMAPPED, /* IOMMUs, with a table of the hypervisor's */
};

/* "open" "isolated" "by Linux's tables"; "open" "filtered" "remapped"; "unknown" for others. */
const char *cell_dma_to_string(enum cell_dma dma);
const char *cell_interrupts_to_string(enum cell_interrupts interrupts);

struct cell_protection {
	enum cell_dma dma;
	enum cell_interrupts interrupts;
	char message[512]; /* why one of them is open, and what to do; "" */
};

/* -ENODEV (HypervisorDisabled) */
int cell_hv_protection(cell_hv *hv, struct cell_protection *ret);

/*
 * Names of its devices, then NULL, for cell_strv_free(): PCI functions as "0000:00:05.0", then
 * interrupts as "pin 4 of the I/O APIC at 0xfec00000". -ENOENT (NoSuchCell)
 */
int cell_cell_devices(cell_cell *cell, char ***ret_names);

#endif
