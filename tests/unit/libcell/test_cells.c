// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looking at what exists: hypervisor, cells, their states, statistics and consoles. */
#include <errno.h>
#include <unistd.h>

#include "check.h"
#include "host/topology.h"
#include "mock.h"
#include "sysroot.h"

#define EXPECT(steps) mock_expect(steps, sizeof(steps) / sizeof((steps)[0]))
#define OPEN                                          \
	{                                             \
		CELLHV_IOC_INFO, 0, mock_info_enabled \
	}

static struct sysroot root;
static cell_hv *hv;

static void set_up(void)
{
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
}

static void tear_down(void)
{
	CHECK_EQ(mock_left(), 0);
	hv = cell_hv_unref(hv);
	sysroot_remove(&root);
}

static const char *last_name(void)
{
	return cell_context_last_error_name(root.context);
}

static void act_first(void *argument)
{
	struct cellhv_cell_info *info = argument;

	CHECK_EQ(info->id, 0);
	info->id = 2;
	strcpy(info->name, "first");
	info->cpus[0] = 1 << 1;
	info->state = CELLHV_STATE_LOCKED;
}

static void act_second(void *argument)
{
	struct cellhv_cell_info *info = argument;

	CHECK_EQ(info->id, 2);
	info->id = 5;
	strcpy(info->name, "second");
	info->cpus[0] = 1 << 3 | 1 << 2;
	info->state = CELLHV_STATE_FAILED;
	info->failure = (struct cellhv_failure){CELLHV_FAILURE_PORT, 2, 0x1234, 0x60, 0x101};
}

static void act_state(void *argument)
{
	struct cellhv_cell_info *info = argument;

	CHECK_EQ(info->id, 5);
	info->id = 2;
	act_second(argument);
}

static void act_running(void *argument)
{
	((struct cellhv_cell_info *)argument)->state = CELLHV_STATE_RUNNING;
}

static void act_failed(void *argument)
{
	((struct cellhv_cell_info *)argument)->state = CELLHV_STATE_FAILED;
}

static void act_stats(void *argument)
{
	struct cellhv_cpu_stats *stats = argument;

	CHECK_EQ(stats->cpu, 3);
	stats->count[CELLHV_EXIT_TOTAL] = 7;
	stats->count[CELLHV_EXIT_CPUID] = 4;
}

static void act_console(void *argument)
{
	const struct cellhv_console_open *request = argument;

	CHECK_EQ(request->id, 5);
	CHECK(request->flags);
}

static void act_own_console(void *argument)
{
	const struct cellhv_console_open *request = argument;

	CHECK_EQ(request->id, CELLHV_ROOT_ID);
	CHECK_EQ(request->flags, 0);
}

TEST(cells_are_found_in_the_order_of_their_ids)
{
	static const struct mock_step steps[] = {
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		{CELLHV_IOC_CELL_INFO, 0, act_second},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		/* by CPU */
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		{CELLHV_IOC_CELL_INFO, 0, act_second},
		/* by name */
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		/* neither */
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_CELL_INFO, -EPERM, NULL},
	};
	cell_cell *first, *second, *none = NULL;
	size_t n;

	sysroot_make(&root);
	EXPECT(steps);
	set_up();
	CHECK_EQ(cell_cell_next(hv, NULL, &first), 0);
	CHECK_EQ(cell_cell_next(hv, first, &second), 0);
	CHECK_EQ(cell_cell_next(hv, second, &none), -ENOENT);
	CHECK_EQ(cell_cell_id(first), 2);
	CHECK_STR(cell_cell_name(second), "second");
	CHECK_EQ(cell_cell_cpus(second, &n)[1], 3);
	CHECK_EQ(n, 2);
	cell_cell_unref(first);
	CHECK(!cell_cell_unref(cell_cell_ref(second)));
	CHECK(!cell_cell_unref(second));

	CHECK_EQ(cell_cell_by_cpu(hv, 2, &second), 0);
	CHECK_EQ(cell_cell_id(second), 5);
	cell_cell_unref(second);
	CHECK_EQ(cell_cell_by_name(hv, "first", &first), 0);
	CHECK_EQ(cell_cell_id(first), 2);
	CHECK(!cell_cell_unref(first));

	CHECK_EQ(cell_cell_by_cpu(hv, 9999, &none), -ENOENT);
	CHECK_STR(last_name(), "NoSuchCell");
	CHECK_EQ(cell_cell_by_name(hv, "nobody", &none), -ENOENT);
	CHECK_STR(last_name(), "NoSuchCell");
	CHECK_EQ(cell_cell_next(hv, NULL, &none), -EPERM);
	CHECK_STR(last_name(), "AccessDenied");
	CHECK(!none && !cell_cell_unref(NULL));
	tear_down();
}

