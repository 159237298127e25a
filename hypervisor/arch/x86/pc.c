/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of a PC that a cell finds, put together: who may touch them, where they are, whom they
 * interrupt. Guests and management wait for their lock, which nobody has for longer than one
 * access.
 */
#include "arch/x86/pc.h"

#include "arch/x86/guest_memory.h"
#include "arch/x86/msi.h"
#include "arch/x86/pc_ioapic.h"
#include "arch/x86/pc_uart.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/range.h"
#include "core/resource.h"

#define NOBODY 0xffu

#define TIMER_COUNTER 0x42u
#define CLOCK_DATA 0x71u

#define SLEEP_TYPE_SHIFT 2 /* ACPI 6.5, 4.8.3.7 */
#define SLEEP_TYPE_MASK 7u
#define SLEEP_ENABLE 0x20u

struct platform {
	struct spinlock lock;
	bool active; /* the cell runs; atomic */
	bool has_uart;
	struct pc_uart uart;
	struct pc_ioapic ioapic;
};

_Static_assert(sizeof(struct platform) <= PAGE_SIZE, "a cell's machine fits a page");

/* With the lock held. */
static void pull(struct cpu *self, const struct cell *cell, unsigned pin)
{
	struct platform *pc = cell->platform;
	uint64_t address;
	uint32_t data;

	if (__atomic_load_n(&pc->active, __ATOMIC_ACQUIRE) &&
	    pc_ioapic_message(&pc->ioapic, pin, &address, &data))
		msi_send_to_cell(self, cell, address, data);
}

/* ---- The UART ---- */

/* read: how much the guest had taken of what was typed before. */
static void uart_done(struct cpu *self, struct cell *cell, uint32_t read)
{
	struct platform *pc = cell->platform;

	cell->console_taken += pc->uart.read - read;
	if (pc_uart_take_edge(&pc->uart))
		pull(self, cell, CELLHV_PC_UART_GSI);
}

static uint8_t uart_read(struct cpu *cpu, unsigned reg)
{
	struct cell *cell = cpu->cell;
	struct platform *pc = cell->platform;
	uint32_t before;
	uint8_t value;

	lock_acquire(&pc->lock);
	before = pc->uart.read;
	value = pc_uart_read(&pc->uart, reg);
	uart_done(cpu, cell, before);
	lock_release(&pc->lock);
	return value;
}

static void uart_write(struct cpu *cpu, unsigned reg, uint8_t value)
{
	struct cell *cell = cpu->cell;
	struct platform *pc = cell->platform;
	uint32_t before;
	int sent;

	lock_acquire(&pc->lock);
	before = pc->uart.read;
	sent = pc_uart_write(&pc->uart, reg, value);
	if (sent != PC_UART_NOTHING)
		cell_console_put(cell, (char)sent);
	uart_done(cpu, cell, before);
	lock_release(&pc->lock);
}

static bool is_uart(const struct cell *cell, uint32_t port)
{
	return cell->platform->has_uart && port >= CELLHV_PC_UART &&
	       port < CELLHV_PC_UART + PC_UART_REGISTERS;
}

int arch_console_room(const struct cell *cell)
{
	struct platform *pc = cell->platform;
	uint32_t room;

	if (!pc || !pc->has_uart)
		return -1;
	lock_acquire(&pc->lock);
	room = pc_uart_room(&pc->uart);
	lock_release(&pc->lock);
	return (int)room;
}

uint32_t arch_console_type(struct cpu *self, struct cell *cell, const void *text, uint32_t size)
{
	const volatile uint8_t *bytes = text; /* the root may change them meanwhile */
	struct platform *pc = cell->platform;
	uint32_t count = 0;

	lock_acquire(&pc->lock);
	while (count < size && pc_uart_room(&pc->uart))
		pc_uart_type(&pc->uart, bytes[count++]);
	uart_done(self, cell, pc->uart.read);
	lock_release(&pc->lock);
	return count;
}

/* ---- The power ---- */

void arch_press_button(struct cpu *self, const struct cell *cell)
{
	struct platform *pc = cell->platform;

	lock_acquire(&pc->lock);
	pull(self, cell, CELLHV_PC_BUTTON_GSI);
	lock_release(&pc->lock);
}

static void sleep_control(struct cpu *cpu, uint8_t value)
{
	if (value & SLEEP_ENABLE &&
	    (value >> SLEEP_TYPE_SHIFT & SLEEP_TYPE_MASK) == CELLHV_PC_SLEEP_S5)
		cpu_end_guest(cpu, CELL_SHUT_DOWN);
}

