/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cell's hypercalls answer. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/hypercall.h"
#include "core/machine.h"

#include <cellhv/guest.h>

struct machine machine = {.pool = {.pages = 500, .used = 20}};
struct cell root_cell;
struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;

static struct cellhv_cell_config config = {.flags = CELLHV_CELL_CONSOLE_VIRTUAL};
static char page[4096];
static uint8_t console[4096];
static struct cell cell = {.id = 7, .config = &config, .comm = page};
static struct cpu own, sibling, root_cpu;

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	abort();
}

void arch_fill_comm(const struct cell *of)
{
	(void)of;
}

void arch_pause(void)
{
}

uint32_t cell_count(void)
{
	return 3;
}

int control_call(struct cpu *self, uint64_t phys)
{
	(void)self, (void)phys;
	abort();
}

/* CPUs 2 and 3 are the cell's, 0 is the root's, 5 is not under the hypervisor. */
static int32_t call(uint32_t code, uint64_t first, uint64_t second)
{
	static struct cpu absent;

	own.cell = sibling.cell = &cell;
	root_cpu.cell = &root_cell;
	own.present = sibling.present = root_cpu.present = true;
	cpus[2] = &own;
	cpus[3] = &sibling;
	cpus[0] = &root_cpu;
	cpus[5] = &absent;
	return (int32_t)hypercall(&own, &(struct hypercall){code, true, {first, second}});
}

TEST(cpu_info_is_of_own_cpus)
{
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 2, CELLHV_CPU_INFO_STATE), 0);
	sibling.activity = CPU_PARKED;
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, CELLHV_CPU_INFO_STATE), 2);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 0, CELLHV_CPU_INFO_STATE), -EPERM);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 0, CELLHV_CPU_INFO_EXITS), -EPERM);

	/* There is none of this number. */
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 1, CELLHV_CPU_INFO_STATE), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 5, CELLHV_CPU_INFO_STATE), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, CELLHV_MAX_CPUS, CELLHV_CPU_INFO_STATE), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, UINT32_MAX, CELLHV_CPU_INFO_EXITS), -EINVAL);
}

TEST(cpu_info_has_exits)
{
	sibling.stats[CELLHV_EXIT_TOTAL] = 12345;
	sibling.stats[CELLHV_EXIT_MAX - 1] = 0x1ffffffffull; /* a result below 0 is an error */
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, 1000), 12345);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, 1000 + CELLHV_EXIT_MAX - 1), INT32_MAX);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, 1000 + CELLHV_EXIT_MAX), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, 999), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, UINT64_MAX), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CPU_INFO, 3, 1), -EINVAL);
}

TEST(hypercalls_are_counted)
{
	uint64_t before = own.stats[CELLHV_EXIT_HYPERCALL];

	call(CELLHV_HC_INFO, 0, 0);
	call(UINT32_MAX, 0, 0);
	CHECK_EQ(own.stats[CELLHV_EXIT_HYPERCALL], before + 2);
}

TEST(info_state_and_console)
{
	CHECK_EQ(call(CELLHV_HC_INFO, 0, 0), 500);
	CHECK_EQ(call(CELLHV_HC_INFO, 1, 0), 20);
	CHECK_EQ(call(CELLHV_HC_INFO, 4, 0), 4);
	CHECK_EQ(call(CELLHV_HC_INFO, 5, 0), -EINVAL);
	CHECK_EQ(call(CELLHV_HC_CELL_STATE, 7, 0), 0);
	CHECK_EQ(call(CELLHV_HC_CELL_STATE, 1, 0), -EPERM);

	cell.console = (struct ring){.data = console, .size = sizeof(console)};
	CHECK_EQ(call(CELLHV_HC_CONSOLE_PUTC, 'x', 0), 0);
	CHECK_EQ(console[0], 'x');
	config.flags = 0;
	CHECK_EQ(call(CELLHV_HC_CONSOLE_PUTC, 'y', 0), -EPERM);
	CHECK_EQ(console[1], 0);
	CHECK(!cell.console_lock.taken);
}

TEST(what_is_not_for_a_cell)
{
	for (uint32_t code = CELLHV_HC_DISABLE; code <= CELLHV_HC_CELL_DESTROY; code++)
		CHECK_EQ(call(code, 0, 0), -EPERM);
	CHECK_EQ(call(9, 0, 0), -ENOSYS);
	CHECK_EQ(call(CELLHV_CALL, 0, 0), -ENOSYS);
	CHECK_EQ((int32_t)hypercall(&own, &(struct hypercall){.code = CELLHV_HC_INFO}), -EPERM);
}
