// SPDX-License-Identifier: LGPL-2.1-or-later
/* host prepare: the library writes, and here is run what the boot loader needs then. */
#define _GNU_SOURCE
#include "prepare.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "cleanup.h"
#include "exit-status.h"

#define WORDS_MAX 8

static const char *const states[] = {
	[CELL_PREPARATION_NOTHING] = "nothing",
	[CELL_PREPARATION_PENDING] = "pending",
	[CELL_PREPARATION_WRITTEN] = "written",
};

static bool is_mended(const struct cell_preparation *preparation, const char *check)
{
	for (const char *const *name = preparation->checks; *name; name++)
		if (strcmp(*name, check) == 0)
			return true;
	return false;
}

/* The failed checks that no argument mends stay in the table. */
static int list_remaining(cell_host *host, const struct cell_preparation *preparation,
			  struct table *ret)
{
	size_t kept = 0;
	int r = checks_run(host, ret);

	if (r < 0)
		return r;

	for (size_t i = 0; i < ret->n_cells; i += CHECKS_N_COLUMNS) {
		char **row = &ret->cells[i];
		bool keep = strcmp(row[CHECKS_RESULT], CHECKS_FAILED) == 0 &&
			    !is_mended(preparation, row[CHECKS_NAME]);

		for (size_t c = 0; c < CHECKS_N_COLUMNS; c++)
			if (keep)
				ret->cells[kept++] = row[c];
			else
				free(row[c]);
	}
	ret->n_cells = kept;
	return 0;
}

/* What it prints goes to standard error, as it is not what was asked for. */
static int run_words(char **words)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int status = 0, r;
	sigset_t pipe;
	pid_t pid;

	/* It is ours alone to ignore. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &pipe);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	r = posix_spawnp(&pid, words[0], &actions, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return -r;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static int run_command(const char *command)
{
	CLEANUP_FREE char *copy = strdup(command);
	char *words[WORDS_MAX + 1] = {NULL}, *rest = copy;
	int r;

	if (!copy)
		return ctl_fail("Out of memory.");

	for (size_t n = 0; n < WORDS_MAX && (words[n] = strsep(&rest, " ")); n++)
		;
	r = run_words(words);
	if (r < 0)
		return ctl_fail("Cannot run `%s`: %s. The file is written: run it by hand, then "
				"reboot.",
				command, strerror(-r));
	if (r > 0)
		return ctl_fail("`%s` failed. The file is written: run it again, then reboot.",
				command);
	return EXIT_OK;
}

/* Also for what was written earlier: nobody knows whether the command came to its end then. */
static int apply(const struct ctl *ctl, const struct cell_preparation *preparation)
{
	int status = EXIT_OK;

	if (preparation->state != CELL_PREPARATION_NOTHING && !*preparation->commands)
		return ctl_fail(
			"No kernel was found to run `kernel-install add VERSION IMAGE` for: "
			"do so, then reboot.");

	for (const char *const *command = preparation->commands; *command; command++) {
		if (ctl->format == TABLE_TEXT && !ctl->quiet)
			printf("Running `%s`.\n", *command);
		fflush(stdout);
		if (run_command(*command) != EXIT_OK)
			status = EXIT_FAILED;
	}
	return status;
}

static json_object *list_json(const char *const *list)
{
	json_object *array = json_object_new_array();

	for (; *list; list++)
		json_object_array_add(array, json_object_new_string(*list));
	return array;
}

static void print_json(const struct ctl *ctl, const struct cell_preparation *preparation,
		       const struct table *remaining)
{
	CLEANUP_JSON json_object *o = json_object_new_object();

	json_object_object_add(o, "state", json_object_new_string(states[preparation->state]));
	json_object_object_add(o, "dryRun", json_object_new_boolean(ctl->dry_run));
	json_object_object_add(o, "arguments", json_object_new_string(preparation->arguments));
	json_object_object_add(o, "checks", list_json(preparation->checks));
	json_object_object_add(o, "loader", json_object_new_string(preparation->loader));
	json_object_object_add(o, "file", json_object_new_string(preparation->path));
	json_object_object_add(o, "content", json_object_new_string(preparation->content));
	json_object_object_add(o, "commands", list_json(preparation->commands));
	json_object_object_add(o, "remaining", table_json(remaining));
	puts(json_object_to_json_string_ext(o, ctl_json_flags(ctl)));
}

static void print_plan(const struct cell_preparation *preparation)
{
	if (preparation->state == CELL_PREPARATION_WRITTEN)
		printf("Would write %s:\n\n%s\n", preparation->path, preparation->content);
	for (const char *const *command = preparation->commands; *command; command++)
		printf("Would run `%s`.\n", *command);
}

static void print_state(const struct ctl *ctl, const struct cell_preparation *preparation)
{
	if (preparation->state == CELL_PREPARATION_NOTHING)
		puts("No check fails for want of an argument for the kernel: there is nothing to "
		     "prepare.");
	else if (preparation->state == CELL_PREPARATION_PENDING)
		printf("%s is in %s already.\n", preparation->arguments, preparation->path);
	else if (!ctl->dry_run)
		printf("%s is in %s now.\n", preparation->arguments, preparation->path);
	if (ctl->dry_run)
		print_plan(preparation);
}

static int finish(const struct ctl *ctl, const struct cell_preparation *preparation,
		  const struct table *remaining)
{
	size_t n = remaining->n_cells / CHECKS_N_COLUMNS;
	bool text = ctl->format == TABLE_TEXT;

	if (text && !ctl->quiet && !ctl->dry_run && preparation->state != CELL_PREPARATION_NOTHING)
		puts("Reboot, then run `cellctl host check`.");
	if (n == 0)
		return EXIT_OK;

	for (size_t i = 0; text && i < remaining->n_cells; i += CHECKS_N_COLUMNS)
		checks_print_row(&remaining->cells[i]);
	fflush(stdout);
	return ctl_fail("%zu of the checks failed for what no argument for the kernel mends.", n);
}

int prepare_host(struct ctl *ctl, cell_host *host)
{
	const struct cell_preparation *preparation;
	struct table remaining = {0};
	int status = EXIT_OK, r = cell_host_prepare(host, ctl->dry_run, &preparation);

	if (r >= 0)
		r = list_remaining(host, preparation, &remaining);
	if (r < 0) {
		table_release(&remaining);
		return ctl_fail_cell(ctl, r);
	}

	if (ctl->format != TABLE_TEXT)
		print_json(ctl, preparation, &remaining);
	else if (!ctl->quiet || ctl->dry_run)
		print_state(ctl, preparation);
	if (!ctl->dry_run)
		status = apply(ctl, preparation);
	if (status == EXIT_OK)
		status = finish(ctl, preparation, &remaining);
	table_release(&remaining);
	return status;
}
