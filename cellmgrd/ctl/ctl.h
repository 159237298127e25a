/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CTL_H
#define CELLMGRD_CTL_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "cell.h"
#include "summary.h"
#include "table.h"
#include "unit-list.h"

/* The command line, and what every verb needs. */
struct ctl {
	cell_context *context;
	cell_hv *hv; /* once opened */
	sd_bus *bus; /* once connected */
	struct summaries summaries;
	struct unit_list units;
	const char *host; /* of -H, or NULL */
	enum table_format format;
	bool legend;
	bool full;
	bool all;
	bool dry_run;
	bool force;
	bool follow;
	bool no_block;
	bool no_pager;
	bool quiet;
	bool wait;
	bool value;
	const char *output;
	const char *property;
	const char *why;     /* of a hold */
	double delay;	     /* seconds between two looks of top */
	unsigned iterations; /* of top; 0: until it is ended */
	double timeout;	     /* seconds that wait waits; 0: for ever */
	int n_names;	     /* that the verb is run for, one after the other */
	unsigned n_sections; /* printed so far; see names_section() */
};

/* argv[0]: the verb, argc - 1 arguments after it. Returns the exit status. */
typedef int (*ctl_verb_fn)(struct ctl *ctl, int argc, char **argv);

int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_show(struct ctl *ctl, int argc, char **argv);
int ctl_cat(struct ctl *ctl, int argc, char **argv);
int ctl_describe(struct ctl *ctl, int argc, char **argv);
int ctl_stats(struct ctl *ctl, int argc, char **argv);
int ctl_top(struct ctl *ctl, int argc, char **argv);
int ctl_start(struct ctl *ctl, int argc, char **argv);
int ctl_stop(struct ctl *ctl, int argc, char **argv);
int ctl_restart(struct ctl *ctl, int argc, char **argv);
int ctl_enable(struct ctl *ctl, int argc, char **argv);
int ctl_disable(struct ctl *ctl, int argc, char **argv);
int ctl_log(struct ctl *ctl, int argc, char **argv);
int ctl_destroy(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_compile(struct ctl *ctl, int argc, char **argv);
int ctl_dump(struct ctl *ctl, int argc, char **argv);
int ctl_define(struct ctl *ctl, int argc, char **argv);
int ctl_undefine(struct ctl *ctl, int argc, char **argv);
int ctl_console(struct ctl *ctl, int argc, char **argv);
int ctl_hold(struct ctl *ctl, int argc, char **argv);
int ctl_monitor(struct ctl *ctl, int argc, char **argv);
int ctl_wait(struct ctl *ctl, int argc, char **argv);
int ctl_hypervisor(struct ctl *ctl, int argc, char **argv);
int ctl_link(struct ctl *ctl, int argc, char **argv);
int ctl_host(struct ctl *ctl, int argc, char **argv);

/* Prints "cellctl: ..." to standard error; the first returns EXIT_FAILED. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The sentence of the last libcell call, and the exit status that fits it. */
int ctl_fail_cell(const struct ctl *ctl, int r);

/* The same for one of libcell's stable names. */
int ctl_fail_named(const char *name, const char *sentence);

/* With -H: what works on this machine only. Has reported; EXIT_OK without -H. */
int ctl_require_local(const struct ctl *ctl, const char *verb);

/* Opens the driver and looks the cell up; has reported where it fails. */
int ctl_open_cell(struct ctl *ctl, const char *name, cell_hv **ret_hv, cell_cell **ret_cell);

/* json-c's flags for the format; for TABLE_TEXT those of pretty. */
int ctl_json_flags(const struct ctl *ctl);

/* JSON as libcell has laid it out, or as --json= asks. */
void ctl_print_json(const struct ctl *ctl, const char *text);

/* Ends the process by becoming another program. */
int ctl_execute(char *const argv[]);

#endif
