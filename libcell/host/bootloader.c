// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/bootloader.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/bootloader_loaders.h"

/* The Boot Loader Interface: what was started leaves word in variables of this vendor. */
#define VARIABLE "/sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define ATTRIBUTES_SIZE 4

/* UTF-16 behind the attributes. */
static bool variable_begins(const char *root, const char *name, const char *beginning)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX], data[64];
	size_t length = strlen(beginning);
	uint64_t size;

	if (file_path(path, root, VARIABLE, name) < 0)
		return false;
	fd = file_open(path, &size);
	if (fd < 0 || read(fd, data, sizeof(data)) < (ssize_t)(ATTRIBUTES_SIZE + 2 * length))
		return false;

	for (size_t i = 0; i < length; i++)
		if (data[ATTRIBUTES_SIZE + 2 * i] != beginning[i] ||
		    data[ATTRIBUTES_SIZE + 2 * i + 1])
			return false;
	return true;
}

/* By systemd-boot, or as a unified kernel image: GRUB may be installed all the same. */
static bool was_booted_from_entry(const char *root)
{
	return variable_begins(root, "LoaderInfo", "systemd-boot") ||
	       variable_begins(root, "StubInfo", "systemd-stub");
}

const struct bootloader *bootloader_find(const char *root)
{
	static const struct bootloader *const loaders[] = {&bootloader_grub, &bootloader_entries};

	if (was_booted_from_entry(root))
		return &bootloader_entries;
	for (size_t i = 0; i < ELEMENTS(loaders); i++)
		if (loaders[i]->is_used(root))
			return loaders[i];
	return NULL;
}
