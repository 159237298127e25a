/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_LOG_H
#define CELLMGRD_LOG_H

#include <stdbool.h>
#include <syslog.h>

/*
 * One line: to the journal with its priority where standard error is the journal's, else to
 * standard error. cell-run's units switch the parsing of "<3>" prefixes off, because the guest
 * writes there too, so the priority needs the journal's own protocol.
 */
void log_message(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The same about a cell, with the identity of a message of the catalog (event.h) and the fields
 * CELL= and, for other processes than its unit's, OBJECT_SYSTEMD_UNIT=: `journalctl -u cell@NAME`
 * shows it, `journalctl -x` explains it.
 */
void log_event(const char *cell, const char *event, int level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A cell_log_fn. */
void log_from_libcell(void *userdata, int level, const char *message);

/* Messages above this syslog level are dropped; LOG_INFO at first. */
void log_set_max_level(int level);
int log_max_level(void);

/*
 * As org.freedesktop.LogControl1 names them: "auto" (as at first), "journal", "console" (standard
 * error), "null". False: another.
 */
bool log_set_target(const char *target);
const char *log_target(void);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

#endif
