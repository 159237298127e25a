// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "digest.h"

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

struct digest {
	char *path;
	struct stat st; /* when it was read */
	uint64_t value;
	bool used; /* since the last sweep */
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

static struct digest *find(const struct digests *digests, const char *path)
{
	for (size_t i = 0; i < digests->n; i++)
		if (strcmp(digests->items[i].path, path) == 0)
			return &digests->items[i];

	return NULL;
}

/* Without memory for it the file is read again the next time. */
static void remember(struct digests *digests, const char *path, const struct stat *st,
		     uint64_t value)
{
	struct digest *digest = find(digests, path);
	struct digest *items = digests->items;
	char *copy;

	if (digest) {
		*digest = (struct digest){digest->path, *st, value, true};
		return;
	}

	items = reallocarray(items, digests->n + 1, sizeof(*items));
	if (!items)
		return;
	digests->items = items;
	copy = strdup(path);
	if (copy)
		items[digests->n++] = (struct digest){copy, *st, value, true};
}

static int read_file(struct digests *digests, const char *path, uint64_t *ret)
{
	/* What is no file is not waited for. */
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	bool settled;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;

	/* In this order: a change while it is read is seen the next time. */
	settled = is_settled(&st);
	r = digest_of_fd(fd, ret);
	if (r >= 0 && settled)
		remember(digests, path, &st, *ret);
	return r;
}

int digest_of_file(struct digests *digests, const char *path, uint64_t *ret)
{
	struct digest *known = find(digests, path);
	struct stat st;

	if (!known || stat(path, &st) < 0 || !same_file(&known->st, &st))
		return read_file(digests, path, ret);

	known->used = true;
	*ret = known->value;
	return 0;
}

void digests_sweep(struct digests *digests)
{
	size_t n = 0;

	for (size_t i = 0; i < digests->n; i++) {
		struct digest digest = digests->items[i];

		if (!digest.used) {
			free(digest.path);
			continue;
		}
		digest.used = false;
		digests->items[n++] = digest;
	}
	digests->n = n;
}

void digests_free(struct digests *digests)
{
	for (size_t i = 0; i < digests->n; i++)
		free(digests->items[i].path);
	free(digests->items);
	*digests = (struct digests){0};
}
