// SPDX-License-Identifier: LGPL-2.1-or-later
#include <limits.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <cellhv/guest.h>

#include "blob.h"
#include "check.h"
#include "host.h"
#include "mock.h"
#include "sysroot.h"

#define EXPECT(steps) mock_expect(steps, sizeof(steps) / sizeof((steps)[0]))
#define BLOCK6 "/sys/devices/system/memory/memory6/state"
#define BLOCK5 "/sys/devices/system/memory/memory5/state"
#define RECORD "/run/cellmgr/memory-blocks"

static struct sysroot root;
static cell_host *host;
static cell_desc *desc;
static cell_hv *hv;

static void set_up(const struct mock_step *steps, size_t n, const char *memory_size)
{
	sysroot_make(&root);
	mock_expect(steps, n);
	sysroot_write(
		&root, "/etc/cells/demo.json",
		"{ \"name\": \"demo\", \"cpus\": 1,\n"
		"  \"memory\": [ { \"size\": \"%s\", \"at\": 0 } ], \"comm\": { \"at\": \"3G\" },\n"
		"  \"images\": [ { \"file\": \"demo.bin\", \"at\": \"0x1000\" } ] }\n",
		memory_size);
	sysroot_write(&root, "/etc/cells/demo.bin", "image");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root.context, "demo", &desc), 0);
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
}

static void tear_down(void)
{
	CHECK_EQ(mock_left(), 0);
	hv = cell_hv_unref(hv);
	desc = cell_desc_unref(desc);
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

static struct cellhv_cell_config *created; /* what the last creation passed */

static void act_create(void *argument)
{
	struct cellhv_cell_create *request = argument;
	const struct cellhv_cell_config *config = (void *)(uintptr_t)request->config;

	CHECK(blob_is_valid(config, request->config_size));
	CHECK_STR(config->name, "demo");
	CHECK_EQ(blob_cpus(config)[0], 3);
	CHECK_EQ(blob_memory(config)->phys, 0x30000000);
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	free(created);
	created = malloc(request->config_size);
	memcpy(created, config, request->config_size);
	request->id = 7;
}

static void act_info(void *argument)
{
	struct cellhv_cell_info *info = argument;

	info->id = 7;
	strcpy(info->name, "demo");
	info->cpus[0] = 1 << 3;
	info->state = CELLHV_STATE_RUNNING;
	info->config_size = created ? created->header.total_size : 0;
}

static void act_info_stopped(void *argument)
{
	act_info(argument);
	((struct cellhv_cell_info *)argument)->state = CELLHV_STATE_STOPPED;
}

static void act_config(void *argument)
{
	struct cellhv_cell_read_config *request = argument;

	memcpy((void *)(uintptr_t)request->buffer, created, request->length);
}

static void act_load(void *argument)
{
	const struct cellhv_cell_load *request = argument;

	CHECK_EQ(request->id, 7);
	CHECK_EQ(request->guest, 0x1000);
	CHECK_EQ(request->length, 5);
	CHECK(memcmp((void *)(uintptr_t)request->buffer, "image", 5) == 0);
}

static void act_cpu_busy(void *argument)
{
	struct cellhv_cell_create *request = argument;

	request->error = (struct cellhv_error){CELLHV_DRIVER_CHECK_CPU_BUSY, 0, 3};
}

static void act_forced(void *argument)
{
	CHECK_EQ(((struct cellhv_cell_op *)argument)->flags, CELLHV_CELL_FORCE);
}

#define OPEN                                          \
	{                                             \
		CELLHV_IOC_INFO, 0, mock_info_enabled \
	}
#define ENABLED                                       \
	{                                             \
		CELLHV_IOC_INFO, 0, mock_info_enabled \
	}
#define NO_CELLS                                    \
	{                                           \
		CELLHV_IOC_CELL_INFO, -ENOENT, NULL \
	}

/* The one cell, whose memory is looked up before it is destroyed. */
#define INVENTORY                                                                             \
	{CELLHV_IOC_CELL_INFO, 0, act_info_stopped}, {CELLHV_IOC_CELL_CONFIG, 0, act_config}, \
	{                                                                                     \
		CELLHV_IOC_CELL_INFO, -ENOENT, NULL                                           \
	}

TEST(create_takes_memory_and_destroy_gives_it_back)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		{CELLHV_IOC_CELL_START, 0, NULL},
		/* destroy */
		{CELLHV_IOC_CELL_INFO, 0, act_info_stopped},
		INVENTORY,
		{CELLHV_IOC_CELL_DESTROY, 0, NULL},
		NO_CELLS,
	};
	cell_cell *cell;
	size_t n;

	set_up(steps, 13, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	CHECK_STR(sysroot_read(&root, BLOCK5), "online");
	CHECK_STR(sysroot_read(&root, RECORD), "6");
	CHECK_EQ(cell_cell_cpus(cell, &n)[0], 3);
	CHECK_EQ(n, 1);
	CHECK_EQ(cell_cell_start(cell), 0);
	CHECK_EQ(cell_cell_destroy(cell, false), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, RECORD), "");
	cell_cell_unref(cell);
	tear_down();
}

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
		NO_CELLS,
	};
	cell_cell *cell;

	set_up(steps, 12, "1M");
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
		NO_CELLS,
	};
	cell_cell *cell;

	set_up(steps, 12, "1M");
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

