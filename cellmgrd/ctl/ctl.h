/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CTL_H
#define CELLMGRD_CTL_H

#include <stdbool.h>

#include "cell.h"
#include "table.h"

/* The command line, and what every verb needs. */
struct ctl {
	cell_context *context;
	enum table_format format;
	bool legend;
	bool all;
	bool force;
	bool follow;
	bool no_block;
	const char *output;
};

/* argv[0]: the verb, argc - 1 arguments after it. Returns the exit status. */
typedef int (*ctl_verb_fn)(struct ctl *ctl, int argc, char **argv);

int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_stats(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_destroy(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_compile(struct ctl *ctl, int argc, char **argv);
int ctl_dump(struct ctl *ctl, int argc, char **argv);
int ctl_console(struct ctl *ctl, int argc, char **argv);
int ctl_hypervisor(struct ctl *ctl, int argc, char **argv);
int ctl_host(struct ctl *ctl, int argc, char **argv);

/* Prints "cellctl: ..." to standard error; the first returns EXIT_FAILED. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The sentence of the last libcell call, and the exit status that fits it. */
int ctl_fail_cell(const struct ctl *ctl, int r);

/* Opens the driver and looks the cell up; has reported where it fails. */
int ctl_open_cell(struct ctl *ctl, const char *name, cell_hv **ret_hv, cell_cell **ret_cell);

/* Copies a console to standard output: what is there, or with --follow until it ends. */
int ctl_copy_console(struct ctl *ctl, int fd);

#endif
