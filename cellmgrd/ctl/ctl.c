// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "ctl.h"

#include <errno.h>
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

int ctl_fail_cell(const struct ctl *ctl, int r)
{
	static const struct {
		const char *error;
		int status;
	} statuses[] = {
		{"NoSuchCell", EXIT_NO_SUCH_CELL},
		{"CellNotRunning", EXIT_NOT_RUNNING},
		{"InvalidConfiguration", EXIT_BAD_CONFIG},
	};
	const char *name = cell_context_last_error_name(ctl->context);
	const char *sentence = cell_context_last_error(ctl->context);

	ctl_fail("%s", *sentence ? sentence : strerror(-r));
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].error, name) == 0)
			return statuses[i].status;

	return EXIT_FAILED;
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

int ctl_copy_console(struct ctl *ctl, int fd)
{
	char buffer[4096];

	if (fd < 0)
		return ctl_fail_cell(ctl, fd);

	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return ctl_fail("Cannot read the console: %s", strerror(errno));
		if (n <= 0)
			return EXIT_OK;
		fwrite(buffer, 1, (size_t)n, stdout);
		fflush(stdout);
	}
}
