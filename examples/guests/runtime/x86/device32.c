/* SPDX-License-Identifier: BSD-2-Clause */
/* Without paging, what is below 4 GiB is there; whether it is cached, the processor's MTRRs say. */
#include "internal.h"

#define REACH (1ull << 32)

uintptr_t device_map(uint64_t address, uint64_t size)
{
	if (!size || address >= REACH || size > REACH - address)
		return 0;
	return (uintptr_t)address;
}