static void reset(struct cpu *cpu, uint8_t value)
{
	uint16_t warm = 0;

	if (value != CELLHV_PC_RESET_VALUE)
		return;
	if (guest_read(cpu, CELLHV_PC_WARM_ADDRESS, &warm, sizeof(warm)) && warm == CELLHV_PC_WARM)
		cpu_fail(cpu, CELLHV_FAILURE_PANIC, 0, 0);
	else
		cpu_end_guest(cpu, CELL_RESET);
}

/* ---- Ports ---- */

/*
 * The clock reads 0 throughout: no update goes on, and the time is none that anybody believes. The
 * timer's counter has run out: one that stays at FFh is looked at 100,000 times by Linux.
 */
static const struct {
	uint16_t port;
	uint8_t value;
} constants[] = {
	{TIMER_COUNTER, 0},
	{CLOCK_DATA, 0},
	{CELLHV_PC_SLEEP_STATUS, 0},
};

static uint8_t read_byte(struct cpu *cpu, uint32_t port)
{
	if (is_uart(cpu->cell, port))
		return uart_read(cpu, port - CELLHV_PC_UART);
	for (unsigned i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (constants[i].port == port)
			return constants[i].value;
	return NOBODY;
}

static void write_byte(struct cpu *cpu, uint32_t port, uint8_t value)
{
	if (is_uart(cpu->cell, port))
		uart_write(cpu, port - CELLHV_PC_UART, value);
	else if (port == CELLHV_PC_SLEEP_CONTROL)
		sleep_control(cpu, value);
	else if (port == CELLHV_PC_RESET)
		reset(cpu, value);
}

int pc_port_access(struct cpu *cpu, const struct port_access *access, uint32_t *value)
{
	uint32_t read = 0;

	for (unsigned i = 0; i < access->size && cpu->activity != CPU_PARKED; i++) {
		uint32_t port = access->port + i;

		if (access->write)
			write_byte(cpu, port, (uint8_t)(*value >> 8 * i));
		else
			read |= (uint32_t)read_byte(cpu, port) << 8 * i;
	}
	if (!access->write)
		*value = read;
	return cpu->activity == CPU_PARKED ? -EAGAIN : 0;
}

/* ---- The I/O APIC ---- */

bool pc_has_ioapic(const struct cell *cell, uint64_t guest)
{
	return pc_is(cell) && (guest & ~(PAGE_SIZE - 1)) == CELLHV_PC_IOAPIC;
}

enum ioapic_result pc_ioapic_guest_access(const struct cell *cell, struct ioapic_access *access)
{
	struct platform *pc = cell->platform;

	lock_acquire(&pc->lock);
	pc_ioapic_access(&pc->ioapic, access);
	lock_release(&pc->lock);
	return IOAPIC_DONE;
}

/* ---- As what a cell owns ---- */

static bool owns_uart(const struct cell *cell)
{
	struct cellhv_port_range range;

	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
		if (range_overlaps(range.base, range.count, CELLHV_PC_UART, PC_UART_REGISTERS))
			return true;
	return false;
}

static int pc_reserve(struct cell *cell)
{
	if (!(cell->config->flags & CELLHV_CELL_PLATFORM_PC))
		return 0;
	cell->platform = pool_alloc(&machine.pool, 1);
	if (!cell->platform)
		return -ENOMEM;
	cell->platform->has_uart = !owns_uart(cell);
	return 0;
}

static void pc_start(struct cell *cell)
{
	struct platform *pc = cell->platform;

	if (!pc)
		return;
	pc_uart_reset(&pc->uart);
	pc_ioapic_reset(&pc->ioapic);
	__atomic_store_n(&pc->active, true, __ATOMIC_RELEASE);
}

static void pc_fail(struct cell *cell)
{
	if (pc_is(cell))
		__atomic_store_n(&cell->platform->active, false, __ATOMIC_RELEASE);
}

static int pc_stop(struct cell *cell, struct cellhv_call *call)
{
	(void)call;
	pc_fail(cell);
	return 0;
}

static void pc_release(struct cell *cell)
{
	pool_free(&machine.pool, cell->platform, 1);
}

const struct resource pc_resource = {
	.reserve = pc_reserve,
	.start = pc_start,
	.stop = pc_stop,
	.fail = pc_fail,
	.release = pc_release,
};
