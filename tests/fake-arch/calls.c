/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

#include "core/arch.h"
#include "core/checksum.h"
#include "fake.h"

#define CPUS 5u
#define FUNCTION_1 0x0008u

struct stream {
	const uint8_t *data;
	size_t left;
};

static uint8_t next(struct stream *stream)
{
	if (!stream->left)
		return 0;
	stream->left--;
	return *stream->data++;
}

static uint16_t next_two(struct stream *stream)
{
	uint8_t low = next(stream);

	return (uint16_t)(low | next(stream) << 8);
}

static struct cellhv_call call;
static bool far; /* a cell may have had what is neither RAM nor registers of the fake machine */

static void make_call(unsigned cpu)
{
	fake_touch();
	call.size = sizeof(call);
	fake_call(cpu, &call);
	fake_check();
}

/* One that there is, mostly. */
static struct cell *any_cell(struct stream *stream)
{
	unsigned n = next(stream) % 4;
	struct cell *cell = cells;

	while (cell && n--)
		cell = cell->next;
	return cell;
}

static uint32_t any_id(struct stream *stream)
{
	const struct cell *cell = any_cell(stream);

	return cell ? cell->id : 99;
}

static const struct cellhv_link_shared shared[] = {
	{.name = "a",
	 .phys = 0x700000,
	 .common_size = 0x1000,
	 .output_size = 0x1000,
	 .protocol = 2,
	 .max_peers = 3,
	 .vectors = 2,
	 .flags = CELLHV_LINK_ROOT,
	 .root_function = FUNCTION_1},
	{.name = "b",
	 .phys = 0xd00000,
	 .common_size = 0x2000,
	 .protocol = 1,
	 .max_peers = 2,
	 .vectors = 1},
	{.name = "c",
	 .phys = 0x702000,
	 .common_size = 0x3000,
	 .protocol = 1,
	 .max_peers = 2,
	 .vectors = 1,
	 .flags = CELLHV_LINK_ROOT,
	 .root_function = FUNCTION_1},
};

/* Regions, CPUs, ports and links that often are in each other's way. */
static void want_memory(struct stream *stream, struct wanted *wanted)
{
	static const uint64_t sizes[] = {0x1000, 0x3000, 0x100000, 0x200000};

	for (unsigned i = 0; i < 1u + next(stream) % 3; i++) {
		struct cellhv_memory_region *region = &wanted->memory[i];
		uint8_t where = next(stream);

		region->size = sizes[where & 3];
		region->phys =
			(where & 4 ? 0x400000 : 0xc00000) + (where >> 4) * region->size % 0x400000;
		region->guest = i * 0x400000;
		region->flags = where & 8 ? 7 : 3;
	}
}

static void want_others(struct stream *stream, struct wanted *wanted)
{
	uint8_t what = next(stream), links = next(stream);

	wanted->num_cpus = 1 + (what & 1);
	wanted->cpus[0] = what >> 1 & 7;
	wanted->cpus[1] = (wanted->cpus[0] + 1) % CPUS;
	if (what & 16)
		wanted->ports[0] = (struct cellhv_port_range){0x60 + 8u * (what >> 5), 8};
	for (unsigned i = 0; i < links % 3u; i++)
		wanted->links[i] = (struct cellhv_link){.shared = shared[((links >> 2) + i) % 3],
							.guest = 0x10000000 * (i + 1),
							.id = (uint16_t)((links >> 4) % 3),
							.function = (uint16_t)(0x100 + i)};
}

static void want_functions(struct stream *stream, struct wanted *wanted)
{
	static const uint16_t functions[] = {FAKE_EDU, FAKE_NVME, FAKE_NIC, FAKE_SIBLING};
	uint8_t what = next(stream);

	if (what & 0x30)
		return;
	wanted->flags = what & 0x40 ? 0 : CELLHV_CELL_DMA_TRUSTED;
	wanted->functions[0] = functions[what & 3];
	if (what & 0x80)
		wanted->functions[1] = functions[what >> 2 & 3];
}

static void create(struct stream *stream)
{
	static _Alignas(8) uint8_t config[CELLHV_CONFIG_MAX_SIZE];
	struct wanted wanted = {.entry = 0x1000, .comm = 0x2000000};
	char name[2] = {(char)('a' + next(stream) % 5), 0};
	uint8_t damage = next(stream);
	uint32_t size;

	wanted.name = name;
	want_memory(stream, &wanted);
	want_others(stream, &wanted);
	want_functions(stream, &wanted);
	size = wanted_config(&wanted, config);
	if (damage < 16) {
		struct cellhv_config_header *header = (void *)config;

		config[next_two(stream) % size] = next(stream);
		far = true;
		header->checksum = checksum_config(config, size);
	}
	fake_write(FAKE_CONFIG, config, size);
	call.op = CELLHV_OP_CELL_CREATE;
	call.create.config_phys = FAKE_CONFIG;
	call.create.config_size = size;
	make_call(0);
}

