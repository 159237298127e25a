/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine of a PC's cell, by the ports and registers that its guest finds; bare cells have
 * none. */
#include <stdlib.h>

#include <cellhv/x86/pc.h>

#include "arch/x86/guest_memory.h"
#include "arch/x86/machine.h"
#include "arch/x86/msi.h"
#include "arch/x86/pc.h"
#include "arch/x86/pci.h"
#include "arch/x86/port.h"
#include "arch/x86/vcpu.h"
#include "check.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/print.h"

#define ENTRY(pin) (0x10u + 2 * (pin))
#define MASKED 0x10000u

struct cell root_cell;
struct x86_machine x86_machine;
const struct vcpu_ops *vcpu_ops;

static struct {
	struct cellhv_cell_config config;
	struct cellhv_port_range ports[2];
} configured;
static struct cell cell = {.id = 1, .config = &configured.config};
static struct arch_cpu arch;
static struct cpu cpu = {.arch = &arch, .number = 3, .cell = &cell};
static _Alignas(4096) uint8_t pool_memory[4096 * 4], console[4096];

static uint64_t pool_bitmap[2];

static unsigned failures, ends, messages;
static uint32_t reason, end;
static uint64_t failed_at, message_address, warm_at;
static uint32_t message_data;
static uint16_t warm;

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	abort();
}

void arch_clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void arch_pause(void)
{
	abort(); /* nobody else has a lock */
}

void msi_send_to_cell(struct cpu *self, const struct cell *to, uint64_t address, uint32_t data)
{
	CHECK(self && to == &cell);
	message_address = address;
	message_data = data;
	messages++;
}

bool guest_read(struct cpu *self, uint64_t guest, void *buffer, size_t size)
{
	CHECK(self == &cpu && size == sizeof(warm));
	memcpy(buffer, &warm, size);
	return guest == warm_at;
}

void cpu_fail(struct cpu *self, uint32_t why, uint64_t address, uint64_t detail)
{
	(void)detail;
	self->activity = CPU_PARKED;
	failed_at = address;
	reason = why;
	failures++;
}

void cpu_end_guest(struct cpu *self, uint32_t how)
{
	self->activity = CPU_PARKED;
	end = how;
	ends++;
}

bool cpu_may_complain(struct cpu *self)
{
	(void)self;
	return false;
}

void print(const char *format, ...)
{
	(void)format;
}

enum pci_result pci_port(struct cpu *self, struct pci_access *access)
{
	(void)self;
	access->value = 0x1234;
	return PCI_DONE;
}

static void start(uint32_t flags, unsigned num_ports)
{
	pool_init(&machine.pool, pool_memory, sizeof(pool_memory) / PAGE_SIZE, pool_bitmap);
	configured.config = (struct cellhv_cell_config){
		.flags = flags,
		.ports = {.offset = sizeof(configured.config),
			  .count = num_ports,
			  .entry_size = sizeof(struct cellhv_port_range)},
	};
	cell.platform = NULL;
	CHECK_EQ(pc_resource.reserve(&cell), 0);
	ring_init(&cell.console, console, sizeof(console));
	cell.console_taken = 0;
	pc_resource.start(&cell);
	cpu.activity = CPU_GUEST;
	failures = ends = messages = 0;
	warm_at = CELLHV_PC_WARM_ADDRESS;
	warm = 0;
}

static void start_pc(void)
{
	start(CELLHV_CELL_PLATFORM_PC, 0);
}

static bool port(uint16_t number, unsigned size, bool write)
{
	const struct port_access access = {number, (uint8_t)size, write, false};

	return port_exit(&cpu, &access);
}

static uint32_t in(uint16_t number, unsigned size)
{
	arch.regs[RAX] = 0x0123456789abcdefull;
	CHECK(port(number, size, false));
	return (uint32_t)(size == 4 ? arch.regs[RAX] : arch.regs[RAX] & ((1u << 8 * size) - 1));
}

