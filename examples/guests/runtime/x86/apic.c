/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APIC by its x2APIC registers, which every cell has (AMD64 APM vol. 2, 16.9 to 16.14).
 */
#include "internal.h"

#define X2APIC_ID 0x802
#define X2APIC_TASK_PRIORITY 0x808
#define X2APIC_EOI 0x80b
#define X2APIC_SPURIOUS 0x80f
#define X2APIC_COMMAND 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_TIMER_INITIAL 0x838
#define X2APIC_TIMER_DIVIDE 0x83e

#define MESSAGE_ADDRESS 0xfee00000u

#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_TIMER_PERIODIC 0x20000
#define TIMER_DIVIDE_BY_1 0xb
#define COMMAND_INIT 0x500
#define COMMAND_STARTUP 0x600
#define COMMAND_ASSERT 0x4000

void apic_enable(void)
{
	wrmsr(X2APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	wrmsr(X2APIC_TASK_PRIORITY, 0);
}

void interrupts_enable(void)
{
	apic_enable();
}

void interrupts_done(void)
{
	apic_eoi();
}

uint64_t msi_address(void)
{
	return MESSAGE_ADDRESS | apic_id() << 12;
}

uint32_t apic_id(void)
{
	return (uint32_t)rdmsr(X2APIC_ID);
}

void apic_eoi(void)
{
	wrmsr(X2APIC_EOI, 0);
}

void apic_timer_one_shot(unsigned int vector)
{
	wrmsr(X2APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	wrmsr(X2APIC_LVT_TIMER, vector);
}

void apic_timer_arm(uint32_t ticks)
{
	wrmsr(X2APIC_TIMER_INITIAL, ticks);
}

void apic_timer_periodic(unsigned int vector, uint32_t ticks)
{
	wrmsr(X2APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	wrmsr(X2APIC_LVT_TIMER, LVT_TIMER_PERIODIC | vector);
	wrmsr(X2APIC_TIMER_INITIAL, ticks);
}

void apic_timer_stop(void)
{
	wrmsr(X2APIC_TIMER_INITIAL, 0);
	wrmsr(X2APIC_LVT_TIMER, LVT_MASKED);
}

static void send(uint32_t destination, uint32_t command)
{
	wrmsr(X2APIC_COMMAND, (uint64_t)destination << 32 | COMMAND_ASSERT | command);
}

void apic_send_ipi(uint32_t destination, unsigned int vector)
{
	send(destination, vector);
}

void apic_send_init(uint32_t destination)
{
	send(destination, COMMAND_INIT);
}

void apic_send_startup(uint32_t destination, unsigned int page)
{
	send(destination, COMMAND_STARTUP | page);
}
