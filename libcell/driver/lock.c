// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define DIRECTORY "/run/cellmgr"
#define TRIES 300
#define PAUSE_MS 100

static int open_lock(cell_context *context)
{
	char path[PATH_MAX];
	int fd, r;

	r = file_path(path, context->root, DIRECTORY);
	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;

	r = file_path(path, context->root, DIRECTORY "/lock");
	if (r < 0)
		return r;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* A unit's sandbox opens the directory where it was there when the unit started. */
static const char *remedy(int error)
{
	if (error == -EROFS || error == -ENOENT)
		return ": `systemd-tmpfiles --create cellmgr.conf` makes the directory";
	if (error == -ENOSPC || error == -EDQUOT)
		return ": make room in /run (`df /run`)";
	return "";
}

int lock_take(cell_context *context)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	int fd = open_lock(context);

	if (fd < 0)
		return context_fail(
			context, fd, fd == -EACCES || fd == -EPERM ? "AccessDenied" : "Failed",
			"Cannot lock %s/lock: %s%s.", DIRECTORY, strerror(-fd), remedy(fd));

	for (int i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return context_fail(
		context, -EBUSY, "Busy",
		"Another process has been changing cells for %d s: try again, or find it "
		"with `fuser %s/lock`.",
		TRIES * PAUSE_MS / 1000, DIRECTORY);
}
