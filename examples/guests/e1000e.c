/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers and descriptors as Intel's 82574 GbE Controller Family Datasheet has them (chapters 7
 * and 10): one queue each way, legacy descriptors, a buffer of its own for each.
 *
 * The rings are where the device writes. Of a descriptor only size and status are looked at, once;
 * where a buffer is, the driver knows by itself.
 */
#include "e1000e.h"

#define VENDOR_INTEL 0x8086
#define DEVICE_82574L 0x10d3
#define REGISTERS_SIZE 0x20000

#define CTRL 0x0000
#define CTRL_MASTER_DISABLE 0x4u
#define CTRL_LINK_UP 0x40u
#define CTRL_FORCE_SPEED 0x800u
#define CTRL_FORCE_DUPLEX 0x1000u
#define CTRL_RESET 0x4000000u
#define STATUS 0x0008
#define STATUS_LINK_UP 0x2u
#define STATUS_MASTER_ENABLED 0x80000u
#define EECD 0x0010
#define EECD_READ 0x200u /* what the NVM says is in the registers */
#define INTERRUPT_CAUSES 0x00c0
#define INTERRUPT_SET 0x00d0
#define INTERRUPT_CLEAR 0x00d8
#define INTERRUPT_AUTO_CLEAR 0x00dc
#define INTERRUPT_VECTORS_OF 0x00e4 /* IVAR */
#define CAUSE_LINK 0x4u
#define CAUSE_RECEIVE_LOW 0x10u
#define CAUSE_RECEIVE_OVERRUN 0x40u
#define CAUSE_RECEIVE 0x80u
#define CAUSE_QUEUE 0x100000u /* MSI-X: of receive queue 0 */
#define CAUSE_OTHER 0x1000000u
#define CAUSES_MSIX (CAUSE_QUEUE | CAUSE_OTHER | CAUSE_LINK | CAUSE_RECEIVE_OVERRUN)
#define CAUSES_MSI (CAUSE_RECEIVE | CAUSE_RECEIVE_LOW | CAUSE_RECEIVE_OVERRUN | CAUSE_LINK)
#define IVAR_QUEUE 0x8u	    /* receive queue 0: entry 0, valid */
#define IVAR_OTHER 0x80000u /* other causes: entry 0, valid */

#define RCTL 0x0100
#define RCTL_ENABLE 0x2u
#define RCTL_BROADCAST 0x8000u
#define RCTL_STRIP_CHECK 0x4000000u
#define TCTL 0x0400
#define TCTL_ENABLE 0x2u
#define TCTL_PAD 0x8u
#define TCTL_COLLISIONS 0x3f0f0u /* threshold 15, distance 63: full duplex */
#define RECEIVE_CHECKSUM 0x5000
#define RING_RECEIVE 0x2800
#define RING_SEND 0x3800
#define RING_ADDRESS 0x0 /* of each ring */
#define RING_SIZE 0x8
#define RING_HEAD 0x10
#define RING_TAIL 0x18
#define MULTICAST_TABLE 0x5200
#define MULTICAST_DWORDS 128
#define ADDRESS_LOW 0x5400
#define ADDRESS_HIGH 0x5404
#define ADDRESS_VALID 0x80000000u

#define DESCRIPTORS 32	 /* of each ring; in bytes a multiple of 128 */
#define BUFFER_SIZE 2048 /* as RCTL has it where its size bits are 0 */
#define STATUS_DONE 0x1u
#define STATUS_WHOLE 0x2u /* the frame ends in this buffer */
#define COMMAND_WHOLE 0x1u
#define COMMAND_CHECK 0x2u
#define COMMAND_REPORT 0x8u

#define RESET_MS 100

struct receive_descriptor {
	uint64_t address;
	uint16_t size;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t special;
};

struct send_descriptor {
	uint64_t address;
	uint16_t size;
	uint8_t checksum_offset;
	uint8_t command;
	uint8_t status;
	uint8_t checksum_start;
	uint16_t special;
};

static volatile struct receive_descriptor receive_ring[DESCRIPTORS] __attribute__((aligned(128)));
static volatile struct send_descriptor send_ring[DESCRIPTORS] __attribute__((aligned(128)));
static uint8_t receive_buffers[DESCRIPTORS][BUFFER_SIZE] __attribute__((aligned(16)));
static uint8_t send_buffers[DESCRIPTORS][BUFFER_SIZE] __attribute__((aligned(16)));

