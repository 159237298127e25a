/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU 0 sends INIT and start-up IPIs to CPU 1 without end or care. CASE:
 *
 *   storm    CPU 1 executes CPUID, which exits, as often as it can; the test stops the cell
 *   revive   CPU 1 does what it must not: nothing but the management may start it again
 */
#include "runtime/x86/x86.h"

/* In the cell's memory, past the program; start-up IPIs name the page. */
#define CODE 0x80000
#define LIVES 0x81000

#define PATIENCE_US 2000000
#define STORMS 500

/* cpuid; jmp to it */
static const uint8_t leave_for_ever[] = {0x0f, 0xa2, 0xeb, 0xfc};

/* mov $0x8100, %ax; mov %ax, %ds; incw 0; in $0x61, %al; jmp . */
static const uint8_t live_and_fail[] = {0xb8, 0x00, 0x81, 0x8e, 0xd8, 0xff, 0x06,
					0x00, 0x00, 0xe4, 0x61, 0xeb, 0xfe};

static volatile uint16_t *const lives = (volatile uint16_t *)LIVES;

static void put(const uint8_t *code, unsigned int size)
{
	volatile uint8_t *to = (volatile uint8_t *)CODE;

	for (unsigned int i = 0; i < size; i++)
		to[i] = code[i];
}

static void storm(void)
{
	apic_send_init(smp_apic_id(1));
	apic_send_startup(smp_apic_id(1), CODE >> 12);
}

static void revive(void)
{
	uint64_t begin = rdtsc();

	put(live_and_fail, sizeof(live_and_fail));
	storm();
	while (*lives == 0 && rdtsc() - begin < clock_from_us(PATIENCE_US))
		cpu_relax();
	for (unsigned int i = 0; i < STORMS; i++) {
		storm();
		delay_us(100);
	}
	printk("%s revive: CPU 1 had %u lives\n", *lives == 1 ? "ok" : "not ok", *lives);
}

void guest_main(void)
{
	smp_wait();
	apic_enable();
	if (CASE[0] == 'r') {
		revive();
		return;
	}
	put(leave_for_ever, sizeof(leave_for_ever));
	printk("ready\n");
	for (;;)
		storm();
}
