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

#include "authorize.h"
#include "bus-error.h"
#include "cleanup.h"
#include "hold-file.h"
#include "log.h"
#include "manager.h"
#include "operation.h"
#include "printable.h"
#include "record.h"

#define HOLDS_MAX 256

struct hold {
	struct hold *next;
	struct manager *manager;
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
	struct hold **link = &hold->manager->holds;

	(void)source, (void)fd, (void)events;
	while (*link != hold)
		link = &(*link)->next;
	*link = hold->next;

	hold_file_remove(hold->file.id);
	hold_free(hold);
	return 0;
}

static int watch(struct manager *manager, const struct hold_file *file, int fd)
{
	struct hold *hold = calloc(1, sizeof(*hold));
	int r;

	if (!hold)
		return -ENOMEM;

	*hold = (struct hold){manager->holds, manager, *file, fd, NULL};
	/* No event is asked for: hanging up is always told, and what a client writes is nothing. */
	r = sd_event_add_io(manager->event, &hold->source, fd, 0, on_hang_up, hold);
	if (r < 0) {
		hold->fd = -1;
		hold_free(hold);
		return r;
	}

	manager->holds = hold;
	return 0;
}

static size_t count(const struct manager *manager)
{
	size_t n = 0;

	for (struct hold *hold = manager->holds; hold; hold = hold->next)
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
static int make(struct manager *manager, struct hold_file *file)
{
	CLEANUP_FD int writer = -1;
	int reader, r = hold_file_create(file);

	if (r < 0)
		return r;

	/* The reader first: opening a FIFO for writing waits for one. */
	reader = hold_file_open(file->id, O_RDONLY);
	writer = reader < 0 ? reader : hold_file_open(file->id, O_WRONLY);
	r = writer < 0 ? writer : watch(manager, file, reader);
	if (r < 0) {
		if (reader >= 0)
			close(reader);
		hold_file_remove(file->id);
		return r;
	}

	return take_fd(&writer);
}

int hold_take(struct manager *manager, sd_bus_message *call, sd_bus_error *error)
{
	CLEANUP_FD int fd = -1;
	struct cell_object *cell;
	struct hold_file file;
	const char *who, *why;
	uid_t uid;
	int r = operation_target(manager, call, &cell, error);

	if (r >= 0)
		r = sd_bus_message_read(call, "ss", &who, &why);
	if (r >= 0)
		r = authorize_sender(call, &uid);
	if (r < 0)
		return r;
	if (count(manager) >= HOLDS_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "There are %d holds already.", HOLDS_MAX);
	if (fill(&file, cell->facts.name, who, why, uid) < 0)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"Who and why are one line each, of 1 to 63 and 1 to 127 "
					"bytes.");

	fd = make(manager, &file);
	if (fd < 0)
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "Failed",
					 "Cannot record the hold in %s: %s.", record_directory(),
					 strerror(-fd));

	return sd_bus_reply_method_return(call, "h", fd);
}

int hold_check(struct manager *manager, const char *cell, sd_bus_error *error)
{
	for (struct hold *hold = manager->holds; hold; hold = hold->next)
		if (strcmp(hold->file.cell, cell) == 0)
			return sd_bus_error_setf(error, BUS_ERROR_PREFIX "Held",
						 "The cell \"%s\" is held by %s: %s.", cell,
						 hold->file.who, hold->file.why);

	return 0;
}

int hold_append(struct manager *manager, const char *cell, sd_bus_message *reply)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sstu)");

	for (struct hold *hold = manager->holds; hold && r >= 0; hold = hold->next)
		if (strcmp(hold->file.cell, cell) == 0)
			r = sd_bus_message_append(reply, "(sstu)", hold->file.who, hold->file.why,
						  hold->file.since, (uint32_t)hold->file.uid);

	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void restore(struct manager *manager, const char *id)
{
	struct hold_file file;
	int fd = hold_file_read(id, &file) < 0 ? -1 : hold_file_open(id, O_RDONLY);

	if (fd >= 0 && hold_file_has_writer(fd) && watch(manager, &file, fd) >= 0)
		return;
	if (fd >= 0)
		close(fd);
	hold_file_remove(id);
}

int hold_restore(struct manager *manager)
{
	DIR *directory = hold_file_directory();

	if (!directory)
		return 0;

	for (struct dirent *entry; (entry = readdir(directory));)
		if (hold_file_is_id(entry->d_name))
			restore(manager, entry->d_name);
	closedir(directory);
	return 0;
}

void hold_free_all(struct manager *manager)
{
	while (manager->holds) {
		struct hold *next = manager->holds->next;

		hold_free(manager->holds);
		manager->holds = next;
	}
}
