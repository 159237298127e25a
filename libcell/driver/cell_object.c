// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cell_object.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/pci_name.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "base/export.h"
#include "driver/driver.h"
#include "driver/explain.h"
#include "driver/inventory.h"

int cell_object_new(cell_hv *hv, const struct cellhv_cell_info *info, cell_cell **ret)
{
	cell_cell *cell = calloc(1, sizeof(*cell));
	struct cpuset cpus;

	if (!cell)
		return context_oom(hv->context);

	cell->refs = 1;
	cell->hv = cell_hv_ref(hv);
	cell->id = info->id;
	memcpy(cell->name, info->name, sizeof(cell->name));
	cell->name[sizeof(cell->name) - 1] = '\0';
	memcpy(cpus.bits, info->cpus, sizeof(cpus.bits));
	for (unsigned cpu = 0; cpu < CELLHV_MAX_CPUS; cpu++)
		if (cpuset_has(&cpus, cpu))
			cell->cpus[cell->n_cpus++] = cpu;
	*ret = cell;
	return 0;
}

static int next_info(cell_hv *hv, uint32_t after, struct cellhv_cell_info *ret)
{
	int r;

	*ret = (struct cellhv_cell_info){
		.size = sizeof(*ret), .id = after, .flags = CELLHV_CELL_NEXT};
	r = driver_try(hv->context, hv->fd, CELLHV_IOC_CELL_INFO, ret);
	if (r < 0 && r != -ENOENT)
		explain_failure(hv->context, hv->fd, r, NULL, "list the cells");
	return r;
}

LIBCELL_PUBLIC int cell_cell_by_name(cell_hv *hv, const char *name, cell_cell **ret)
{
	struct cellhv_cell_info info = {0};
	int r;

	context_begin(hv->context);
	while ((r = next_info(hv, info.id, &info)) == 0)
		if (strncmp(info.name, name, sizeof(info.name)) == 0)
			return cell_object_new(hv, &info, ret);
	if (r == -ENOENT)
		context_set_error(hv->context, "NoSuchCell", "There is no cell %s.", name);
	return r;
}

LIBCELL_PUBLIC int cell_cell_by_cpu(cell_hv *hv, unsigned cpu, cell_cell **ret)
{
	struct cellhv_cell_info info = {0};
	int r;

	context_begin(hv->context);
	while ((r = next_info(hv, info.id, &info)) == 0)
		if (cpu < CELLHV_MAX_CPUS && info.cpus[cpu / 64] >> (cpu % 64) & 1)
			return cell_object_new(hv, &info, ret);
	if (r == -ENOENT)
		context_set_error(hv->context, "NoSuchCell", "CPU %u belongs to no cell.", cpu);
	return r;
}

LIBCELL_PUBLIC int cell_cell_next(cell_hv *hv, cell_cell *after, cell_cell **ret)
{
	struct cellhv_cell_info info;
	int r;

	context_begin(hv->context);
	r = next_info(hv, after ? after->id : 0, &info);
	if (r < 0)
		return r;
	return cell_object_new(hv, &info, ret);
}

LIBCELL_PUBLIC cell_cell *cell_cell_ref(cell_cell *cell)
{
	cell->refs++;
	return cell;
}

LIBCELL_PUBLIC cell_cell *cell_cell_unref(cell_cell *cell)
{
	if (!cell || --cell->refs > 0)
		return NULL;

	cell_hv_unref(cell->hv);
	free(cell);
	return NULL;
}

LIBCELL_PUBLIC unsigned cell_cell_id(const cell_cell *cell)
{
	return cell->id;
}

LIBCELL_PUBLIC const char *cell_cell_name(const cell_cell *cell)
{
	return cell->name;
}

LIBCELL_PUBLIC const unsigned *cell_cell_cpus(const cell_cell *cell, size_t *ret_n)
{
	*ret_n = cell->n_cpus;
	return cell->cpus;
}

LIBCELL_PUBLIC const char *cell_state_to_string(enum cell_state state)
{
	static const char *const names[] = {
		[CELL_STOPPED] = "stopped",	  [CELL_RUNNING] = "running",
		[CELL_LOCKED] = "running/locked", [CELL_SHUT_DOWN] = "shut down",
		[CELL_FAILED] = "failed",
	};

	return (unsigned)state <= CELL_FAILED ? names[state] : "unknown";
}

