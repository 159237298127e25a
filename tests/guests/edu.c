/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's device for teaching (its documentation: specs/edu): registers, MSI, and DMA to and from
 * the cell's own memory by the guest's addresses. Words of the command line:
 *
 *   pin=NUMBER                      of the I/O APIC: its interrupt comes by that, not by MSI
 *   foreign=ADDRESS[,ADDRESS...]    what is not the cell's: DMA from and to there must be refused
 *   more=NUMBER                     of interrupts, one after the other, which cost nothing else
 *   endless=ADDRESS                 the cell's own: the device writes a page there again and again
 *
 * A read is refused where what came is what was there before, or one byte all over; whether a write
 * was, the owner has to see: "wrote ADDRESS" is no verdict. The device reaches all of it only where
 * QEMU's dma_mask says so.
 */
#include "device.h"
#include "runtime/x86/ioapic.h"

#define VENDOR 0x1234
#define DEVICE 0x11e8
#define REGISTERS_SIZE 0x100000

#define IDENTIFICATION 0x00 /* version in the upper half, ..ED in the lower one */
#define LIVENESS 0x04	    /* inverts what is written */
#define FACTORIAL 0x08
#define STATUS 0x20
#define STATUS_COMPUTING 0x01
#define STATUS_INTERRUPT 0x80
#define INTERRUPT_STATUS 0x24
#define INTERRUPT_RAISE 0x60
#define INTERRUPT_ACKNOWLEDGE 0x64
#define INTERRUPT_FACTORIAL 0x001
#define INTERRUPT_DMA 0x100
#define DMA_SOURCE 0x80
#define DMA_TARGET 0x88
#define DMA_SIZE 0x90
#define DMA_COMMAND 0x98
#define DMA_START 0x1
#define DMA_FROM_DEVICE 0x2
#define DMA_INTERRUPT 0x4
#define DEVICE_BUFFER 0x40000 /* in the device's own addresses */

#define NUMBER 10
#define NUMBER_FACTORIAL 3628800
#define RAISES 5
#define IGNORED 2
#define NO_PIN 0 /* the timer's */
#define ROUNDS 3
#define WORDS 512 /* 4096 bytes, all that the device has */
#define FOREIGN_SIZE 64
#define PATTERN 0x5851f42d4c957f2dull

static uintptr_t registers;
static volatile uint32_t causes; /* since they were last looked at */
static volatile unsigned int to_ignore, to_raise;
static uint64_t pin;
static uint64_t from[WORDS] __attribute__((aligned(4096)));
static uint64_t to[WORDS] __attribute__((aligned(4096)));

static void on_interrupt(void)
{
	uint32_t status = mmio_read32(registers + INTERRUPT_STATUS);

	if (to_ignore) {
		to_ignore--;
		return;
	}
	causes |= status;
	mmio_write32(registers + INTERRUPT_ACKNOWLEDGE, status);
	if (to_raise) {
		to_raise--;
		mmio_write32(registers + INTERRUPT_RAISE, 1);
	}
}

/* Exactly this is what has interrupted. */
static bool interrupted_by(uint32_t expected)
{
	bool ok = device_wait() && causes == expected;

	causes = 0;
	return ok;
}

static void check_registers(void)
{
	uint32_t id = mmio_read32(registers + IDENTIFICATION), inverted;

	verdict("edu-id", (id & 0xff) == 0xed, "identification", id);
	mmio_write32(registers + LIVENESS, 0x12345678);
	inverted = mmio_read32(registers + LIVENESS);
	verdict("edu-alive", inverted == ~0x12345678u, "inverted", inverted);
}

static void check_factorial(void)
{
	bool interrupted;
	uint32_t result;

	mmio_write32(registers + STATUS, STATUS_INTERRUPT);
	mmio_write32(registers + FACTORIAL, NUMBER);
	interrupted = interrupted_by(INTERRUPT_FACTORIAL);
	result = mmio_read32(registers + FACTORIAL);
	verdict("edu-factorial", interrupted && result == NUMBER_FACTORIAL, "10! and its interrupt",
		result);
	mmio_write32(registers + STATUS, 0);
}

static void check_interrupts(void)
{
	unsigned int came = 0;

	for (uint32_t i = 0; i < RAISES; i++) {
		mmio_write32(registers + INTERRUPT_RAISE, 0x10000u << i);
		came += interrupted_by(0x10000u << i);
	}
	verdict(pin == NO_PIN ? "edu-msi" : "edu-pin", came == RAISES,
		"interrupts raised that came", came);
}

/* Each raises the next one. */
static void check_more(void)
{
	unsigned int before = device_interrupts(), came;
	uint64_t more;

	if (!command_line_number("more", 0, &more) || !more)
		return;
	to_raise = (unsigned int)more - 1;
	mmio_write32(registers + INTERRUPT_RAISE, 1);
	device_wait_for((unsigned int)more);
	came = device_interrupts() - before;
	verdict("edu-more", came == more, "interrupts in a row", came);
	causes = 0;
}

/* A level interrupt that is not acknowledged comes again when it ends. */
static void check_level(void)
{
	unsigned int before = device_interrupts(), came;

	if (pin == NO_PIN)
		return;
	to_ignore = IGNORED;
	mmio_write32(registers + INTERRUPT_RAISE, 1);
	while (!causes && device_wait())
		;
	came = device_interrupts() - before;
	verdict("edu-level", causes == 1 && came == IGNORED + 1, "interrupts of one raise", came);
	causes = 0;
}

