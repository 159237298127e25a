// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fake libcell's cells. */
#define _GNU_SOURCE
#include "fake_libcell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const states[] = {
	[CELL_STOPPED] = "stopped",	  [CELL_RUNNING] = "running",
	[CELL_LOCKED] = "running/locked", [CELL_SHUT_DOWN] = "shut down",
	[CELL_FAILED] = "failed",
};

const char *cell_state_to_string(enum cell_state state)
{
	return states[state];
}

static void write_file(const char *cell, const char *file, const char *text)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "cells/%s/%s", cell, file);
	fake_write(path, text, "we");
}

static int read_file(const char *cell, const char *file, char *buffer, size_t size)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "cells/%s/%s", cell, file);
	return fake_read(path, buffer, size);
}

int cell_cell_by_name(cell_hv *hv, const char *name, cell_cell **ret)
{
	char text[128], *next = text;
	cell_cell *cell;

	if (read_file(name, "id", text, sizeof(text)) < 0)
		return fake_fail(hv->context, -ENOENT, "NoSuchCell", "There is no cell \"%s\".",
				 name);

	cell = calloc(1, sizeof(*cell));
	cell->refs = 1;
	cell->hv = cell_hv_ref(hv);
	snprintf(cell->name, sizeof(cell->name), "%s", name);
	cell->id = (unsigned)atoi(text);
	if (read_file(name, "cpus", text, sizeof(text)) >= 0)
		for (char *cpu; (cpu = strsep(&next, ",")) && cell->n_cpus < FAKE_CPUS_MAX;)
			cell->cpus[cell->n_cpus++] = (unsigned)atoi(cpu);

	*ret = cell;
	return fake_ok(hv->context);
}

static bool has_cpu(const cell_cell *cell, unsigned cpu)
{
	for (size_t i = 0; i < cell->n_cpus; i++)
		if (cell->cpus[i] == cpu)
			return true;
	return false;
}

/* Of all cells with an id above `above` (and with the CPU, unless -1), the one with the smallest.
 */
static int smallest(cell_hv *hv, unsigned above, int cpu, cell_cell **ret)
{
	char path[FAKE_PATH_SIZE];
	cell_cell *best = NULL;
	DIR *dir;

	fake_path(path, "cells");
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		cell_cell *cell = NULL;

		if (entry->d_name[0] == '.' || cell_cell_by_name(hv, entry->d_name, &cell) < 0)
			continue;
		if (cell->id > above && (!best || cell->id < best->id) &&
		    (cpu < 0 || has_cpu(cell, (unsigned)cpu))) {
			cell_cell_unref(best);
			best = cell_cell_ref(cell);
		}
		cell_cell_unref(cell);
	}
	if (dir)
		closedir(dir);
	if (!best)
		return fake_fail(hv->context, -ENOENT, "NoSuchCell", "There is no such cell.");

	*ret = best;
	return fake_ok(hv->context);
}

int cell_cell_by_cpu(cell_hv *hv, unsigned cpu, cell_cell **ret)
{
	return smallest(hv, 0, (int)cpu, ret);
}

int cell_cell_next(cell_hv *hv, cell_cell *after, cell_cell **ret)
{
	return smallest(hv, after ? after->id : 0, -1, ret);
}

FAKE_REFS(cell_cell, fake_cell_release)

void fake_cell_release(cell_cell *cell)
{
	cell_hv_unref(cell->hv);
}

unsigned cell_cell_id(const cell_cell *cell)
{
	return cell->id;
}

const char *cell_cell_name(const cell_cell *cell)
{
	return cell->name;
}

const unsigned *cell_cell_cpus(const cell_cell *cell, size_t *ret_n)
{
	*ret_n = cell->n_cpus;
	return cell->cpus;
}

int cell_cell_create(cell_hv *hv, cell_desc *desc, cell_host *host, cell_cell **ret)
{
	char path[FAKE_PATH_SIZE], text[128] = "";
	cell_cell *last = NULL, *next;
	unsigned id = 1;
	int r = cell_desc_check(desc, host);

	if (r >= 0)
		r = fake_ordered_failure(hv->context);
	if (r < 0)
		return r;
	while (cell_cell_next(hv, last, &next) >= 0) {
		cell_cell_unref(last);
		last = next;
		id = last->id + 1;
	}
	cell_cell_unref(last);

	fake_path(path, "cells");
	mkdir(path, 0755);
	fake_path(path, "cells/%s", cell_desc_name(desc));
	if (mkdir(path, 0755) < 0)
		return fake_fail(hv->context, -EEXIST, "CellExists", "The cell exists already.");
	for (size_t i = 0; i < desc->n_cpus; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? "," : "",
			 desc->cpus[i]);
	write_file(desc->name, "cpus", text);
	write_file(desc->name, "state", "stopped");
	fake_path(path, "cells/%s/console", cell_desc_name(desc));
	mkfifo(path, 0644);
	snprintf(text, sizeof(text), "%u", id);
	write_file(desc->name, "id", text);
	fake_changed("create %s", desc->name);
	return cell_cell_by_name(hv, desc->name, ret);
}

