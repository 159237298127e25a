/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files below a root directory: small ones of sysfs and procfs, and whole ones. */
#ifndef LIBCELL_FILE_H
#define LIBCELL_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes root and the formatted rest to path. -ENAMETOOLONG. */
int file_path(char path[PATH_MAX], const char *root, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool file_exists(const char *root, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* First line, without its end. */
int file_read_line(char *line, size_t size, const char *root, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * For reading; never waits. -EISDIR: not a regular file. *ret_size: what stat() says, which is
 * nothing in sysfs. file_error: why that failed, for a sentence.
 */
int file_open(const char *path, uint64_t *ret_size);
const char *file_error(int error);

/* Whole content with a zero after it; the caller frees *ret_data. -EFBIG: more than max bytes. */
int file_load(const char *path, size_t max, char **ret_data, size_t *ret_size);
int file_load_fd(int fd, size_t max, char **ret_data, size_t *ret_size);

/*
 * Replaces the file in one step: after a failure or a crash it has the old content or the new one.
 * Its mode stays; a new one's is 0644.
 */
int file_replace(const char *path, const char *text);

/*
 * Writes text, but for no longer than timeout_ms (then -ETIMEDOUT): a write to sysfs may work for
 * minutes in the kernel, which gives up when a signal is pending.
 */
int file_write_bounded(const char *path, const char *text, unsigned timeout_ms);

#endif
