// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

static int max_level = LOG_INFO;

static const char *const targets[] = {"auto", "journal", "console", "null"};
static enum { AUTO, JOURNAL, CONSOLE, NOWHERE } target;

/* systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream given to the service. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	if (fstat(STDERR_FILENO, &st) < 0)
		return false;

	return st.st_dev == device && st.st_ino == inode;
}

static bool to_journal(void)
{
	static int journal = -1;

	if (journal < 0)
		journal = stderr_is_journal();
	return target == AUTO ? journal : target == JOURNAL;
}

static bool is_dropped(int level)
{
	return level > max_level || target == NOWHERE;
}

static void to_stderr(const char *line)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
}

void log_message(int level, const char *format, ...)
{
	char line[1024];
	va_list ap;

	if (is_dropped(level))
		return;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);

	if (!to_journal() || sd_journal_send("PRIORITY=%i", level, "MESSAGE=%s", line, NULL) < 0)
		to_stderr(line);
}

void log_event(const char *cell, const char *event, int level, const char *format, ...)
{
	char line[1024];
	va_list ap;

	if (is_dropped(level))
		return;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);

	if (!to_journal() || sd_journal_send("PRIORITY=%i", level, "MESSAGE_ID=%s", event,
					     "CELL=%s", cell, "OBJECT_SYSTEMD_UNIT=cell@%s.service",
					     cell, "MESSAGE=%s", line, NULL) < 0)
		to_stderr(line);
}

void log_from_libcell(void *userdata, int level, const char *message)
{
	(void)userdata;
	log_message(level, "%s", message);
}

void log_set_max_level(int level)
{
	max_level = level;
}

int log_max_level(void)
{
	return max_level;
}

bool log_set_target(const char *name)
{
	for (int i = AUTO; i <= NOWHERE; i++)
		if (strcmp(targets[i], name) == 0) {
			target = i;
			return true;
		}

	return false;
}

const char *log_target(void)
{
	return targets[target];
}
