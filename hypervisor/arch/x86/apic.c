/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/apic.h"

#include "arch/x86/idt.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "arch/x86/renew.h"
#include "arch/x86/safe.h"
#include "arch/x86/x86.h"
#include "core/errno.h"

#define APIC_SEND_TRIES 1000000u

static volatile uint32_t *apic_register(unsigned reg)
{
	return (volatile uint32_t *)(LAYOUT_XAPIC + reg * 0x10ul);
}

uint32_t apic_read(const struct cpu *self, unsigned reg)
{
	return self->arch->x2apic ? (uint32_t)msr_read(MSR_X2APIC + reg) : *apic_register(reg);
}

void apic_write(const struct cpu *self, unsigned reg, uint32_t value)
{
	if (self->arch->x2apic)
		msr_write(MSR_X2APIC + reg, value);
	else
		*apic_register(reg) = value;
}

bool apic_write_safe(const struct cpu *self, unsigned reg, uint32_t value)
{
	if (self->arch->x2apic)
		return msr_write_safe(MSR_X2APIC + reg, value);
	*apic_register(reg) = value;
	return true;
}

/* The bus takes an IPI at once; one that never does must not hold this CPU. */
static void apic_wait_sent(void)
{
	for (unsigned tries = 0; tries < APIC_SEND_TRIES; tries++) {
		if (!(*apic_register(APIC_ICR) & APIC_PENDING))
			break;
		__builtin_ia32_pause();
	}
}

bool apic_send_safe(const struct cpu *self, uint32_t destination, uint32_t command)
{
	uint32_t high;

	if (self->arch->x2apic) {
		/* The ICR MSR does not order earlier stores (Intel SDM vol. 3, 11.12.3). */
		__asm__ volatile("mfence; lfence" : : : "memory");
		return msr_write_safe(MSR_X2APIC + APIC_ICR, (uint64_t)destination << 32 | command);
	}
	/* The guest reads this register directly: leave in it what was there. */
	apic_wait_sent();
	high = *apic_register(APIC_ICR_HIGH);
	*apic_register(APIC_ICR_HIGH) = destination << 24;
	*apic_register(APIC_ICR) = command;
	apic_wait_sent();
	*apic_register(APIC_ICR_HIGH) = high;
	return true;
}

void apic_send(const struct cpu *self, uint32_t apic_id, uint32_t command)
{
	apic_send_safe(self, apic_id, command);
}

void apic_init(struct cpu *self)
{
	self->arch->x2apic = msr_read(MSR_APIC_BASE) & APIC_BASE_EXTD;
	self->arch->apic_id = apic_read(self, APIC_ID);
	if (self->arch->x2apic)
		return;

	self->arch->apic_id >>= 24;
	self->arch->xapic_ldr = apic_read(self, APIC_LDR);
	self->arch->icr_high = apic_read(self, APIC_ICR_HIGH);
}

static const uint8_t apic_lvts[] = {APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERF,
				    APIC_LVT_LINT0, APIC_LVT_LINT1,   APIC_LVT_ERROR};

/* Two LVT entries came with later processors (the version register has the highest index). */
static bool apic_has(const struct cpu *self, unsigned reg)
{
	if (reg != APIC_LVT_THERMAL && reg != APIC_LVT_PERF)
		return true;
	return ((apic_read(self, APIC_VERSION) >> 16) & 0xff) >=
	       (reg == APIC_LVT_THERMAL ? 5u : 4u);
}

/* The way out of x2APIC mode leads through the disabled state (Intel SDM vol. 3, 11.12.5). */
static void apic_set_mode(struct cpu *self, bool x2apic)
{
	uint64_t base = msr_read(MSR_APIC_BASE) & ~(APIC_BASE_ENABLE | APIC_BASE_EXTD);

	if (x2apic == self->arch->x2apic)
		return;

	if (x2apic) {
		msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_EXTD);
	} else {
		msr_write(MSR_APIC_BASE, base);
		msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
		if (!(msr_read(MSR_APIC_BASE) & APIC_BASE_ENABLE))
			renew_wait(self);
	}
	self->arch->x2apic = x2apic;
}

bool apic_in_service(const struct cpu *self, unsigned vector)
{
	return apic_read(self, APIC_ISR + vector / 32) >> (vector % 32) & 1;
}

static bool apic_is_empty(const struct cpu *self)
{
	for (unsigned i = 0; i < 256 / 32; i++)
		if (apic_read(self, APIC_ISR + i) || apic_read(self, APIC_IRR + i))
			return false;
	return true;
}

/* Those of all vectors, and for each one more that comes meanwhile. */
#define APIC_DRAIN_TRIES 512u

void apic_reset(struct cpu *self, bool x2apic)
{
	for (unsigned i = 0; i < sizeof(apic_lvts); i++)
		if (apic_has(self, apic_lvts[i]))
			apic_write(self, apic_lvts[i], APIC_LVT_MASKED | 0xff);
	apic_write(self, APIC_TIMER_INITIAL, 0);

	/* What the former owner left pending is taken and acknowledged here, not by the next. */
	apic_write(self, APIC_SVR, APIC_SVR_ENABLE | 0xff);
	apic_write(self, APIC_TPR, 0);
	for (unsigned i = 0; i < APIC_DRAIN_TRIES && !apic_is_empty(self); i++) {
		apic_write(self, APIC_EOI, 0);
		idt_take_interrupt();
	}
	apic_set_mode(self, x2apic);
	apic_write(self, APIC_SVR, 0xff);
}

