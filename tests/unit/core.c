/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core_function.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/arch.h"
#include "core/link.h"

#define MAX_EXTENTS 512

struct cellhv_call answer;

const struct wanted plain = {
	.name = "plain",
	.entry = 0x1000,
	.memory =
		{{.phys = 0x400000, .guest = 0, .size = 0x2000, .flags = 7},
		 {.phys = FAKE_REGISTERS + 0x4000, .guest = 0x800000, .size = 0x1000, .flags = 11}},
	.num_cpus = 1,
	.cpus = {1},
	.ports = {{0x3f8, 8}},
};

const struct wanted other = {
	.name = "other",
	.comm = 0x400000,
	.entry = 0x2000,
	.memory = {{.phys = 0x600000, .guest = 0, .size = 0x200000, .flags = 7}},
	.num_cpus = 2,
	.cpus = {3, 2},
};

#define LINK_A                                                                               \
	{                                                                                    \
		.name = "a", .phys = 0x700000, .common_size = 0x1000, .output_size = 0x1000, \
		.protocol = 2, .max_peers = 3, .vectors = 2, .flags = CELLHV_LINK_ROOT,      \
		.root_id = 0, .root_function = 0x08                                          \
	}
#define LINK_B                                                                       \
	{                                                                            \
		.name = "b", .phys = 0xd00000, .common_size = 0x2000, .protocol = 1, \
		.max_peers = 2, .vectors = 1                                         \
	}

const struct wanted rich = {
	.name = "rich",
	.comm = 0x400000,
	.entry = 0x3000,
	.memory =
		{{.phys = 0xc00000, .guest = 0x600000, .size = 0x3000, .flags = 7},
		 {.phys = 0x400000, .guest = 0, .size = 0x200000, .flags = 7},
		 {.phys = FAKE_REGISTERS + 0x8000, .guest = 0x800000, .size = 0x1000, .flags = 11}},
	.num_cpus = 2,
	.cpus = {1, 2},
	.ports = {{0x2f8, 8}, {0x3e8, 1}},
	.links = {{.shared = LINK_A, .guest = 0x10000000, .id = 1, .function = 0x10},
		  {.shared = LINK_B, .guest = 0x20000000, .id = 0, .function = 0x18}},
};

const struct wanted peer = {
	.name = "peer",
	.entry = 0x4000,
	.memory = {{.phys = 0xc03000, .guest = 0, .size = 0x1000, .flags = 7}},
	.num_cpus = 1,
	.cpus = {3},
	.links = {{.shared = LINK_B, .guest = 0x20000000, .id = 1, .function = 0x20},
		  {.shared = LINK_A, .guest = 0x30000000, .id = 2, .function = 0x28}},
};

const struct wanted with_nvme = {
	.name = "nvme",
	.entry = 0x1000,
	.memory = {{.phys = 0x400000, .guest = 0, .size = 0x2000, .flags = 7}},
	.num_cpus = 2,
	.cpus = {1, 2},
	.functions = {FAKE_NVME, FAKE_EDU},
};

const struct wanted with_nic = {
	.name = "nic",
	.entry = 0x1000,
	.memory = {{.phys = 0x600000, .guest = 0, .size = 0x2000, .flags = 7}},
	.num_cpus = 1,
	.cpus = {3},
	.functions = {FAKE_NIC},
};

void fake_broken(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fake_mend();
	check_fail("fake-arch", 0, "%s", text);
}

int raw_call(void)
{
	answer.size = sizeof(answer);
	return fake_call(0, &answer);
}

static int checked_call(void)
{
	int err;

	fake_touch();
	err = raw_call();
	fake_check();
	return err;
}

int op(uint32_t operation)
{
	answer.op = operation;
	return checked_call();
}

int take(void)
{
	return op(CELLHV_OP_IOMMU_TAKE);
}

int leave(void)
{
	return op(CELLHV_OP_IOMMU_LEAVE);
}