static void out(uint16_t number, unsigned size, uint32_t value)
{
	arch.regs[RAX] = value;
	CHECK(port(number, size, true));
}

static uint64_t ioapic(uint64_t offset, unsigned size, bool write, uint64_t value)
{
	struct ioapic_access access = {offset, size, write, value};

	CHECK_EQ(pc_ioapic_guest_access(&cell, &access), IOAPIC_DONE);
	return access.value;
}

static uint32_t entry_read(unsigned index)
{
	ioapic(0, 4, true, index);
	return (uint32_t)ioapic(0x10, 4, false, 0);
}

static void entry_write(unsigned index, uint32_t value)
{
	ioapic(0, 4, true, index);
	ioapic(0x10, 4, true, value);
}

static void route(unsigned pin, uint32_t low)
{
	entry_write(ENTRY(pin) + 1, 0x05000000);
	entry_write(ENTRY(pin), low);
}

static bool is_nobodys(uint32_t number)
{
	return (number < 0x3f8 || number > 0x3ff) && number != 0x42 && number != 0x71 &&
	       number != 0x601 && (number < 0xcf8 || number > 0xcff) && number != 0x80 &&
	       number != 0x600 && number != 0x604;
}

TEST(nobodys_ports_are_absent)
{
	start_pc();
	for (uint32_t number = 0; number < 0x10000; number++) {
		if (!is_nobodys(number))
			continue;
		CHECK_EQ(in((uint16_t)number, 1), 0xff);
		out((uint16_t)number, 1, 6);
		CHECK_EQ(arch.regs[RAX], 6);
	}
	out(0x70, 1, 0x0a);
	CHECK_EQ(in(0x71, 1), 0);	     /* the clock: no update goes on */
	CHECK_EQ(in(0x42, 1), 0);	     /* the timer: it has run out */
	CHECK_EQ(in(0xffff, 4), UINT32_MAX); /* beyond the end of all */
	CHECK_EQ(in(0x60, 2), 0xffff);
	CHECK_EQ(arch.regs[RAX], 0x0123456789abffffull);
	CHECK_EQ(in(0x60, 4), UINT32_MAX);
	CHECK_EQ(arch.regs[RAX], UINT32_MAX);
	CHECK_EQ(failures + ends, 0);
}

/* How Linux finds out which mechanism there is. */
TEST(pci_is_probed)
{
	start_pc();
	CHECK_EQ(in(0xcf8, 4), 0);
	out(0xcfb, 1, 1);
	out(0xcf8, 4, 0x80000000);
	CHECK_EQ(in(0xcf8, 4), 0x80000000);
	out(0xcfa, 2, 0);
	out(0xcfb, 1, 0);
	CHECK_EQ(in(0xcf8, 1), 0xff);
	CHECK_EQ(in(0xcf8, 4), 0x80000000);
	CHECK_EQ(in(0xcfc, 4), 0x1234);
	/* Straddling what is there: none of it. */
	CHECK_EQ(in(0xcf6, 4), UINT32_MAX);
	CHECK_EQ(failures, 0);
	arch.config_address = 0;
}

TEST(strings_fail_a_pc_too)
{
	static const uint16_t ports[] = {0x60, 0x3f8, 0x604, 0xcfc, 0x80};

	for (unsigned i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		struct port_access access = {ports[i], 1, i & 1, true};

		start_pc();
		CHECK(!port_exit(&cpu, &access));
		CHECK_EQ(failures, 1);
		CHECK_EQ(reason, CELLHV_FAILURE_PORT);
		CHECK_EQ(failed_at, ports[i]);
	}
}

