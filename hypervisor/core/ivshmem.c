/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/ivshmem.h"

#include <cellhv/link.h>

#include "core/link.h"

#define ONE_SHOT 1u
#define MSIX_BAR_1 4u /* of version 1 and 2 */
#define MSIX_BAR_2 1u

static enum pci_result ivshmem_config_write(struct cpu *self, struct pci_function *function,
					    unsigned offset, unsigned size, uint32_t value)
{
	struct ivshmem *peer = (struct ivshmem *)function;

	pci_shadow_write(function, offset, size, value);
	lock_acquire(&peer->link->lock);
	msix_update(self, &peer->msix, function);
	lock_release(&peer->link->lock);
	return PCI_DONE;
}

static enum pci_result ivshmem_read(struct cpu *self, struct pci_function *function, unsigned bar,
				    uint64_t offset, unsigned size, uint64_t *value)
{
	const struct ivshmem *peer = (struct ivshmem *)function;
	const uint32_t registers[] = {peer->id, peer->link->shared.max_peers,
				      peer->interrupt_control, 0, peer->state};
	uint64_t index = offset / 4;

	(void)self;
	*value = 0;
	if (bar == MSIX_BAR_2)
		*value = msix_read(&peer->msix, (uint32_t)offset, size);
	else if (size == 4 && !(offset & 3) && index < sizeof(registers) / sizeof(*registers))
		*value = registers[index];
	return PCI_DONE;
}

static void ivshmem_write_register(struct cpu *self, struct ivshmem *peer, uint32_t offset,
				   uint32_t value)
{
	switch (offset) {
	case CELLHV_IVSHMEM2_INTERRUPT_CONTROL:
		peer->interrupt_control = value & 1;
		break;
	case CELLHV_IVSHMEM2_DOORBELL:
		link_ring(self, peer, value >> 16, value & 0xffff);
		break;
	case CELLHV_IVSHMEM2_STATE:
		link_set_state(self, peer, value);
		break;
	default:
		break;
	}
}

static enum pci_result ivshmem_write(struct cpu *self, struct pci_function *function, unsigned bar,
				     uint64_t offset, unsigned size, uint64_t value)
{
	struct ivshmem *peer = (struct ivshmem *)function;

	lock_acquire(&peer->link->lock);
	if (bar == MSIX_BAR_2)
		msix_write(self, &peer->msix, function, (uint32_t)offset, size, value);
	else if (size == 4)
		ivshmem_write_register(self, peer, (uint32_t)offset, (uint32_t)value);
	lock_release(&peer->link->lock);
	return PCI_DONE;
}

/* Version 1 without states has four registers, of which two fault, as all else does. */
static enum pci_result ivshmem_read_1(struct cpu *self, struct pci_function *function, unsigned bar,
				      uint64_t offset, unsigned size, uint64_t *value)
{
	const struct ivshmem *peer = (struct ivshmem *)function;

	(void)self;
	if (bar == MSIX_BAR_1) {
		*value = msix_read(&peer->msix, (uint32_t)offset, size);
		return PCI_DONE;
	}
	if (size != 4 || offset != CELLHV_IVSHMEM1_POSITION)
		return PCI_REFUSED;
	*value = peer->id;
	return PCI_DONE;
}

static enum pci_result ivshmem_write_1(struct cpu *self, struct pci_function *function,
				       unsigned bar, uint64_t offset, unsigned size, uint64_t value)
{
	struct ivshmem *peer = (struct ivshmem *)function;

	if (bar != MSIX_BAR_1 && (size != 4 || offset != CELLHV_IVSHMEM1_DOORBELL))
		return PCI_REFUSED;

	lock_acquire(&peer->link->lock);
	if (bar == MSIX_BAR_1)
		msix_write(self, &peer->msix, function, (uint32_t)offset, size, value);
	else
		link_ring(self, peer, 1u - peer->id, 0);
	lock_release(&peer->link->lock);
	return PCI_DONE;
}

/* Of the one other peer. It may come and go meanwhile, so this is under the lock. */
static uint32_t ivshmem_remote_state(const struct ivshmem *peer)
{
	const struct ivshmem *other;
	uint32_t state;

	lock_acquire(&peer->link->lock);
	other = peer->link->peers[1u - peer->id];
	state = other && other->active ? other->state : 0;
	lock_release(&peer->link->lock);
	return state;
}

