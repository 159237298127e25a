// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"

static int format_path(char path[PATH_MAX], const char *root, const char *format, va_list args)
{
	int used = snprintf(path, PATH_MAX, "%s", root), n;

	if (used < 0 || used >= PATH_MAX)
		return -ENAMETOOLONG;

	n = vsnprintf(path + used, (size_t)(PATH_MAX - used), format, args);
	return n < 0 || n >= PATH_MAX - used ? -ENAMETOOLONG : 0;
}

int file_path(char path[PATH_MAX], const char *root, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, root, format, args);
	va_end(args);
	return r;
}

bool file_exists(const char *root, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, root, format, args);
	va_end(args);
	return r == 0 && access(path, F_OK) == 0;
}

int file_read_line(char *line, size_t size, const char *root, const char *format, ...)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	va_list args;
	ssize_t n;
	int r;

	va_start(args, format);
	r = format_path(path, root, format, args);
	va_end(args);
	if (r < 0)
		return r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	n = read(fd, line, size - 1);
	if (n < 0)
		return -errno;

	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int file_load_fd(int fd, size_t max, char **ret_data, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (size + 1 >= room) {
			char *larger = realloc(data, room + 65536);

			if (!larger)
				return -ENOMEM;

			data = larger;
			room += 65536;
		}
		n = read(fd, data + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;

		size += (size_t)n;
		if (size > max)
			return -EFBIG;
	}
	data[size] = '\0';
	*ret_data = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

/* Whoever opens a FIFO waits for a writer, and a device may do anything. */
int file_open(const char *path, uint64_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}

const char *file_error(int error)
{
	return error == -EISDIR ? "it is not a regular file" : strerror(-error);
}

int file_load(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
	uint64_t size;
	_cleanup_close_ int fd = file_open(path, &size);

	return fd < 0 ? fd : file_load_fd(fd, max, ret_data, ret_size);
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0)
			return -errno;

		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/* What the file is to be; removed by the caller where this fails. */
static int write_temporary(const char *temporary, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -errno;

	r = write_all(fd, text);
	if (r < 0)
		return r;
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The directory, too: else the file may have its old content after a crash. */
static void sync_directory(const char *path)
{
	char directory[PATH_MAX], *slash;
	int fd;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash)
		return;

	slash[1] = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;

	fsync(fd);
	close(fd);
}

int file_replace(const char *path, const char *text)
{
	char temporary[PATH_MAX];
	struct stat old;
	int r;

	r = file_path(temporary, path, ".new");
	if (r < 0)
		return r;

	r = write_temporary(temporary, text, stat(path, &old) == 0 ? old.st_mode & 07777 : 0644);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	else
		sync_directory(path);
	return r;
}

struct bounded_write {
	int fd;
	const char *text;
	int result;
};

static void *bounded_write_run(void *userdata)
{
	struct bounded_write *job = userdata;

	job->result = write_all(job->fd, job->text);
	return NULL;
}

/* The deadline is wall-clock: that is what pthread_timedjoin_np() takes. */
static struct timespec deadline_after(unsigned timeout_ms)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += timeout_ms / 1000;
	deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_nsec -= 1000000000;
		deadline.tv_sec++;
	}
	return deadline;
}

int file_write_bounded(const char *path, const char *text, unsigned timeout_ms)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct bounded_write job = {.fd = fd, .text = text};
	struct timespec deadline = deadline_after(timeout_ms);
	pthread_t thread;
	void *outcome;
	int r;

	if (fd < 0)
		return -errno;

	r = pthread_create(&thread, NULL, bounded_write_run, &job);
	if (r)
		return -r;

	/*
	 * Cancelling a thread interrupts its write() with a signal of the C library's own, so no
	 * handler of the program is touched, and no child process shows up in its wait().
	 */
	r = pthread_timedjoin_np(thread, &outcome, &deadline);
	if (r) {
		pthread_cancel(thread);
		pthread_join(thread, &outcome);
	}
	return outcome == PTHREAD_CANCELED ? -ETIMEDOUT : job.result;
}
