// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"

#define FILE_MAX 65536 /* bytes: libcell reads no larger description */

/*
 * A write may leave a file's times as they are where the one before was less than a grain of them
 * ago: a few milliseconds on most file systems, two seconds on FAT.
 */
#define GRAIN_SEC 2

struct summary_entry {
	char *path;
	struct stat st; /* when it was read; all zero where that says nothing of its content */
	uint64_t digest;
	uint64_t memory;
	char *description; /* NULL: not parsed */
	bool used;	   /* since the last sweep */
};

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

/*
 * Whatever is written from now on gives the file another time of change, which no program can set.
 * Not so while the last change is recent, or in the future of a clock that was set back.
 */
static bool is_settled(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return S_ISREG(st->st_mode) && st->st_ctim.tv_sec < now.tv_sec - GRAIN_SEC;
}

/* FNV-1a. */
static int digest_of_fd(int fd, uint64_t *ret)
{
	uint64_t digest = 0xcbf29ce484222325;
	unsigned char bytes[4096];
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			digest = (digest ^ bytes[i]) * 0x100000001b3;
		size += (size_t)n;
		if (size > FILE_MAX)
			return -EFBIG;
	}
	if (n < 0)
		return -errno;

	*ret = digest;
	return 0;
}

static struct summary_entry *find(const struct summaries *summaries, const char *path)
{
	for (size_t i = 0; i < summaries->n; i++)
		if (strcmp(summaries->items[i].path, path) == 0)
			return &summaries->items[i];

	return NULL;
}

static struct summary_entry *add(struct summaries *summaries, const char *path)
{
	struct summary_entry *items =
		reallocarray(summaries->items, summaries->n + 1, sizeof(*items));
	char *copy = strdup(path);

	if (items)
		summaries->items = items;
	if (!items || !copy) {
		free(copy);
		return NULL;
	}

	items[summaries->n] = (struct summary_entry){.path = copy};
	return &items[summaries->n++];
}

/* What has mistakes says as much as can be understood of it. */
static void parse(struct summary_entry *entry, cell_context *context, int fd)
{
	CLEANUP_DESC cell_desc *desc = NULL;

	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    cell_desc_new_from_fd(context, fd, entry->path, &desc) < 0)
		return;

	entry->memory = cell_desc_memory_size(desc);
	entry->description = strdup(cell_desc_description(desc));
}

static int read_file(struct summary_entry *entry, cell_context *context)
{
	/* What is no file is not waited for. */
	CLEANUP_FD int fd = open(entry->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint64_t before = entry->digest;
	struct stat st;
	bool settled;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;

	/* In this order: a change while it is read is seen the next time. */
	settled = is_settled(&st);
	r = digest_of_fd(fd, &entry->digest);
	if (r < 0)
		return r;

	entry->st = settled ? st : (struct stat){0};
	if (entry->digest == before && entry->description)
		return 0;

	entry->memory = 0;
	free(entry->description);
	entry->description = NULL;
	if (S_ISREG(st.st_mode))
		parse(entry, context, fd);
	return 0;
}

int summary_of_file(struct summaries *summaries, cell_context *context, const char *path,
		    struct summary *ret)
{
	struct summary_entry *entry = find(summaries, path);
	struct stat st;
	int r = 0;

	if (!entry)
		entry = add(summaries, path);
	if (!entry)
		return -ENOMEM;
	if (stat(path, &st) < 0 || !same_file(&entry->st, &st))
		r = read_file(entry, context);
	if (r < 0)
		return r;

	entry->used = true;
	*ret = (struct summary){entry->digest, entry->memory, entry->description ?: ""};
	return 0;
}

static void release(struct summary_entry *entry)
{
	free(entry->path);
	free(entry->description);
}

void summaries_sweep(struct summaries *summaries)
{
	size_t n = 0;

	for (size_t i = 0; i < summaries->n; i++) {
		struct summary_entry entry = summaries->items[i];

		if (!entry.used) {
			release(&entry);
			continue;
		}
		entry.used = false;
		summaries->items[n++] = entry;
	}
	summaries->n = n;
}

void summaries_free(struct summaries *summaries)
{
	for (size_t i = 0; i < summaries->n; i++)
		release(&summaries->items[i]);
	free(summaries->items);
	*summaries = (struct summaries){0};
}
