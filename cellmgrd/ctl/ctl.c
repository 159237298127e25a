// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-status.h"

int ctl_fail(const char *format, ...)
{
	va_list ap;

	fputs("cellctl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int ctl_fail_named(const char *name, const char *sentence)
{
	static const struct {
		const char *error;
		int status;
	} statuses[] = {
		{"NoSuchCell", EXIT_NO_SUCH_CELL},
		{"NoSuchLink", EXIT_NO_SUCH_CELL},
		{"CellNotRunning", EXIT_NOT_RUNNING},
		{"InvalidConfiguration", EXIT_BAD_CONFIG},
	};

	ctl_fail("%s", sentence);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (strcmp(statuses[i].error, name) == 0)
			return statuses[i].status;

	return EXIT_FAILED;
}

int ctl_fail_cell(const struct ctl *ctl, int r)
{
	const char *sentence = cell_context_last_error(ctl->context);

	return ctl_fail_named(cell_context_last_error_name(ctl->context),
			      *sentence ? sentence : strerror(-r));
}

int ctl_require_local(const struct ctl *ctl, const char *verb)
{
	if (!ctl->host)
		return EXIT_OK;

	ctl_fail("%s works on the machine itself: `ssh %s cellctl %s ...` runs it there.", verb,
		 ctl->host, verb);
	return EXIT_USAGE;
}

int ctl_json_flags(const struct ctl *ctl)
{
	int flags =
		ctl->format == TABLE_JSON_SHORT ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY;

	return flags | JSON_C_TO_STRING_NOSLASHESCAPE;
}

void ctl_print_json(const struct ctl *ctl, const char *text)
{
	CLEANUP_JSON json_object *root =
		ctl->format == TABLE_TEXT ? NULL : json_tokener_parse(text);

	puts(root ? json_object_to_json_string_ext(root, ctl_json_flags(ctl)) : text);
}

int ctl_execute(char *const argv[])
{
	fflush(stdout);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	return ctl_fail("Cannot run %s: %s", argv[0], strerror(errno));
}

int ctl_open_cell(struct ctl *ctl, const char *name, cell_hv **ret_hv, cell_cell **ret_cell)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	int r = cell_hv_open(ctl->context, false, ret_hv);

	if (r >= 0)
		r = cell_cell_by_name(*ret_hv, name, ret_cell);
	if (r >= 0)
		return EXIT_OK;
	if (r != -ENOENT && r != -ENXIO && r != -ENODEV)
		return ctl_fail_cell(ctl, r);

	/* Without module, hypervisor or cell the description decides which of the two it is. */
	r = cell_desc_find(ctl->context, name, &desc);
	if (r < 0)
		return ctl_fail_cell(ctl, r);
	ctl_fail("The cell \"%s\" is not running; `cellctl start %s` starts it.", name, name);
	return EXIT_NOT_RUNNING;
}
