/* SPDX-License-Identifier: BSD-2-Clause */
#include "internal.h"

#define PM_TIMER_HZ 3579545 /* ACPI 6.5, 4.8.3.3 */
#define PM_TIMER_MASK 0xffffffu
#define X2APIC_TIMER_CURRENT 0x839

#define SAMPLE_READINGS 8
#define CALIBRATION_MS 50
#define CALIBRATION_PM_TICKS (PM_TIMER_HZ / 1000 * CALIBRATION_MS)

uint32_t tsc_khz;
uint32_t apic_khz;

/* All three clocks at one moment. */
struct sample {
	uint64_t tsc;
	uint32_t apic; /* counts down */
	uint32_t pm;
};

static uint32_t pm_ticks_since(const struct sample *start)
{
	return (inl(comm->pm_timer_port) - start->pm) & PM_TIMER_MASK;
}

/* Of several readings the quickest: the others were interrupted, by SMIs or by an emulator's host.
 */
static struct sample take_sample(void)
{
	struct sample best = {0}, sample;
	uint64_t start, shortest = UINT64_MAX;

	for (unsigned int i = 0; i < SAMPLE_READINGS; i++) {
		start = rdtsc();
		sample.pm = inl(comm->pm_timer_port);
		sample.apic = (uint32_t)rdmsr(X2APIC_TIMER_CURRENT);
		sample.tsc = rdtsc();
		if (sample.tsc - start < shortest) {
			shortest = sample.tsc - start;
			best = sample;
		}
	}
	return best;
}

/* Clocks in `pm_ticks` of the PM timer to kHz. */
static uint32_t clocks_to_khz(uint64_t clocks, uint32_t pm_ticks)
{
	return (uint32_t)divide(divide(clocks * PM_TIMER_HZ, pm_ticks, NULL), 1000, NULL);
}

static void calibrate(void)
{
	struct sample start, end;
	uint32_t pm_ticks;

	/* Counting down from the top it does not fire within the time it takes. */
	apic_timer_one_shot(VECTOR_TIMER);
	apic_timer_arm(UINT32_MAX);
	start = take_sample();
	while (pm_ticks_since(&start) < CALIBRATION_PM_TICKS)
		cpu_relax();
	end = take_sample();
	apic_timer_stop();

	pm_ticks = (end.pm - start.pm) & PM_TIMER_MASK;
	tsc_khz = clocks_to_khz(end.tsc - start.tsc, pm_ticks);
	apic_khz = clocks_to_khz(start.apic - end.apic, pm_ticks);
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

uint64_t clock_to_ns(uint64_t clocks)
{
	return divide(clocks * 1000000, tsc_khz, NULL);
}

uint64_t clock_from_us(uint32_t us)
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

void timer_init(void)
{
	apic_timer_one_shot(VECTOR_TIMER);
}

void timer_arm(uint64_t clocks)
{
	apic_timer_arm(tsc_to_apic(clocks));
}

void timer_stop(void)
{
	apic_timer_stop();
}

void delay_us(uint32_t us)
{
	uint64_t start = rdtsc(), clocks = clock_from_us(us);

	while (rdtsc() - start < clocks)
		cpu_relax();
}
