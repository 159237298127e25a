/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a write to EFER does. SVME is the hypervisor's. The root may set whatever else its processor
 * takes, known here or not: AUTOIBRS, TCE and their successors are its own affair. A cell has what
 * every processor has.
 */
#ifndef X86_EFER_H
#define X86_EFER_H

#include <stdbool.h>
#include <stdint.h>

struct efer_write {
	bool root;
	bool paging; /* CR0.PG */
	uint64_t now;
	uint64_t wanted;
};

/* 0 and what the guest has from now on in *next, if the processor takes it; or -EINVAL: #GP. */
int efer_decide(const struct efer_write *write, uint64_t *next);

/* What to write, beside `own`, to see whether the processor takes `next`; `own`: it is known to. */
uint64_t efer_probe(uint64_t own, uint64_t next);

#endif
