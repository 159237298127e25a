/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_DESCRIBE_DEVICES_H
#define LIBCELL_DESCRIBE_DEVICES_H

#include <json-c/json.h>

#include "host/host.h"

/* NULL: out of memory. */
struct json_object *describe_devices(const cell_host *host);

#endif
