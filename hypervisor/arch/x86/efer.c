/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/efer.h"

#include "arch/x86/x86.h"
#include "core/errno.h"

#define EFER_CELL (EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR)
#define EFER_MODE (EFER_LME | EFER_LMA) /* of the guest, not to be tried out under its host */

int efer_decide(const struct efer_write *write, uint64_t *next)
{
	const uint64_t kept = EFER_LMA | EFER_SVME;
	/* The root writes back what it reads; a cell is not shown SVME. */
	const uint64_t ignored = write->root ? kept : EFER_LMA;

	if (!write->root && (write->wanted & ~(EFER_CELL | ignored)))
		return -EINVAL;
	/* AMD64 APM vol. 2, 3.1.7: LME does not change under paging. */
	if (write->paging && ((write->wanted ^ write->now) & EFER_LME))
		return -EINVAL;

	*next = (write->wanted & ~kept) | (write->now & kept);
	return 0;
}

uint64_t efer_probe(uint64_t own, uint64_t next)
{
	return own | (next & ~EFER_MODE);
}
