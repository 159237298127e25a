/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NVMe controller (NVM Express Base Specification 1.4) with queues of the guest's: it is reset,
 * identified, and block 0 of its namespace 1 is read, by MSI-X. Words of the command line:
 *
 *   bar=ADDRESS    move its registers there first: for a machine whose firmware has placed nothing
 */
#include "device.h"

#define CLASS_NVME 0x010802
#define REGISTERS_SIZE 0x2000

#define CAPABILITIES 0x00
#define CAPABILITIES_STRIDE(cap) ((unsigned int)((cap) >> 32 & 15)) /* of doorbells: 4 << n */
#define CONFIGURATION 0x14
#define CONFIGURATION_ENABLE 0x1
#define CONFIGURATION_SIZES 0x460000 /* entries of 2^6 and 2^4 bytes */
#define STATUS 0x1c
#define STATUS_READY 0x1
#define STATUS_FATAL 0x2
#define ADMIN_SIZES 0x24
#define ADMIN_SUBMISSION 0x28
#define ADMIN_COMPLETION 0x30
#define DOORBELLS 0x1000

#define CREATE_SUBMISSION 0x01
#define CREATE_COMPLETION 0x05
#define IDENTIFY 0x06
#define IDENTIFY_NAMESPACE 0
#define IDENTIFY_CONTROLLER 1
#define READ 0x02
#define QUEUE_CONTIGUOUS 0x1
#define QUEUE_INTERRUPTS 0x2
#define NAMESPACE 1

#define ADMIN 0
#define IO 1
#define ENTRIES 4 /* of each queue */
#define READY_MS 5000
#define PAGE 4096

struct command {
	uint8_t opcode;
	uint8_t flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t reserved;
	uint64_t metadata;
	uint64_t page; /* PRP 1: no transfer here is longer */
	uint64_t page_2;
	uint32_t arguments[6]; /* dwords 10 to 15 */
};

struct completion {
	uint32_t result;
	uint32_t reserved;
	uint16_t head;
	uint16_t queue;
	uint16_t id;
	uint16_t status; /* bit 0: phase */
};

struct queue {
	struct command commands[ENTRIES] __attribute__((aligned(PAGE)));
	volatile struct completion completions[ENTRIES] __attribute__((aligned(PAGE)));
	unsigned int tail, head, phase;
};

static struct queue queues[2];
static uint8_t data[PAGE] __attribute__((aligned(PAGE))); /* the controller's to write */
static uint8_t copy[PAGE];
static uintptr_t registers;
static unsigned int stride;

static void on_interrupt(void)
{
}

static void ring(unsigned int doorbell, uint32_t value)
{
	mmio_write32(registers + DOORBELLS + doorbell * (4u << stride), value);
}

static bool wait_ready(uint32_t ready)
{
	for (unsigned int ms = 0; ms < READY_MS; ms++) {
		uint32_t status = mmio_read32(registers + STATUS);

		if (status & STATUS_FATAL)
			return false;
		if ((status & STATUS_READY) == ready)
			return true;
		delay_us(1000);
	}
	return false;
}

/* Sleep until the one command there is has interrupted. The id it comes with has to be that one's.
 */
static bool complete(unsigned int number, uint16_t id)
{
	struct queue *queue = &queues[number];
	volatile struct completion *entry = &queue->completions[queue->head];
	bool ok;

	do {
		if (!device_wait())
			return verdict("nvme", false, "no interrupt for command", id);
	} while ((entry->status & 1u) == queue->phase);
	dma_barrier();
	ok = entry->id == id && entry->status >> 1 == 0;
	if (!ok)
		verdict("nvme", false, "completion", (uint64_t)entry->id << 16 | entry->status);
	queue->head = (queue->head + 1) % ENTRIES;
	if (!queue->head)
		queue->phase ^= 1;
	ring(2 * number + 1, queue->head);
	return ok;
}

/* What the controller writes is copied once it says that it is done. */
static bool run(unsigned int number, struct command command)
{
	static uint16_t next_id;
	struct queue *queue = &queues[number];

	command.id = ++next_id;
	queue->commands[queue->tail] = command;
	queue->tail = (queue->tail + 1) % ENTRIES;
	dma_barrier();
	ring(2 * number, queue->tail);
	if (!complete(number, command.id))
		return false;
	__builtin_memcpy(copy, data, sizeof(copy));
	return true;
}

static bool identify(uint32_t nsid, uint32_t what)
{
	return run(ADMIN, (struct command){.opcode = IDENTIFY,
					   .nsid = nsid,
					   .page = (uintptr_t)data,
					   .arguments = {what}});
}