TEST(a_cell_is_asked_each_time)
{
	static const struct mock_step steps[] = {
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		{CELLHV_IOC_CELL_INFO, 0, act_second},
		{CELLHV_IOC_CELL_INFO, 0, act_state},
		{CELLHV_IOC_CELL_INFO, 0, act_state},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_CELL_INFO, -EPERM, NULL},
		{CELLHV_IOC_CPU_STATS, 0, act_stats},
		{CELLHV_IOC_CPU_STATS, -ENODEV, NULL},
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
		{CELLHV_IOC_CPU_STATS, -ENODEV, NULL},
		{CELLHV_IOC_INFO, 0, mock_info_enabled},
		{CELLHV_IOC_CONSOLE_OPEN, 9, act_console},
		{CELLHV_IOC_CONSOLE_OPEN, 8, act_own_console},
		{CELLHV_IOC_CELL_STOP, 0, NULL},
	};
	struct cell_stat stats[CELL_N_STATS_MAX];
	struct cell_failure failure;
	enum cell_state state;
	cell_cell *cell;

	sysroot_make(&root);
	EXPECT(steps);
	set_up();
	CHECK_EQ(cell_cell_by_name(hv, "second", &cell), 0);
	CHECK_EQ(cell_cell_state(cell, &state, NULL), 0);
	CHECK_STR(cell_state_to_string(state), "failed");
	CHECK_EQ(cell_cell_state(cell, &state, &failure), 0);
	CHECK_STR(failure.reason, "port-access");
	CHECK_STR(failure.message, "The guest wrote I/O port 0x60, which it does not own (CPU 2, "
				   "instruction at 0x1234).");
	CHECK_EQ(cell_cell_state(cell, &state, &failure), -ENOENT);
	CHECK_STR(last_name(), "NoSuchCell");
	CHECK_EQ(cell_cell_state(cell, &state, &failure), -EPERM);

	CHECK(cell_cell_stats(cell, 3, stats) > 10);
	CHECK_STR(stats[0].name, "total");
	CHECK_EQ(stats[0].count, 7);
	CHECK_EQ(cell_cell_stats(cell, 3, stats), -ENODEV);
	CHECK_STR(last_name(), "HypervisorDisabled");
	CHECK_EQ(cell_cell_stats(cell, 99, stats), -ENODEV);
	CHECK_STR(last_name(), "CpuUnavailable");
	CHECK_EQ(cell_cell_console_open(cell, true), 9);
	CHECK_EQ(cell_hv_console_open(hv, false), 8);
	CHECK_EQ(cell_cell_stop(cell), 0);
	cell_cell_unref(cell);
	tear_down();
}