/* With states: what is no register reads as zero and drops writes. */
static enum pci_result ivshmem_read_1_states(struct cpu *self, struct pci_function *function,
					     unsigned bar, uint64_t offset, unsigned size,
					     uint64_t *value)
{
	const struct ivshmem *peer = (struct ivshmem *)function;

	(void)self;
	*value = 0;
	if (bar == MSIX_BAR_1)
		*value = msix_read(&peer->msix, (uint32_t)offset, size);
	else if (size != 4)
		return PCI_DONE;
	else if (offset == CELLHV_IVSHMEM1_INTX_CONTROL)
		*value = peer->interrupt_control;
	else if (offset == CELLHV_IVSHMEM1_POSITION)
		*value = peer->id;
	else if (offset == CELLHV_IVSHMEM1_LOCAL_STATE)
		*value = peer->state;
	else if (offset == CELLHV_IVSHMEM1_REMOTE_STATE)
		*value = ivshmem_remote_state(peer);
	return PCI_DONE;
}

static void ivshmem_write_register_1(struct cpu *self, struct ivshmem *peer, uint32_t offset,
				     uint32_t value)
{
	if (offset == CELLHV_IVSHMEM1_INTX_CONTROL)
		peer->interrupt_control = value & 1;
	if (offset == CELLHV_IVSHMEM1_LOCAL_STATE)
		peer->state = value;
	if (offset == CELLHV_IVSHMEM1_LOCAL_STATE || offset == CELLHV_IVSHMEM1_DOORBELL)
		link_ring(self, peer, 1u - peer->id, 0);
}

static enum pci_result ivshmem_write_1_states(struct cpu *self, struct pci_function *function,
					      unsigned bar, uint64_t offset, unsigned size,
					      uint64_t value)
{
	struct ivshmem *peer = (struct ivshmem *)function;

	lock_acquire(&peer->link->lock);
	if (bar == MSIX_BAR_1)
		msix_write(self, &peer->msix, function, (uint32_t)offset, size, value);
	else if (size == 4)
		ivshmem_write_register_1(self, peer, (uint32_t)offset, (uint32_t)value);
	lock_release(&peer->link->lock);
	return PCI_DONE;
}

#define IVSHMEM_OPS(read, write)                                   \
	{                                                          \
		pci_shadow_read, ivshmem_config_write, read, write \
	}
static const struct pci_ops ivshmem_ops_1 = IVSHMEM_OPS(ivshmem_read_1, ivshmem_write_1);
static const struct pci_ops ivshmem_ops_1_states =
	IVSHMEM_OPS(ivshmem_read_1_states, ivshmem_write_1_states);
static const struct pci_ops ivshmem_ops_2 = IVSHMEM_OPS(ivshmem_read, ivshmem_write);

