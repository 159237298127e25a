// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"

static void disconnect(struct notify *notify)
{
	notify->source = sd_event_source_disable_unref(notify->source);
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* Connected, as only then poll(2) knows of the queue at the other end. */
static int connect_to_systemd(struct notify *notify)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int r;

	if (notify->fd >= 0)
		return 0;
	/* Other families of addresses are for virtual machines. */
	if (length < 2 || length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return -ENOENT;

	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd >= 0 &&
	    connect(notify->fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0)
		return 0;

	r = -errno;
	disconnect(notify);
	return r;
}

static int send_unsent(struct notify *notify)
{
	int r = connect_to_systemd(notify);

	if (r < 0)
		return r;

	return send(notify->fd, notify->unsent, strlen(notify->unsent), MSG_NOSIGNAL) < 0 ? -errno
											  : 0;
}

static void flush(struct notify *notify);

static int on_room(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source, (void)fd, (void)events;
	flush(userdata);
	return 0;
}

static void flush(struct notify *notify)
{
	int r = *notify->unsent ? send_unsent(notify) : 0;

	/* The socket is another one than before. */
	if (r == -ECONNREFUSED || r == -ENOTCONN || r == -ECONNRESET) {
		disconnect(notify);
		r = send_unsent(notify);
	}
	if (r == -EAGAIN) {
		if (!notify->source)
			sd_event_add_io(notify->event, &notify->source, notify->fd, EPOLLOUT,
					on_room, notify);
		return;
	}

	*notify->unsent = '\0';
	notify->source = sd_event_source_disable_unref(notify->source);
}

/* Takes a line "NAME=..." out of those that have not been sent. */
static void forget(char *unsent, const char *name, size_t length)
{
	for (char *line = unsent, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, name, length) == 0) {
			memmove(line, next, strlen(next) + 1);
			next = line;
		}
	}
}

static void add(struct notify *notify, const char *line)
{
	size_t used;

	forget(notify->unsent, line, strcspn(line, "=") + 1);
	used = strlen(notify->unsent);
	/* With one line of each variable there is room; a line that is too long is no news. */
	if (used + strlen(line) + 2 <= sizeof(notify->unsent))
		sprintf(notify->unsent + used, "%s\n", line);
}

void notify_begin(struct notify *notify, sd_event *event)
{
	*notify = (struct notify){.event = sd_event_ref(event), .fd = -1};
}

void notify_say(struct notify *notify, const char *format, ...)
{
	char text[NOTIFY_MAX], *rest = text, *line;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	while ((line = strsep(&rest, "\n")))
		add(notify, line);
	flush(notify);
}

void notify_end(struct notify *notify)
{
	if (notify->event)
		flush(notify);
	disconnect(notify);
	notify->event = sd_event_unref(notify->event);
}