static bool dma(uint64_t source, uint64_t target, uint64_t size, uint32_t direction)
{
	mmio_write64(registers + DMA_SOURCE, source);
	mmio_write64(registers + DMA_TARGET, target);
	mmio_write64(registers + DMA_SIZE, size);
	dma_barrier();
	mmio_write32(registers + DMA_COMMAND, DMA_START | DMA_INTERRUPT | direction);
	if (!interrupted_by(INTERRUPT_DMA))
		return false;
	dma_barrier();
	return true;
}

static bool to_device(uint64_t address, uint64_t size)
{
	return dma(address, DEVICE_BUFFER, size, 0);
}

static bool from_device(uint64_t address, uint64_t size)
{
	return dma(DEVICE_BUFFER, address, size, DMA_FROM_DEVICE);
}

static void fill(uint64_t seed)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		from[i] = seed;
		to[i] = 0;
	}
}

static void check_own_memory(const char *name)
{
	unsigned int right = 0;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		fill(round * PATTERN);
		right += to_device((uintptr_t)from, sizeof(from)) &&
			 from_device((uintptr_t)to, sizeof(to)) &&
			 __builtin_memcmp(from, to, sizeof(to)) == 0;
	}
	verdict(name, right == ROUNDS, "copies by its own memory that were right", right);
}

/* What came of a read that reached nothing: the old bytes, or the same one all over. */
static bool is_nothing(const uint8_t *bytes)
{
	bool is_old = __builtin_memcmp(bytes, from, FOREIGN_SIZE) == 0;
	bool is_one = bytes[0] == 0 || bytes[0] == 0xff;

	for (unsigned int i = 1; i < FOREIGN_SIZE; i++)
		is_one &= bytes[i] == bytes[0];
	return is_old || is_one;
}

static void check_foreign(uint64_t address)
{
	printk("edu reads %llx\n", (unsigned long long)address);
	fill(address + PATTERN);
	if (!to_device((uintptr_t)from, FOREIGN_SIZE) || !to_device(address, FOREIGN_SIZE) ||
	    !from_device((uintptr_t)to, FOREIGN_SIZE))
		verdict("edu-foreign-read", false, "the device stopped at", address);
	else
		verdict("edu-foreign-read", is_nothing((const uint8_t *)to), "came of there",
			to[0]);

	if (to_device((uintptr_t)from, FOREIGN_SIZE) && from_device(address, FOREIGN_SIZE))
		printk("edu wrote %llx\n", (unsigned long long)address);
	else
		verdict("edu-foreign-write", false, "the device stopped at", address);
}

static void check_all_foreign(void)
{
	const char *list = command_line_find("foreign");
	uint64_t address;

	if (!list)
		return;
	do {
		list = parse_number(list, &address);
		if (!list) {
			verdict("edu-foreign", false, "foreign= is no list of addresses", 0);
			return;
		}
		check_foreign(address);
	} while (*list++ == ',');
	check_own_memory("edu-dma-after");
}

/* Always under way, but for the moment between two; the owner ends it. */
static void go_on(void)
{
	uint64_t address;

	if (!command_line_number("endless", 0, &address) || !address)
		return;
	fill(address);
	if (!to_device((uintptr_t)from, sizeof(from)))
		verdict("edu-endless", false, "the device stopped at", address);
	printk("edu writes %llx.. to %llx again and again\n",
	       (unsigned long long)__builtin_bswap64(from[0]), (unsigned long long)address);
	while (from_device(address, sizeof(from)))
		;
	verdict("edu-endless", false, "the device stopped", address);
}

/* pci_enable() turns it off, as most have messages. */
static bool open_pin(uint16_t function)
{
	uint32_t command = pci_read(function, PCI_COMMAND, 2);

	pci_write(function, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_INTX_OFF);
	return ioapic_route((unsigned int)pin, VECTOR_DEVICE, IOAPIC_LEVEL | IOAPIC_LOW) ||
	       verdict("edu", false, "no such pin", pin);
}

static bool open(void)
{
	int function = pci_find(VENDOR, DEVICE, 0);
	uint64_t size;

	if (function < 0)
		return verdict("edu", false, "no function 1234:11e8", 0);
	registers = pci_map((uint16_t)function, 0, &size);
	if (!registers || size != REGISTERS_SIZE)
		return verdict("edu", false, "registers", registers);
	pci_enable((uint16_t)function);
	/* It has no reset: what a former owner left. */
	mmio_write32(registers + STATUS, 0);
	mmio_write32(registers + INTERRUPT_ACKNOWLEDGE, UINT32_MAX);
	device_start(on_interrupt);
	if (!command_line_number("pin", NO_PIN, &pin))
		return verdict("edu", false, "pin= is no number", 0);
	if (pin != NO_PIN)
		return open_pin((uint16_t)function);
	return pci_msi_set((uint16_t)function, VECTOR_DEVICE) || verdict("edu", false, "no MSI", 0);
}

void guest_main(void)
{
	if (open()) {
		check_registers();
		check_factorial();
		check_interrupts();
		check_level();
		check_more();
		check_own_memory("edu-dma");
		check_all_foreign();
		go_on();
		printk("edu: all done, %u interrupts\n", device_interrupts());
	}
	device_finish();
}