TEST(bare_cells_have_nothing_of_it)
{
	static const uint16_t ports[] = {0x60, 0x71, 0x3f8, 0x600, 0x601, 0x604, 0xcfb};

	for (unsigned i = 0; i < 2 * sizeof(ports) / sizeof(*ports); i++) {
		start(CELLHV_CELL_SIGNATURE_KVM | CELLHV_CELL_CONSOLE_VIRTUAL, 0);
		arch.regs[RAX] = 6;
		CHECK(!port(ports[i / 2], 1, i & 1));
		CHECK_EQ(failures, 1);
		CHECK_EQ(failed_at, ports[i / 2]);
		CHECK_EQ(ends, 0);
	}
	CHECK(!pc_is(&cell) && !pc_has_ioapic(&cell, CELLHV_PC_IOAPIC));
	CHECK(arch_console_room(&cell) < 0);
	CHECK_EQ(machine.pool.used, 0);
	pc_resource.fail(&cell);
	CHECK_EQ(pc_resource.stop(&cell, NULL), 0);
	pc_resource.release(&cell);
}

TEST(the_console_goes_both_ways)
{
	static const char text[] = "login: ";
	uint64_t position = 0;
	char read[32];

	start_pc();
	for (const char *c = text; *c; c++)
		out(CELLHV_PC_UART, 1, (uint8_t)*c);
	CHECK_EQ(ring_read(&cell.console, &position, read, sizeof(read)), sizeof(text) - 1);
	CHECK(memcmp(read, text, sizeof(text) - 1) == 0);

	CHECK_EQ(arch_console_room(&cell), 512);
	CHECK_EQ(arch_console_type(&cpu, &cell, "root", 4), 4);
	CHECK_EQ(arch_console_room(&cell), 508);
	CHECK_EQ(in(CELLHV_PC_UART + 5, 1), 0x61);
	for (const char *c = "root"; *c; c++)
		CHECK_EQ(in(CELLHV_PC_UART, 1), (uint8_t)*c);
	CHECK_EQ(cell.console_taken, 4);
	CHECK_EQ(in(CELLHV_PC_UART + 5, 1), 0x60);
	/* What is forgotten is gone as well. */
	CHECK_EQ(arch_console_type(&cpu, &cell, "root", 4), 4);
	out(CELLHV_PC_UART + 2, 1, 3);
	CHECK_EQ(cell.console_taken, 8);
	/* As much as there is room for. */
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(arch_console_type(&cpu, &cell, console, 200), i < 2	? 200
								       : i == 2 ? 112
										: 0);
	CHECK_EQ(arch_console_room(&cell), 0);
	/* A new start has nobody at the keys. */
	pc_resource.start(&cell);
	CHECK_EQ(arch_console_room(&cell), 512);
}

/* The bus takes an access apart. */
TEST(wide_accesses_to_the_uart)
{
	uint64_t position = 0;
	char read[8];

	start_pc();
	CHECK_EQ(in(CELLHV_PC_UART + 4, 4), 0x00b06000);
	out(CELLHV_PC_UART + 7, 1, 0x5a);
	CHECK_EQ(in(CELLHV_PC_UART + 7, 2), 0xff5a);
	CHECK_EQ(in(CELLHV_PC_UART - 1, 2), 0x00ff);
	out(CELLHV_PC_UART, 2, 'x' | 0x0f00);
	CHECK_EQ(in(CELLHV_PC_UART + 1, 1), 0x0f);
	CHECK_EQ(ring_read(&cell.console, &position, read, sizeof(read)), 1);
	CHECK_EQ(failures, 0);
}

TEST(a_cell_may_have_the_hardwares_uart)
{
	start(CELLHV_CELL_PLATFORM_PC, 0);
	configured.ports[0] = (struct cellhv_port_range){0x3ff, 1};
	start(CELLHV_CELL_PLATFORM_PC, 1);
	CHECK_EQ(in(CELLHV_PC_UART + 5, 1), 0xff);
	CHECK(arch_console_room(&cell) < 0);
	configured.ports[0] = (struct cellhv_port_range){0x400, 8};
	start(CELLHV_CELL_PLATFORM_PC, 1);
	CHECK_EQ(in(CELLHV_PC_UART + 5, 1), 0x60);
}