/* Entry 0 of the MSI-X table is for the admin queue, 1 for the other. */
static bool create_queues(void)
{
	const uint32_t id_and_size = (ENTRIES - 1) << 16 | IO;
	struct command completion = {
		.opcode = CREATE_COMPLETION,
		.page = (uintptr_t)queues[IO].completions,
		.arguments = {id_and_size, IO << 16 | QUEUE_INTERRUPTS | QUEUE_CONTIGUOUS}};
	struct command submission = {.opcode = CREATE_SUBMISSION,
				     .page = (uintptr_t)queues[IO].commands,
				     .arguments = {id_and_size, IO << 16 | QUEUE_CONTIGUOUS}};

	return run(ADMIN, completion) && run(ADMIN, submission);
}

static bool start_controller(void)
{
	stride = CAPABILITIES_STRIDE(mmio_read64(registers + CAPABILITIES));
	mmio_write32(registers + CONFIGURATION, 0);
	if (!wait_ready(0))
		return verdict("nvme", false, "it does not stop", mmio_read32(registers + STATUS));

	mmio_write32(registers + ADMIN_SIZES, (ENTRIES - 1) << 16 | (ENTRIES - 1));
	mmio_write64(registers + ADMIN_SUBMISSION, (uintptr_t)queues[ADMIN].commands);
	mmio_write64(registers + ADMIN_COMPLETION, (uintptr_t)queues[ADMIN].completions);
	dma_barrier();
	mmio_write32(registers + CONFIGURATION, CONFIGURATION_SIZES | CONFIGURATION_ENABLE);
	return wait_ready(STATUS_READY) ||
	       verdict("nvme", false, "it does not start", mmio_read32(registers + STATUS));
}

static bool open(void)
{
	int function = pci_find_class(CLASS_NVME, 0);
	uint64_t bar = 0, size;

	if (function < 0)
		return verdict("nvme", false, "no function of its class", 0);
	if (!command_line_number("bar", 0, &bar))
		return verdict("nvme", false, "bar= is no address", 0);
	if (bar)
		pci_set_bar((uint16_t)function, 0, bar);
	registers = pci_map((uint16_t)function, 0, &size);
	if (!registers || size < REGISTERS_SIZE || (bar && registers != bar))
		return verdict("nvme", false, "registers", registers);
	printk("nvme: registers at %llx\n", (unsigned long long)registers);

	pci_enable((uint16_t)function);
	verdict("nvme-reset", pci_reset((uint16_t)function), "function-level reset", 0);
	device_start(on_interrupt);
	return (pci_msix_set((uint16_t)function, 0, VECTOR_DEVICE) &&
		pci_msix_set((uint16_t)function, 1, VECTOR_DEVICE)) ||
	       verdict("nvme", false, "no two entries of MSI-X",
		       pci_msix_entries((uint16_t)function));
}

/* Text of a fixed size, padded with spaces; what cannot be printed is not. */
static void print_text(const uint8_t *text, unsigned int size)
{
	for (unsigned int i = 0; i < size && text[i] != ' ' && text[i]; i++)
		printk("%c", text[i] > ' ' && text[i] < 127 ? text[i] : '?');
}

static uint32_t crc32(const uint8_t *bytes, unsigned int size)
{
	uint32_t crc = UINT32_MAX;

	for (unsigned int i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Of the namespace in `copy`, from its format (5.15.2.1); 0: larger than what is read here. */
static uint32_t block_size(void)
{
	unsigned int format = copy[26] & 15, shift = copy[128 + 4 * format + 2];

	return shift >= 9 && shift <= 12 ? 1u << shift : 0;
}

static void read_block(void)
{
	uint32_t size = identify(NAMESPACE, IDENTIFY_NAMESPACE) ? block_size() : 0;

	if (!verdict("nvme-namespace", size, "bytes of a block", size))
		return;
	if (run(IO, (struct command){.opcode = READ, .nsid = NAMESPACE, .page = (uintptr_t)data}))
		verdict("nvme-read", true, "CRC-32 of block 0", crc32(copy, size));
}

void guest_main(void)
{
	if (open() && start_controller() && identify(0, IDENTIFY_CONTROLLER)) {
		printk("nvme: serial number ");
		print_text(copy + 4, 20);
		printk("\n");
		verdict("nvme-identify", true, "vendor", copy[0] | (uint32_t)copy[1] << 8);
		if (create_queues())
			read_block();
		printk("nvme: all done, %u interrupts\n", device_interrupts());
	}
	device_finish();
}