static int fail_gone(const cell_cell *cell)
{
	return context_fail(cell->hv->context, -ENOENT, "NoSuchCell", "The cell %s is gone.",
			    cell->name);
}

int cell_object_info(const cell_cell *cell, struct cellhv_cell_info *ret)
{
	int r;

	*ret = (struct cellhv_cell_info){.size = sizeof(*ret), .id = cell->id};
	r = driver_try(cell->hv->context, cell->hv->fd, CELLHV_IOC_CELL_INFO, ret);
	if (r == -ENOENT)
		return fail_gone(cell);
	if (r < 0)
		explain_failure(cell->hv->context, cell->hv->fd, r, NULL, "ask for a cell's state");
	return r;
}

/* What it was created with: for free(). */
static int read_config(const cell_cell *cell, struct cellhv_cell_config **ret)
{
	struct cellhv_cell_info info;
	int r = cell_object_info(cell, &info);

	if (r == 0)
		r = inventory_config(cell->hv->context, cell->hv->fd, &info, ret);
	return r == -ENOENT ? fail_gone(cell) : r;
}

static uint64_t ram_of(const struct cellhv_cell_config *config)
{
	const struct cellhv_memory_region *regions = blob_memory(config);
	uint64_t size = 0;

	for (uint32_t i = 0; i < config->memory.count; i++)
		if (!(regions[i].flags & CELLHV_MEMORY_DEVICE))
			size += regions[i].size;
	return size;
}

LIBCELL_PUBLIC int cell_cell_memory_size(cell_cell *cell, uint64_t *ret_size)
{
	_cleanup_free_ struct cellhv_cell_config *config = NULL;
	int r;

	context_begin(cell->hv->context);
	r = read_config(cell, &config);
	if (r != 0)
		return r;

	*ret_size = ram_of(config);
	return 0;
}

/* With NULL at the end; NULL: out of memory. */
static char **device_names(const struct cellhv_cell_config *config)
{
	char **names = calloc(config->functions.count + config->pins.count + 1, sizeof(*names));
	size_t n = 0;

	for (uint32_t i = 0; names && i < config->functions.count; i++) {
		if (asprintf(&names[n], "0000:" PCI_NAME,
			     PCI_NAME_OF(blob_functions(config)[i].address)) < 0)
			goto fail;
		n++;
	}
	for (uint32_t i = 0; names && i < config->pins.count; i++) {
		const struct cellhv_pin *pin = &blob_pins(config)[i];

		if (asprintf(&names[n], "pin %" PRIu32 " of the I/O APIC at 0x%" PRIx64, pin->pin,
			     pin->ioapic) < 0)
			goto fail;
		n++;
	}
	return names;

fail:
	names[n] = NULL;
	return cell_strv_free(names);
}

LIBCELL_PUBLIC int cell_cell_devices(cell_cell *cell, char ***ret_names)
{
	cell_context *context = cell->hv->context;
	_cleanup_free_ struct cellhv_cell_config *config = NULL;
	char **names;
	int r;

	context_begin(context);
	r = read_config(cell, &config);
	if (r != 0)
		return r;

	names = device_names(config);
	if (!names)
		return context_oom(context);

	*ret_names = names;
	return 0;
}

LIBCELL_PUBLIC int cell_cell_has_reset(cell_cell *cell)
{
	struct cellhv_cell_info info;
	int r;

	context_begin(cell->hv->context);
	r = cell_object_info(cell, &info);
	return r < 0 ? r : info.reset == 1;
}

#define NS_PER_MS 1000000

LIBCELL_PUBLIC int cell_cell_start_time(cell_cell *cell, uint64_t *ret_ms)
{
	struct cellhv_cell_info info;
	int r;

	context_begin(cell->hv->context);
	r = cell_object_info(cell, &info);
	if (r == 0)
		*ret_ms = info.start_time / NS_PER_MS;
	return r;
}

