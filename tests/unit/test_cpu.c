/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CPU does for others: who gets it going, and whose signals reach it. */
#include <asm/prctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86/apic.h"
#include "arch/x86/machine.h"
#include "arch/x86/vcpu.h"
#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/resource.h"

struct machine machine = {.num_cpus = 2};
struct x86_machine x86_machine = {.apic_khz = 1};
struct cell root_cell;
struct cell *cells;
bool panicked;
static jmp_buf gone; /* from where a function that does not return was called */

/* What the code under test did to others. */
static unsigned kicks, resets, nmis, flushes, releases;
static uint32_t reset_page;

void apic_send(const struct cpu *self, uint32_t apic_id, uint32_t command)
{
	(void)self;
	(void)apic_id;
	CHECK_EQ(command & APIC_DELIVERY_MASK, APIC_DELIVERY_NMI);
	kicks++;
}

void apic_reset(struct cpu *self, bool x2apic)
{
	self->arch->x2apic = x2apic;
}

uint32_t apic_measure_khz(const struct cpu *self, uint32_t tsc_khz)
{
	(void)self;
	return tsc_khz;
}

static void reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip)
{
	(void)cpu;
	(void)cs_selector;
	(void)ip;
	resets++;
	reset_page = (uint32_t)(cs_base >> 12);
}

static void queue_nmi(struct cpu *cpu)
{
	(void)cpu;
	nmis++;
}

static void flush(struct cpu *cpu)
{
	(void)cpu;
	flushes++;
}

static void get_state(const struct cpu *cpu, struct vcpu_state *state)
{
	(void)cpu;
	*state = (struct vcpu_state){.rip = 0x1234};
}

static const struct vcpu_ops operations = {
	.reset = reset, .queue_nmi = queue_nmi, .flush = flush, .get_state = get_state};
const struct vcpu_ops *vcpu_ops = &operations;

void arch_release(struct cpu *self)
{
	self->present = false;
	releases++;
	longjmp(gone, 1);
}

void fpu_reset(void)
{
}

void renew_cpu(struct cpu *target)
{
	(void)target;
}

static struct cellhv_failure reported[2];
static unsigned reports;

void cell_fail(struct cell *cell, const struct cellhv_failure *failure)
{
	CHECK(cell && reports < 2);
	reported[reports++] = *failure;
}

void print(const char *format, ...)
{
	(void)format;
}

void panic(const char *format, ...)
{
	(void)format;
	longjmp(gone, 1);
}

void panic_stop(void)
{
	abort();
}

/* Two CPUs of one cell; the root's are others. */
static struct cell cell;
static struct cellhv_cell_config *config;
static struct arch_cpu first_arch, second_arch;
static struct cpu first, second;

static void make_cpu(struct cpu *cpu, struct arch_cpu *arch, uint32_t number)
{
	*arch = (struct arch_cpu){.cpu = cpu};
	*cpu = (struct cpu){.arch = arch, .number = number, .activity = CPU_PARKED};
	cpu_add(cpu);
}

static void build(void)
{
	if (!config)
		config = calloc(1, sizeof(*config));
	make_cpu(&first, &first_arch, 0);
	make_cpu(&second, &second_arch, 1);
	CHECK_EQ(num_cpus, 2);
	/* What arch_self() reads. */
	syscall(SYS_arch_prctl, ARCH_SET_GS, &first_arch);
	cell = (struct cell){.id = 7, .name = "some", .config = config};
	cpu_set_owner(&first, &cell);
	cpu_set_owner(&second, &cell);
	kicks = resets = nmis = flushes = releases = reset_page = 0;
}

static void serve(struct cpu *cpu)
{
	cpu->kicked = false;
	cpu_serve_requests(cpu);
}

static void signal_sipi(const struct cell *from, uint8_t page)
{
	cpu_signal(&second, from, CPU_SIGNAL_VECTOR,
		   CPU_SIGNAL_SIPI | (uint32_t)page << CPU_SIGNAL_VECTOR_SHIFT);
}

static void signal_all(uint8_t page)
{
	cpu_signal(&second, &cell, 0, CPU_SIGNAL_INIT);
	signal_sipi(&cell, page);
	cpu_signal(&second, &cell, 0, CPU_SIGNAL_NMI);
}

static void run_second(void)
{
	cpu_request(&second, CPU_REQUEST_RESET);
	serve(&second);
	CHECK_EQ(second.activity, CPU_GUEST);
	CHECK_EQ(resets, 1);
}

TEST(init_and_sipi_start_a_running_cpu_anew)
{
	build();
	run_second();
	signal_all(0x45);
	CHECK_EQ(kicks, 2); /* one for the request, one for all signals */
	serve(&second);
	CHECK_EQ(second.activity, CPU_GUEST);
	CHECK_EQ(resets, 2);
	CHECK_EQ(reset_page, 0x45);
	CHECK_EQ(nmis, 1);
	serve(&second);
	CHECK_EQ(resets, 2);
	CHECK_EQ(nmis, 1);
}

