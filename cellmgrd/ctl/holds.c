// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "holds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bus.h"
#include "cleanup.h"
#include "exit-status.h"
#include "view.h"

static bool report(void *userdata, const struct hold_file *file)
{
	(void)userdata;
	ctl_fail("The cell \"%s\" is held by %s: %s. `systemctl` is not bound by that.", file->cell,
		 file->who, file->why);
	return false;
}

int holds_check(struct ctl *ctl, const char *name)
{
	if (bus_is_needed(ctl) || hold_file_each(name, report, NULL))
		return EXIT_OK;

	return EXIT_FAILED;
}

static int each_by_bus(struct ctl *ctl, const char *name,
		       bool (*fn)(void *userdata, const struct hold_file *file), void *userdata)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	const char *who, *why;
	uint64_t since;
	uint32_t uid;
	int r = bus_new_call(ctl, name, "ListHolds", &m);

	if (r == EXIT_OK)
		r = bus_call(ctl, m, &reply);
	if (r != EXIT_OK)
		return r;

	r = sd_bus_message_enter_container(reply, 'a', "(sstu)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(sstu)", &who, &why, &since, &uid)) > 0) {
		struct hold_file file = {.since = since, .uid = uid};

		snprintf(file.cell, sizeof(file.cell), "%s", name);
		snprintf(file.who, sizeof(file.who), "%s", who);
		snprintf(file.why, sizeof(file.why), "%s", why);
		if (!fn(userdata, &file))
			break;
	}
	return r < 0 ? bus_fail(NULL, r) : EXIT_OK;
}

int holds_each(struct ctl *ctl, const char *name,
	       bool (*fn)(void *userdata, const struct hold_file *file), void *userdata)
{
	if (bus_is_needed(ctl))
		return each_by_bus(ctl, name, fn, userdata);

	hold_file_each(name, fn, userdata);
	return EXIT_OK;
}

static const struct table_column columns[] = {
	{"Cell", "cell", false, false},	  {"Who", "who", false, false},
	{"Why", "why", false, false},	  {"User", "uid", true, false},
	{"Since", "since", false, false},
};

static bool add_row(void *userdata, const struct hold_file *file)
{
	time_t since = (time_t)(file->since / 1000000);
	char when[32];

	strftime(when, sizeof(when), "%FT%T%z", localtime(&since));
	table_add(userdata, "%s", file->cell);
	table_add(userdata, "%s", file->who);
	table_add(userdata, "%s", file->why);
	table_add(userdata, "%u", (unsigned)file->uid);
	table_add(userdata, "%s", when);
	return true;
}

static int list(struct ctl *ctl, const char *name)
{
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	struct view view;
	int r = view_read(ctl, &view);

	if (r != EXIT_OK)
		return r;
	if (name && !facts_find(&view.cells, name))
		r = ctl_fail_named("NoSuchCell", "There is no such cell.");
	for (size_t i = 0; r == EXIT_OK && i < view.cells.n; i++)
		if (!name || strcmp(view.cells.items[i].name, name) == 0)
			r = holds_each(ctl, view.cells.items[i].name, add_row, &table);
	if (r == EXIT_OK)
		table_print(&table, ctl->format, ctl->legend, ctl->full);

	table_release(&table);
	view_release(&view);
	return r;
}

/* The descriptor is the hold: the command inherits it, so that what it leaves behind holds on. */
static int take(struct ctl *ctl, const char *name, const char *who)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int fd, r = bus_new_call(ctl, name, "Hold", &m);

	if (r != EXIT_OK)
		return r;
	r = sd_bus_message_append(m, "ss", who, ctl->why ? ctl->why : "it runs");
	if (r < 0)
		return bus_fail(NULL, r);
	r = bus_call(ctl, m, &reply);
	if (r != EXIT_OK)
		return r;
	if (sd_bus_message_read(reply, "h", &fd) < 0 || fcntl(fd, F_DUPFD, 3) < 0)
		return ctl_fail("cellmgrd gave an answer that is no descriptor.");

	return EXIT_OK;
}

int ctl_hold(struct ctl *ctl, int argc, char **argv)
{
	const char *program;
	int r;

	if (argc <= 2)
		return list(ctl, argv[1]);

	r = ctl_require_local(ctl, "hold");
	program = strrchr(argv[2], '/');
	if (r == EXIT_OK)
		r = take(ctl, argv[1], program ? program + 1 : argv[2]);
	return r == EXIT_OK ? ctl_execute(argv + 2) : r;
}
