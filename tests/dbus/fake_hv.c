// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fake libcell's hypervisor. */
#define _GNU_SOURCE
#include "fake_libcell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int cell_hv_open(cell_context *context, bool load_module, cell_hv **ret)
{
	char path[FAKE_PATH_SIZE];
	cell_hv *hv;

	if (getenv("FAKE_DENIED"))
		return fake_fail(context, -EACCES, "AccessDenied", "This takes root.");
	fake_path(path, "module");
	if (load_module && !fake_exists(path))
		fake_write(path, "", "we");
	if (!fake_exists(path))
		return fake_fail(context, -ENODEV, "ModuleMissing",
				 "The module cellhv is not loaded; modprobe cellhv loads it.");

	hv = calloc(1, sizeof(*hv));
	*hv = (cell_hv){1, context, inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
	fake_path(path, "changed");
	fake_write(path, "", "ae");
	inotify_add_watch(hv->fd, path, IN_CLOSE_WRITE);
	*ret = hv;
	return fake_ok(context);
}

int cell_hv_is_installed(cell_context *context)
{
	char path[FAKE_PATH_SIZE];

	fake_ok(context);
	fake_path(path, "module");
	if (fake_exists(path))
		return 1;
	fake_path(path, "module-installed");
	return fake_exists(path);
}

FAKE_REFS(cell_hv, fake_hv_release)

void fake_hv_release(cell_hv *hv)
{
	close(hv->fd);
}

static bool enabled(void)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "enabled");
	return fake_exists(path);
}

static unsigned count_cells(void)
{
	char path[FAKE_PATH_SIZE];
	unsigned n = 0;
	DIR *dir;

	fake_path(path, "cells");
	dir = opendir(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

int cell_hv_info(cell_hv *hv, struct cell_hv_info *ret)
{
	*ret = (struct cell_hv_info){.enabled = enabled(),
				     .x2apic = true,
				     .version = "fake",
				     .pages_total = 512,
				     .pages_used = 64,
				     .n_cpus = 4,
				     .n_cells = count_cells()};
	return fake_ok(hv->context);
}

/* `protection`, where it is there: two numbers and the message. */
int cell_hv_protection(cell_hv *hv, struct cell_protection *ret)
{
	char path[FAKE_PATH_SIZE], text[256] = "0 0 ";
	unsigned dma, interrupts;
	int length = 0;

	fake_path(path, "protection");
	fake_read(path, text, sizeof(text));
	sscanf(text, "%u %u %n", &dma, &interrupts, &length);
	*ret = (struct cell_protection){.dma = dma, .interrupts = interrupts};
	snprintf(ret->message, sizeof(ret->message), "%s", text + length);
	return fake_ok(hv->context);
}

const char *cell_dma_to_string(enum cell_dma dma)
{
	static const char *const names[] = {"open", "isolated", "by Linux's tables"};

	return names[dma];
}

const char *cell_interrupts_to_string(enum cell_interrupts interrupts)
{
	static const char *const names[] = {"open", "filtered", "remapped"};

	return names[interrupts];
}

int cell_hv_enable(cell_hv *hv, cell_host *host)
{
	char path[FAKE_PATH_SIZE];
	int r = fake_ordered_failure(hv->context);

	if (r < 0)
		return r;
	if (enabled())
		return fake_fail(hv->context, -EALREADY, "HypervisorEnabled",
				 "The hypervisor is enabled already.");
	if (host->error)
		return fake_fail(hv->context, -EINVAL, "InvalidConfiguration",
				 "Cannot enable the hypervisor: %s.", host->error);

	fake_delay("delay-enable");
	fake_path(path, "enabled");
	fake_write(path, "", "we");
	fake_changed("enable");
	return fake_ok(hv->context);
}

int cell_hv_disable(cell_hv *hv)
{
	char path[FAKE_PATH_SIZE];
	int r = fake_ordered_failure(hv->context);

	if (r < 0)
		return r;
	if (!enabled())
		return fake_fail(hv->context, -EALREADY, "HypervisorDisabled",
				 "The hypervisor is not enabled.");
	if (count_cells() > 0)
		return fake_fail(hv->context, -EBUSY, "Busy", "Cells exist; destroy them first.");

	fake_path(path, "enabled");
	unlink(path);
	fake_changed("disable");
	return fake_ok(hv->context);
}

int cell_hv_fd(const cell_hv *hv)
{
	return hv->fd;
}

int cell_hv_dispatch(cell_hv *hv)
{
	char events[4096];

	while (read(hv->fd, events, sizeof(events)) > 0)
		;
	return fake_ok(hv->context);
}

int cell_hv_console_open(cell_hv *hv, bool nonblock)
{
	char path[FAKE_PATH_SIZE];

	(void)hv;
	fake_path(path, "console");
	return open(path, O_RDONLY | O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
}