TEST(waiting_ends_with_the_state_or_in_time)
{
	static const struct mock_step steps[] = {
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		/* until it has failed */
		{CELLHV_IOC_CELL_INFO, 0, act_running},
		{CELLHV_IOC_CELL_INFO, 0, act_running},
		{CELLHV_IOC_CELL_INFO, 0, act_failed},
		/* no time, no cell */
		{CELLHV_IOC_CELL_INFO, 0, act_running},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
	};
	const unsigned ended = 1u << CELL_SHUT_DOWN | 1u << CELL_FAILED;
	enum cell_state state = CELL_LOCKED;
	cell_cell *cell;

	sysroot_make(&root);
	EXPECT(steps);
	set_up();
	CHECK_EQ(cell_cell_by_name(hv, "first", &cell), 0);
	CHECK_EQ(cell_cell_wait(cell, ended, 60000, &state), 0);
	CHECK_EQ(state, CELL_FAILED);

	state = CELL_LOCKED;
	CHECK_EQ(cell_cell_wait(cell, ended, 0, &state), -ETIMEDOUT);
	CHECK_STR(last_name(), "TimedOut");
	CHECK_EQ(cell_cell_wait(cell, ended, -1, &state), -ENOENT);
	CHECK_STR(last_name(), "NoSuchCell");
	CHECK_EQ(state, CELL_LOCKED);

	mock_expect(NULL, 0);
	CHECK_EQ(cell_cell_wait(cell, ended, -1, &state), -ENOENT);
	cell_cell_unref(cell);
	tear_down();
}

/* 4 MiB of RAM in two regions, and registers. */
static cell_blob *compile_blob(void)
{
	cell_desc *desc;
	cell_host *host;
	cell_blob *blob;

	sysroot_write(
		&root, "/etc/cells/second.json",
		"{ \"name\": \"second\", \"cpus\": [2, 3], \"description\": \"a pump\",\n"
		"  \"memory\": [ { \"size\": \"3M\", \"at\": 0 },\n"
		"    { \"size\": \"1M\", \"at\": \"1G\", \"access\": \"r\" },\n"
		"    { \"size\": \"4K\", \"at\": \"2G\", \"phys\": \"0xfd000000\",\n"
		"      \"access\": \"rw\", \"device\": true } ], \"comm\": { \"at\": \"3G\" } }\n");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root.context, "second", &desc), 0);
	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	CHECK_EQ(cell_desc_memory_size(desc), 4 << 20);
	CHECK_STR(cell_desc_description(desc), "a pump");
	cell_desc_unref(desc);
	cell_host_unref(host);
	return blob;
}

static cell_blob *second_blob;

static void act_started(void *argument)
{
	struct cellhv_cell_info *info = argument;

	CHECK_EQ(info->id, 5);
	info->start_time = 7123456789;
}

static void act_sized(void *argument)
{
	size_t size;

	cell_blob_data(second_blob, &size);
	((struct cellhv_cell_info *)argument)->config_size = (uint32_t)size;
}

static void act_config(void *argument)
{
	struct cellhv_cell_read_config *request = argument;
	size_t size;
	const void *data = cell_blob_data(second_blob, &size);

	CHECK_EQ(request->id, 5);
	CHECK_EQ(request->length, size);
	memcpy((void *)(uintptr_t)request->buffer, data, size);
}