_Static_assert((int)CELL_STOPPED == CELLHV_STATE_STOPPED, "stopped");
_Static_assert((int)CELL_RUNNING == CELLHV_STATE_RUNNING, "running");
_Static_assert((int)CELL_LOCKED == CELLHV_STATE_LOCKED, "locked");
_Static_assert((int)CELL_SHUT_DOWN == CELLHV_STATE_SHUT_DOWN, "shut down");
_Static_assert((int)CELL_FAILED == CELLHV_STATE_FAILED, "failed");

LIBCELL_PUBLIC int cell_cell_state(cell_cell *cell, enum cell_state *ret_state,
				   struct cell_failure *ret_failure)
{
	struct cellhv_cell_info info;
	int r;

	context_begin(cell->hv->context);
	r = cell_object_info(cell, &info);
	if (r < 0)
		return r;

	*ret_state = (enum cell_state)info.state;
	if (ret_failure) {
		*ret_failure = (struct cell_failure){
			.reason = explain_failure_reason(info.failure.reason),
			.cpu = info.failure.cpu,
			.rip = info.failure.rip,
			.address = info.failure.address,
			.detail = info.failure.detail,
		};
		explain_guest_failure(&info.failure, ret_failure->message);
	}
	return 0;
}

/* ENODEV alone does not say which is missing: the hypervisor, or the CPU. */
static int fail_stats(const cell_cell *cell, unsigned cpu)
{
	int r = hv_require_enabled(cell->hv, "read the statistics");

	if (r < 0)
		return r;
	return context_fail(
		cell->hv->context, -ENODEV, "CpuUnavailable",
		"Cannot read the statistics: there is no CPU %u under the hypervisor: see "
		"/sys/devices/system/cpu/present.",
		cpu);
}

LIBCELL_PUBLIC int cell_cell_stats(cell_cell *cell, unsigned cpu,
				   struct cell_stat ret_stats[CELL_N_STATS_MAX])
{
	static const char *const names[CELLHV_EXIT_MAX] = {
		[CELLHV_EXIT_TOTAL] = "total",	   [CELLHV_EXIT_MANAGEMENT] = "management",
		[CELLHV_EXIT_NMI] = "nmi",	   [CELLHV_EXIT_HYPERCALL] = "hypercall",
		[CELLHV_EXIT_MSR] = "msr",	   [CELLHV_EXIT_MSR_ICR] = "msr-icr",
		[CELLHV_EXIT_CPUID] = "cpuid",	   [CELLHV_EXIT_PORT] = "port",
		[CELLHV_EXIT_MMIO] = "mmio",	   [CELLHV_EXIT_XAPIC] = "xapic",
		[CELLHV_EXIT_CONTROL] = "control", [CELLHV_EXIT_EXCEPTION] = "exception",
		[CELLHV_EXIT_OTHER] = "other",
	};
	struct cellhv_cpu_stats request = {.size = sizeof(request), .cpu = cpu};
	int r;

	_Static_assert(CELLHV_EXIT_MAX <= CELL_N_STATS_MAX, "statistics");
	context_begin(cell->hv->context);
	r = driver_call(cell->hv->context, cell->hv->fd, CELLHV_IOC_CPU_STATS, &request, NULL,
			"read the statistics");
	if (r == -ENODEV)
		return fail_stats(cell, cpu);
	if (r < 0)
		return r;

	for (int i = 0; i < CELLHV_EXIT_MAX; i++)
		ret_stats[i] = (struct cell_stat){names[i], request.count[i]};
	return CELLHV_EXIT_MAX;
}

LIBCELL_PUBLIC int cell_cell_console_open(cell_cell *cell, bool nonblock)
{
	context_begin(cell->hv->context);
	return hv_console_open(cell->hv, cell->id, nonblock ? O_NONBLOCK : 0);
}

LIBCELL_PUBLIC int cell_cell_console_attach(cell_cell *cell, bool nonblock)
{
	int fd;

	context_begin(cell->hv->context);
	fd = hv_console_open(cell->hv, cell->id, O_RDWR | (nonblock ? O_NONBLOCK : 0));
	if (fd == -EOPNOTSUPP)
		return context_fail(cell->hv->context, fd, "NoConsoleInput",
				    "The guest in cell %s has no console that one could type at: "
				    "\"platform\": \"pc\" in its description gives it one.",
				    cell->name);
	return fd;
}
