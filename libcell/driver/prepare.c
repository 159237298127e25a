// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel needs on its command line, written where the boot loader takes that from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"
#include "driver/preflight.h"
#include "host/bootloader.h"

#define TEXT_SIZE_MAX 65536

/* Without root's rights even the memory map is not to be seen. */
static int require_root(const cell_host *host)
{
	if (geteuid() == 0 || *host->root)
		return 0;
	return context_fail(host->context, -EACCES, "AccessDenied",
			    "Preparing this machine takes root: the boot loader's settings are "
			    "written.");
}

static int fail_unknown(const cell_host *host, const char *arguments)
{
	return context_fail(
		host->context, -EOPNOTSUPP, "Failed",
		"This machine's boot loader is none that can be prepared (GRUB as Debian "
		"has it, or what kernel-install writes entries for): add %s to the kernel "
		"command line by hand, reboot, and run `cellctl host check`.",
		arguments);
}

static int fail_file(const cell_host *host, int error, const char *what, const char *path,
		     const char *arguments)
{
	bool denied = error == -EACCES || error == -EPERM;

	return context_fail(
		host->context, error, denied ? "AccessDenied" : "Failed",
		"Cannot %s %s: %s. Nothing was changed; the kernel command line needs %s.", what,
		path, strerror(-error), arguments);
}

static char *join(const struct preflight_want *wants, size_t n)
{
	char *text = calloc(n + 1, sizeof(wants->argument)), *to = text;

	for (size_t i = 0; text && i < n; i++)
		if (*wants[i].argument) {
			to = to > text ? stpcpy(to, " ") : to;
			to = stpcpy(to, wants[i].argument);
		}
	return text;
}

/*
 * True: it is among those that have been written. Of reservations for cells one is enough, and
 * where it is was right for the memory there was when it was made: the argument becomes that one.
 */
static bool is_written(const char *written, char argument[CMDLINE_RESERVE_SIZE])
{
	struct cmdline_reservation reservation;

	if (!cmdline_find_reservation(argument, true, &reservation))
		return cmdline_has(written, argument);
	if (!cmdline_find_reservation(written, true, &reservation))
		return false;

	cmdline_reserve(reservation.text, reservation.start, argument);
	return true;
}

static int load_text(const cell_host *host, const struct bootloader *loader, char **ret)
{
	char path[PATH_MAX];
	size_t size;
	int r;

	r = file_path(path, host->root, "%s", loader->path);
	if (r == 0)
		r = file_load(path, TEXT_SIZE_MAX, ret, &size);
	if (r != -ENOENT)
		return r;

	*ret = loader->initial_text(host->root);
	return *ret ? 0 : -ENOMEM;
}

/* Where the file is a link, that is kept. */
static int write_text(const cell_host *host, const struct bootloader *loader, const char *text)
{
	char path[PATH_MAX], target[PATH_MAX], *slash;
	int r;

	r = file_path(path, host->root, "%s", loader->path);
	if (r < 0)
		return r;
	if (realpath(path, target))
		return file_replace(target, text);

	strcpy(target, path);
	slash = strrchr(target, '/');
	*slash = '\0';
	if (mkdir(target, 0755) < 0 && errno != EEXIST)
		return -errno;
	return file_replace(path, text);
}

/* Sorts the wants into those that are written and those that are to be, and makes the text. */
static int plan(const struct bootloader *loader, const char *text, struct preflight_want *wants,
		size_t n, struct preparation *all)
{
	_cleanup_free_ char *written = loader->arguments(text), *additions = NULL;
	struct preflight_want missing[PREFLIGHT_WANTS_MAX];
	size_t n_missing = 0;

	if (!written)
		return -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		if (!is_written(written, wants[i].argument))
			missing[n_missing++] = wants[i];
		all->checks[i] = wants[i].check;
	}
	additions = join(missing, n_missing);
	all->arguments = join(wants, n);
	if (!additions || !all->arguments)
		return -ENOMEM;

	all->content = n_missing ? loader->add(text, additions) : strdup(text);
	all->shown.state = n_missing ? CELL_PREPARATION_WRITTEN : CELL_PREPARATION_PENDING;
	return all->content ? 0 : -ENOMEM;
}

static int prepare(cell_host *host, struct preflight_want *wants, size_t n, bool dry_run,
		   struct preparation *all)
{
	_cleanup_free_ char *text = NULL, *arguments = join(wants, n);
	const struct bootloader *loader = bootloader_find(host->root);
	int r;

	if (!arguments)
		return context_oom(host->context);
	if (!loader)
		return fail_unknown(host, arguments);

	r = load_text(host, loader, &text);
	if (r < 0 && r != -ENOMEM)
		return fail_file(host, r, "read", loader->path, arguments);
	if (r == 0)
		r = plan(loader, text, wants, n, all);
	if (r == 0)
		all->commands = loader->commands(host->root);
	if (r < 0 || !all->commands)
		return context_oom(host->context);

	if (all->shown.state == CELL_PREPARATION_WRITTEN && !dry_run)
		r = write_text(host, loader, all->content);
	if (r < 0)
		return fail_file(host, r, "write", loader->path, all->arguments);

	all->shown.loader = loader->name;
	all->shown.path = loader->path;
	all->shown.arguments = all->arguments;
	all->shown.content = all->content;
	all->shown.commands = (const char *const *)all->commands;
	return 0;
}

LIBCELL_PUBLIC int cell_host_prepare(cell_host *host, bool dry_run,
				     const struct cell_preparation **ret)
{
	struct preflight_want wants[PREFLIGHT_WANTS_MAX];
	struct preparation *all;
	int n, r;

	context_begin(host->context);
	r = require_root(host);
	if (r == 0)
		r = host_refresh(host);
	if (r < 0)
		return r;

	all = calloc(1, sizeof(*all));
	if (!all)
		return context_oom(host->context);

	all->shown = (struct cell_preparation){
		.arguments = "",
		.checks = all->checks,
		.loader = "",
		.path = "",
		.content = "",
		.commands = all->checks + PREFLIGHT_WANTS_MAX, /* the NULL */
	};
	n = preflight_wants(host, wants);
	r = n > 0 ? prepare(host, wants, (size_t)n, dry_run, all) : n;
	if (r < 0) {
		preparation_free(all);
		return r;
	}
	preparation_free(host->preparation);
	host->preparation = all;
	*ret = &all->shown;
	return 0;
}
