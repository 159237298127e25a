/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * While a cell exists every CPU that Linux runs on is under the hypervisor: the calls that make
 * cells and let CPUs go, in every order.
 */
#include <setjmp.h>
#include <stdint.h>

#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/comm.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/invariants.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/message_root.h"
#include "core/message_root.h"
#include "core/region.h"
#include "core/window.h"

#define N_CPUS 3u

struct machine machine;
struct cell root_cell;
struct cell *cells;
struct ring print_ring;
struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;

static struct cell cell = {.id = 1};
static struct cpu cpu_of[N_CPUS];
static struct cellhv_call in_memory; /* where the root has put it */
static bool answers;		     /* the CPU that is to be released */
static jmp_buf left;

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	(void)phys;
	(void)size;
	return true;
}

void window_copy_from(struct cpu *cpu, void *destination, uint64_t phys, size_t size)
{
	(void)cpu;
	(void)phys;
	memcpy(destination, &in_memory, size);
}

void window_copy_to(struct cpu *cpu, uint64_t phys, const void *source, size_t size)
{
	(void)cpu;
	(void)phys;
	memcpy(&in_memory, source, size);
}

void *arch_window_map(struct cpu *cpu, uint64_t phys)
{
	(void)cpu;
	(void)phys;
	return NULL;
}

void arch_window_unmap(struct cpu *cpu)
{
	(void)cpu;
}

int cell_create(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	(void)call;
	cells = &cell;
	return 0;
}

int cell_destroy(struct cpu *self, struct cell *gone, struct cellhv_call *call)
{
	(void)self;
	(void)gone;
	(void)call;
	cells = NULL;
	return 0;
}

int cell_start(struct cell *started, struct cellhv_call *call)
{
	(void)started;
	(void)call;
	return 0;
}

int cell_stop(struct cell *stopped, struct cellhv_call *call)
{
	(void)stopped;
	(void)call;
	return 0;
}

struct cell *cell_by_id(uint32_t id)
{
	(void)id;
	return cells;
}

int iommu_take(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	(void)call;
	return 0;
}

int iommu_leave(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	(void)call;
	return 0;
}

int iommu_check_stuck(struct cellhv_call *call)
{
	(void)call;
	return 0;
}

void iommu_poll(struct cpu *self)
{
	(void)self;
}

enum cellhv_dma iommu_dma(void)
{
	return CELLHV_DMA_OPEN;
}

enum cellhv_interrupts message_root_interrupts(void)
{
	return CELLHV_INTERRUPTS_OPEN;
}

uint32_t cell_count(void)
{
	return cells ? 1 : 0;
}

enum cellhv_cell_state cell_state(const struct cell *of)
{
	(void)of;
	return CELLHV_STATE_STOPPED;
}

enum cellhv_cell_state cell_status(const struct cell *of, struct cellhv_failure *failure)
{
	*failure = (struct cellhv_failure){0};
	return cell_state(of);
}

void comm_send(struct cell *to, uint32_t message)
{
	(void)to;
	(void)message;
}

uint32_t comm_reply(const struct cell *of)
{
	(void)of;
	return 0;
}

int cell_scrub(struct cpu *self, struct cell *of, struct cellhv_call *call)
{
	(void)self;
	(void)of;
	(void)call;
	return 0;
}

int region_load(struct cpu *self, struct cell *of, struct cellhv_call *call)
{
	(void)self;
	(void)of;
	(void)call;
	return 0;
}

size_t ring_read(const struct ring *ring, uint64_t *position, char *buffer, size_t size)
{
	(void)ring;
	(void)position;
	(void)buffer;
	(void)size;
	return 0;
}

int arch_console_room(const struct cell *of)
{
	(void)of;
	return -1;
}

uint32_t arch_console_type(struct cpu *self, struct cell *to, const void *text, uint32_t size)
{
	(void)self;
	(void)to;
	(void)text;
	(void)size;
	return 0;
}

