// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hold-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>

#include "cleanup.h"
#include "record.h"

#define SUFFIX ".fifo"

static char *path_of(const char *id, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/holds/%s%s", record_directory(), id, suffix) < 0 ? NULL : path;
}

static int write_lines(const struct hold_file *file)
{
	CLEANUP_FREE char *path = path_of(file->id, "");
	FILE *f = path ? fopen(path, "wex") : NULL;

	if (!f)
		return path ? -errno : -ENOMEM;

	fprintf(f, "%s\n%s\n%s\n%" PRIu64 "\n%u\n", file->cell, file->who, file->why, file->since,
		(unsigned)file->uid);
	return fclose(f) == 0 ? 0 : -errno;
}

int hold_file_create(struct hold_file *file)
{
	CLEANUP_FREE char *directory = path_of("", ""), *fifo = NULL;
	sd_id128_t id;
	int r = sd_id128_randomize(&id);

	if (r < 0)
		return r;
	if (!directory || (mkdir(directory, 0700) < 0 && errno != EEXIST))
		return directory ? -errno : -ENOMEM;

	sd_id128_to_string(id, file->id);
	fifo = path_of(file->id, SUFFIX);
	if (!fifo || mkfifo(fifo, 0600) < 0)
		return fifo ? -errno : -ENOMEM;

	/* The lines come last: a FIFO without them is nobody's. */
	r = write_lines(file);
	if (r < 0)
		hold_file_remove(file->id);
	return r;
}

static bool read_text(FILE *f, char *text, size_t size)
{
	char line[160];

	if (!fgets(line, sizeof(line), f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) >= size)
		return false;

	strcpy(text, line);
	return true;
}

int hold_file_read(const char *id, struct hold_file *ret)
{
	CLEANUP_FREE char *path = path_of(id, "");
	CLEANUP_FCLOSE FILE *f = path ? fopen(path, "re") : NULL;
	struct hold_file file = {0};
	unsigned uid;

	if (!f)
		return path ? -errno : -ENOMEM;
	if (strlen(id) >= sizeof(file.id) || !read_text(f, file.cell, sizeof(file.cell)) ||
	    !read_text(f, file.who, sizeof(file.who)) ||
	    !read_text(f, file.why, sizeof(file.why)) ||
	    fscanf(f, "%" SCNu64 " %u", &file.since, &uid) != 2)
		return -EBADMSG;

	strcpy(file.id, id);
	file.uid = uid;
	*ret = file;
	return 0;
}

int hold_file_open(const char *id, int flags)
{
	CLEANUP_FREE char *path = path_of(id, SUFFIX);
	int fd = path ? open(path, flags | O_NONBLOCK | O_CLOEXEC) : -1;

	if (!path)
		return -ENOMEM;
	return fd < 0 ? -errno : fd;
}

void hold_file_remove(const char *id)
{
	CLEANUP_FREE char *path = path_of(id, ""), *fifo = path_of(id, SUFFIX);

	if (path)
		unlink(path);
	if (fifo)
		unlink(fifo);
}

DIR *hold_file_directory(void)
{
	CLEANUP_FREE char *path = path_of("", "");

	return path ? opendir(path) : NULL;
}

bool hold_file_is_id(const char *name)
{
	return name[0] != '.' && !strchr(name, '.');
}

/*
 * A FIFO opened for reading does not tell whether it ever had a writer; reading does: without one
 * it ends at once. What a client has written is of no interest.
 */
bool hold_file_has_writer(int fd)
{
	char bytes[4096];
	ssize_t n = 1;

	for (int i = 0; i < 32 && n > 0; i++)
		n = read(fd, bytes, sizeof(bytes));

	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool is_held(const char *id, struct hold_file *ret)
{
	CLEANUP_FD int fd = hold_file_read(id, ret) < 0 ? -1 : hold_file_open(id, O_RDONLY);

	return fd >= 0 && hold_file_has_writer(fd);
}

bool hold_file_each(const char *cell, bool (*fn)(void *userdata, const struct hold_file *file),
		    void *userdata)
{
	CLEANUP_CLOSEDIR DIR *directory = hold_file_directory();
	struct dirent *entry;
	struct hold_file file;

	while (directory && (entry = readdir(directory)))
		if (hold_file_is_id(entry->d_name) && is_held(entry->d_name, &file) &&
		    (!cell || strcmp(file.cell, cell) == 0) && !fn(userdata, &file))
			return false;

	return true;
}