/* The state file holds the state, and for a failed cell the reason and a sentence after it. */
int cell_cell_state(cell_cell *cell, enum cell_state *ret_state, struct cell_failure *ret_failure)
{
	static char reason[32];
	char text[256];
	int r = read_file(cell->name, "state", text, sizeof(text));

	if (r < 0)
		return fake_fail(cell->hv->context, -ENOENT, "NoSuchCell", "The cell is gone.");

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strncmp(text, states[i], strlen(states[i])) == 0)
			*ret_state = (enum cell_state)i;
	if (ret_failure) {
		*ret_failure = (struct cell_failure){.reason = ""};
		if (sscanf(text, "failed %31s %159[^\n]", reason, ret_failure->message) == 2) {
			ret_failure->reason = reason;
			ret_failure->cpu = cell->cpus[0];
			ret_failure->rip = 0x1234;
			ret_failure->address = 0xdead000;
			ret_failure->detail = 2;
		}
	}
	return fake_ok(cell->hv->context);
}

static int set_state(cell_cell *cell, const char *state, const char *call)
{
	int r = fake_ordered_failure(cell->hv->context);

	if (r < 0)
		return r;
	write_file(cell->name, "state", state);
	fake_changed("%s %s", call, cell->name);
	return 0;
}

int cell_cell_load(cell_cell *cell, cell_desc *desc)
{
	(void)desc;
	return set_state(cell, "stopped", "load");
}

/* A number in a file of the cell's, or 0. */
static int read_number(cell_cell *cell, const char *file, uint64_t *ret)
{
	char text[32];

	*ret = read_file(cell->name, file, text, sizeof(text)) < 0 ? 0 : strtoull(text, NULL, 10);
	return fake_ok(cell->hv->context);
}

int cell_cell_memory_size(cell_cell *cell, uint64_t *ret_size)
{
	return read_number(cell, "memory", ret_size);
}

/* A line with blanks between them. */
int cell_cell_devices(cell_cell *cell, char ***ret_names)
{
	char text[256] = "", *rest;
	char **names = calloc(16, sizeof(*names));
	size_t n = 0;

	read_file(cell->name, "devices", text, sizeof(text));
	for (char *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		names[n++] = strdup(name);
	*ret_names = names;
	return fake_ok(cell->hv->context);
}

int cell_cell_start_time(cell_cell *cell, uint64_t *ret_ms)
{
	return read_number(cell, "started", ret_ms);
}

int cell_cell_start(cell_cell *cell)
{
	char path[FAKE_PATH_SIZE], state[256] = "running";

	fake_path(path, "start-state");
	fake_read(path, state, sizeof(state));
	return set_state(cell, state, "start");
}

int cell_cell_stop(cell_cell *cell)
{
	return set_state(cell, "stopped", "stop");
}

int cell_cell_shutdown(cell_cell *cell, unsigned timeout_ms)
{
	char path[FAKE_PATH_SIZE], text[32];

	fake_changed("ask %s", cell->name);
	fake_path(path, "cells/%s/silent", cell->name);
	if (fake_exists(path)) {
		usleep(timeout_ms * 1000);
		return fake_fail(cell->hv->context, -ETIMEDOUT, "TimedOut",
				 "The guest did not answer within %u ms.", timeout_ms);
	}
	if (read_file(cell->name, "refusals", text, sizeof(text)) >= 0 && atoi(text) > 0) {
		snprintf(text, sizeof(text), "%d", atoi(text) - 1);
		write_file(cell->name, "refusals", text);
		return fake_fail(cell->hv->context, -EACCES, "ShutdownDenied",
				 "The guest refused.");
	}
	return set_state(cell, "shut down", "shutdown");
}

int cell_cell_destroy(cell_cell *cell, bool force)
{
	static const char *const files[] = {"id",     "cpus",	"state",   "console", "refusals",
					    "silent", "memory", "started", "devices"};
	char path[FAKE_PATH_SIZE];
	enum cell_state state;
	int r = cell_cell_state(cell, &state, NULL);

	if (r < 0)
		return r;
	if (!force && (state == CELL_RUNNING || state == CELL_LOCKED))
		return fake_fail(cell->hv->context, -EBUSY, "CellRunning",
				 "The cell runs; stop it first.");

	fake_delay("delay-destroy");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fake_path(path, "cells/%s/%s", cell->name, files[i]);
		unlink(path);
	}
	fake_path(path, "cells/%s", cell->name);
	rmdir(path);
	fake_changed("destroy %s%s", cell->name, force ? " force" : "");
	return fake_ok(cell->hv->context);
}

/* Made up, and different on every CPU. */
int cell_cell_stats(cell_cell *cell, unsigned cpu, struct cell_stat ret_stats[CELL_N_STATS_MAX])
{
	ret_stats[0] = (struct cell_stat){"total", 100 + cpu};
	ret_stats[1] = (struct cell_stat){"hypercall", 10 + cpu};
	fake_ok(cell->hv->context);
	return 2;
}

int cell_cell_has_reset(cell_cell *cell)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "cells/%s/reset", cell->name);
	return access(path, F_OK) == 0;
}

/* Who types reads it again: it is a FIFO. */
int cell_cell_console_attach(cell_cell *cell, bool nonblock)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "cells/%s/typed", cell->name);
	if (access(path, F_OK) < 0)
		return fake_fail(cell->hv->context, -EOPNOTSUPP, "NoConsoleInput",
				 "There is no console to type at.");
	return cell_cell_console_open(cell, nonblock);
}

/* Both ends are held open, so that a writer that leaves is no end of file. */
int cell_cell_console_open(cell_cell *cell, bool nonblock)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "cells/%s/console", cell->name);
	return open(path, O_RDWR | O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
}
