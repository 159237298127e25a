/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Refreshes when a description comes, goes or changes, in any of the directories they are looked
 * for in; those that are not there yet are watched for in the directory above.
 */
#ifndef CELLMGRD_DESCRIPTION_WATCH_H
#define CELLMGRD_DESCRIPTION_WATCH_H

struct manager;

int description_watch_begin(struct manager *manager);
void description_watch_end(struct manager *manager);

#endif
