// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "cleanup.h"
#include "log.h"

#define DEVICE_DIRECTORY "/dev"
#define DEVICE_NAME "cellhv"
#define DEVICE DEVICE_DIRECTORY "/" DEVICE_NAME
#define REFERENCES "/sys/module/cellhv/refcnt"
#define SETTLE_USEC 100000

struct hypervisor_watch {
	sd_event *event;
	cell_context *context;
	hypervisor_watch_fn fn;
	void *userdata;
	cell_hv *hv; /* NULL while the module is missing */
	sd_event_source *hv_source;
	sd_event_source *device_source;
	sd_event_source *node_source; /* who opens and closes the device; NULL while enabled */
	sd_event_source *settle_timer;
};

/* Of the module: an enabled hypervisor has one, each descriptor one. -1: no such count. */
static int n_references(void)
{
	CLEANUP_FCLOSE FILE *f = fopen(REFERENCES, "re");
	int n;

	return f && fscanf(f, "%d", &n) == 1 ? n : -1;
}

static void disconnect(struct hypervisor_watch *watch)
{
	watch->hv_source = sd_event_source_disable_unref(watch->hv_source);
	watch->hv = cell_hv_unref(watch->hv);
}

static int on_state_change(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct hypervisor_watch *watch = userdata;
	int r = cell_hv_dispatch(watch->hv);

	(void)source;
	(void)fd;
	/* A descriptor that only reports its own end would keep the loop busy for ever. */
	if (r < 0 || (events & (EPOLLERR | EPOLLHUP))) {
		log_warning("Lost the driver (%s); looking for it again.", strerror(-r));
		disconnect(watch);
	}

	watch->fn(watch->userdata);
	return 0;
}

void hypervisor_watch_connect(struct hypervisor_watch *watch)
{
	int r;

	if (watch->hv || n_references() == 0 || cell_hv_open(watch->context, false, &watch->hv) < 0)
		return;

	r = sd_event_add_io(watch->event, &watch->hv_source, cell_hv_fd(watch->hv), EPOLLIN,
			    on_state_change, watch);
	if (r < 0) {
		log_error("Cannot watch the driver: %s", strerror(-r));
		disconnect(watch);
		return;
	}

	log_debug("Connected to the hypervisor's driver.");
}

bool hypervisor_watch_is_loaded(const struct hypervisor_watch *watch)
{
	return watch->hv || n_references() >= 0;
}

const char *hypervisor_watch_ask(struct hypervisor_watch *watch, struct cell_hv_info *ret)
{
	struct cell_hv_info info;

	/* What is not loaded now can be enabled all the same, if it is there. */
	if (!hypervisor_watch_is_loaded(watch))
		return cell_hv_is_installed(watch->context) > 0 ? "disabled" : "missing";
	if (!watch->hv)
		return "disabled";
	if (cell_hv_info(watch->hv, &info) < 0)
		return "missing";
	if (!info.enabled)
		return "disabled";

	*ret = info;
	return "enabled";
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct hypervisor_watch *watch = userdata;

	(void)source, (void)usec;
	watch->settle_timer = sd_event_source_disable_unref(watch->settle_timer);
	watch->fn(watch->userdata);
	return 0;
}

/* Linux tells of a descriptor's end before it drops the reference, hence a second look. */
static int on_node_use(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct hypervisor_watch *watch = userdata;

	(void)source, (void)event;
	if (!watch->settle_timer)
		sd_event_add_time_relative(watch->event, &watch->settle_timer, CLOCK_MONOTONIC,
					   SETTLE_USEC, 0, on_settled, watch);
	watch->fn(watch->userdata);
	return 0;
}

void hypervisor_watch_settle(struct hypervisor_watch *watch, bool is_disabled)
{
	if (watch->hv && is_disabled && n_references() == 1)
		disconnect(watch);

	if (!is_disabled || !hypervisor_watch_is_loaded(watch))
		watch->node_source = sd_event_source_disable_unref(watch->node_source);
	else if (!watch->node_source && hypervisor_watch_is_loaded(watch))
		sd_event_add_inotify(watch->event, &watch->node_source, DEVICE, IN_OPEN | IN_CLOSE,
				     on_node_use, watch);
}

static int on_device(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct hypervisor_watch *watch = userdata;

	(void)source;
	if (event->len > 0 && strcmp(event->name, DEVICE_NAME) == 0)
		watch->fn(watch->userdata);

	return 0;
}

cell_hv *hypervisor_watch_driver(const struct hypervisor_watch *watch)
{
	return watch->hv;
}

int hypervisor_watch_new(sd_event *event, cell_context *context, hypervisor_watch_fn fn,
			 void *userdata, struct hypervisor_watch **ret)
{
	struct hypervisor_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;

	*watch = (struct hypervisor_watch){
		.event = sd_event_ref(event),
		.context = cell_context_ref(context),
		.fn = fn,
		.userdata = userdata,
	};
	/* A module that is loaded later is found unasked. */
	r = sd_event_add_inotify(event, &watch->device_source, DEVICE_DIRECTORY,
				 IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_DELETE, on_device, watch);
	if (r < 0) {
		hypervisor_watch_free(watch);
		return r;
	}

	*ret = watch;
	return 0;
}

struct hypervisor_watch *hypervisor_watch_free(struct hypervisor_watch *watch)
{
	if (!watch)
		return NULL;

	sd_event_source_disable_unref(watch->settle_timer);
	sd_event_source_disable_unref(watch->node_source);
	sd_event_source_disable_unref(watch->device_source);
	disconnect(watch);
	cell_context_unref(watch->context);
	sd_event_unref(watch->event);
	free(watch);
	return NULL;
}