TEST(the_io_apic_is_an_82093aa)
{
	start_pc();
	CHECK(pc_has_ioapic(&cell, 0xfec00000) && pc_has_ioapic(&cell, 0xfec00fff));
	CHECK(!pc_has_ioapic(&cell, 0xfec01000) && !pc_has_ioapic(&cell, 0xfebfffff));
	CHECK_EQ(entry_read(1), 0x00170011);
	entry_write(1, 0xffffffff);
	CHECK_EQ(entry_read(1), 0x00170011);
	entry_write(0, 0xffffffff);
	CHECK_EQ(entry_read(0), 0x0f000000);
	CHECK_EQ(entry_read(2), 0x0f000000);
	for (unsigned pin = 0; pin < CELLHV_PC_IOAPIC_LINES; pin++) {
		CHECK_EQ(entry_read(ENTRY(pin)), MASKED);
		CHECK_EQ(entry_read(ENTRY(pin) + 1), 0);
		entry_write(ENTRY(pin), 0xffffffff);
		entry_write(ENTRY(pin) + 1, 0xffffffff);
		CHECK_EQ(entry_read(ENTRY(pin)), 0x0001afff);
		CHECK_EQ(entry_read(ENTRY(pin) + 1), 0xffff0000);
	}
	/* Other indices, offsets and sizes are nothing. */
	for (unsigned index = 3; index < 256; index++) {
		if (index >= ENTRY(0) && index < ENTRY(CELLHV_PC_IOAPIC_LINES))
			continue;
		entry_write(index, 0x12345678);
		CHECK_EQ(entry_read(index), 0);
	}
	entry_write(ENTRY(3), 0x31);
	for (uint64_t offset = 0; offset < 0x1000; offset++) {
		for (unsigned size = 1; size <= 8; size *= 2) {
			if (size == 4 && (offset == 0 || offset == 0x10))
				continue;
			ioapic(offset, size, true, 0x77);
			CHECK_EQ(ioapic(offset, size, false, 0), UINT64_MAX);
		}
	}
	CHECK_EQ(ioapic(0, 4, false, 0), ENTRY(3));
	CHECK_EQ(entry_read(ENTRY(3)), 0x31);
}

TEST(the_uart_interrupts)
{
	start_pc();
	out(CELLHV_PC_UART + 4, 1, 8);
	out(CELLHV_PC_UART + 1, 1, 1);
	route(CELLHV_PC_UART_GSI, MASKED | 0x34);
	arch_console_type(&cpu, &cell, "a", 1);
	CHECK_EQ(messages, 0);
	CHECK_EQ(in(CELLHV_PC_UART, 1), 'a');
	route(CELLHV_PC_UART_GSI, 0x34);
	CHECK_EQ(messages, 0);
	arch_console_type(&cpu, &cell, "bc", 2);
	CHECK_EQ(messages, 1);
	CHECK_EQ(message_address, 0xfee05000);
	CHECK_EQ(message_data, 0x34);
	CHECK_EQ(in(CELLHV_PC_UART, 1), 'b');
	CHECK_EQ(in(CELLHV_PC_UART, 1), 'c');
	CHECK_EQ(messages, 1);
	/* By the guest's own access, too; delivery and destination modes are the entry's. */
	route(CELLHV_PC_UART_GSI, 0xb935);
	out(CELLHV_PC_UART + 1, 1, 3);
	CHECK_EQ(messages, 2);
	CHECK_EQ(message_address, 0xfee05004);
	CHECK_EQ(message_data, 0x135);
}