TEST(what_a_cell_has_and_since_when_it_runs)
{
	static const struct mock_step steps[] = {
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL}, /* the compiler asks for cells */
		OPEN,
		{CELLHV_IOC_CELL_INFO, 0, act_first},
		{CELLHV_IOC_CELL_INFO, 0, act_second},
		{CELLHV_IOC_CELL_INFO, 0, act_started},
		{CELLHV_IOC_CELL_INFO, 0, NULL},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_CELL_INFO, 0, act_sized},
		{CELLHV_IOC_CELL_CONFIG, 0, act_config},
		{CELLHV_IOC_CELL_INFO, 0, act_sized},
		{CELLHV_IOC_CELL_CONFIG, -ENOENT, NULL},
		{CELLHV_IOC_CELL_INFO, 0, NULL},
	};
	uint64_t value = 1;
	cell_cell *cell;

	sysroot_make(&root);
	EXPECT(steps);
	second_blob = compile_blob();
	set_up();
	CHECK_EQ(cell_cell_by_name(hv, "second", &cell), 0);
	CHECK_EQ(cell_cell_start_time(cell, &value), 0);
	CHECK_EQ(value, 7123);
	CHECK_EQ(cell_cell_start_time(cell, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_EQ(cell_cell_start_time(cell, &value), -ENOENT);
	CHECK_STR(last_name(), "NoSuchCell");

	CHECK_EQ(cell_cell_memory_size(cell, &value), 0);
	CHECK_EQ(value, 4 << 20);
	CHECK_EQ(cell_cell_memory_size(cell, &value), -ENOENT); /* it went meanwhile */
	CHECK_STR(last_name(), "NoSuchCell");
	CHECK_EQ(cell_cell_memory_size(cell, &value), -EPROTO);
	CHECK_STR(last_name(), "AbiMismatch");
	CHECK_EQ(value, 4 << 20);
	cell_cell_unref(cell);
	second_blob = cell_blob_unref(second_blob);
	tear_down();
}

TEST(states_have_names)
{
	CHECK_STR(cell_state_to_string(CELL_LOCKED), "running/locked");
	CHECK_STR(cell_state_to_string((enum cell_state)99), "unknown");
	CHECK_STR(cell_state_to_string((enum cell_state) - 1), "unknown");
}

static void act_facts(void *argument)
{
	struct cellhv_info *info = argument;

	mock_info_enabled(argument);
	info->x2apic = 1;
	info->pages_used = 70;
	info->num_cells = 1;
	memset(info->version, 'v', sizeof(info->version));
}

static void act_changes(void *argument)
{
	CHECK(((struct cellhv_enable *)argument)->config_size > 0);
}

TEST(the_hypervisor_is_enabled_and_disabled)
{
	static const struct mock_step steps[] = {
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
		{CELLHV_IOC_ENABLE, 0, act_changes},
		{CELLHV_IOC_INFO, 0, act_facts},
		/* disable, once with a cell */
		OPEN,
		{CELLHV_IOC_CELL_INFO, -EPERM, NULL},
		OPEN,
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_DISABLE, 0, NULL},
	};
	struct cell_hv_info info;
	cell_host *host;

	sysroot_make_ready(&root);
	/* What Linux forgets of CPUs that cells have. */
	sysroot_write(&root, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1,3\n");
	sysroot_write(&root, TOPOLOGY_RECORD, "gone");
	EXPECT(steps);
	set_up();
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_hv_enable(hv, host), 0);
	CHECK_STR(sysroot_read(&root, TOPOLOGY_RECORD), "1,3");
	CHECK_EQ(cell_hv_info(hv, &info), 0);
	CHECK(info.enabled && info.x2apic);
	CHECK_EQ(info.pages_used, 70);
	CHECK_EQ(strlen(info.version), sizeof(info.version) - 1);
	CHECK_EQ(cell_hv_disable(hv), -EPERM);
	CHECK_EQ(cell_hv_disable(hv), 0);
	CHECK_STR(last_name(), "");
	CHECK_STR(sysroot_read(&root, TOPOLOGY_RECORD), "");

	/* The mock's device is /dev/null. */
	CHECK(cell_hv_fd(hv) >= 0);
	CHECK_EQ(cell_hv_dispatch(hv), 0);
	CHECK(!cell_hv_unref(cell_hv_ref(hv)));
	cell_host_unref(cell_host_ref(host));
	cell_host_unref(host);
	tear_down();
}

static void count_messages(void *userdata, int level, const char *message)
{
	CHECK(level >= 0 && level <= 7 && *message && !strchr(message, '\n'));
	++*(int *)userdata;
}

TEST(messages_go_to_whoever_wants_them)
{
	cell_context *context;
	int n = 0;

	CHECK_EQ(cell_context_new(&context), 0);
	context_log(context, 4, "nobody hears %s", "this");
	cell_context_set_log_fn(context, count_messages, &n);
	context_log(context, 4, "somebody hears %s", "this");
	CHECK_EQ(n, 1);
	CHECK(!cell_context_unref(cell_context_ref(context)));
	CHECK(!cell_context_unref(context));
	CHECK(!cell_context_unref(NULL));
}
