/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope-bound release of what the programs hold, so that no function needs a goto ladder. */
#ifndef CELLMGRD_CLEANUP_H
#define CELLMGRD_CLEANUP_H

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "cell.h"

#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define DEFINE_CLEANUP(type, name, release) \
	static inline void name(type *p)    \
	{                                   \
		if (*p)                     \
			release(*p);        \
	}

DEFINE_CLEANUP(char *, cleanup_free, free)
DEFINE_CLEANUP(char **, cleanup_strv, cell_strv_free)
DEFINE_CLEANUP(FILE *, cleanup_fclose, fclose)
DEFINE_CLEANUP(DIR *, cleanup_closedir, closedir)
DEFINE_CLEANUP(json_object *, cleanup_json, json_object_put)
DEFINE_CLEANUP(cell_context *, cleanup_context, cell_context_unref)
DEFINE_CLEANUP(cell_host *, cleanup_host, cell_host_unref)
DEFINE_CLEANUP(cell_desc *, cleanup_desc, cell_desc_unref)
DEFINE_CLEANUP(cell_blob *, cleanup_blob, cell_blob_unref)
DEFINE_CLEANUP(cell_hv *, cleanup_hv, cell_hv_unref)
DEFINE_CLEANUP(cell_cell *, cleanup_cell, cell_cell_unref)
DEFINE_CLEANUP(cell_link *, cleanup_link, cell_link_unref)
DEFINE_CLEANUP(sd_bus *, cleanup_bus, sd_bus_flush_close_unref)
DEFINE_CLEANUP(sd_bus_message *, cleanup_message, sd_bus_message_unref)
DEFINE_CLEANUP(sd_bus_slot *, cleanup_slot, sd_bus_slot_unref)
DEFINE_CLEANUP(sd_event *, cleanup_event, sd_event_unref)

static inline void cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Hands the descriptor on, so that its scope does not close it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define CLEANUP_FREE CLEANUP(cleanup_free)
#define CLEANUP_STRV CLEANUP(cleanup_strv)
#define CLEANUP_FCLOSE CLEANUP(cleanup_fclose)
#define CLEANUP_CLOSEDIR CLEANUP(cleanup_closedir)
#define CLEANUP_JSON CLEANUP(cleanup_json)
#define CLEANUP_CONTEXT CLEANUP(cleanup_context)
#define CLEANUP_HOST CLEANUP(cleanup_host)
#define CLEANUP_DESC CLEANUP(cleanup_desc)
#define CLEANUP_BLOB CLEANUP(cleanup_blob)
#define CLEANUP_HV CLEANUP(cleanup_hv)
#define CLEANUP_CELL CLEANUP(cleanup_cell)
#define CLEANUP_LINK CLEANUP(cleanup_link)
#define CLEANUP_BUS CLEANUP(cleanup_bus)
#define CLEANUP_MESSAGE CLEANUP(cleanup_message)
#define CLEANUP_SLOT CLEANUP(cleanup_slot)
#define CLEANUP_EVENT CLEANUP(cleanup_event)
#define CLEANUP_FD CLEANUP(cleanup_fd)
#define CLEANUP_BUS_ERROR CLEANUP(sd_bus_error_free)

#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