TEST(create_rolls_back_when_the_kernel_refuses)
{
	static const struct mock_step steps[] = {
		OPEN, ENABLED, NO_CELLS, {CELLHV_IOC_CELL_CREATE, -EBUSY, act_cpu_busy}, NO_CELLS,
	};
	cell_cell *cell = NULL;

	set_up(steps, 5, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EBUSY);
	CHECK(!cell);
	CHECK_STR(cell_context_last_error_name(root.context), "CpuUnavailable");
	CHECK(strstr(cell_context_last_error(root.context), "let CPU 3 go"));
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	tear_down();
}

TEST(create_destroys_the_cell_when_loading_fails)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, -EFAULT, NULL},
		{CELLHV_IOC_CELL_DESTROY, 0, act_forced},
		NO_CELLS,
	};
	cell_cell *cell = NULL;

	set_up(steps, 8, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EFAULT);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
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

TEST(create_refuses_a_second_cell_of_the_name)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		/* the second time */
		ENABLED,
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_CONFIG, 0, act_config},
		NO_CELLS,
	};
	cell_cell *cell;

	set_up(steps, 10, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	cell_cell_unref(cell);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EEXIST);
	CHECK_STR(cell_context_last_error_name(root.context), "CellExists");
	tear_down();
}

static void act_load_command_line(void *argument)
{
	const struct cellhv_cell_load *request = argument;

	CHECK_EQ(request->guest, 0x2000);
	CHECK_EQ(request->length, 6);
	CHECK_STR((const char *)(uintptr_t)request->buffer, "quiet");
}

/* The first time its image is missing: that is not held against it when it is there. */
TEST(command_line_follows_the_images)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		/* the second time */
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		{CELLHV_IOC_CELL_LOAD, 0, act_load_command_line},
		/* and for a restart */
		{CELLHV_IOC_CELL_LOAD, 0, act_load},
		{CELLHV_IOC_CELL_LOAD, 0, act_load_command_line},
	};
	cell_cell *cell = NULL;

	set_up(steps, sizeof(steps) / sizeof(steps[0]), "1M");
	cell_desc_unref(desc);
	sysroot_write(&root, "/etc/cells/demo.json",
		      "{ \"name\": \"demo\", \"cpus\": 1,\n"
		      "  \"memory\": [ { \"size\": \"1M\", \"at\": 0 } ],\n"
		      "  \"images\": [ { \"file\": \"late.bin\", \"at\": \"0x1000\" } ],\n"
		      "  \"command-line\": { \"text\": \"quiet\", \"at\": \"8K\" } }\n");
	CHECK_EQ(cell_desc_find(root.context, "demo", &desc), 0);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EINVAL);
	CHECK_STR(cell_context_last_error_name(root.context), "ImageMissing");
	sysroot_write(&root, "/etc/cells/late.bin", "image");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	CHECK_EQ(cell_cell_load(cell, desc), 0);
	cell_cell_unref(cell);
	tear_down();
}

static void act_denied(void *argument)
{
	((struct cellhv_cell_message *)argument)->reply = CELLHV_REPLY_DENIED;
}

static void act_approved(void *argument)
{
	((struct cellhv_cell_message *)argument)->reply = CELLHV_REPLY_APPROVED;
}

