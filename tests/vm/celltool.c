/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcell from the command line, one call at a time: the machine tests drive the library, the
 * module and the hypervisor with it, where neither systemd nor the daemon is. A failure prints the
 * library's error name and sentence, and exits 1.
 */
#include <cell.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 1024
#define MAX_STALLS 5

struct tool {
	cell_context *context;
	cell_hv *hv;
	const char *argument; /* a cell's name or a description's file; NULL where none was given */
	const char *option;
};

static int fail(struct tool *tool, int error)
{
	const char *name = cell_context_last_error_name(tool->context);

	printf("%s: %s (%s)\n", *name ? name : "NoName", cell_context_last_error(tool->context),
	       strerror(-error));
	return 1;
}

static int find(struct tool *tool, cell_cell **ret_cell)
{
	return cell_cell_by_name(tool->hv, tool->argument, ret_cell);
}

static int do_enable(struct tool *tool)
{
	cell_host *host = NULL;
	int error = cell_host_new(tool->context, NULL, &host);

	if (!error)
		error = cell_hv_enable(tool->hv, host);
	cell_host_unref(host);
	return error;
}

static int do_disable(struct tool *tool)
{
	return cell_hv_disable(tool->hv);
}

/* KEY=VALUE, for the shell. */
static int do_info(struct tool *tool)
{
	struct cell_hv_info info;
	int error = cell_hv_info(tool->hv, &info);

	if (error)
		return error;

	printf("enabled=%d x2apic=%d pages_total=%u pages_used=%u cpus=%u cells=%u\n", info.enabled,
	       info.x2apic, info.pages_total, info.pages_used, info.n_cpus, info.n_cells);
	return 0;
}

static void print_diags(const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);

		printf("%s:%u:%u: %s: %s\n", diag->file, diag->line, diag->column, diag->pointer,
		       diag->message);
	}
}

static int create(struct tool *tool, cell_desc *desc, cell_host *host)
{
	cell_cell *cell = NULL;
	int error = cell_cell_create(tool->hv, desc, host, &cell);

	if (error)
		print_diags(desc);
	cell_cell_unref(cell);
	return error;
}

static int do_create(struct tool *tool)
{
	cell_desc *desc = NULL;
	cell_host *host = NULL;
	int error = cell_desc_find(tool->context, tool->argument, &desc);

	if (!error)
		error = cell_host_new(tool->context, NULL, &host);
	if (!error)
		error = create(tool, desc, host);
	cell_host_unref(host);
	cell_desc_unref(desc);
	return error;
}

static int do_load(struct tool *tool)
{
	cell_desc *desc = NULL;
	cell_cell *cell = NULL;
	int error = cell_desc_find(tool->context, tool->argument, &desc);

	if (!error)
		error = find(tool, &cell);
	if (!error)
		error = cell_cell_load(cell, desc);
	cell_cell_unref(cell);
	cell_desc_unref(desc);
	return error;
}

static int call_start(cell_cell *cell, struct tool *tool)
{
	(void)tool;
	return cell_cell_start(cell);
}

static int call_stop(cell_cell *cell, struct tool *tool)
{
	(void)tool;
	return cell_cell_stop(cell);
}

static int call_shutdown(cell_cell *cell, struct tool *tool)
{
	return cell_cell_shutdown(cell, tool->option ? (unsigned)atoi(tool->option) : 5000);
}

static int call_destroy(cell_cell *cell, struct tool *tool)
{
	return cell_cell_destroy(cell, tool->option && strcmp(tool->option, "force") == 0);
}

static int call_state(cell_cell *cell, struct tool *tool)
{
	enum cell_state state;
	struct cell_failure failure;
	int error = cell_cell_state(cell, &state, &failure);

	(void)tool;
	if (!error)
		printf("%s%s %s\n", cell_state_to_string(state),
		       cell_cell_has_reset(cell) == 1 ? ", to start again" : "", failure.message);
	return error;
}

/* memory=BYTES started=MS, of the clock of /proc/uptime. */
static int call_facts(cell_cell *cell, struct tool *tool)
{
	uint64_t size, started;
	int error = cell_cell_memory_size(cell, &size);

	(void)tool;
	if (!error)
		error = cell_cell_start_time(cell, &started);
	if (!error)
		printf("memory=%llu started=%llu\n", (unsigned long long)size,
		       (unsigned long long)started);
	return error;
}

/* Until it has ended or failed, for up to the option's milliseconds. */
static int call_ended(cell_cell *cell, struct tool *tool)
{
	enum cell_state state;
	int error = cell_cell_wait(cell, 1u << CELL_SHUT_DOWN | 1u << CELL_FAILED,
				   tool->option ? atoi(tool->option) : 20000, &state);

	if (!error)
		printf("%s\n", cell_state_to_string(state));
	return error;
}

/* NAME=COUNT lines, summed over the cell's CPUs. */
static int call_stats(cell_cell *cell, struct tool *tool)
{
	struct cell_stat stats[CELL_N_STATS_MAX];
	uint64_t sums[CELL_N_STATS_MAX] = {0};
	size_t n_cpus;
	const unsigned *cpus = cell_cell_cpus(cell, &n_cpus);
	int n = 0;

	(void)tool;
	for (size_t i = 0; i < n_cpus; i++) {
		n = cell_cell_stats(cell, cpus[i], stats);
		if (n < 0)
			return n;
		for (int k = 0; k < n; k++)
			sums[k] += stats[k].count;
	}
	for (int k = 0; k < n; k++)
		printf("%s=%llu\n", stats[k].name, (unsigned long long)sums[k]);
	return 0;
}

