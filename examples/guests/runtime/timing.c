/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime.h"
#include "x86.h"

#define PM_TIMER_HZ 3579545 /* ACPI 6.5, 4.8.3.3 */
#define PM_TIMER_MASK 0xffffffu
#define X2APIC_TIMER_CURRENT 0x839

#define CALIBRATION_MS 50
#define CALIBRATION_PM_TICKS (PM_TIMER_HZ / 1000 * CALIBRATION_MS)

uint32_t tsc_khz;
uint32_t apic_khz;

/* Waits for CALIBRATION_PM_TICKS; returns how many have really passed. */
static uint32_t pm_timer_wait(void)
{
	uint32_t start = inl(comm->pm_timer_port), passed;

	do {
		passed = (inl(comm->pm_timer_port) - start) & PM_TIMER_MASK;
	} while (passed < CALIBRATION_PM_TICKS);
	return passed;
}

/* Clocks in `pm_ticks` of the PM timer to kHz. */
static uint32_t clocks_to_khz(uint64_t clocks, uint32_t pm_ticks)
{
	return (uint32_t)divide(divide(clocks * PM_TIMER_HZ, pm_ticks, NULL), 1000, NULL);
}

static void calibrate(void)
{
	uint64_t tsc;
	uint32_t apic, pm_ticks;

	/* Counting down from the top it cannot fire before the count is read. */
	apic_timer_one_shot(VECTOR_TIMER);
	apic_timer_arm(UINT32_MAX);
	tsc = rdtsc();
	pm_ticks = pm_timer_wait();
	tsc = rdtsc() - tsc;
	apic = UINT32_MAX - (uint32_t)rdmsr(X2APIC_TIMER_CURRENT);
	apic_timer_stop();

	tsc_khz = clocks_to_khz(tsc, pm_ticks);
	apic_khz = clocks_to_khz(apic, pm_ticks);
}

bool timing_init(void)
{
	if (comm->tsc_khz && comm->apic_khz) {
		tsc_khz = comm->tsc_khz;
		apic_khz = comm->apic_khz;
	} else if (comm->pm_timer_port) {
		calibrate();
	}
	return tsc_khz && apic_khz;
}

uint64_t tsc_to_ns(uint64_t tsc)
{
	return divide(tsc * 1000000, tsc_khz, NULL);
}

uint64_t us_to_tsc(uint32_t us)
{
	return divide((uint64_t)us * tsc_khz, 1000, NULL);
}

/* 2^32 timer clocks are seconds; their product with any frequency in kHz fits 64 bits. */
uint32_t tsc_to_apic(uint64_t tsc)
{
	uint64_t ticks = tsc >> 32 ? UINT32_MAX : divide(tsc * apic_khz, tsc_khz, NULL);

	if (ticks > UINT32_MAX)
		return UINT32_MAX;
	return ticks ? (uint32_t)ticks : 1;
}

void delay_us(uint32_t us)
{
	uint64_t start = rdtsc(), clocks = us_to_tsc(us);

	while (rdtsc() - start < clocks)
		cpu_relax();
}
