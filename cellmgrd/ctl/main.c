// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellctl: looks at and controls cells, hypervisor and host. */
#define _GNU_SOURCE
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "log.h"
#include "version.h"

static const struct verb {
	const char *name;
	int min_args;
	int max_args;
	ctl_verb_fn run;
} verbs[] = {
	{"list", 0, 0, ctl_list},	{"status", 1, 1, ctl_status},
	{"stats", 1, 1, ctl_stats},	{"start", 1, 1, ctl_start},
	{"stop", 1, 1, ctl_stop},	{"restart", 1, 1, ctl_restart},
	{"destroy", 1, 1, ctl_destroy}, {"check", 1, INT_MAX, ctl_check},
	{"compile", 1, 1, ctl_compile}, {"dump", 1, 1, ctl_dump},
	{"console", 1, 1, ctl_console}, {"hypervisor", 1, 1, ctl_hypervisor},
	{"host", 1, 1, ctl_host},
};

static const char help[] =
	"cellctl [OPTIONS...] COMMAND ...\n\n"
	"Look at and control the cells of this machine.\n\n"
	"Cells:\n"
	"  list                         ID, name, state and CPUs (the default)\n"
	"  status NAME                  One cell in detail\n"
	"  stats NAME                   VM exits by reason and CPU\n"
	"  start|stop|restart NAME      Through the unit cell@NAME.service\n"
	"  destroy NAME                 Give a stopped cell's CPUs and memory back to Linux\n"
	"  console NAME                 What the guest has written\n\n"
	"Descriptions:\n"
	"  check FILE|NAME...           Report every problem, as a compiler does\n"
	"  compile FILE|NAME -o OUT     Write the binary configuration\n"
	"  dump BLOB                    Turn a binary configuration back into JSON\n\n"
	"Machine:\n"
	"  hypervisor enable|disable|status|console\n"
	"  host check|describe          Can this machine be partitioned; what it consists of\n\n"
	"Options:\n"
	"  -h --help                    This text\n"
	"     --version                 The version\n"
	"  -a --all                     list: described cells that do not run, too\n"
	"  -f --follow                  console: wait for more until the cell is gone\n"
	"     --force                   destroy: a running cell too, without asking the guest\n"
	"     --json=pretty|short       JSON instead of tables\n"
	"     --no-block                start, stop, restart: do not wait for the job\n"
	"     --no-legend               No titles above tables\n"
	"  -o --output=FILE             compile: where the result goes\n\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 not running, 4 no such cell,\n"
	"78 invalid configuration. See cellctl(1).\n";

enum long_option {
	OPTION_VERSION = 256,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_NO_BLOCK,
	OPTION_NO_LEGEND,
};

static const struct option options[] = {
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"all", no_argument, NULL, 'a'},
	{"follow", no_argument, NULL, 'f'},
	{"force", no_argument, NULL, OPTION_FORCE},
	{"json", required_argument, NULL, OPTION_JSON},
	{"no-block", no_argument, NULL, OPTION_NO_BLOCK},
	{"no-legend", no_argument, NULL, OPTION_NO_LEGEND},
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

static int usage_error(const char *message, const char *what)
{
	fprintf(stderr, "cellctl: %s%s; `cellctl --help` lists the commands.\n", message, what);
	return EXIT_USAGE;
}

static int parse_json_format(struct ctl *ctl, const char *format)
{
	if (strcmp(format, "pretty") == 0)
		ctl->format = TABLE_JSON_PRETTY;
	else if (strcmp(format, "short") == 0)
		ctl->format = TABLE_JSON_SHORT;
	else
		return usage_error("--json= takes pretty or short, not ", format);

	return EXIT_OK;
}

/* -1: go on; else the exit status to end with. */
static int parse_option(struct ctl *ctl, int option)
{
	switch (option) {
	case 'h':
		fputs(help, stdout);
		return EXIT_OK;
	case OPTION_VERSION:
		puts("cellctl " CELLMGR_VERSION);
		return EXIT_OK;
	case 'a':
		ctl->all = true;
		return -1;
	case 'f':
		ctl->follow = true;
		return -1;
	case 'o':
		ctl->output = optarg;
		return -1;
	case OPTION_FORCE:
		ctl->force = true;
		return -1;
	case OPTION_NO_BLOCK:
		ctl->no_block = true;
		return -1;
	case OPTION_NO_LEGEND:
		ctl->legend = false;
		return -1;
	case OPTION_JSON:
		return parse_json_format(ctl, optarg) == EXIT_OK ? -1 : EXIT_USAGE;
	default:
		return EXIT_USAGE;
	}
}

static int run_verb(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_CONTEXT cell_context *context = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, argv[0]) != 0)
			continue;
		if (argc - 1 < verb->min_args)
			return usage_error("An argument is missing after ", argv[0]);
		if (argc - 1 > verb->max_args)
			return usage_error("Too many arguments after ", argv[0]);
		if (cell_context_new(&context) < 0)
			return ctl_fail("Out of memory.");

		cell_context_set_log_fn(context, log_from_libcell, NULL);
		ctl->context = context;
		return verb->run(ctl, argc, argv);
	}

	return usage_error("There is no command ", argv[0]);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.legend = true};
	char *list[] = {(char *)"list", NULL};
	int option, status;

	log_set_max_level(LOG_WARNING);
	while ((option = getopt_long(argc, argv, "hafo:", options, NULL)) >= 0) {
		status = parse_option(&ctl, option);
		if (status >= 0)
			return status;
	}

	if (optind == argc)
		return run_verb(&ctl, 1, list);
	return run_verb(&ctl, argc - optind, argv + optind);
}