void boot_taken(void)
{
	fake_boot_units(5, 3);
	CHECK_EQ(take(), 0);
}

int op_cell(uint32_t operation, uint32_t cell)
{
	answer.cell = cell;
	return op(operation);
}

int create(const struct wanted *wanted)
{
	static _Alignas(8) uint8_t config[CELLHV_CONFIG_MAX_SIZE];
	uint32_t size = wanted_config(wanted, config);

	fake_write(FAKE_CONFIG, config, size);
	answer.create.config_phys = FAKE_CONFIG;
	answer.create.config_size = size;
	return op(CELLHV_OP_CELL_CREATE);
}

int load(uint32_t cell, uint64_t guest, const void *data, uint32_t length)
{
	fake_write(FAKE_DATA, data, length);
	answer.load.cell = cell;
	answer.load.length = length;
	answer.load.guest = guest;
	answer.load.phys = FAKE_DATA;
	return op(CELLHV_OP_CELL_LOAD);
}

int scrub_all(uint32_t cell)
{
	int err;

	do
		err = op_cell(CELLHV_OP_CELL_SCRUB, cell);
	while (!err && answer.scrub.remaining);
	return err;
}

int console_read(uint32_t cell, uint64_t *position, char *buffer, uint32_t size)
{
	int err;

	answer.console.cell = cell;
	answer.console.size = size;
	answer.console.phys = FAKE_DATA;
	answer.console.position = *position;
	err = op(CELLHV_OP_CONSOLE_READ);
	if (err)
		return err;
	*position = answer.console.position;
	fake_read(FAKE_DATA, buffer, answer.console.size);
	return (int)answer.console.size;
}

uint32_t make(const struct wanted *wanted)
{
	CHECK_EQ(create(wanted), 0);
	fake_run();
	return answer.create.id;
}

uint32_t make_clean(const struct wanted *wanted)
{
	uint32_t id = make(wanted);

	CHECK_EQ(scrub_all(id), 0);
	return id;
}

uint32_t run(const struct wanted *wanted)
{
	uint32_t id = make_clean(wanted);

	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	fake_check();
	return id;
}

void end(uint32_t cell)
{
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, cell), 0);
	CHECK_EQ(scrub_all(cell), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, cell), 0);
	fake_run();
	fake_check();
}

void boot(void)
{
	fake_boot_units(5, 1);
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
}

enum cellhv_cell_state state_of(uint32_t cell)
{
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STATUS, cell), 0);
	return answer.status.state;
}

/* Pages in a row that are mapped alike; shift: phys less virt. */
struct extent {
	uint64_t virt, pages;
	uint64_t shift, page_size, access;
};

/* Without holes: its parts are compared as bytes. */
struct snapshot {
	uint32_t tables_used;
	bool dma[FAKE_PAGES]; /* which RAM a device of the root reaches */
	uint32_t pool_used;
	uint32_t cells, links, link_cells;
	struct {
		const struct cell *owner, *runs;
		uint32_t activity, present, leaving;
		uint32_t requests;
	} cpus[FAKE_CPUS];
	struct {
		uint32_t id;
		uint32_t started, failed, ending, scrubbed, initialised;
	} cell[8];
	const struct link *link[8];
	const struct pci_function *functions;
	uint8_t ports[FAKE_PORT_BYTES];
	unsigned extents;
	struct extent extent[MAX_EXTENTS];
};

static struct extent extent_at(uint64_t virt)
{
	struct paging_translation to;

	if (!paging_lookup(&root_cell.memory, virt, &to))
		return (struct extent){virt, 1, 0, 0, 0};
	if (to.phys == machine.ones)
		return (struct extent){virt, 1, machine.ones, to.page_size, to.access};
	return (struct extent){virt, 1, to.phys - virt, to.page_size, to.access};
}

