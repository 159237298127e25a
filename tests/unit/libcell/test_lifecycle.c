// SPDX-License-Identifier: LGPL-2.1-or-later
#include <syslog.h>

#include "lifecycle_fixture.h"

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
	};
	cell_cell *cell;
	size_t n;

	set_up(steps, 12, "1M");
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

/* It exists by then, and nobody has an object of it. */
TEST(create_destroys_a_cell_that_it_cannot_look_at)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, -EIO, NULL},
		{CELLHV_IOC_CELL_DESTROY, 0, act_forced},
		NO_CELLS,
	};
	cell_cell *cell = NULL;

	set_up(steps, 7, "1M");
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EIO);
	CHECK(!cell);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	tear_down();
}

static void note_message(void *userdata, int level, const char *message)
{
	if (level <= LOG_ERR)
		snprintf(userdata, 256, "%s", message);
}

/* Then its memory stays its own, and the log says why. */
TEST(create_tells_of_a_cell_that_stays)
{
	static const struct mock_step steps[] = {
		OPEN,
		ENABLED,
		NO_CELLS,
		{CELLHV_IOC_CELL_CREATE, 0, act_create},
		{CELLHV_IOC_CELL_INFO, -EIO, NULL},
		{CELLHV_IOC_CELL_DESTROY, -EBUSY, act_forced},
		INVENTORY,
	};
	cell_cell *cell = NULL;
	char message[256] = "";

	set_up(steps, sizeof(steps) / sizeof(steps[0]), "1M");
	cell_context_set_log_fn(root.context, note_message, message);
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), -EIO);
	CHECK(strstr(message, "The cell demo is not whole, and exists"));
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	CHECK_STR(sysroot_read(&root, RECORD), "6");
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