TEST(sipi_counts_after_init_alone)
{
	build();
	run_second();
	signal_sipi(&cell, 1);
	serve(&second);
	CHECK_EQ(resets, 1);
	cpu_signal(&second, &cell, 0, CPU_SIGNAL_INIT);
	serve(&second);
	CHECK_EQ(second.activity, CPU_AWAITS_START);
	signal_sipi(&cell, 2);
	serve(&second);
	CHECK_EQ(second.activity, CPU_GUEST);
	CHECK_EQ(reset_page, 2);
}

TEST(signals_do_not_revive_what_is_parked_in_the_same_pass)
{
	build();
	run_second();
	cpu_request(&second, CPU_REQUEST_PARK);
	signal_all(1);
	serve(&second);
	CHECK_EQ(second.activity, CPU_PARKED);
	CHECK_EQ(second.requests, 0);
	CHECK_EQ(resets, 1);
	CHECK_EQ(nmis, 0);
}

TEST(signals_do_not_revive_what_is_parked_or_failed)
{
	build();
	signal_all(1);
	serve(&second);
	CHECK_EQ(second.activity, CPU_PARKED);

	run_second();
	cpu_fail(&second, CELLHV_FAILURE_PORT, 0, 0);
	signal_all(1);
	serve(&second);
	CHECK_EQ(second.activity, CPU_PARKED);
	CHECK_EQ(resets, 1);
	CHECK_EQ(nmis, 0);
}

/* The sibling has run already when the second one gets to its own start. */
TEST(a_start_and_signals_behind_it_both_count)
{
	build();
	cpu_request(&second, CPU_REQUEST_RESET);
	signal_all(3);
	serve(&second);
	CHECK_EQ(resets, 2);
	CHECK_EQ(reset_page, 3);
}

TEST(a_stop_right_behind_a_start_counts)
{
	build();
	cpu_request(&second, CPU_REQUEST_RESET);
	cpu_request(&second, CPU_REQUEST_PARK);
	serve(&second);
	CHECK_EQ(second.activity, CPU_PARKED);
	CHECK_EQ(second.requests, 0);
}

TEST(a_new_life_knows_no_old_signals)
{
	build();
	signal_all(1);
	cpu_set_owner(&second, &cell);
	run_second();
	CHECK_EQ(second.activity, CPU_GUEST);
	CHECK_EQ(nmis, 0);
}

TEST(signals_reach_the_senders_own_cell_alone)
{
	build();
	cpu_set_owner(&second, &root_cell);
	cpu_request(&second, CPU_REQUEST_RETURN);
	signal_all(1); /* of the former owner */
	serve(&second);
	CHECK_EQ(second.activity, CPU_AWAITS_START);
	CHECK_EQ(resets, 0);
	signal_sipi(&root_cell, 0x9a);
	serve(&second);
	CHECK_EQ(second.activity, CPU_GUEST);
	CHECK_EQ(reset_page, 0x9a);
}

TEST(an_owner_changes_only_when_the_cpu_is_parked)
{
	static const enum cpu_activity busy[] = {CPU_GUEST, CPU_AWAITS_START};

	for (unsigned i = 0; i < 2; i++) {
		build();
		second.activity = busy[i];
		if (!setjmp(gone)) {
			cpu_set_owner(&second, &root_cell);
			CHECK(!"it has not changed hands");
		}
		CHECK(second.cell == &cell);
	}
}

TEST(a_failure_is_kept_for_every_cpu)
{
	build();
	reports = 0;
	first.number = CELLHV_MAX_CPUS - 1;
	cpu_fail(&first, CELLHV_FAILURE_PORT, 0x61, 1);
	cpu_fail(&second, CELLHV_FAILURE_MSR, 0, 0);
	CHECK_EQ(cell.failed_cpus[0], 2);
	CHECK_EQ(cell.failed_cpus[CELLHV_MAX_CPUS / 64 - 1], INT64_MIN);
	CHECK_EQ(reports, 2);
	CHECK_EQ(reported[0].reason, CELLHV_FAILURE_PORT);
	CHECK_EQ(reported[0].cpu, CELLHV_MAX_CPUS - 1);
	CHECK_EQ(reported[0].rip, 0x1234);
	CHECK_EQ(reported[0].address, 0x61);
	CHECK_EQ(reported[1].reason, CELLHV_FAILURE_MSR);
}

TEST(inside_are_all_but_those_that_leave)
{
	build();
	CHECK(cpu_all_inside());
	second.leaving = true;
	CHECK(!cpu_all_inside());
	second.leaving = false;
	second.present = false;
	CHECK(!cpu_all_inside());
	second.present = true;
	machine.num_cpus = 3; /* one has not entered yet */
	CHECK(!cpu_all_inside());
	machine.num_cpus = 2;
}

TEST(a_cpu_leaves_when_it_is_released)
{
	build();
	cpu_request(&second, CPU_REQUEST_FLUSH | CPU_REQUEST_RELEASE);
	if (!setjmp(gone))
		serve(&second);
	CHECK_EQ(releases, 1);
	CHECK_EQ(flushes, 1);
}
