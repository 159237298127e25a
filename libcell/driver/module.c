// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/module.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libkmod.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"

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

static const char *const places[] = {"updates/dkms", "updates", "extra"};

/* kernel: a release, or "*"; the release of the first that is found goes to found. */
static bool find_file(const char *root, const char *kernel, const char *except, char path[PATH_MAX],
		      char found[128])
{
	bool is_found = false;

	for (size_t i = 0; i < ELEMENTS(places) && !is_found; i++) {
		glob_t paths = {0};

		if (file_path(path, root, "/lib/modules/%s/%s/" MODULE_NAME ".ko*", kernel,
			      places[i]) < 0)
			continue;
		glob(path, 0, NULL, &paths);
		for (size_t j = 0; j < paths.gl_pathc && !is_found; j++) {
			const char *release =
				paths.gl_pathv[j] + strlen(root) + strlen("/lib/modules/");

			snprintf(found, 128, "%.*s", (int)strcspn(release, "/"), release);
			snprintf(path, PATH_MAX, "%s", paths.gl_pathv[j]);
			is_found = strcmp(found, except) != 0;
		}
		globfree(&paths);
	}
	return is_found;
}

enum module_state module_find(const char *root, const char *kernel, char other[128])
{
	char path[PATH_MAX];

	if (file_exists(root, "/sys/module/" MODULE_NAME))
		return MODULE_LOADED;
	if (is_available(root, kernel))
		return MODULE_AVAILABLE;
	if (find_file(root, kernel, "", path, other))
		return MODULE_NOT_INDEXED;
	return find_file(root, "*", kernel, path, other) ? MODULE_OTHER_KERNEL : MODULE_MISSING;
}

const char *module_needs_signature(const char *root)
{
	char line[64] = "";

	if (file_read_line(line, sizeof(line), root, "/sys/module/module/parameters/sig_enforce") ==
		    0 &&
	    line[0] == 'Y')
		return "module.sig_enforce is set";
	if (file_read_line(line, sizeof(line), root, "/sys/kernel/security/lockdown") == 0 &&
	    !strstr(line, "[none]"))
		return "it is locked down";
	return NULL;
}

bool module_is_signed(const char *root, const char *kernel)
{
	struct kmod_ctx *kmod = open_index(root, kernel);
	struct kmod_list *info = NULL, *item;
	struct kmod_module *module = NULL;
	char path[PATH_MAX], found[128];
	bool is_signed = false;

	if (kmod && find_file(root, kernel, "", path, found) &&
	    kmod_module_new_from_path(kmod, path, &module) >= 0 &&
	    kmod_module_get_info(module, &info) >= 0)
		kmod_list_foreach(item, info) is_signed |=
			strcmp(kmod_module_info_get_key(item), "sig_id") == 0;
	kmod_module_info_free_list(info);
	kmod_module_unref(module);
	kmod_unref(kmod);
	return is_signed;
}

LIBCELL_PUBLIC int cell_hv_is_installed(cell_context *context)
{
	struct utsname name;
	char other[128];
	enum module_state state;

	context_begin(context);
	uname(&name);
	state = module_find(context->root, name.release, other);
	return state == MODULE_LOADED || state == MODULE_AVAILABLE;
}

static int fail_missing(cell_context *context, const char *kernel)
{
	char other[128];

	switch (module_find(context->root, kernel, other)) {
	case MODULE_NOT_INDEXED:
		return context_fail(context, -ENODEV, "ModuleMissing",
				    "The module " MODULE_NAME " is there for kernel %s, but not in "
				    "its index: run `depmod`.",
				    kernel);
	case MODULE_OTHER_KERNEL:
		return context_fail(context, -ENODEV, "ModuleMissing",
				    "The module " MODULE_NAME " is installed for kernel %s, but %s "
				    "runs: build and install it for this one (Debian: `apt install "
				    "cellhv-dkms linux-headers-%s`).",
				    other, kernel, kernel);
	default:
		return context_fail(context, -ENODEV, "ModuleMissing",
				    "The module " MODULE_NAME
				    " is not installed for kernel %s: build and install it, then "
				    "run `depmod` (Debian: `apt install cellhv-dkms "
				    "linux-headers-%s`).",
				    kernel, kernel);
	}
}

/* EPERM is what lockdown says to a module without signature, too, and modules_disabled to any. */
static void explain_denied(cell_context *context, bool privileged)
{
	const char *why = module_needs_signature(context->root);
	char disabled[8] = "0";

	file_read_line(disabled, sizeof(disabled), context->root,
		       "/proc/sys/kernel/modules_disabled");
	if (!privileged)
		context_set_error(context, "AccessDenied",
				  "Loading the module " MODULE_NAME
				  " takes root (CAP_SYS_MODULE).");
	else if (disabled[0] == '1')
		context_set_error(context, "ModuleMissing",
				  "The kernel loads no module any more (kernel.modules_disabled is "
				  "1): reboot, and load " MODULE_NAME " before that is set.");
	else if (why)
		context_set_error(context, "ModuleMissing",
				  "The kernel loads signed modules only, as %s: " MODULE_SIGN ".",
				  why);
	else
		context_set_error(context, "AccessDenied",
				  "The kernel does not let even root load the module " MODULE_NAME
				  " here (a container, or a security module): see `dmesg`.");
}

void module_explain(cell_context *context, int error, const char *kernel, bool privileged)
{
	const char *why = module_needs_signature(context->root);

	switch (-error) {
	case EPERM:
	case EACCES:
		explain_denied(context, privileged);
		break;
	case EKEYREJECTED:
	case ENOKEY:
		context_set_error(context, "ModuleMissing",
				  "The kernel loads signed modules only (%s): " MODULE_SIGN ".",
				  why ?: "Secure Boot");
		break;
	case ENOEXEC:
	case EINVAL:
		context_set_error(context, "ModuleMissing",
				  "The module " MODULE_NAME " does not fit kernel %s: build it "
				  "again with this kernel's headers (Debian: `apt install "
				  "linux-headers-%s`, then `dpkg-reconfigure cellhv-dkms`).",
				  kernel, kernel);
		break;
	default:
		context_set_error(context, "Failed",
				  "The module " MODULE_NAME " cannot be loaded (%s): see `dmesg`.",
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
	if (r < 0)
		module_explain(context, r, name.release, geteuid() == 0);
	return r < 0 ? r : 0;
}
