/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_MODULE_H
#define LIBCELL_MODULE_H

#include "base/context.h"

#define MODULE_NAME "cellhv"

enum module_state {
	MODULE_LOADED,
	MODULE_AVAILABLE,
	MODULE_NOT_INDEXED,  /* its file is there, but depmod has not been run since */
	MODULE_OTHER_KERNEL, /* only for another kernel than the running one */
	MODULE_MISSING,
};

/* other: the release of a kernel that has it, where only another one does. */
enum module_state module_find(const char *root, const char *kernel, char other[128]);

/* Why the running kernel loads signed modules only, in a few words; NULL: it loads all. */
const char *module_needs_signature(const char *root);

/* Has the module's file, where it is loaded from, a signature, of whomever? */
bool module_is_signed(const char *root, const char *kernel);

/* What sign or turn off, for sentences. */
#define MODULE_SIGN                                                                                \
	"sign " MODULE_NAME ".ko with a key that the kernel knows (mokutil), or turn Secure Boot " \
	"and lockdown off"

/*
 * Name and sentence of what the kernel means by refusing the module; errno alone has several
 * meanings. privileged: the process may load modules at all.
 */
void module_explain(cell_context *context, int error, const char *kernel, bool privileged);

/* ModuleMissing, AccessDenied, ... */
int module_load(cell_context *context);

#endif
