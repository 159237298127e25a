/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a link, in both versions of ivshmem (cellhv/link.h). */
#include "internal.h"

#define MSIX_BAR_1 4
#define MSIX_BAR_2 1
#define FUNCTIONS 256 /* of bus 0 */

static void open_1(struct ivshmem *end)
{
	end->memory = (void *)(uintptr_t)pci_read64(end->function, CELLHV_IVSHMEM1_MEMORY);
	end->common = end->memory;
	end->common_size = pci_read64(end->function, CELLHV_IVSHMEM1_MEMORY + 8);
	end->msix = pci_map(end->function, MSIX_BAR_1, NULL);
	end->max_peers = 2;
}

static void open_2(struct ivshmem *end)
{
	uint16_t f = end->function;

	end->memory = (void *)(uintptr_t)pci_read64(f, CELLHV_IVSHMEM2_MEMORY);
	end->common_size = pci_read64(f, CELLHV_IVSHMEM2_COMMON_SIZE);
	end->output_size = pci_read64(f, CELLHV_IVSHMEM2_OUTPUT_SIZE);
	end->state = end->memory;
	end->common = (char *)end->memory + pci_read(f, CELLHV_IVSHMEM2_STATE_SIZE, 4);
	end->outputs = end->common + end->common_size;
	end->msix = pci_map(f, MSIX_BAR_2, NULL);
}

bool ivshmem_open(struct ivshmem *end, unsigned int version, unsigned int first)
{
	int function = version == 1 ? pci_find_below(CELLHV_IVSHMEM1_VENDOR, CELLHV_IVSHMEM1_DEVICE,
						     first, FUNCTIONS)
				    : pci_find_below(CELLHV_IVSHMEM2_VENDOR, CELLHV_IVSHMEM2_DEVICE,
						     first, FUNCTIONS);

	if (function < 0)
		return false;

	*end = (struct ivshmem){.version = version, .function = (uint16_t)function};
	end->registers = pci_map(end->function, 0, NULL);
	if (version == 1)
		open_1(end);
	else
		open_2(end);
	if (!end->registers || !end->msix)
		return false;
	pci_enable(end->function);
	end->id = mmio_read32(end->registers +
			      (version == 1 ? CELLHV_IVSHMEM1_POSITION : CELLHV_IVSHMEM2_ID));
	if (version == 2)
		end->max_peers = mmio_read32(end->registers + CELLHV_IVSHMEM2_MAX_PEERS);
	return true;
}

void ivshmem_enable(struct ivshmem *end, unsigned int entry, unsigned int vector)
{
	pci_msix_set(end->function, entry, vector);
	if (end->version == 2)
		mmio_write32(end->registers + CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 1);
}

void ivshmem_ring(const struct ivshmem *end, unsigned int peer, unsigned int vector)
{
	if (end->version == 1)
		mmio_write32(end->registers + CELLHV_IVSHMEM1_DOORBELL, 1);
	else
		mmio_write32(end->registers + CELLHV_IVSHMEM2_DOORBELL, peer << 16 | vector);
}

void ivshmem_set_state(const struct ivshmem *end, uint32_t state)
{
	if (end->version == 2)
		mmio_write32(end->registers + CELLHV_IVSHMEM2_STATE, state);
}