static int drain(int fd)
{
	char buffer[4096];
	ssize_t length;

	if (fd < 0)
		return fd;

	while ((length = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)length, stdout);
	close(fd);
	return 0;
}

static int call_console(cell_cell *cell, struct tool *tool)
{
	(void)tool;
	return drain(cell_cell_console_open(cell, true));
}

/* The option, and the key behind it that sends a line. */
static int call_type(cell_cell *cell, struct tool *tool)
{
	int fd = cell_cell_console_attach(cell, false);
	char line[256];
	ssize_t n;

	if (fd < 0)
		return fd;
	snprintf(line, sizeof(line), "%s\r", tool->option ? tool->option : "");
	n = write(fd, line, strlen(line));
	close(fd);
	return n == (ssize_t)strlen(line) ? 0 : n < 0 ? -errno : -EAGAIN;
}

static int do_log(struct tool *tool)
{
	return drain(cell_hv_console_open(tool->hv, true));
}

/* Destroys every cell, whatever it does. */
static int do_reset(struct tool *tool)
{
	cell_cell *cell = NULL;
	int error;

	while ((error = cell_cell_next(tool->hv, NULL, &cell)) >= 0) {
		error = cell_cell_destroy(cell, true);
		cell = cell_cell_unref(cell);
		if (error < 0)
			return error;
	}
	return error == -ENOENT ? 0 : error;
}

/* Waits for a change of any state, for up to the argument's milliseconds. */
static int do_wait(struct tool *tool)
{
	struct pollfd ready = {.fd = cell_hv_fd(tool->hv), .events = POLLIN};
	int n = poll(&ready, 1, tool->argument ? atoi(tool->argument) : 5000);

	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	return cell_hv_dispatch(tool->hv);
}

static int with_cell(struct tool *tool, int (*call)(cell_cell *cell, struct tool *tool))
{
	cell_cell *cell = NULL;
	int error = find(tool, &cell);

	if (!error)
		error = call(cell, tool);
	cell_cell_unref(cell);
	return error;
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < MAX_DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			count++;
	return count;
}

static int call_all(cell_cell *cell, struct tool *tool)
{
	int error = cell_cell_start(cell);

	if (!error)
		error = call_console(cell, tool);
	if (!error)
		error = cell_cell_stop(cell);
	return error ? error : cell_cell_destroy(cell, false);
}

/* A CPU that stalls for longer than the hypervisor waits, or than libcell does for memory. */
static bool has_stalled(int error)
{
	return error == -ETIMEDOUT || error == -ENOMEM;
}

/* The whole life of a cell; one that was hindered by a stall is ended, and tried again. */
static int cycle_once(struct tool *tool, int *stalls)
{
	int error;

	for (;;) {
		error = do_create(tool);
		if (!error)
			error = with_cell(tool, call_all);
		if (!has_stalled(error) || ++*stalls > MAX_STALLS)
			return error;
		error = do_reset(tool);
		if (error)
			return error;
	}
}

/* As often as the option says; then how many more descriptors this process has than before. */
static int do_cycle(struct tool *tool)
{
	const int before = count_descriptors();
	int stalls = 0, error = 0;

	for (int left = tool->option ? atoi(tool->option) : 1; left > 0 && !error; left--)
		error = cycle_once(tool, &stalls);
	if (!error)
		printf("\ndescriptors=%d stalls=%d\n", count_descriptors() - before, stalls);
	return error;
}

static const struct verb {
	const char *name;
	int (*on_machine)(struct tool *tool);
	int (*on_cell)(cell_cell *cell, struct tool *tool);
} verbs[] = {
	{"enable", do_enable, NULL},	   {"disable", do_disable, NULL},
	{"info", do_info, NULL},	   {"log", do_log, NULL},
	{"reset", do_reset, NULL},	   {"wait", do_wait, NULL},
	{"create", do_create, NULL},	   {"load", do_load, NULL},
	{"start", NULL, call_start},	   {"stop", NULL, call_stop},
	{"shutdown", NULL, call_shutdown}, {"destroy", NULL, call_destroy},
	{"ended", NULL, call_ended},	   {"state", NULL, call_state},
	{"stats", NULL, call_stats},	   {"console", NULL, call_console},
	{"facts", NULL, call_facts},	   {"cycle", do_cycle, NULL},
	{"type", NULL, call_type},
};

static int run(struct tool *tool, const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (verbs[i].on_machine)
			return verbs[i].on_machine(tool);
		return tool->argument ? with_cell(tool, verbs[i].on_cell) : -EINVAL;
	}
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct tool tool = {NULL, NULL, argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL};
	int error, status;

	if (argc < 2 || cell_context_new(&tool.context) < 0)
		return 2;

	error = cell_hv_open(tool.context, true, &tool.hv);
	if (error >= 0)
		error = run(&tool, argv[1]);
	status = error < 0 ? fail(&tool, error) : 0;
	cell_hv_unref(tool.hv);
	cell_context_unref(tool.context);
	return status;
}
