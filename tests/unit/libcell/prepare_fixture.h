/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine with the boot loaders that there are, for the tests of cell_host_prepare(). */
#ifndef PREPARE_FIXTURE_H
#define PREPARE_FIXTURE_H

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "host/bootloader_loaders.h"
#include "host/host.h"
#include "sysroot.h"

#define GRUB_FILE "/etc/default/grub.d/50-cellmgr.cfg"
#define ENTRIES_FILE "/etc/kernel/cmdline"
#define EFI_VARIABLES "/sys/firmware/efi/efivars/"
#define VENDOR "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define MEMMAP "memmap=64M$0x34000000 cellmgr.memory=0x34000000"
#define GRUB_MEMMAP "memmap=64M\\$0x34000000 cellmgr.memory=0x34000000"

static struct sysroot root;
static cell_host *host;
static const struct cell_preparation *done;

static inline void add_grub(void)
{
	sysroot_write(&root, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet\"\n");
	sysroot_write(&root, "/boot/grub/grub.cfg", "\n");
	sysroot_write(&root, "/usr/sbin/update-grub", "#!/bin/sh\n");
	sysroot_write(&root, "/usr/sbin/grub-mkconfig",
		      "for x in ${sysconfdir}/default/grub.d/*.cfg ; do . \"$x\"; done\n");
}

static inline void add_entries(void)
{
	sysroot_write(&root, "/usr/bin/kernel-install", "#!/bin/sh\n");
	sysroot_write(&root, "/boot/vmlinuz-6.1.0-9", "\n");
	sysroot_write(&root, "/lib/modules/6.1.0-9/modules.dep", "\n");
	sysroot_write(&root, "/usr/lib/modules/6.1.0-10/vmlinuz", "\n");
	sysroot_write(&root, "/lib/modules/6.1.0-10/modules.dep", "\n");
	sysroot_write(&root, "/lib/modules/no-image/modules.dep", "\n");
}

static inline void booted_by(const char *variable, const char *what)
{
	char path[256], data[64] = {0};

	for (size_t i = 0; i < strlen(what); i++)
		data[4 + 2 * i] = what[i];
	snprintf(path, sizeof(path), EFI_VARIABLES "%s" VENDOR, variable);
	sysroot_write_bytes(&root, path, data, 4 + 2 * strlen(what));
}

static inline void translate(void)
{
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "DMA-FQ\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/devices/0000:00:1f.2", "\n");
	sysroot_write(&root, "/sys/class/iommu/dmar0/devices/0000:00:1f.2", "\n");
}

static inline void keep_memory(void)
{
	sysroot_write(&root, "/sys/devices/system/memory/block_size_bytes", "0\n");
}

static inline void boot_with(const char *cmdline)
{
	sysroot_write(&root, "/proc/cmdline", "%s\n", cmdline);
}

/* Each on a host of its own, as each is of another process. */
static inline int prepare(bool dry_run)
{
	host = cell_host_unref(host);
	done = NULL;
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	return cell_host_prepare(host, dry_run, &done);
}

static inline void begin(void)
{
	sysroot_make_ready(&root);
}

static inline void end(void)
{
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

static inline void check_file(const char *path, const char *expected)
{
	char full[PATH_MAX], *text;
	size_t size;

	CHECK_EQ(file_path(full, root.path, "%s", path), 0);
	CHECK_EQ(file_load(full, 65536, &text, &size), 0);
	CHECK_STR(text, expected);
	free(text);
}

static inline void check_no_file(const char *path)
{
	CHECK(!file_exists(root.path, "%s", path));
	CHECK(!file_exists(root.path, "%s.new", path));
}

/* The variable as a shell has it after both files, which is what grub-mkconfig puts into grub.cfg.
 */
static inline const char *grub_line(void)
{
	static char line[512];
	char command[512];
	FILE *shell;

	snprintf(command, sizeof(command),
		 "set -eu; . %s/etc/default/grub; . %s" GRUB_FILE
		 "; printf '%%s' \"$GRUB_CMDLINE_LINUX\"",
		 root.path, root.path);
	shell = popen(command, "r");
	CHECK(shell);
	line[fread(line, 1, sizeof(line) - 1, shell)] = '\0';
	CHECK_EQ(pclose(shell), 0);
	return line;
}

#endif
