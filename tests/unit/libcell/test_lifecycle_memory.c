// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory of cells: taken, recorded and given back, whatever goes wrong. */
#include "lifecycle_fixture.h"

/* It is read when the hypervisor is enabled; who edits it later has cells all the same. */
TEST(memory_comes_back_in_spite_of_a_mistake_in_host_json)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		{CELLHV_IOC_CELL_INFO, 0, act_info_stopped},
		INVENTORY,
		{CELLHV_IOC_CELL_DESTROY, 0, NULL},
	};
	cell_cell *cell;

	set_up(steps, 11, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"strict\": }");
	CHECK_EQ(cell_cell_destroy(cell, false), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, RECORD), "");
	cell_cell_unref(cell);
	tear_down();
}

static void forget_record(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root.path, RECORD);
	CHECK_EQ(unlink(path), 0);
}

/* Whoever has cleaned /run: what a cell has is known to the kernel. */
TEST(memory_comes_back_without_its_record)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		{CELLHV_IOC_CELL_INFO, 0, act_info_stopped},
		INVENTORY,
		{CELLHV_IOC_CELL_DESTROY, 0, NULL},
	};
	cell_cell *cell;

	set_up(steps, 11, "1M");
	sysroot_write(&root, BLOCK5, "offline\n"); /* an administrator's */
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	forget_record();
	CHECK_EQ(cell_cell_destroy(cell, false), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, BLOCK5), "offline");
	cell_cell_unref(cell);
	tear_down();
}

/* A second cell's creation writes the record anew, with what the first one has. */
TEST(a_lost_record_is_written_again)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		/* the second one, which fails */
		ENABLED,
		INVENTORY,
		INVENTORY,
	};
	cell_cell *cell;

	set_up(steps, sizeof(steps) / sizeof(steps[0]), "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	cell_cell_unref(cell);
	forget_record();
	cell_desc_unref(desc);
	sysroot_write(&root, "/etc/cells/next.json",
		      "{ \"name\": \"next\", \"cpus\": 1,\n"
		      "  \"memory\": [ { \"size\": \"256M\", \"at\": 0 } ],\n"
		      "  \"comm\": { \"at\": \"3G\" } }\n");
	for (unsigned i = 2; i < 5; i++)
		sysroot_nail_block(&root, i);
	CHECK_EQ(cell_desc_find(root.context, "next", &desc), 0);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -ENOMEM);
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	CHECK_STR(sysroot_read(&root, RECORD), "6");
	tear_down();
}

TEST(create_says_how_much_memory_was_found)
{
	static const struct mock_step steps[] = {OPEN, ENABLED, NO_CELLS, NO_CELLS};
	cell_cell *cell;

	set_up(steps, 4, "256M");
	for (unsigned i = 2; i < 6; i++)
		sysroot_nail_block(&root, i);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -ENOMEM);
	CHECK_STR(cell_context_last_error_name(root.context), "NoMemory");
	CHECK(strstr(cell_context_last_error(root.context), "needs 256 MiB, but only 128 MiB"));
	CHECK(strstr(cell_context_last_error(root.context), "memmap=256M$0x28000000"));
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, RECORD), "");
	tear_down();
}

/* A full /run is not Linux's memory that would not go. */
TEST(create_says_that_the_record_cannot_be_written)
{
	static const struct mock_step steps[] = {OPEN, ENABLED, NO_CELLS, NO_CELLS};
	cell_cell *cell;

	set_up(steps, 4, "1M");
	/* A directory in the file's place, as the disk cannot be filled here. */
	sysroot_write(&root, RECORD "/x", "\n");
	CHECK(cell_cell_create(hv, desc, host, &cell) < 0);
	CHECK_STR(cell_context_last_error_name(root.context), "Failed");
	CHECK(strstr(cell_context_last_error(root.context), "Cannot record in " RECORD));
	CHECK(!strstr(cell_context_last_error(root.context), "memmap"));
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, BLOCK5), "online");
	tear_down();
}
