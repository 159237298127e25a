/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that knows the APIC by its registers in memory only, with the forms of MOV that such
 * guests use: A1 and A3 (32-bit code), 8B, 89 and C7.
 */
#include "runtime/x86/x86.h"

#define APIC_ID 0xfee00020
#define APIC_VERSION 0xfee00030
#define APIC_TASK_PRIORITY 0xfee00080
#define APIC_EOI 0xfee000b0
#define APIC_LOGICAL_DESTINATION 0xfee000d0
#define APIC_DESTINATION_FORMAT 0xfee000e0
#define APIC_SPURIOUS 0xfee000f0
#define APIC_COMMAND_LOW 0xfee00300
#define APIC_COMMAND_HIGH 0xfee00310
#define APIC_LVT_TIMER 0xfee00320
#define APIC_LVT_PERFORMANCE 0xfee00340
#define APIC_TIMER_INITIAL 0xfee00380
#define APIC_TIMER_CURRENT 0xfee00390
#define APIC_TIMER_DIVIDE 0xfee003e0

#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_TIMER_PERIODIC 0x20000
#define TIMER_DIVIDE_BY_1 0xb
#define COMMAND_ASSERT 0x4000

#define TICKS 20
#define INTERVAL_US 10000

static volatile unsigned int ticks, ipis;

/* 8B /r */
static uint32_t read_modrm(uintptr_t address)
{
	uint32_t value;

	asm volatile("movl (%1), %k0" : "=c"(value) : "b"(address) : "memory");
	return value;
}

/* 89 /r */
static void write_modrm(uintptr_t address, uint32_t value)
{
	asm volatile("movl %k0, (%1)" : : "c"(value), "b"(address) : "memory");
}

/* C7 /0 with a displacement of 8 bits */
static inline __attribute__((always_inline)) void write_immediate(uintptr_t address, uint32_t value)
{
	asm volatile("movl %0, 0x10(%1)" : : "i"(value), "b"(address - 0x10) : "memory");
}

#ifdef __i386__
/* A1 */
static uint32_t read_id(void)
{
	uint32_t value;

	asm volatile("movl %c1, %0" : "=a"(value) : "i"(APIC_ID) : "memory");
	return value;
}

/* A3 */
static void write_logical_destination(uint32_t value)
{
	asm volatile("movl %0, %c1" : : "a"(value), "i"(APIC_LOGICAL_DESTINATION) : "memory");
}
#else
static uint32_t read_id(void)
{
	return read_modrm(APIC_ID);
}

static void write_logical_destination(uint32_t value)
{
	write_modrm(APIC_LOGICAL_DESTINATION, value);
}
#endif

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	ticks++;
	write_immediate(APIC_EOI, 0);
}

static void on_ipi(struct interrupt_frame *frame)
{
	(void)frame;
	ipis++;
	write_immediate(APIC_EOI, 0);
}

static void verdict(bool ok, const char *what, uint32_t value)
{
	printk("%s xapic-%s: %x\n", ok ? "ok" : "not ok", what, value);
}

static void enable(void)
{
	write_immediate(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	write_modrm(APIC_TASK_PRIORITY, 0);
	write_immediate(APIC_DESTINATION_FORMAT, 0xffffffff);
	write_logical_destination(1u << 24);
	write_immediate(APIC_LVT_PERFORMANCE, LVT_MASKED);
}

static void test_registers(void)
{
	uint32_t id = read_id() >> 24, version = read_modrm(APIC_VERSION);
	uint32_t spurious = read_modrm(APIC_SPURIOUS);

	verdict(id == cpuid(1).ebx >> 24, "id", id);
	verdict((version & 0xff) >= 0x10 && (version & 0xff) < 0x20, "version", version);
	verdict((spurious & 0x1ff) == (SPURIOUS_ENABLE | VECTOR_SPURIOUS), "spurious", spurious);
}

static void test_timer(void)
{
	uint32_t interval = tsc_to_apic(clock_from_us(INTERVAL_US)), current;

	interrupts_set_handler(VECTOR_TIMER, on_timer);
	write_immediate(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	write_immediate(APIC_LVT_TIMER, LVT_TIMER_PERIODIC | VECTOR_TIMER);
	write_modrm(APIC_TIMER_INITIAL, interval);
	current = read_modrm(APIC_TIMER_CURRENT);
	verdict(current != 0 && current <= interval, "current", current);

	/* An EOI that gets lost leaves it at one tick, and the test at its time-out. */
	while (ticks < TICKS)
		cpu_idle();
	write_immediate(APIC_LVT_TIMER, LVT_MASKED);
	verdict(true, "timer", ticks);
}

static void test_self_ipi(void)
{
	uint64_t start = rdtsc();

	interrupts_set_handler(VECTOR_IPI, on_ipi);
	write_modrm(APIC_COMMAND_HIGH, read_id());
	write_modrm(APIC_COMMAND_LOW, COMMAND_ASSERT | VECTOR_IPI);
	asm volatile("sti" : : : "memory");
	while (!ipis && rdtsc() - start < clock_from_us(1000000))
		cpu_relax();
	asm volatile("cli" : : : "memory");
	verdict(ipis == 1, "self-ipi", ipis);
}

void guest_main(void)
{
	enable();
	test_registers();
	test_timer();
	test_self_ipi();
}
