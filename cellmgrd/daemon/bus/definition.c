// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "definition.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "description-input.h"
#include "diag.h"
#include "worker.h"

#define DIRECTORY "/etc/cells"

static const char *directory_path(void)
{
	const char *override = getenv("CELLMGR_CONFIG_DIR"); /* for tests: no real /etc */

	return override ? override : DIRECTORY;
}

static int open_directory(void)
{
	const char *path = directory_path();
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Which file, what Linux says, and the way out where there is one. */
static int fail_change(FILE *result, int r, const char *verb, const char *name)
{
	const char *remedy = "";

	if (r == -ENOSPC || r == -EDQUOT)
		remedy = ": make room there (`df " DIRECTORY "`)";
	else if (r == -EROFS)
		remedy = ": remount it writable, or put the file into /run/cells until the next "
			 "boot; where only this service finds it so, `systemd-tmpfiles --create "
			 "cellmgr.conf` and `systemctl restart cellmgrd`";
	return worker_fail(result, r, "Failed", "Cannot %s %s/%s.json: %s%s.", verb,
			   directory_path(), name, strerror(-r), remedy);
}

static int write_next(int directory, const char *next, int from)
{
	CLEANUP_FD int to = -1;
	ssize_t n;

	/* What one that was killed has left may be the description itself, by another name. */
	unlinkat(directory, next, 0);
	to = openat(directory, next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0 || fchmod(to, 0644) < 0)
		return -errno;
	if (lseek(from, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, 65536)) > 0)
		;

	return n < 0 || fsync(to) < 0 ? -errno : 0;
}

/*
 * A reader sees the old description or the new one, and so does the next boot. Others may be
 * writing one of the same name: each in a file of its own, and a link, unlike a look before, finds
 * out that somebody was faster.
 */
static int put_file(int directory, const char *file, int from, bool replace)
{
	CLEANUP_FREE char *next = NULL;
	int r;

	if (asprintf(&next, ".%s~%d", file, (int)getpid()) < 0)
		return -ENOMEM;

	r = write_next(directory, next, from);
	if (r >= 0 && (replace ? renameat(directory, next, directory, file)
			       : linkat(directory, next, directory, file, 0)) < 0)
		r = -errno;
	if (r < 0 || !replace)
		unlinkat(directory, next, 0);
	if (r < 0)
		return r;

	return fsync(directory) < 0 ? -errno : 0;
}

static int write_copy(const char *name, int copy, bool replace, FILE *result)
{
	CLEANUP_FD int directory = open_directory();
	CLEANUP_FREE char *file = NULL;
	int r;

	if (directory < 0)
		return fail_change(result, directory, "write", name);
	if (asprintf(&file, "%s.json", name) < 0)
		return -ENOMEM;

	r = put_file(directory, file, copy, replace);
	if (r == -EEXIST)
		return worker_fail(result, r, "CellExists",
				   "The cell \"%s\" is defined already; flag 1 replaces its "
				   "description.",
				   name);

	return r < 0 ? fail_change(result, r, "write", name) : 0;
}

int definition_write(cell_context *context, const char *name, int fd, bool replace, FILE *result)
{
	CLEANUP_FD int copy = description_input_copy(fd);
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_FREE char *label = NULL;
	int r = copy < 0 ? copy : 0;

	if (r >= 0 && asprintf(&label, "%s.json", name) < 0)
		r = -ENOMEM;
	if (r >= 0)
		r = cell_desc_new_from_fd(context, copy, label, &desc);
	if (r < 0)
		return r;

	if (diag_first_error(desc))
		return description_input_fail(result, -EINVAL, context, desc);
	if (strcmp(cell_desc_name(desc), name) != 0)
		return worker_fail(result, -EINVAL, "InvalidConfiguration",
				   "The description is of the cell \"%s\", not of \"%s\".",
				   cell_desc_name(desc), name);

	/* Alone in its folder it has to find what it names. */
	r = cell_desc_check_images(desc);
	if (r < 0)
		return description_input_fail(result, r, context, desc);

	return write_copy(name, copy, replace, result);
}

int definition_remove(cell_context *context, const char *name, FILE *result)
{
	CLEANUP_FD int directory = open_directory();
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_FREE char *file = NULL;

	if (directory < 0)
		return fail_change(result, directory, "remove", name);
	if (asprintf(&file, "%s.json", name) < 0)
		return -ENOMEM;
	if (unlinkat(directory, file, 0) == 0 && fsync(directory) == 0)
		return 0;
	if (errno != ENOENT)
		return fail_change(result, -errno, "remove", name);

	if (cell_desc_find(context, name, &desc) < 0)
		return worker_fail(result, -ENOENT, "NoSuchCell", "No %s.json describes a cell.",
				   name);
	return worker_fail(
		result, -ENOENT, "NoSuchCell",
		"The cell \"%s\" is described by %s, which is not ours to remove; a file "
		"of the same name in " DIRECTORY " takes precedence.",
		name, cell_desc_path(desc));
}
