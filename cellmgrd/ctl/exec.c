// SPDX-License-Identifier: LGPL-2.1-or-later
/* enable, disable, log: systemd's own programs do them. */
#define _GNU_SOURCE
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "name.h"
#include "names.h"
#include "view.h"

/* Of cells that exist or are described: systemctl itself enables whatever it is told. */
static int require_cells(struct ctl *ctl, char **names)
{
	for (; *names; names++) {
		struct view view;
		struct facts *facts;
		int r = view_find(ctl, *names, &view, &facts);

		if (r != EXIT_OK)
			return r;
		view_release(&view);
	}

	return EXIT_OK;
}

/* Words of a command line, and after each `option` (or NULL) the unit of a name. */
static int execute(char *const *words, const char *option, char **names, int n)
{
	char **argv = calloc((size_t)n * 2 + 16, sizeof(*argv));
	size_t i = 0;

	if (!argv)
		return ctl_fail("Out of memory.");
	while (words[i]) {
		argv[i] = words[i];
		i++;
	}
	for (; *names; names++) {
		if (option)
			argv[i++] = (char *)option;
		argv[i] = name_to_unit(*names);
		if (!argv[i++])
			return ctl_fail("Out of memory.");
	}

	return ctl_execute(argv);
}

static int change_autostart(struct ctl *ctl, int argc, char **argv, const char *verb)
{
	CLEANUP_STRV char **names = NULL;
	char *words[8] = {(char *)"systemctl"};
	size_t i = 1;
	int n, r = names_expand(ctl, argc, argv, &names, &n);

	if (r == EXIT_OK)
		r = require_cells(ctl, names + 1);
	if (r != EXIT_OK)
		return r;

	if (ctl->host) {
		words[i++] = (char *)"-H";
		words[i++] = (char *)ctl->host;
	}
	if (ctl->quiet)
		words[i++] = (char *)"--quiet";
	words[i] = (char *)verb;
	return execute(words, NULL, names + 1, n);
}

int ctl_enable(struct ctl *ctl, int argc, char **argv)
{
	return change_autostart(ctl, argc, argv, "enable");
}

int ctl_disable(struct ctl *ctl, int argc, char **argv)
{
	return change_autostart(ctl, argc, argv, "disable");
}

int ctl_log(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_STRV char **names = NULL;
	char *words[8] = {(char *)"journalctl"};
	size_t i = 1;
	int n, r = ctl_require_local(ctl, "log");

	if (r == EXIT_OK)
		r = names_expand(ctl, argc, argv, &names, &n);
	if (r != EXIT_OK)
		return r;

	if (ctl->follow)
		words[i++] = (char *)"--follow";
	if (ctl->no_pager)
		words[i++] = (char *)"--no-pager";
	if (ctl->quiet)
		words[i++] = (char *)"--quiet";
	return execute(words, "-u", names + 1, n);
}
