// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "attach.h"
#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "enable.h"
#include "exit-status.h"
#include "marker.h"
#include "systemd-call.h"
#include "unit.h"

static bool is_unit_process(void)
{
	CLEANUP_FREE char *unit = NULL;

	return sd_pid_get_unit(0, &unit) >= 0 && strcmp(unit, HYPERVISOR_UNIT) == 0;
}

/*
 * The unit takes note of what was done here by hand: it finds its work done already. As the unit's
 * own process we are that note.
 */
static int tell_unit(struct ctl *ctl, const char *method)
{
	if (sd_booted() <= 0 || is_unit_process())
		return EXIT_OK;

	return unit_request(ctl, method, HYPERVISOR_UNIT, true);
}

/* To a person only: to the unit, work that was done by hand is no news. */
static void say_nothing_to_do(const struct ctl *ctl, const char *sentence)
{
	if (!is_unit_process() && !ctl->quiet)
		puts(sentence);
}

/* The unit may not load modules itself: for it, systemd has tried by now. */
static int fail_enable(const struct ctl *ctl, int r)
{
	if (is_unit_process() &&
	    strcmp(cell_context_last_error_name(ctl->context), "AccessDenied") == 0)
		return ctl_fail("The module cellhv could not be loaded; `journalctl -u "
				"modprobe@cellhv.service` and `modprobe cellhv` say why.");

	return ctl_fail_cell(ctl, r);
}

static int enable(struct ctl *ctl)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	int r;

	if (bus_is_needed(ctl))
		return bus_request(ctl, NULL, "EnableHypervisor", "t", UINT64_C(0));
	if (marker_is_left())
		return ctl_fail("%s", MARKER_SENTENCE("`cellctl hypervisor confirm`"));

	r = cell_hv_open(ctl->context, true, &hv);
	if (r >= 0)
		r = cell_host_new(ctl->context, NULL, &host);
	if (r >= 0)
		r = enable_marked(hv, host);
	if (r < 0 && r != -EALREADY)
		return fail_enable(ctl, r);
	if (r == -EALREADY)
		say_nothing_to_do(ctl,
				  "The hypervisor is already enabled: there is nothing to do.");

	return tell_unit(ctl, "StartUnit");
}

static int confirm(struct ctl *ctl)
{
	int r;

	if (bus_is_needed(ctl))
		return bus_request(ctl, NULL, "ConfirmHypervisor", "");

	r = marker_remove();
	return r < 0 ? ctl_fail("Cannot remove the boot marker: %s", strerror(-r)) : EXIT_OK;
}

/* Without the module nothing is enabled either, which is what was asked for. */
static bool is_disabled(int error)
{
	return error == -EALREADY || error == -ENODEV || error == -ENOENT || error == -ENXIO;
}

static int disable(struct ctl *ctl)
{
	CLEANUP_HV cell_hv *hv = NULL;
	int r;

	if (bus_is_needed(ctl))
		return bus_request(ctl, NULL, "DisableHypervisor", "");

	r = cell_hv_open(ctl->context, false, &hv);
	if (r >= 0)
		r = cell_hv_disable(hv);
	if (r < 0 && !is_disabled(r))
		return ctl_fail_cell(ctl, r);
	if (r < 0)
		say_nothing_to_do(ctl, "The hypervisor is not enabled: there is nothing to do.");

	return tell_unit(ctl, "StopUnit");
}

/* What cellmgrd publishes of it is less than what the driver tells root. */
static int status_from_bus(struct ctl *ctl)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP_FREE char *state = NULL;
	sd_bus *bus;
	int r = bus_connect(ctl, &bus);

	if (r != EXIT_OK)
		return r;
	r = sd_bus_get_property_string(bus, CELLMGR_NAME, CELLMGR_PATH, CELLMGR_MANAGER,
				       "HypervisorState", &error, &state);
	if (r < 0)
		return bus_fail(&error, r);

	if (ctl->format == TABLE_TEXT)
		puts(state);
	else
		printf("{\"state\":\"%s\"}\n", state);
	return strcmp(state, "enabled") == 0 ? EXIT_OK : EXIT_NOT_RUNNING;
}