void arch_press_button(struct cpu *self, const struct cell *of)
{
	(void)self;
	(void)of;
}

void arch_info(struct cellhv_call *to)
{
	(void)to;
}

void invariants_check(void)
{
}

/* The real one is what unit-cpu tests. */
bool cpu_is_lost(const struct cpu *cpu)
{
	(void)cpu;
	return false;
}

bool cpu_all_inside(void)
{
	uint32_t inside = 0;

	for (uint32_t i = 0; i < N_CPUS; i++)
		inside += cpu_of[i].present && !cpu_of[i].leaving;
	return inside == machine.num_cpus;
}

void cpu_request(struct cpu *cpu, uint32_t requests)
{
	CHECK_EQ(requests, CPU_REQUEST_RELEASE);
	if (answers)
		cpu->present = false;
}

bool cpu_await(struct cpu *cpu, uint32_t requests)
{
	(void)cpu;
	(void)requests;
	return answers;
}

bool arch_await_left(struct cpu *self, const struct cpu *target, bool had_guest)
{
	(void)self;
	(void)target;
	(void)had_guest;
	return true;
}

void arch_leave(struct cpu *self)
{
	(void)self;
	longjmp(left, 1);
}

static void build(void)
{
	cells = NULL;
	answers = true;
	machine.num_cpus = num_cpus = N_CPUS;
	for (uint32_t i = 0; i < N_CPUS; i++) {
		cpu_of[i] = (struct cpu){.number = i, .present = true, .cell = &root_cell};
		cpus[i] = &cpu_of[i];
	}
}

static int call(struct cpu *self, enum cellhv_op op, uint32_t argument)
{
	in_memory = (struct cellhv_call){.size = sizeof(in_memory), .op = op, .cpu = argument};
	if (setjmp(left) == 0)
		control_call(self, 0x1000);
	return in_memory.error;
}

TEST(a_cell_keeps_every_cpu_in)
{
	build();
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), 0);
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_RELEASE_CPU, 1), -EBUSY);
	CHECK_EQ(in_memory.check, CELLHV_CHECK_CELLS_EXIST);
	CHECK(cpu_of[1].present && !cpu_of[1].leaving);
	CHECK_EQ(call(&cpu_of[1], CELLHV_OP_DISABLE, 0), -EBUSY);
	CHECK_EQ(in_memory.check, CELLHV_CHECK_CELLS_EXIST);
	CHECK(!cpu_of[1].leaving);

	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_DESTROY, 1), 0);
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_RELEASE_CPU, 1), 0);
	CHECK_EQ(call(&cpu_of[2], CELLHV_OP_DISABLE, 0), 0);
}

TEST(no_cell_after_a_cpu_was_released)
{
	build();
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_RELEASE_CPU, 1), 0);
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), -ENODEV);
	CHECK_EQ(in_memory.check, CELLHV_CHECK_CPUS_OUTSIDE);
	CHECK_EQ(in_memory.object, N_CPUS);
	CHECK(!cells);
}

TEST(no_cell_while_a_released_cpu_is_silent)
{
	build();
	answers = false;
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_RELEASE_CPU, 1), -ETIMEDOUT);
	CHECK(cpu_of[1].present);
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), -ENODEV);
	CHECK(!cells);
}

/* Between the answer to the call and the leave another CPU may make one. */
TEST(no_cell_once_a_cpu_may_disable)
{
	build();
	CHECK_EQ(call(&cpu_of[2], CELLHV_OP_DISABLE, 0), 0);
	CHECK(cpu_of[2].present);
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), -ENODEV);
	CHECK(!cells);
}

TEST(no_cell_before_all_cpus_have_entered)
{
	build();
	cpu_of[2].present = false;
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), -ENODEV);
	cpu_of[2].present = true;
	CHECK_EQ(call(&cpu_of[0], CELLHV_OP_CELL_CREATE, 0), 0);
}