static uint32_t get(const struct e1000e *nic, unsigned int reg)
{
	return mmio_read32(nic->registers + reg);
}

static void set(const struct e1000e *nic, unsigned int reg, uint32_t value)
{
	mmio_write32(nic->registers + reg, value);
}

/* Until the bits of `mask` are `value`. */
static bool wait_for(const struct e1000e *nic, unsigned int reg, uint32_t mask, uint32_t value)
{
	for (unsigned int ms = 0; ms < RESET_MS; ms++) {
		if ((get(nic, reg) & mask) == value)
			return true;
		delay_us(1000);
	}
	return false;
}

/* Whatever it does ends before (datasheet, 3.1.3.10 and 4.6.1). */
static bool reset(const struct e1000e *nic)
{
	set(nic, INTERRUPT_CLEAR, UINT32_MAX);
	set(nic, CTRL, get(nic, CTRL) | CTRL_MASTER_DISABLE);
	wait_for(nic, STATUS, STATUS_MASTER_ENABLED, 0);
	set(nic, CTRL, get(nic, CTRL) | CTRL_RESET);
	delay_us(1000);
	if (!wait_for(nic, CTRL, CTRL_RESET, 0) || !wait_for(nic, EECD, EECD_READ, EECD_READ))
		return false;
	set(nic, INTERRUPT_CLEAR, UINT32_MAX);
	(void)get(nic, INTERRUPT_CAUSES);
	return true;
}

/* From its NVM; it has none where nobody gave it one. */
static bool read_address(struct e1000e *nic)
{
	uint32_t low = get(nic, ADDRESS_LOW), high = get(nic, ADDRESS_HIGH);
	bool is_multicast = low & 1, is_zero = !low && !(high & 0xffff);

	for (unsigned int i = 0; i < 4; i++)
		nic->address[i] = (uint8_t)(low >> 8 * i);
	nic->address[4] = (uint8_t)high;
	nic->address[5] = (uint8_t)(high >> 8);
	return (high & ADDRESS_VALID) && !is_multicast && !is_zero;
}

static void set_ring(const struct e1000e *nic, unsigned int ring, uintptr_t address)
{
	set(nic, ring + RING_ADDRESS, (uint32_t)address);
	set(nic, ring + RING_ADDRESS + 4, (uint32_t)((uint64_t)address >> 32));
	set(nic, ring + RING_SIZE, DESCRIPTORS * sizeof(struct receive_descriptor));
	set(nic, ring + RING_HEAD, 0);
	set(nic, ring + RING_TAIL, 0);
}

static void start(struct e1000e *nic)
{
	for (unsigned int i = 0; i < MULTICAST_DWORDS; i++)
		set(nic, MULTICAST_TABLE + 4 * i, 0);
	for (unsigned int i = 0; i < DESCRIPTORS; i++) {
		receive_ring[i].address = (uintptr_t)receive_buffers[i];
		receive_ring[i].status = 0;
		send_ring[i].address = (uintptr_t)send_buffers[i];
		send_ring[i].status = STATUS_DONE;
	}
	set_ring(nic, RING_RECEIVE, (uintptr_t)receive_ring);
	set_ring(nic, RING_SEND, (uintptr_t)send_ring);
	nic->next_receive = nic->next_send = 0;

	set(nic, CTRL,
	    (get(nic, CTRL) & ~(CTRL_MASTER_DISABLE | CTRL_FORCE_SPEED | CTRL_FORCE_DUPLEX)) |
		    CTRL_LINK_UP);
	set(nic, RECEIVE_CHECKSUM, 0); /* not its business */
	set(nic, TCTL, TCTL_ENABLE | TCTL_PAD | TCTL_COLLISIONS);
	set(nic, RCTL, RCTL_ENABLE | RCTL_BROADCAST | RCTL_STRIP_CHECK);
	dma_barrier();
	set(nic, RING_RECEIVE + RING_TAIL, DESCRIPTORS - 1);
}

static bool set_interrupts(struct e1000e *nic, unsigned int vector, bool msi)
{
	nic->is_msix = !msi && pci_msix_set(nic->function, 0, vector);
	if (!nic->is_msix && !pci_msi_set(nic->function, vector))
		return false;
	if (nic->is_msix) {
		set(nic, INTERRUPT_VECTORS_OF, IVAR_QUEUE | IVAR_OTHER);
		set(nic, INTERRUPT_AUTO_CLEAR, CAUSE_QUEUE | CAUSE_OTHER);
	}
	set(nic, INTERRUPT_SET, nic->is_msix ? CAUSES_MSIX : CAUSES_MSI);
	return true;
}

