// SPDX-License-Identifier: LGPL-2.1-or-later
/* enable, disable, log: systemd's own programs do them. */
#define _GNU_SOURCE
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "name.h"
#include "view.h"

static int change_autostart(struct ctl *ctl, const char *name, const char *verb)
{
	CLEANUP_FREE char *unit = name_to_unit(name);
	struct view view;
	struct facts *facts;
	char *argv[8] = {(char *)"systemctl"};
	size_t n = 1;
	int r = view_find(ctl, name, &view, &facts);

	if (r != EXIT_OK)
		return r;
	view_release(&view);
	if (!unit)
		return ctl_fail("Out of memory.");

	if (ctl->host) {
		argv[n++] = (char *)"-H";
		argv[n++] = (char *)ctl->host;
	}
	if (ctl->quiet)
		argv[n++] = (char *)"--quiet";
	argv[n++] = (char *)verb;
	argv[n] = unit;
	return ctl_execute(argv);
}

int ctl_enable(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return change_autostart(ctl, argv[1], "enable");
}

int ctl_disable(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return change_autostart(ctl, argv[1], "disable");
}

int ctl_log(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_FREE char *unit = name_to_unit(argv[1]);
	char *command[8] = {(char *)"journalctl", (char *)"-u", unit};
	size_t n = 3;
	int r = ctl_require_local(ctl, "log");

	(void)argc;
	if (r != EXIT_OK)
		return r;
	if (!unit)
		return ctl_fail("Out of memory.");

	if (ctl->follow)
		command[n++] = (char *)"--follow";
	if (ctl->no_pager)
		command[n++] = (char *)"--no-pager";
	if (ctl->quiet)
		command[n++] = (char *)"--quiet";
	return ctl_execute(command);
}
