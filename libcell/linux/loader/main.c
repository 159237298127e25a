// SPDX-License-Identifier: BSD-2-Clause
/* On the CPU that boots, when all have said their ids: what the library could not know. */
#include <cellhv/guest.h>

#include "fill.h"

extern uint32_t loader_ids[LINUX_MAX_CPUS]; /* this CPU's is the first */
uint64_t loader_main(void);

uint64_t loader_main(void)
{
	const struct linux_parameters *parameters = (void *)LINUX_PARAMETERS;
	const struct cellhv_comm *comm = (void *)(uintptr_t)parameters->comm;
	uint32_t n = parameters->n_cpus;

	fill_sort(loader_ids, n);
	fill_madt((void *)(uintptr_t)parameters->madt, parameters->madt_room, loader_ids, n);
	fill_setup_data((void *)LINUX_SETUP_DATA, loader_ids, n, comm->tsc_khz, comm->apic_khz);
	fill_digits((void *)(uintptr_t)parameters->tsc_khz, comm->tsc_khz);
	return parameters->entry;
}