/* Timer count and TSC at one moment: of several tries the one that took least. */
static void apic_sample(const struct cpu *self, uint64_t *tsc, uint32_t *count)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < 10; i++) {
		uint64_t before = tsc_read();
		uint32_t value = apic_read(self, APIC_TIMER_CURRENT);
		uint64_t took = tsc_read() - before;

		if (took < best) {
			best = took;
			*tsc = before + took / 2;
			*count = value;
		}
	}
}

uint32_t apic_measure_khz(const struct cpu *self, uint32_t tsc_khz)
{
	uint32_t count_start = 0, count_end = 0;
	uint64_t tsc_start = 0, tsc_end = 0;

	apic_write(self, APIC_SVR, APIC_SVR_ENABLE | 0xff);
	apic_write(self, APIC_LVT_TIMER, APIC_LVT_MASKED | 0xff);
	apic_write(self, APIC_TIMER_DIVIDE, 0xb); /* by 1 */
	apic_write(self, APIC_TIMER_INITIAL, UINT32_MAX);
	apic_sample(self, &tsc_start, &count_start);
	while (tsc_read() - tsc_start < tsc_khz * 10ull)
		__builtin_ia32_pause();
	apic_sample(self, &tsc_end, &count_end);
	apic_write(self, APIC_TIMER_INITIAL, 0);
	apic_write(self, APIC_SVR, 0xff);
	return (uint32_t)((uint64_t)(count_start - count_end) * tsc_khz / (tsc_end - tsc_start));
}

/* What a cell may write, by register, and with which bits; ICR, LDR and DFR are special. */
static const struct {
	uint32_t bits;
	bool allowed;
	bool lvt;
} apic_writable[APIC_REGISTERS] = {
	[APIC_TPR] = {0xff, true, false},
	[APIC_EOI] = {0, true, false},
	[APIC_SVR] = {0x1ff, true, false},
	[APIC_ESR] = {0, true, false},
	[APIC_LVT_TIMER] = {0x700ff, true, true},
	[APIC_LVT_THERMAL] = {0x107ff, true, true},
	[APIC_LVT_PERF] = {0x107ff, true, true},
	[APIC_LVT_LINT0] = {0x1a7ff, true, true},
	[APIC_LVT_LINT1] = {0x1a7ff, true, true},
	[APIC_LVT_ERROR] = {0x100ff, true, true},
	[APIC_TIMER_INITIAL] = {UINT32_MAX, true, false},
	[APIC_TIMER_DIVIDE] = {0xb, true, false},
};

/* Only what ends in this CPU's IDT: SMI, INIT and ExtINT are not the cell's to raise. */
static bool apic_lvt_allowed(uint32_t value)
{
	uint32_t delivery = value & APIC_DELIVERY_MASK;

	return (value & APIC_LVT_MASKED) || delivery == APIC_DELIVERY_FIXED ||
	       delivery == APIC_DELIVERY_NMI;
}

static int apic_write_filtered(struct cpu *self, unsigned reg, uint32_t value)
{
	if (reg >= APIC_REGISTERS || !apic_writable[reg].allowed ||
	    (apic_writable[reg].lvt && !apic_lvt_allowed(value)))
		return -EPERM;

	if (!apic_has(self, reg))
		return 0;
	return apic_write_safe(self, reg, value & apic_writable[reg].bits) ? 0 : -EINVAL;
}

int apic_guest_write(struct cpu *self, unsigned reg, uint32_t value)
{
	switch (reg) {
	case APIC_ICR:
		return ipi_send(self, value, self->arch->icr_high) ? 0 : -EPERM;
	case APIC_ICR_HIGH:
		self->arch->icr_high = value;
		return 0;
	case APIC_LDR:
		self->arch->xapic_ldr = value;
		if (!self->arch->x2apic)
			apic_write_safe(self, reg, value);
		return 0;
	case APIC_ID:
	case APIC_DFR:
		return 0; /* flat and unchanged, whatever the guest thinks */
	case APIC_SELF_IPI:
		value = (value & 0xff) | 1u << APIC_SHORTHAND_SHIFT;
		return ipi_send(self, value, 0) ? 0 : -EPERM;
	default:
		return apic_write_filtered(self, reg, value);
	}
}

bool apic_guest_read(struct cpu *self, unsigned reg, uint32_t *value)
{
	if (reg >= APIC_REGISTERS)
		return false;

	switch (reg) {
	case APIC_ICR:
		*value = 0;
		return true;
	case APIC_ICR_HIGH:
		*value = self->arch->icr_high;
		return true;
	case APIC_LDR:
		*value = self->arch->xapic_ldr;
		return true;
	case APIC_DFR:
		*value = UINT32_MAX;
		return true;
	case APIC_ID:
		*value = self->arch->apic_id;
		return true;
	case APIC_SELF_IPI:
	case APIC_EOI:
	case APIC_LVT_CMCI:
		*value = 0;
		return true;
	default:
		break;
	}
	/* The holes in the register map raise #GP as MSRs. */
	if (reg < APIC_ID || (reg > APIC_VERSION && reg < APIC_TPR) || reg == 0x09 || reg == 0x0c ||
	    (reg > APIC_ESR && reg < APIC_LVT_CMCI) ||
	    (reg > APIC_TIMER_CURRENT && reg < APIC_TIMER_DIVIDE)) {
		*value = 0;
		return true;
	}
	*value = apic_has(self, reg) ? apic_read(self, reg) : APIC_LVT_MASKED;
	return true;
}
