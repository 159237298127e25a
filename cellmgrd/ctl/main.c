// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellctl: looks at and controls cells, hypervisor and host. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "log.h"
#include "names.h"
#include "term.h"
#include "verbs.h"
#include "version.h"

enum long_option {
	OPTION_VERSION = 256,
	OPTION_DRY_RUN,
	OPTION_FORCE,
	OPTION_FULL,
	OPTION_JSON,
	OPTION_NO_BLOCK,
	OPTION_NO_LEGEND,
	OPTION_NO_PAGER,
	OPTION_TIMEOUT,
	OPTION_VALUE,
	OPTION_WAIT,
	OPTION_WHY,
};

static const struct option options[] = {
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"host", required_argument, NULL, 'H'},
	{"all", no_argument, NULL, 'a'},
	{"delay", required_argument, NULL, 'd'},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"follow", no_argument, NULL, 'f'},
	{"force", no_argument, NULL, OPTION_FORCE},
	{"full", no_argument, NULL, OPTION_FULL},
	{"iterations", required_argument, NULL, 'n'},
	{"json", required_argument, NULL, OPTION_JSON},
	{"no-block", no_argument, NULL, OPTION_NO_BLOCK},
	{"no-legend", no_argument, NULL, OPTION_NO_LEGEND},
	{"no-pager", no_argument, NULL, OPTION_NO_PAGER},
	{"output", required_argument, NULL, 'o'},
	{"property", required_argument, NULL, 'p'},
	{"quiet", no_argument, NULL, 'q'},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"value", no_argument, NULL, OPTION_VALUE},
	{"wait", no_argument, NULL, OPTION_WAIT},
	{"why", required_argument, NULL, OPTION_WHY},
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

	return -1;
}

static int parse_seconds(double *ret, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds < 1e9))
		return usage_error("This is no number of seconds: ", text);

	*ret = seconds;
	return -1;
}

static int parse_count(unsigned *ret, const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (end == text || *end || count == 0 || count > 1000000000)
		return usage_error("This is no count: ", text);

	*ret = (unsigned)count;
	return -1;
}

/* -1: go on; else the exit status to end with. */
static int parse_value(struct ctl *ctl, int option)
{
	switch (option) {
	case 'H':
		ctl->host = optarg;
		return -1;
	case 'd':
		return parse_seconds(&ctl->delay, optarg);
	case 'n':
		return parse_count(&ctl->iterations, optarg);
	case 'o':
		ctl->output = optarg;
		return -1;
	case 'p':
		ctl->property = optarg;
		return -1;
	case OPTION_JSON:
		return parse_json_format(ctl, optarg);
	case OPTION_WHY:
		ctl->why = optarg;
		return -1;
	case OPTION_TIMEOUT:
		return parse_seconds(&ctl->timeout, optarg);
	case OPTION_VERSION:
		puts("cellctl " CELLMGR_VERSION);
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

static int parse_option(struct ctl *ctl, int option)
{
	const struct {
		int option;
		bool *flag;
		bool value;
	} flags[] = {
		{'a', &ctl->all, true},
		{'f', &ctl->follow, true},
		{'q', &ctl->quiet, true},
		{OPTION_DRY_RUN, &ctl->dry_run, true},
		{OPTION_FORCE, &ctl->force, true},
		{OPTION_FULL, &ctl->full, true},
		{OPTION_NO_BLOCK, &ctl->no_block, true},
		{OPTION_NO_LEGEND, &ctl->legend, false},
		{OPTION_NO_PAGER, &ctl->no_pager, true},
		{OPTION_VALUE, &ctl->value, true},
		{OPTION_WAIT, &ctl->wait, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].option == option) {
			*flags[i].flag = flags[i].value;
			return -1;
		}

	return parse_value(ctl, option);
}

static int fail_unknown(const char *name)
{
	const char *suggestion = verbs_suggest(name);

	if (!suggestion)
		return usage_error("There is no command ", name);

	fprintf(stderr, "cellctl: There is no command %s; did you mean %s?\n", name, suggestion);
	return EXIT_USAGE;
}

static int print_help(const char *name)
{
	const struct verb *verb = name ? verbs_find(name) : NULL;

	if (name && !verb)
		return fail_unknown(name);
	if (verb)
		verbs_print_one(verb);
	else
		verbs_print_all();
	return EXIT_OK;
}

/* A reader that has seen enough, such as head(1), has closed its end. */
static bool is_read_enough(void)
{
	struct pollfd fd = {STDOUT_FILENO, POLLOUT, 0};

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

/* On a full disk half of a description is no description. */
static int check_output(int status)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || is_read_enough())
		return status;

	ctl_fail("Cannot write to standard output: %s", strerror(errno));
	return status == EXIT_OK ? EXIT_FAILED : status;
}

static int run(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
	int r;

	if (argc - 1 < verb->min_args)
		return usage_error("An argument is missing after ", verb->name);
	if (argc - 1 > verb->max_args)
		return usage_error("Too many arguments after ", verb->name);
	if (cell_context_new(&ctl->context) < 0)
		return ctl_fail("Out of memory.");

	cell_context_set_log_fn(ctl->context, log_from_libcell, NULL);
	if ((verb->flags & VERB_PAGER) && !ctl->no_pager)
		term_pager_open();
	r = verb->flags & VERB_EACH ? names_each(ctl, verb->run, argc, argv)
				    : verb->run(ctl, argc, argv);
	if (!term_pager_close())
		r = check_output(r);

	summaries_free(&ctl->summaries);
	unit_list_free(&ctl->units);
	sd_bus_flush_close_unref(ctl->bus);
	cell_hv_unref(ctl->hv);
	cell_context_unref(ctl->context);
	return r;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.legend = true, .delay = 1};
	char *list[] = {(char *)"list", NULL};
	const struct verb *verb;
	bool help = false;
	int option, status;

	/* Writing fails then, which says more than a process that was killed; see check_output().
	 */
	signal(SIGPIPE, SIG_IGN);
	log_set_max_level(LOG_WARNING);
	while ((option = getopt_long(argc, argv, "hH:ad:fn:o:p:q", options, NULL)) >= 0) {
		help |= option == 'h';
		status = option == 'h' ? -1 : parse_option(&ctl, option);
		if (status >= 0)
			return status;
	}

	argc -= optind;
	argv += optind;
	if (argc > 0 && strcmp(argv[0], "help") == 0)
		return check_output(print_help(argv[1]));
	if (help)
		return check_output(print_help(argv[0]));
	if (argc == 0)
		return run(&ctl, verbs_find("list"), 1, list);

	verb = verbs_find(argv[0]);
	return verb ? run(&ctl, verb, argc, argv) : fail_unknown(argv[0]);
}
