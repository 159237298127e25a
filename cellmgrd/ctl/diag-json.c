// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diag-json.h"

#include "diag.h"

json_object *diag_json(const struct cell_diag *diag)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "file", json_object_new_string(diag->file));
	json_object_object_add(o, "line", json_object_new_int((int)diag->line));
	json_object_object_add(o, "column", json_object_new_int((int)diag->column));
	json_object_object_add(o, "severity", json_object_new_string(diag_severity(diag)));
	json_object_object_add(o, "code", json_object_new_string(diag->code));
	json_object_object_add(o, "pointer",
			       json_object_new_string(diag->pointer ? diag->pointer : ""));
	json_object_object_add(o, "message", json_object_new_string(diag->message));
	return o;
}