TEST(shutdown_refused_then_silent_then_agreed)
{
	static const struct mock_step steps[] = {
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, 0, act_denied},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, -ETIMEDOUT, NULL},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, 0, act_approved},
		{CELLHV_IOC_CELL_INFO, 0, act_info_stopped},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
	};
	cell_cell *cell;

	set_up(steps, 10, "1M");
	CHECK_EQ(cell_cell_by_name(hv, "demo", &cell), 0);
	CHECK_EQ(cell_cell_shutdown(cell, 100), -EACCES);
	CHECK_STR(cell_context_last_error_name(root.context), "ShutdownDenied");
	CHECK_EQ(cell_cell_shutdown(cell, 100), -ETIMEDOUT);
	CHECK_STR(cell_context_last_error_name(root.context), "TimedOut");
	CHECK_EQ(cell_cell_shutdown(cell, 100), 0);
	CHECK_STR(cell_context_last_error_name(root.context), "");
	CHECK_EQ(cell_cell_shutdown(cell, 100), -ENOTCONN);
	CHECK_EQ(cell_cell_destroy(cell, false), -EBUSY);
	CHECK_STR(cell_context_last_error_name(root.context), "CellRunning");
	cell_cell_unref(cell);
	tear_down();
}

static void set_state_error(void *argument, uint64_t state)
{
	((struct cellhv_cell_message *)argument)->error =
		(struct cellhv_error){CELLHV_CHECK_CELL_STATE, 0, state};
}

static void act_shut_down(void *argument)
{
	set_state_error(argument, CELLHV_STATE_SHUT_DOWN);
}

static void act_failed(void *argument)
{
	set_state_error(argument, CELLHV_STATE_FAILED);
}

static void act_stopped(void *argument)
{
	set_state_error(argument, CELLHV_STATE_STOPPED);
}

TEST(shutdown_answered_by_the_end)
{
	static const struct mock_step steps[] = {
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, -ENOTCONN, act_shut_down},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, -ENOTCONN, act_failed},
		/* Somebody else stopped it; it had ended before it was asked. */
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, -ENOTCONN, act_stopped},
		{CELLHV_IOC_CELL_INFO, 0, act_info},
		{CELLHV_IOC_CELL_MESSAGE, -EBUSY, act_shut_down},
	};
	cell_cell *cell;

	set_up(steps, sizeof(steps) / sizeof(steps[0]), "1M");
	CHECK_EQ(cell_cell_by_name(hv, "demo", &cell), 0);
	CHECK_EQ(cell_cell_shutdown(cell, 100), 0);
	CHECK_STR(cell_context_last_error_name(root.context), "");
	CHECK_EQ(cell_cell_shutdown(cell, 100), 0);
	CHECK_EQ(cell_cell_shutdown(cell, 100), -ENOTCONN);
	CHECK_STR(cell_context_last_error_name(root.context), "CellNotRunning");
	CHECK(strstr(cell_context_last_error(root.context), "is stopped"));
	CHECK_EQ(cell_cell_shutdown(cell, 100), -ENOTCONN);
	CHECK_STR(cell_context_last_error_name(root.context), "CellNotRunning");
	CHECK(strstr(cell_context_last_error(root.context), "is shut down"));
	cell_cell_unref(cell);
	tear_down();
}

TEST(hypervisor_disabled_or_enabled_twice)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
	};
	cell_cell *cell;

	set_up(steps, 4, "1M");
	CHECK_EQ(cell_hv_enable(hv, host), -EALREADY);
	CHECK_STR(cell_context_last_error_name(root.context), "HypervisorEnabled");
	CHECK_EQ(cell_hv_disable(hv), -EALREADY);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -ENODEV);
	CHECK_STR(cell_context_last_error_name(root.context), "HypervisorDisabled");
	tear_down();
}

TEST(open_without_module_or_with_another_version)
{
	cell_hv *none = NULL;
	static const struct mock_step steps[] = {{CELLHV_IOC_INFO, 0, NULL}};

	sysroot_make(&root);
	CHECK(cell_hv_open(root.context, false, &none) < 0);
	CHECK_STR(cell_context_last_error_name(root.context), "ModuleMissing");
	EXPECT(steps);
	CHECK(cell_hv_open(root.context, false, &none) < 0);
	CHECK_STR(cell_context_last_error_name(root.context), "AbiMismatch");
	CHECK(!none);
	sysroot_remove(&root);
	free(created);
	created = NULL;
}