const char *e1000e_open(struct e1000e *nic, unsigned int vector, bool msi)
{
	int function = pci_find(VENDOR_INTEL, DEVICE_82574L, 0);
	uint64_t size;

	if (function < 0)
		return "the cell has no adapter 8086:10d3";
	*nic = (struct e1000e){.function = (uint16_t)function};
	nic->registers = pci_map(nic->function, 0, &size);
	if (!nic->registers || size < REGISTERS_SIZE)
		return "its registers are not where the cell reaches them";
	pci_enable(nic->function);
	if (!reset(nic))
		return "the adapter does not come back from its reset";
	if (!read_address(nic))
		return "the adapter has no address of its own";
	start(nic);
	return set_interrupts(nic, vector, msi) ? NULL : "the adapter has neither MSI-X nor MSI";
}

void e1000e_close(struct e1000e *nic)
{
	reset(nic);
	pci_disable(nic->function);
}

/*
 * Reading takes the causes back in some modes, writing ones does in all (10.2.4.1); and a message
 * of MSI-X may have masked its cause.
 */
void e1000e_interrupt(struct e1000e *nic)
{
	nic->interrupts++;
	set(nic, INTERRUPT_CAUSES, get(nic, INTERRUPT_CAUSES));
	set(nic, INTERRUPT_SET, nic->is_msix ? CAUSES_MSIX : CAUSES_MSI);
}

bool e1000e_link_is_up(const struct e1000e *nic)
{
	return get(nic, STATUS) & STATUS_LINK_UP;
}

/* Zero where there is nothing in it that may be used. */
static unsigned int take(struct e1000e *nic, void *frame)
{
	volatile struct receive_descriptor *descriptor = &receive_ring[nic->next_receive];
	uint8_t status = descriptor->status, errors = descriptor->errors;
	uint16_t size = descriptor->size;

	if (!(status & STATUS_WHOLE) || errors || !size || size > ETHERNET_FRAME_MAX) {
		nic->refused++;
		return 0;
	}
	__builtin_memcpy(frame, receive_buffers[nic->next_receive], size);
	return size;
}

/* The device gets its descriptor back, which it may no longer have changed. */
static void give_back(struct e1000e *nic)
{
	volatile struct receive_descriptor *descriptor = &receive_ring[nic->next_receive];

	descriptor->address = (uintptr_t)receive_buffers[nic->next_receive];
	descriptor->status = 0;
	dma_barrier();
	set(nic, RING_RECEIVE + RING_TAIL, nic->next_receive);
	nic->next_receive = (nic->next_receive + 1) % DESCRIPTORS;
}

unsigned int e1000e_receive(struct e1000e *nic, void *frame)
{
	unsigned int size = 0;

	for (unsigned int i = 0; i < DESCRIPTORS && !size; i++) {
		if (!(receive_ring[nic->next_receive].status & STATUS_DONE))
			break;
		dma_barrier();
		size = take(nic, frame);
		give_back(nic);
	}
	return size;
}

bool e1000e_send(struct e1000e *nic, const void *frame, unsigned int size)
{
	volatile struct send_descriptor *descriptor = &send_ring[nic->next_send];

	/* The ring is never full, as head and tail would then be those of an empty one. */
	if (size > ETHERNET_FRAME_MAX || !(descriptor->status & STATUS_DONE) ||
	    !(send_ring[(nic->next_send + 1) % DESCRIPTORS].status & STATUS_DONE))
		return false;

	__builtin_memcpy(send_buffers[nic->next_send], frame, size);
	descriptor->address = (uintptr_t)send_buffers[nic->next_send];
	descriptor->size = (uint16_t)size;
	descriptor->checksum_offset = descriptor->checksum_start = 0;
	descriptor->special = 0;
	descriptor->command = COMMAND_WHOLE | COMMAND_CHECK | COMMAND_REPORT;
	descriptor->status = 0;
	nic->next_send = (nic->next_send + 1) % DESCRIPTORS;
	dma_barrier();
	set(nic, RING_SEND + RING_TAIL, nic->next_send);
	return true;
}
