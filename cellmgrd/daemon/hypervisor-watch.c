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

	if (manager->hv || cell_hv_open(manager->context, false, &manager->hv) < 0)
		return;

	r = sd_event_add_io(manager->event, &manager->hv_source, cell_hv_fd(manager->hv), EPOLLIN,
			    on_state_change, manager);
	if (r < 0) {
		log_error("Cannot watch the driver: %s", strerror(-r));
		disconnect(manager);
		return;
	}

	log_info("Connected to the hypervisor's driver.");
}

const char *hypervisor_watch_state(struct manager *manager)
{
	struct cell_hv_info info;

	if (!manager->hv || cell_hv_info(manager->hv, &info) < 0)
		return "missing";

	return info.enabled ? "enabled" : "disabled";
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
				    IN_CREATE | IN_ATTRIB | IN_MOVED_TO, on_device, manager);
}