static void one_operation(struct stream *stream)
{
	static const uint8_t operations[] = {CELLHV_OP_CELL_SCRUB, CELLHV_OP_CELL_START,
					     CELLHV_OP_CELL_STOP, CELLHV_OP_CELL_DESTROY,
					     CELLHV_OP_CELL_STATUS};

	call.op = operations[next(stream) % sizeof(operations)];
	call.cell = any_id(stream);
	make_call(0);
}

static void load(struct stream *stream)
{
	call.op = CELLHV_OP_CELL_LOAD;
	call.load.cell = any_id(stream);
	call.load.phys = FAKE_DATA + next(stream);
	call.load.guest = next_two(stream) * 0x100ull;
	call.load.length = next_two(stream);
	make_call(0);
}

static void any_call(struct stream *stream)
{
	uint8_t *bytes = (uint8_t *)&call;
	uint8_t given = next(stream);

	call.op = next(stream) % (CELLHV_OP_MAX + 1);
	for (unsigned i = 0; i < given % 32; i++)
		bytes[24 + i] = next(stream);
	if (given & 32)
		call.cell = any_id(stream);
	make_call(given >> 6 ? 0 : next(stream) % CPUS);
}

/* What a guest may write, and what becomes of it. */
static void guest(struct stream *stream)
{
	struct cell *cell = any_cell(stream);
	uint8_t what = next(stream);

	if (!cell)
		return;
	((uint32_t *)cell->comm)[what >> 4] = what & 7;
	((struct cellhv_comm *)cell->comm)->cell_state = what & 7;
}

/* ... of its function, or the root of any. */
static void function(struct stream *stream)
{
	struct cell *cell = any_cell(stream);
	uint8_t what = next(stream), value = next(stream);
	unsigned offset = next_two(stream) % 0x200 & ~3u;
	struct function *mine = cell ? cell->physical[what & 1] : NULL;

	if (what & 2)
		fake_root_write(fake_functions[(what >> 2) % FAKE_FUNCTIONS].address,
				what & 0x80 ? PCI_COMMAND : 0x3c, 2, value);
	if (!mine || !cell->started || !fake.cpus[config_cpu(cell->config, 0)].runs)
		return;
	fake.self = cpus[config_cpu(cell->config, 0)];
	pci_config_write(fake.self, &mine->pci, what & 0x40 ? PCI_COMMAND : offset, 4, value);
	fake.self = cpus[0];
}

static void failure(struct stream *stream)
{
	unsigned cpu = next(stream) % CPUS;

	if (fake.cpus[cpu].runs && fake.cpus[cpu].runs != &root_cell)
		fake_fail(cpu);
}

/* A CPU of Linux's comes or goes; or a cell's does something to its others. */
static void signals(struct stream *stream)
{
	uint8_t what = next(stream);
	struct cpu *cpu = &fake.cpus[1 + what % (CPUS - 1)].cpu;

	cpu_signal(cpu, what & 64 ? cpu->cell : &root_cell, 0, what >> 3 & 7);
	fake_run();
}

static void trouble(struct stream *stream)
{
	uint8_t what = next(stream);

	switch (what & 3) {
	case 0:
		fake_leave_pages(what >> 3, what & 4);
		break;
	case 1:
		fake.silent_kick = fake.kicks + 1 + (what >> 2) % 16;
		break;
	case 2:
		fake.failing_change = fake.changes + 1 + (what >> 2) % 4;
		break;
	default:
		fake.cpus[1 + (what >> 2) % (CPUS - 1)].wants_help = what & 128;
		break;
	}
}

static void mend(struct stream *stream)
{
	(void)stream;
	fake_return_pages();
	fake_mend();
}

static void wait(struct stream *stream)
{
	(void)stream;
	fake_run();
}

static void (*const steps[])(struct stream *stream) = {
	create,	 create,   one_operation, one_operation, one_operation, one_operation,
	load,	 any_call, guest,	  function,	 failure,	signals,
	trouble, mend,	   wait,	  mend,		 one_operation,
};

static void must(uint32_t operation, uint32_t cell)
{
	call.op = operation;
	call.cell = cell;
	make_call(0);
	if (call.error)
		fake_broken("operation %u fails at the end: %d, check %u", operation, call.error,
			    call.check);
}

/* Any cell may forbid the others to go. */
static void finish(uint32_t used)
{
	for (struct cell *cell = cells; cell; cell = cell->next)
		must(CELLHV_OP_CELL_STOP, cell->id);
	while (cells) {
		uint32_t id = cells->id;

		do
			must(CELLHV_OP_CELL_SCRUB, id);
		while (call.scrub.remaining);
		must(CELLHV_OP_CELL_DESTROY, id);
	}
	fake_run();
	fake_check();
	if (!far && machine.pool.used - machine.pool.retired != used)
		fake_broken("%u pages are used, %u were", machine.pool.used, used);
}

void calls_run(const uint8_t *data, size_t size)
{
	struct stream stream = {data, size};
	uint32_t used;

	fake_boot(CPUS);
	far = false;
	used = machine.pool.used;
	while (stream.left && cpus[0]->present)
		steps[next(&stream) % (sizeof(steps) / sizeof(*steps))](&stream);
	mend(&stream);
	if (cpus[0]->present)
		finish(used);
}