/* What is open, and why; what is closed, and how. */
static void print_protection(const struct cell_protection *protection)
{
	printf("       DMA: %s\n", cell_dma_to_string(protection->dma));
	printf("Interrupts: %s\n", cell_interrupts_to_string(protection->interrupts));
	if (*protection->message)
		printf("      Open: %s\n", protection->message);
}

static void print_json(const struct ctl *ctl, const char *state, const struct cell_hv_info *info,
		       const struct cell_protection *protection)
{
	CLEANUP_JSON json_object *root = json_object_new_object();

	json_object_object_add(root, "state", json_object_new_string(state));
	json_object_object_add(root, "version", json_object_new_string(info->version));
	json_object_object_add(root, "x2apic", json_object_new_boolean(info->x2apic));
	json_object_object_add(root, "cpus", json_object_new_int((int)info->n_cpus));
	json_object_object_add(root, "cells", json_object_new_int((int)info->n_cells));
	json_object_object_add(root, "pagesTotal", json_object_new_int((int)info->pages_total));
	json_object_object_add(root, "pagesUsed", json_object_new_int((int)info->pages_used));
	if (info->enabled) {
		json_object_object_add(root, "dma",
				       json_object_new_string(cell_dma_to_string(protection->dma)));
		json_object_object_add(
			root, "interrupts",
			json_object_new_string(cell_interrupts_to_string(protection->interrupts)));
		json_object_object_add(root, "open", json_object_new_string(protection->message));
	}
	puts(json_object_to_json_string_ext(root, ctl_json_flags(ctl)));
}

static int status(struct ctl *ctl)
{
	CLEANUP_HV cell_hv *hv = NULL;
	struct cell_hv_info info = {0};
	struct cell_protection protection = {0};
	const char *state;
	int r;

	if (bus_is_needed(ctl))
		return status_from_bus(ctl);

	r = cell_hv_open(ctl->context, false, &hv);
	if (r >= 0)
		r = cell_hv_info(hv, &info);
	if (r >= 0 && info.enabled)
		r = cell_hv_protection(hv, &protection);
	if (r < 0 && cell_hv_is_installed(ctl->context) <= 0)
		state = "missing";
	else
		state = info.enabled ? "enabled" : "disabled";

	if (ctl->format != TABLE_TEXT)
		print_json(ctl, state, &info, &protection);
	else if (info.enabled)
		printf("enabled, version %s, %s mode, %u CPUs, %u cells, %u of %u pages used\n",
		       info.version, info.x2apic ? "x2APIC" : "xAPIC", info.n_cpus, info.n_cells,
		       info.pages_used, info.pages_total);
	else
		puts(state);
	if (ctl->format == TABLE_TEXT && info.enabled)
		print_protection(&protection);

	return info.enabled ? EXIT_OK : EXIT_NOT_RUNNING;
}

static int console(struct ctl *ctl)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_FD int fd = -1;
	int r = ctl_require_local(ctl, "hypervisor console");

	if (r != EXIT_OK)
		return r;
	r = cell_hv_open(ctl->context, false, &hv);
	if (r < 0)
		return ctl_fail_cell(ctl, r);
	fd = cell_hv_console_open(hv, true);
	if (fd < 0)
		return ctl_fail_cell(ctl, fd);

	return attach_copy(&(struct attached){.fd = fd}, 1, ctl->follow);
}

int ctl_hypervisor(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct ctl *ctl);
	} actions[] = {
		{"enable", enable}, {"confirm", confirm}, {"disable", disable},
		{"status", status}, {"console", console},
	};

	(void)argc;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, argv[1]) == 0)
			return actions[i].run(ctl);

	ctl_fail("hypervisor takes enable, confirm, disable, status or console, not \"%s\".",
		 argv[1]);
	return EXIT_USAGE;
}
