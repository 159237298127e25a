// SPDX-License-Identifier: LGPL-2.1-or-later
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libkmod.h>
#include <string.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "file.h"

static struct kmod_ctx *open_index(const char *root, const char *kernel)
{
	char path[PATH_MAX];

	if (file_path(path, root, "/lib/modules/%s", kernel) < 0)
		return NULL;
	return kmod_new(path, NULL);
}

static struct kmod_list *look_up(struct kmod_ctx *kmod)
{
	struct kmod_list *list = NULL;

	if (kmod && kmod_module_new_from_lookup(kmod, MODULE_NAME, &list) < 0)
		return NULL;
	return list;
}

static bool is_available(const char *root, const char *kernel)
{
	struct kmod_ctx *kmod = open_index(root, kernel);
	struct kmod_list *list = look_up(kmod);
	bool available = list != NULL;

	kmod_module_unref_list(list);
	kmod_unref(kmod);
	return available;
}

static bool find_other_kernel(const char *root, char other[128])
{
	static const char *const places[] = {"updates/dkms", "updates", "extra"};
	char pattern[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < ELEMENTS(places) && !found; i++) {
		glob_t paths = {0};

		if (file_path(pattern, root, "/lib/modules/*/%s/" MODULE_NAME ".ko*", places[i]) <
		    0)
			continue;
		if (glob(pattern, 0, NULL, &paths) == 0) {
			const char *kernel =
				paths.gl_pathv[0] + strlen(root) + strlen("/lib/modules/");

			snprintf(other, 128, "%.*s", (int)strcspn(kernel, "/"), kernel);
			found = true;
		}
		globfree(&paths);
	}
	return found;
}

enum module_state module_find(const char *root, const char *kernel, char other[128])
{
	char path[PATH_MAX];

	if (file_path(path, root, "/sys/module/" MODULE_NAME) == 0 && access(path, F_OK) == 0)
		return MODULE_LOADED;
	if (is_available(root, kernel))
		return MODULE_AVAILABLE;
	return find_other_kernel(root, other) ? MODULE_OTHER_KERNEL : MODULE_MISSING;
}

static int fail_missing(cell_context *context, const char *kernel)
{
	char other[128];

	if (module_find(context->root, kernel, other) == MODULE_OTHER_KERNEL)
		return context_fail(context, -ENODEV, "ModuleMissing",
				    "The module " MODULE_NAME " is installed for kernel %s, but %s "
				    "runs: build and install it for this one.",
				    other, kernel);
	return context_fail(context, -ENODEV, "ModuleMissing",
			    "The module " MODULE_NAME " is not installed for kernel %s: build and "
			    "install it, then run `depmod`.",
			    kernel);
}

static int fail_insert(cell_context *context, int error, const char *kernel)
{
	switch (-error) {
	case EPERM:
	case EACCES:
		return context_fail(context, error, "AccessDenied",
				    "Loading the module " MODULE_NAME
				    " takes root (CAP_SYS_MODULE).");
	case EKEYREJECTED:
	case ENOKEY:
		return context_fail(
			context, error, "ModuleMissing",
			"The kernel accepts signed modules only (Secure Boot): sign " MODULE_NAME
			" with an enrolled key, or turn Secure Boot off.");
	case ENOEXEC:
	case EINVAL:
		return context_fail(context, error, "ModuleMissing",
				    "The module " MODULE_NAME " does not fit kernel %s: build it "
				    "again with this kernel's headers.",
				    kernel);
	default:
		return context_fail(context, error, "Failed",
				    "The module " MODULE_NAME
				    " cannot be loaded (%s): see `dmesg`.",
				    strerror(-error));
	}
}

int module_load(cell_context *context)
{
	struct kmod_list *list, *item;
	struct kmod_ctx *kmod;
	struct utsname name;
	int r = 0;

	uname(&name);
	kmod = open_index(context->root, name.release);
	list = look_up(kmod);
	if (!list) {
		kmod_unref(kmod);
		return fail_missing(context, name.release);
	}

	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		r = kmod_module_probe_insert_module(module, 0, NULL, NULL, NULL, NULL);
		kmod_module_unref(module);
		if (r < 0)
			break;
	}
	kmod_module_unref_list(list);
	kmod_unref(kmod);
	return r < 0 ? fail_insert(context, r, name.release) : 0;
}