/* What the root sees, with sizes of pages. */
static void take_range(struct snapshot *snapshot, uint64_t start, uint64_t size)
{
	struct extent *last = NULL;

	for (uint64_t virt = start; virt < start + size; virt += PAGE_SIZE) {
		struct extent at = extent_at(virt);

		if (last && last->shift == at.shift && last->page_size == at.page_size &&
		    last->access == at.access) {
			last->pages++;
			continue;
		}
		CHECK(snapshot->extents < MAX_EXTENTS);
		last = &snapshot->extent[snapshot->extents++];
		*last = at;
	}
}

static void take_lists(struct snapshot *snapshot)
{
	for (const struct cell *cell = cells; cell; cell = cell->next) {
		unsigned i = snapshot->cells++;

		snapshot->cell[i].id = cell->id;
		snapshot->cell[i].started = cell->started;
		snapshot->cell[i].failed = cell->failed;
		snapshot->cell[i].ending = cell->ending;
		snapshot->cell[i].scrubbed = cell->scrubbed;
		snapshot->cell[i].initialised = cell->initialised;
	}
	for (const struct link *link = links; link; link = link->next) {
		snapshot->link[snapshot->links++] = link;
		snapshot->link_cells += link->cells;
	}
	snapshot->functions = root_cell.functions;
}

struct snapshot *snapshot_take(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	CHECK(snapshot);
	snapshot->pool_used = machine.pool.used - machine.pool.retired;
	snapshot->tables_used = machine.tables.used - machine.tables.retired;
	for (uint64_t phys = 0; phys < FAKE_RAM; phys += PAGE_SIZE) {
		uint64_t found;

		snapshot->dma[phys / PAGE_SIZE] = fake_dma(0xffff, phys, &found);
	}
	for (unsigned i = 0; i < FAKE_CPUS; i++) {
		const struct arch_cpu *arch = &fake.cpus[i];

		snapshot->cpus[i].owner = arch->cpu.cell;
		snapshot->cpus[i].runs = arch->runs;
		snapshot->cpus[i].activity = arch->cpu.activity;
		snapshot->cpus[i].present = arch->cpu.present;
		snapshot->cpus[i].leaving = arch->cpu.leaving;
		snapshot->cpus[i].requests = arch->cpu.requests;
	}
	memcpy(snapshot->ports, fake.root_ports, sizeof(snapshot->ports));
	take_lists(snapshot);
	take_range(snapshot, 0, FAKE_RAM);
	take_range(snapshot, FAKE_MMCONFIG, FAKE_DEVICE_SIZE);
	take_range(snapshot, FAKE_REGISTERS, FAKE_DEVICE_SIZE);
	return snapshot;
}

void snapshot_expect(const struct snapshot *before)
{
	struct snapshot *now = snapshot_take();

	CHECK_EQ(now->pool_used, before->pool_used);
	CHECK_EQ(now->tables_used, before->tables_used);
	CHECK(memcmp(now->dma, before->dma, sizeof(now->dma)) == 0);
	CHECK(memcmp(now->cpus, before->cpus, sizeof(now->cpus)) == 0);
	CHECK_EQ(now->cells, before->cells);
	CHECK(memcmp(now->cell, before->cell, sizeof(now->cell)) == 0);
	CHECK_EQ(now->links, before->links);
	CHECK_EQ(now->link_cells, before->link_cells);
	CHECK(memcmp(now->link, before->link, sizeof(now->link)) == 0);
	CHECK(now->functions == before->functions);
	CHECK(memcmp(now->ports, before->ports, sizeof(now->ports)) == 0);
	CHECK_EQ(now->extents, before->extents);
	CHECK(memcmp(now->extent, before->extent, sizeof(now->extent)) == 0);
	free(now);
}

void refused(const struct wanted *wanted, int error, uint32_t check, uint64_t object)
{
	struct snapshot *before = snapshot_take();

	CHECK_EQ(create(wanted), error);
	CHECK_EQ(answer.check, check);
	CHECK_EQ(answer.object, object);
	fake_run();
	snapshot_expect(before);
	free(before);
}