TEST(the_button_interrupts_a_cell_that_runs)
{
	start_pc();
	arch_press_button(&cpu, &cell);
	CHECK_EQ(messages, 0);
	route(CELLHV_PC_BUTTON_GSI, 0x39);
	arch_press_button(&cpu, &cell);
	CHECK_EQ(messages, 1);
	CHECK_EQ(message_data, 0x39);
	messages = 0;
	pc_resource.fail(&cell);
	arch_press_button(&cpu, &cell);
	CHECK_EQ(messages, 0);
	pc_resource.start(&cell);
	CHECK_EQ(entry_read(ENTRY(CELLHV_PC_BUTTON_GSI)), MASKED);
	route(CELLHV_PC_BUTTON_GSI, 0x39);
	CHECK_EQ(pc_resource.stop(&cell, NULL), 0);
	arch_press_button(&cpu, &cell);
	CHECK_EQ(messages, 0);
	pc_resource.release(&cell);
	CHECK_EQ(machine.pool.used, 0);
}

TEST(only_s5_sleeps)
{
	for (uint32_t value = 0; value < 256; value++) {
		bool off = value & 0x20 && (value >> 2 & 7) == 5;

		start_pc();
		arch.regs[RAX] = value;
		CHECK_EQ(port(CELLHV_PC_SLEEP_CONTROL, 1, true), !off);
		CHECK_EQ(ends, off);
		CHECK(!off || end == CELL_SHUT_DOWN);
	}
	start_pc();
	out(CELLHV_PC_SLEEP_STATUS, 1, 0x80);
	CHECK_EQ(in(CELLHV_PC_SLEEP_STATUS, 1), 0);
	CHECK_EQ(failures + ends, 0);
}

static void reset(uint32_t value)
{
	start_pc();
	arch.regs[RAX] = value;
	CHECK_EQ(port(CELLHV_PC_RESET, 1, true), value != 6);
}

TEST(a_reset_is_one_or_a_panic)
{
	for (uint32_t value = 0; value < 256; value++) {
		reset(value);
		CHECK_EQ(ends, value == 6);
		CHECK(!ends || end == CELL_RESET);
	}
	start_pc();
	warm = CELLHV_PC_WARM;
	arch.regs[RAX] = 6;
	CHECK(!port(CELLHV_PC_RESET, 1, true));
	CHECK_EQ(ends, 0);
	CHECK_EQ(failures, 1);
	CHECK_EQ(reason, CELLHV_FAILURE_PANIC);
	/* Without memory there nobody has panicked. */
	start_pc();
	warm = CELLHV_PC_WARM;
	warm_at = 0;
	CHECK(!port(CELLHV_PC_RESET, 1, true));
	CHECK_EQ(ends, 1);
}

/* Sleep, and reset behind it: the first counts, the rest of the access is not done. */
TEST(one_access_ends_a_guest_once)
{
	start_pc();
	arch.regs[RAX] = 6u << 24 | 0x34u << 8;
	CHECK(!port(CELLHV_PC_SLEEP_CONTROL - 1, 4, true));
	CHECK_EQ(ends, 1);
	CHECK_EQ(end, CELL_SHUT_DOWN);
	start_pc();
	arch.regs[RAX] = 6u << 16;
	CHECK(!port(CELLHV_PC_RESET - 2, 4, true));
	CHECK_EQ(ends, 1);
	CHECK_EQ(end, CELL_RESET);
	CHECK_EQ(failures, 0);
}

TEST(random_accesses)
{
	static const uint8_t sizes[] = {1, 2, 4};

	srand(1);
	start_pc();
	for (unsigned i = 0; i < 300000; i++) {
		unsigned size = sizes[rand() % 3];
		bool write = rand() & 1;

		arch.regs[RAX] = (uint32_t)rand();
		if (rand() & 1)
			port((uint16_t)(0x3f4 + rand() % 16), size, write);
		else
			ioapic((uint64_t)(rand() & 0x10), rand() & 7 ? 4 : size, write,
			       (uint64_t)rand());
		if (!(rand() % 8))
			arch_console_type(&cpu, &cell, "text", 4);
	}
	CHECK_EQ(failures + ends, 0);
	CHECK(messages);
}
