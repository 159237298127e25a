// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "printable.h"

struct hold {
	struct hold *next;
	struct holds *holds;
	struct hold_file file;
	int fd; /* the reading end: hangs up when the last writer has gone */
	sd_event_source *source;
};

static struct hold *hold_free(struct hold *hold)
{
	sd_event_source_disable_unref(hold->source);
	if (hold->fd >= 0)
		close(hold->fd);
	free(hold);
	return NULL;
}

static int on_hang_up(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct hold *hold = userdata;
	struct hold **link = &hold->holds->first;

	(void)source, (void)fd, (void)events;
	while (*link != hold)
		link = &(*link)->next;
	*link = hold->next;

	hold_file_remove(hold->file.id);
	hold_free(hold);
	return 0;
}

static int watch(struct holds *holds, const struct hold_file *file, int fd)
{
	struct hold *hold = calloc(1, sizeof(*hold));
	int r;

	if (!hold)
		return -ENOMEM;

	*hold = (struct hold){holds->first, holds, *file, fd, NULL};
	/* No event is asked for: hanging up is always told, and what a client writes is nothing. */
	r = sd_event_add_io(holds->event, &hold->source, fd, 0, on_hang_up, hold);
	if (r < 0) {
		hold->fd = -1;
		hold_free(hold);
		return r;
	}

	holds->first = hold;
	return 0;
}

static size_t count(const struct holds *holds)
{
	size_t n = 0;

	for (struct hold *hold = holds->first; hold; hold = hold->next)
		n++;
	return n;
}

/* Others read it on their terminals, in the error that names the holder. */
static bool is_one_line(const char *text, size_t size)
{
	CLEANUP_FREE char *harmless = printable_copy(text);

	return *text && strlen(text) < size && harmless && strcmp(text, harmless) == 0;
}

static int fill(struct hold_file *file, const char *cell, const char *who, const char *why,
		uid_t uid)
{
	struct timespec now;

	if (!is_one_line(who, sizeof(file->who)) || !is_one_line(why, sizeof(file->why)))
		return -EINVAL;

	clock_gettime(CLOCK_REALTIME, &now);
	*file = (struct hold_file){
		.uid = uid,
		.since = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
	};
	strcpy(file->cell, cell);
	strcpy(file->who, who);
	strcpy(file->why, why);
	return 0;
}

/* Returns the client's end. */
static int make(struct holds *holds, struct hold_file *file)
{
	CLEANUP_FD int writer = -1;
	int reader, r = hold_file_create(file);

	if (r < 0)
		return r;

	/* The reader first: opening a FIFO for writing waits for one. */
	reader = hold_file_open(file->id, O_RDONLY);
	writer = reader < 0 ? reader : hold_file_open(file->id, O_WRONLY);
	r = writer < 0 ? writer : watch(holds, file, reader);
	if (r < 0) {
		if (reader >= 0)
			close(reader);
		hold_file_remove(file->id);
		return r;
	}

	return take_fd(&writer);
}

int hold_take(struct holds *holds, const char *cell, const char *who, const char *why, uid_t uid)
{
	struct hold_file file;
	int r = count(holds) >= HOLDS_MAX ? -EUSERS : fill(&file, cell, who, why, uid);

	return r < 0 ? r : make(holds, &file);
}

const struct hold *hold_next(const struct holds *holds, const struct hold *hold, const char *cell)
{
	const struct hold *next = hold ? hold->next : holds->first;

	while (next && strcmp(next->file.cell, cell) != 0)
		next = next->next;
	return next;
}

const struct hold_file *hold_file_of(const struct hold *hold)
{
	return &hold->file;
}

static void restore(struct holds *holds, const char *id)
{
	struct hold_file file;
	int fd = hold_file_read(id, &file) < 0 ? -1 : hold_file_open(id, O_RDONLY);

	if (fd >= 0 && hold_file_has_writer(fd) && watch(holds, &file, fd) >= 0)
		return;
	if (fd >= 0)
		close(fd);
	hold_file_remove(id);
}

int hold_restore(struct holds *holds, sd_event *event)
{
	DIR *directory = hold_file_directory();

	holds->event = sd_event_ref(event);
	if (!directory)
		return 0;

	for (struct dirent *entry; (entry = readdir(directory));)
		if (hold_file_is_id(entry->d_name))
			restore(holds, entry->d_name);
	closedir(directory);
	return 0;
}

void hold_free_all(struct holds *holds)
{
	while (holds->first) {
		struct hold *next = holds->first->next;

		hold_free(holds->first);
		holds->first = next;
	}
	holds->event = sd_event_unref(holds->event);
}
