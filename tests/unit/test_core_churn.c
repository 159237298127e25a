/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells come and go a hundred thousand times, and nothing is left of them. */
#include <stdlib.h>

#include "core.h"

#define ROUNDS 100000u

static void must(uint32_t operation, uint32_t cell)
{
	answer.op = operation;
	answer.cell = cell;
	CHECK_EQ(raw_call(), 0);
}

TEST(churn)
{
	static _Alignas(8) uint8_t config[CELLHV_CONFIG_MAX_SIZE];
	struct wanted small = peer;
	struct snapshot *before;
	uint32_t size, used, id;

	small.links[0].shared.common_size = 0x1000;
	small.links[1] = (struct cellhv_link){0};
	fake_boot(4);
	before = snapshot_take();
	used = machine.pool.used;
	size = wanted_config(&small, config);
	fake_write(FAKE_CONFIG, config, size);
	for (unsigned i = 0; i < ROUNDS; i++) {
		answer.create.config_phys = FAKE_CONFIG;
		answer.create.config_size = size;
		answer.op = CELLHV_OP_CELL_CREATE;
		CHECK_EQ(raw_call(), 0);
		id = answer.create.id;
		must(CELLHV_OP_CELL_SCRUB, id);
		if (i % 100 == 0) {
			must(CELLHV_OP_CELL_START, id);
			must(CELLHV_OP_CELL_STOP, id);
			must(CELLHV_OP_CELL_SCRUB, id);
		}
		must(CELLHV_OP_CELL_DESTROY, id);
		CHECK_EQ(machine.pool.used, used);
	}
	fake_run();
	fake_check();
	snapshot_expect(before);
	free(before);
}