static void ivshmem_identify(struct pci_function *function, unsigned vendor, unsigned device,
			     unsigned class)
{
	pci_set(function, PCI_VENDOR, 2, vendor);
	pci_set(function, PCI_DEVICE, 2, device);
	pci_set(function, PCI_SUBSYSTEM, 2, vendor);
	pci_set(function, PCI_SUBSYSTEM + 2, 2, device);
	pci_set(function, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	pci_set(function, PCI_CLASS, 1, class);
	pci_allow(function, PCI_COMMAND, 2,
		  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
	pci_allow(function, PCI_CACHE_LINE, 1, 0xff);
	pci_allow(function, PCI_INTERRUPT_LINE, 1, 0xff);
}

static void ivshmem_build_1(struct ivshmem *peer, uint64_t memory)
{
	struct pci_function *function = &peer->function;
	const struct cellhv_link_shared *shared = &peer->link->shared;
	bool states = shared->variant == CELLHV_LINK_VARIANT_STATES;
	/* Of the root whole pages are trapped: no other device of Linux's may be in them. */
	bool pages = cell_is_root(function->cell);

	function->ops = states ? &ivshmem_ops_1_states : &ivshmem_ops_1;
	ivshmem_identify(function, CELLHV_IVSHMEM1_VENDOR, CELLHV_IVSHMEM1_DEVICE,
			 states ? CELLHV_IVSHMEM1_CLASS_STATES : CELLHV_IVSHMEM1_CLASS);
	pci_set(function, PCI_INTERFACE, 2, shared->class_protocol);
	pci_add_bar(function, 0, pages ? (uint32_t)PAGE_SIZE : CELLHV_IVSHMEM1_REGISTERS,
		    PCI_BAR_64BIT);
	pci_add_bar(function, MSIX_BAR_1,
		    states && !pages ? CELLHV_IVSHMEM1_MSIX_SIZE_STATES : CELLHV_IVSHMEM_MSIX_SIZE,
		    PCI_BAR_64BIT);
	pci_set(function, CELLHV_IVSHMEM1_MEMORY, 8, memory);
	pci_set(function, CELLHV_IVSHMEM1_MEMORY + 8, 8, cellhv_link_size(shared));
	pci_set(function, PCI_CAPABILITIES, 1, CELLHV_IVSHMEM1_MSIX);
	peer->msix.pba = CELLHV_IVSHMEM1_PBA;
	msix_init(&peer->msix, function, CELLHV_IVSHMEM1_MSIX, 0, MSIX_BAR_1);
}

static void ivshmem_build_2(struct ivshmem *peer, uint64_t memory)
{
	const struct cellhv_link_shared *shared = &peer->link->shared;
	struct pci_function *function = &peer->function;

	function->ops = &ivshmem_ops_2;
	ivshmem_identify(function, CELLHV_IVSHMEM2_VENDOR, CELLHV_IVSHMEM2_DEVICE,
			 CELLHV_IVSHMEM2_CLASS);
	pci_set(function, PCI_INTERFACE, 2, shared->class_protocol);
	pci_add_bar(function, 0, CELLHV_IVSHMEM2_REGISTERS, 0);
	pci_add_bar(function, MSIX_BAR_2, CELLHV_IVSHMEM_MSIX_SIZE, 0);
	pci_set(function, PCI_CAPABILITIES, 1, CELLHV_IVSHMEM2_VENDOR_CAP);
	pci_set(function, CELLHV_IVSHMEM2_VENDOR_CAP, 1, PCI_CAP_VENDOR);
	pci_set(function, CELLHV_IVSHMEM2_VENDOR_CAP + 1, 1, CELLHV_IVSHMEM2_MSIX);
	pci_set(function, CELLHV_IVSHMEM2_VENDOR_CAP + 2, 1, CELLHV_IVSHMEM2_VENDOR_CAP_LENGTH);
	pci_allow(function, CELLHV_IVSHMEM2_ONE_SHOT, 1, ONE_SHOT);
	pci_set(function, CELLHV_IVSHMEM2_STATE_SIZE, 4, cellhv_link_state_size(shared));
	pci_set(function, CELLHV_IVSHMEM2_COMMON_SIZE, 8, shared->common_size);
	pci_set(function, CELLHV_IVSHMEM2_OUTPUT_SIZE, 8, shared->output_size);
	pci_set(function, CELLHV_IVSHMEM2_MEMORY, 8, memory);
	peer->msix.pba = CELLHV_IVSHMEM2_PBA;
	msix_init(&peer->msix, function, CELLHV_IVSHMEM2_MSIX, 0, MSIX_BAR_2);
}

void ivshmem_build(struct ivshmem *peer, struct link *link, struct cell *cell, uint16_t id,
		   uint16_t function, uint64_t memory)
{
	peer->link = link;
	peer->id = id;
	peer->function.cell = cell;
	peer->function.address = function;
	peer->msix.vectors = link->shared.vectors;
	if (link->shared.protocol == 1)
		ivshmem_build_1(peer, memory);
	else
		ivshmem_build_2(peer, memory);
	ivshmem_reset(peer);
}

void ivshmem_reset(struct ivshmem *peer)
{
	pci_reset(&peer->function);
	msix_reset(&peer->msix, &peer->function);
	peer->interrupt_control = 0;
	peer->state = 0;
}

void ivshmem_raise(struct cpu *self, struct ivshmem *peer, unsigned vector)
{
	if (peer->link->shared.protocol != 1) {
		if (!peer->interrupt_control)
			return;
		if (peer->function.config[CELLHV_IVSHMEM2_ONE_SHOT] & ONE_SHOT)
			peer->interrupt_control = 0;
	}
	msix_raise(self, &peer->msix, &peer->function, vector);
}
