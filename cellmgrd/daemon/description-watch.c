// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "description-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#include "cleanup.h"
#include "log.h"
#include "manager.h"

/* As libcell looks for them. */
#define DIRECTORIES "/etc/cells:/run/cells:/usr/lib/cells"

/* Of a file that is being written only the end, when it is whole. */
#define FILE_EVENTS \
	(IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ATTRIB)
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* An installation of many files is one change. */
#define SETTLE_USEC 20000

struct description_watch {
	struct description_watch *next;
	struct manager *manager;
	char *path;
	const char *name;	       /* the last component of path */
	sd_event_source *self, *above; /* one of them where the directory is not there */
};

static void watch_self(struct description_watch *watch);

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)usec;
	manager->description_timer = sd_event_source_disable_unref(manager->description_timer);
	manager_refresh(manager);
	return 0;
}

static void refresh_soon(struct manager *manager)
{
	if (!manager->description_timer)
		sd_event_add_time_relative(manager->event, &manager->description_timer,
					   CLOCK_MONOTONIC, SETTLE_USEC, 0, on_settled, manager);
}

static bool is_description(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

static int on_file(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct description_watch *watch = userdata;

	(void)source;
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
		watch->self = sd_event_source_disable_unref(watch->self);
	else if (event->len > 0 && !is_description(event->name))
		return 0;

	refresh_soon(watch->manager);
	return 0;
}

/* Created again, or for the first time: what is in it already is found by the refresh. */
static int on_above(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct description_watch *watch = userdata;

	(void)source;
	if (event->len > 0 && strcmp(event->name, watch->name) == 0) {
		watch->self = sd_event_source_disable_unref(watch->self);
		watch_self(watch);
		refresh_soon(watch->manager);
	}
	return 0;
}

static void watch_self(struct description_watch *watch)
{
	int r = sd_event_add_inotify(watch->manager->event, &watch->self, watch->path,
				     FILE_EVENTS | SELF_EVENTS, on_file, watch);

	if (r < 0 && r != -ENOENT)
		log_warning("Cannot watch %s, so its changes are seen when somebody asks: %s",
			    watch->path, strerror(-r));
}

static void watch_above(struct description_watch *watch)
{
	CLEANUP_FREE char *above = strndup(watch->path, (size_t)(watch->name - watch->path) - 1);

	if (above)
		sd_event_add_inotify(watch->manager->event, &watch->above, above, PARENT_EVENTS,
				     on_above, watch);
}

static int add(struct manager *manager, const char *path)
{
	struct description_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;

	*watch = (struct description_watch){
		.next = manager->description_watches, .manager = manager, .path = strdup(path)};
	manager->description_watches = watch;
	if (!watch->path)
		return -ENOMEM;

	watch->name = strrchr(watch->path, '/') + 1;
	watch_above(watch);
	watch_self(watch);
	return 0;
}

int description_watch_begin(struct manager *manager)
{
	const char *override = getenv("CELLMGR_DESCRIPTIONS"); /* for tests: no real /etc */
	CLEANUP_FREE char *list = strdup(override ? override : DIRECTORIES);
	char *rest = list, *path;
	int r = list ? 0 : -ENOMEM;

	while (r >= 0 && (path = strsep(&rest, ":")))
		r = add(manager, path);
	return r;
}

void description_watch_end(struct manager *manager)
{
	sd_event_source_disable_unref(manager->description_timer);
	while (manager->description_watches) {
		struct description_watch *watch = manager->description_watches;

		manager->description_watches = watch->next;
		sd_event_source_disable_unref(watch->self);
		sd_event_source_disable_unref(watch->above);
		free(watch->path);
		free(watch);
	}
}
