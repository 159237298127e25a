// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "marker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "cleanup.h"

#define DIRECTORY "/var/lib/cellmgr"
#define FILE_NAME "enabling"

static const char *directory(void)
{
	const char *override = getenv("CELLMGR_STATE_DIR"); /* for tests: no root, no real /var */

	return override ? override : DIRECTORY;
}

static int open_directory(void)
{
	int fd;

	if (mkdir(directory(), 0755) < 0 && errno != EEXIST)
		return -errno;

	fd = open(directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* It holds the boot's id: one of this boot only says that the enabling process died. */
bool marker_is_left(void)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FCLOSE FILE *f = NULL;
	char boot[SD_ID128_STRING_MAX], line[SD_ID128_STRING_MAX + 1] = "";
	sd_id128_t id;

	if (asprintf(&path, "%s/" FILE_NAME, directory()) < 0)
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	if (sd_id128_get_boot(&id) < 0)
		return true;

	if (!fgets(line, sizeof(line), f))
		return true;
	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, sd_id128_to_string(id, boot)) != 0;
}

static int write_synced(int directory_fd)
{
	CLEANUP_FD int fd = -1;
	char boot[SD_ID128_STRING_MAX];
	sd_id128_t id;
	int r = sd_id128_get_boot(&id);

	if (r < 0)
		return r;
	fd = openat(directory_fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\n", sd_id128_to_string(id, boot)) < 0 || fsync(fd) < 0)
		return -errno;

	return fsync(directory_fd) < 0 ? -errno : 0;
}

int marker_set(void)
{
	CLEANUP_FD int fd = open_directory();

	return fd < 0 ? fd : write_synced(fd);
}

int marker_remove(void)
{
	CLEANUP_FD int fd = open_directory();

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (unlinkat(fd, FILE_NAME, 0) < 0)
		return errno == ENOENT ? 0 : -errno;

	return fsync(fd) < 0 ? -errno : 0;
}
