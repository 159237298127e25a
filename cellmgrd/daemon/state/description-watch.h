/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells when a description comes, goes or changes, in any of the directories they are looked for
 * in; those that are not there yet are watched for in the directory above.
 */
#ifndef CELLMGRD_DESCRIPTION_WATCH_H
#define CELLMGRD_DESCRIPTION_WATCH_H

#include <systemd/sd-event.h>

struct description_watch;
typedef void (*description_watch_fn)(void *userdata);

int description_watch_new(sd_event *event, description_watch_fn fn, void *userdata,
			  struct description_watch **ret);
struct description_watch *description_watch_free(struct description_watch *watch);

#endif
