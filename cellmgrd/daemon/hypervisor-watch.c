// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "cleanup.h"
#include "log.h"
#include "manager.h"

#define DEVICE_DIRECTORY "/dev"
#define DEVICE_NAME "cellhv"
#define DEVICE DEVICE_DIRECTORY "/" DEVICE_NAME
#define REFERENCES "/sys/module/cellhv/refcnt"
#define SETTLE_USEC 100000

/* Of the module: an enabled hypervisor has one, each descriptor one. -1: no such count. */
static int n_references(void)
{
	CLEANUP_FCLOSE FILE *f = fopen(REFERENCES, "re");
	int n;

	return f && fscanf(f, "%d", &n) == 1 ? n : -1;
}

static void disconnect(struct manager *manager)
{
	manager->hv_source = sd_event_source_disable_unref(manager->hv_source);
	manager->hv = cell_hv_unref(manager->hv);
}

static int on_state_change(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct manager *manager = userdata;
	int r = cell_hv_dispatch(manager->hv);

	(void)source;
	(void)fd;
	/* A descriptor that only reports its own end would keep the loop busy for ever. */
	if (r < 0 || (events & (EPOLLERR | EPOLLHUP))) {
		log_warning("Lost the driver (%s); looking for it again.", strerror(-r));
		disconnect(manager);
	}

	manager_refresh(manager);
	return 0;
}

void hypervisor_watch_connect(struct manager *manager)
{
	int r;

	if (manager->hv || n_references() == 0 ||
	    cell_hv_open(manager->context, false, &manager->hv) < 0)
		return;

	r = sd_event_add_io(manager->event, &manager->hv_source, cell_hv_fd(manager->hv), EPOLLIN,
			    on_state_change, manager);
	if (r < 0) {
		log_error("Cannot watch the driver: %s", strerror(-r));
		disconnect(manager);
		return;
	}

	log_debug("Connected to the hypervisor's driver.");
}

bool hypervisor_watch_is_loaded(const struct manager *manager)
{
	return manager->hv || n_references() >= 0;
}

const char *hypervisor_watch_ask(struct manager *manager, struct cell_hv_info *ret)
{
	struct cell_hv_info info;

	/* What is not loaded now can be enabled all the same, if it is there. */
	if (!hypervisor_watch_is_loaded(manager))
		return cell_hv_is_installed(manager->context) > 0 ? "disabled" : "missing";
	if (!manager->hv)
		return "disabled";
	if (cell_hv_info(manager->hv, &info) < 0)
		return "missing";
	if (!info.enabled)
		return "disabled";

	*ret = info;
	return "enabled";
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)usec;
	manager->settle_timer = sd_event_source_disable_unref(manager->settle_timer);
	manager_refresh(manager);
	return 0;
}

/* Linux tells of a descriptor's end before it drops the reference, hence a second look. */
static int on_node_use(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)event;
	if (!manager->settle_timer)
		sd_event_add_time_relative(manager->event, &manager->settle_timer, CLOCK_MONOTONIC,
					   SETTLE_USEC, 0, on_settled, manager);
	manager_refresh(manager);
	return 0;
}

void hypervisor_watch_settle(struct manager *manager)
{
	bool is_disabled = strcmp(manager->hypervisor_state, "disabled") == 0;

	if (manager->hv && is_disabled && n_references() == 1)
		disconnect(manager);

	if (!is_disabled || !hypervisor_watch_is_loaded(manager))
		manager->node_watch = sd_event_source_disable_unref(manager->node_watch);
	else if (!manager->node_watch && hypervisor_watch_is_loaded(manager))
		sd_event_add_inotify(manager->event, &manager->node_watch, DEVICE,
				     IN_OPEN | IN_CLOSE, on_node_use, manager);
}

static int on_device(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	(void)source;
	if (event->len > 0 && strcmp(event->name, DEVICE_NAME) == 0)
		manager_refresh(userdata);

	return 0;
}

int hypervisor_watch_device(struct manager *manager)
{
	return sd_event_add_inotify(manager->event, &manager->device_watch, DEVICE_DIRECTORY,
				    IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_DELETE, on_device,
				    manager);
}
