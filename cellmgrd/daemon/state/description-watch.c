// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "description-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#include "cleanup.h"
#include "log.h"

/* As libcell looks for them. */
#define DIRECTORIES "/etc/cells:/run/cells:/usr/lib/cells"

/* Of a file that is being written only the end, when it is whole. */
#define FILE_EVENTS \
	(IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ATTRIB)
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* An installation of many files is one change. */
#define SETTLE_USEC 20000

struct folder {
	struct folder *next;
	struct description_watch *watch;
	char *path;
	const char *name;	       /* the last component of path */
	sd_event_source *self, *above; /* one of them where the directory is not there */
};

struct description_watch {
	sd_event *event;
	description_watch_fn fn;
	void *userdata;
	struct folder *folders;
	sd_event_source *timer;
};

static void watch_self(struct folder *folder);

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct description_watch *watch = userdata;

	(void)source, (void)usec;
	watch->timer = sd_event_source_disable_unref(watch->timer);
	watch->fn(watch->userdata);
	return 0;
}

static void tell_soon(struct description_watch *watch)
{
	if (!watch->timer)
		sd_event_add_time_relative(watch->event, &watch->timer, CLOCK_MONOTONIC,
					   SETTLE_USEC, 0, on_settled, watch);
}

static bool is_description(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

static int on_file(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct folder *folder = userdata;

	(void)source;
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
		folder->self = sd_event_source_disable_unref(folder->self);
	else if (event->len > 0 && !is_description(event->name))
		return 0;

	tell_soon(folder->watch);
	return 0;
}

/* Created again, or for the first time: what is in it already is found by the refresh. */
static int on_above(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct folder *folder = userdata;

	(void)source;
	if (event->len > 0 && strcmp(event->name, folder->name) == 0) {
		folder->self = sd_event_source_disable_unref(folder->self);
		watch_self(folder);
		tell_soon(folder->watch);
	}
	return 0;
}

static void watch_self(struct folder *folder)
{
	int r = sd_event_add_inotify(folder->watch->event, &folder->self, folder->path,
				     FILE_EVENTS | SELF_EVENTS, on_file, folder);

	if (r < 0 && r != -ENOENT)
		log_warning("Cannot watch %s, so its changes are seen when somebody asks: %s",
			    folder->path, strerror(-r));
}

static void watch_above(struct folder *folder)
{
	CLEANUP_FREE char *above = strndup(folder->path, (size_t)(folder->name - folder->path) - 1);

	if (above)
		sd_event_add_inotify(folder->watch->event, &folder->above, above, PARENT_EVENTS,
				     on_above, folder);
}

static int add(struct description_watch *watch, const char *path)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -ENOMEM;

	*folder = (struct folder){.next = watch->folders, .watch = watch, .path = strdup(path)};
	watch->folders = folder;
	if (!folder->path)
		return -ENOMEM;

	folder->name = strrchr(folder->path, '/') + 1;
	watch_above(folder);
	watch_self(folder);
	return 0;
}

static int add_all(struct description_watch *watch)
{
	const char *override = getenv("CELLMGR_DESCRIPTIONS"); /* for tests: no real /etc */
	CLEANUP_FREE char *list = strdup(override ? override : DIRECTORIES);
	char *rest = list, *path;
	int r = list ? 0 : -ENOMEM;

	while (r >= 0 && (path = strsep(&rest, ":")))
		r = add(watch, path);
	return r;
}

int description_watch_new(sd_event *event, description_watch_fn fn, void *userdata,
			  struct description_watch **ret)
{
	struct description_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;

	*watch = (struct description_watch){
		.event = sd_event_ref(event), .fn = fn, .userdata = userdata};
	r = add_all(watch);
	if (r < 0) {
		description_watch_free(watch);
		return r;
	}

	*ret = watch;
	return 0;
}

struct description_watch *description_watch_free(struct description_watch *watch)
{
	if (!watch)
		return NULL;

	sd_event_source_disable_unref(watch->timer);
	while (watch->folders) {
		struct folder *folder = watch->folders;

		watch->folders = folder->next;
		sd_event_source_disable_unref(folder->self);
		sd_event_source_disable_unref(folder->above);
		free(folder->path);
		free(folder);
	}
	sd_event_unref(watch->event);
	free(watch);
	return NULL;
}
