/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DIAG_JSON_H
#define CELLMGRD_DIAG_JSON_H

#include <json-c/json.h>

#include "cell.h"

/* What --json prints of a diagnostic. */
json_object *diag_json(const struct cell_diag *diag);

#endif
