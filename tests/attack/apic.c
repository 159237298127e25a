/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local APIC: what a cell may tell it, and what it must not. Nothing of it may reach a CPU of
 * others. */
#include "attack.h"

#define X2APIC_ESR 0x828
#define X2APIC_COMMAND 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_LVT_ERROR 0x837
#define X2APIC_SELF_IPI 0x83f

#define MASKED 0x10000u
#define MODE(mode) ((uint32_t)(mode) << 8)
#define MODE_FIXED 0
#define MODE_LOWEST 1
#define MODE_NMI 4
#define MODE_INIT 5
#define MODE_STARTUP 6
#define LOGICAL 0x800u
#define ASSERT 0x4000u
#define LEVEL 0x8000u
#define SHORTHAND(shorthand) ((uint32_t)(shorthand) << 18)
#define OTHERS 3

static void all_bits(uint32_t msr, uint64_t base)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		try_wrmsr(msr, base ^ 1ull << bit);
		try_wrmsr(msr, MASKED | 0xff);
	}
}

/* Each LVT entry: masked in all modes, unmasked in those that end in this CPU's IDT. */
void attack_lvt(void)
{
	static const unsigned int quiet[] = {MODE_FIXED, MODE_NMI};

	for (uint32_t msr = X2APIC_LVT_TIMER; msr <= X2APIC_LVT_ERROR; msr++) {
		all_bits(msr, MASKED);
		for (unsigned int mode = 0; mode < 8; mode++)
			for (unsigned int vector = 0; vector < 256; vector += 5)
				try_wrmsr(msr, MASKED | MODE(mode) | vector);
		for (unsigned int i = 0; i < COUNT(quiet); i++)
			for (unsigned int vector = 0; vector < 256; vector += 5)
				try_wrmsr(msr, MODE(quiet[i]) | vector);
		try_wrmsr(msr, MASKED | 0xff);
	}
	verdict(true, "alive after NMIs", nmis);
}

static void command(uint32_t destination, uint32_t low)
{
	try_wrmsr(X2APIC_COMMAND, (uint64_t)destination << 32 | low);
}

/* INIT at oneself would be right, and the end of this. */
static void to_others(uint32_t destination, uint32_t flags)
{
	static const uint8_t modes[] = {MODE_FIXED, MODE_LOWEST, MODE_NMI, MODE_INIT, MODE_STARTUP};

	for (unsigned int i = 0; i < COUNT(modes); i++)
		for (unsigned int vector = 0; vector < 256; vector++)
			command(destination, flags | MODE(modes[i]) | vector);
}

static void to_all(uint32_t destination, uint32_t flags)
{
	for (unsigned int vector = 0; vector < 256; vector++)
		command(destination, flags | MODE(vector % 2 ? MODE_LOWEST : MODE_FIXED) | vector);
	command(destination, flags | MODE(MODE_NMI));
	command(destination, flags | MODE(MODE_STARTUP) | 1);
}

/* Interrupts are off: what comes stays pending, all 256 vectors, for the CPU's next owner. */
void attack_icr(void)
{
	static const uint32_t physical[] = {0, 1, 2, 4, 15, 16, 0xfe, 0x100, 0x7fffffff};
	static const uint32_t logical[] = {1, 2, 4, 0xfff0, 0x10001, 0x1ffff, 0xfffffff7};

	for (unsigned int i = 0; i < COUNT(physical); i++)
		if (physical[i] != apic_id())
			to_others(physical[i], i % 2 ? ASSERT : LEVEL | ASSERT);
	for (unsigned int i = 0; i < COUNT(logical); i++)
		if (!(logical[i] & 8) || logical[i] >> 16)
			to_others(logical[i], LOGICAL | ASSERT);
	to_others((uint32_t)scatter(), SHORTHAND(OTHERS) | ASSERT);
	for (unsigned int shorthand = 0; shorthand < OTHERS; shorthand++) {
		to_all(UINT32_MAX, SHORTHAND(shorthand) | ASSERT);
		to_all(UINT32_MAX, SHORTHAND(shorthand) | LOGICAL | LEVEL | ASSERT);
	}
	to_all(apic_id(), 0);
	for (uint64_t vector = 0; vector < 0x200; vector++)
		try_wrmsr(X2APIC_SELF_IPI, vector);
	verdict(nmis > 0, "alive after NMIs", nmis);
}

/* MODE SHORTHAND: one that no cell may send. */
void attack_icr_mode(void)
{
	command(0, MODE(arguments[0]) | SHORTHAND(arguments[1]) | ASSERT | 0x40);
	verdict(attempt_vector != NO_EXCEPTION, "the command is taken", arguments[0]);
}

/* An error whose interrupt has an illegal vector is an error (Intel SDM vol. 3, 11.5.3). */
void attack_apic_errors(void)
{
	for (unsigned int vector = 0; vector < 32; vector++) {
		try_wrmsr(X2APIC_LVT_ERROR, vector);
		command(apic_id(), vector & 15);
		try_wrmsr(X2APIC_SELF_IPI, vector & 15);
		try_wrmsr(X2APIC_ESR, 0);
	}
	verdict(true, "alive", rdmsr(X2APIC_ESR));
}

static volatile unsigned int received;

static void on_ipi(struct interrupt_frame *frame)
{
	(void)frame;
	received++;
	apic_eoi();
}

static void receiver(void)
{
	for (;;)
		cpu_idle();
}

/* As fast as it goes, at the other CPU of the cell: fixed and NMI. */
void attack_ipi_flood(void)
{
	if (smp_wait() < 2) {
		verdict(false, "the other CPU is away", 0);
		return;
	}
	interrupts_set_handler(VECTOR_IPI, on_ipi);
	apic_enable();
	verdict(smp_start(1, receiver), "the other CPU started", 1);
	for (unsigned int i = 0; i < 3000; i++) {
		apic_send_ipi(smp_apic_id(1), VECTOR_IPI);
		command(smp_apic_id(1), MODE(MODE_NMI) | ASSERT);
	}
	verdict(received > 0 && nmis > 0, "received", received);
}
