/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_MODULE_H
#define LIBCELL_MODULE_H

#include "context.h"

#define MODULE_NAME "cellhv"

enum module_state {
	MODULE_LOADED,
	MODULE_AVAILABLE,
	MODULE_OTHER_KERNEL, /* only for another kernel than the running one */
	MODULE_MISSING,
};

/* other: the release of a kernel that has it, where only another one does. */
enum module_state module_find(const char *root, const char *kernel, char other[128]);

/* ModuleMissing, AccessDenied, ... */
int module_load(cell_context *context);

#endif
