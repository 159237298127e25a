// SPDX-License-Identifier: BSD-2-Clause
/*
 * Defines a cell in place, starts IMAGE in it, shows its console for SECONDS, asks the guest to
 * shut down, and gives everything back to Linux.
 *
 *     cc -o run-cell run-cell.c $(pkg-config --cflags --libs libcell)
 *     run-cell IMAGE SECONDS
 *
 * No daemon and no file in /etc/cells is needed; the hypervisor has to be enabled.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cell.h>

/* The image has to be a path from the root: a description from a descriptor has no folder. */
static int define(cell_context *context, const char *image, cell_desc **ret)
{
	int fd = memfd_create("description", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;

	dprintf(fd,
		"{ \"name\": \"run-cell\", \"cpus\": 1,\n"
		"  \"memory\": [ { \"size\": \"1M\", \"at\": 0 } ],\n"
		"  \"images\": [ { \"file\": \"%s\", \"at\": 0 } ] }\n",
		image);
	lseek(fd, 0, SEEK_SET);
	r = cell_desc_new_from_fd(context, fd, "run-cell", ret);
	close(fd);
	return r;
}

static void print_diags(const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);

		fprintf(stderr, "%s:%u:%u: %s: %s\n", diag->file, diag->line, diag->column,
			diag->pointer, diag->message);
	}
}

static int show_console(cell_cell *cell, int seconds)
{
	time_t end = time(NULL) + seconds;
	int fd = cell_cell_console_open(cell, true);

	if (fd < 0)
		return fd;

	while (time(NULL) < end) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		char text[4096];
		ssize_t n;

		if (poll(&wait, 1, 200) <= 0)
			continue;
		n = read(fd, text, sizeof(text));
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			fwrite(text, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	close(fd);
	return 0;
}

/* Guests may refuse; this one is asked twice, then not any more. */
static void end_cell(cell_cell *cell)
{
	for (int i = 0; i < 2 && cell_cell_shutdown(cell, 5000) == -EACCES; i++)
		printf("The guest refused.\n");
}

static int run(cell_context *context, const char *image, int seconds)
{
	cell_cell *cell = NULL;
	cell_desc *desc = NULL;
	cell_host *host = NULL;
	cell_hv *hv = NULL;
	int r;

	r = cell_host_new(context, NULL, &host);
	if (r >= 0)
		r = define(context, image, &desc);
	if (r >= 0)
		r = cell_hv_open(context, true, &hv);
	if (r >= 0)
		r = cell_cell_create(hv, desc, host, &cell);
	if (r < 0 && desc)
		print_diags(desc);
	if (r >= 0)
		r = cell_cell_start(cell);
	if (r >= 0)
		r = show_console(cell, seconds);
	if (r < 0)
		fprintf(stderr, "%s\n", cell_context_last_error(context));
	if (cell) {
		end_cell(cell);
		r = cell_cell_destroy(cell, true) < 0 ? -EIO : r;
	}

	cell_cell_unref(cell);
	cell_hv_unref(hv);
	cell_desc_unref(desc);
	cell_host_unref(host);
	return r;
}

int main(int argc, char **argv)
{
	cell_context *context;
	int r;

	if (argc != 3 || argv[1][0] != '/') {
		fprintf(stderr, "usage: run-cell /PATH/OF/IMAGE SECONDS\n");
		return 2;
	}
	if (cell_context_new(&context) < 0)
		return 1;

	r = run(context, argv[1], atoi(argv[2]));
	cell_context_unref(context);
	return r < 0;
}
