// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysroot.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cellhv/launch.h>

#include "check.h"
#include "mock.h"

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

void sysroot_write_bytes(const struct sysroot *root, const char *path, const void *data,
			 size_t size)
{
	char full[PATH_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root->path, path);
	make_parents(full);
	file = fopen(full, "w");
	CHECK(file);
	CHECK_EQ(fwrite(data, 1, size, file), size);
	CHECK_EQ(fclose(file), 0);
}

void sysroot_write(const struct sysroot *root, const char *path, const char *format, ...)
{
	char text[4096];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sysroot_write_bytes(root, path, text, (size_t)n);
}

void sysroot_link(const struct sysroot *root, const char *path, const char *target)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root->path, path);
	make_parents(full);
	unlink(full);
	CHECK_EQ(symlink(target, full), 0);
}

const char *sysroot_read(const struct sysroot *root, const char *path)
{
	static char line[256];
	char full[PATH_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root->path, path);
	line[0] = '\0';
	file = fopen(full, "r");
	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

void sysroot_nail_block(const struct sysroot *root, unsigned number)
{
	char path[128], target[64];
	int fd = memfd_create("nailed", MFD_ALLOW_SEALING);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "online\n", 7), 7);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/state", number);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	sysroot_link(root, path, target);
}

static void make_blocks(const struct sysroot *root)
{
	sysroot_write(root, "/sys/devices/system/memory/block_size_bytes", "8000000\n");
	for (unsigned i = 0; i < 8; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/phys_index", i);
		sysroot_write(root, path, "%08x\n", i);
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/state", i);
		sysroot_write(root, path, "online\n");
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/removable", i);
		sysroot_write(root, path, "1\n");
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%u/valid_zones", i);
		sysroot_write(root, path, i < 2 || i == 7 ? "none\n" : "DMA32\n");
	}
}

void sysroot_make(struct sysroot *root)
{
	strcpy(root->path, "/tmp/libcell-test-XXXXXX");
	CHECK(mkdtemp(root->path));
	CHECK_EQ(cell_context_new(&root->context), 0);
	root->context->root = root->path;
	root->context->driver = &mock_driver;
	mock_expect(NULL, 0);

	sysroot_write(root, "/proc/cpuinfo",
		      "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: Test CPU\n"
		      "flags\t\t: fpu svm npt hypervisor\n\n");
	sysroot_write(root, "/proc/sys/kernel/osrelease", "6.1.0-test\n");
	sysroot_write(root, "/proc/cmdline", "root=/dev/vda quiet\n");
	sysroot_write(root, "/proc/iomem",
		      "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n"
		      "00100000-3ffdffff : System RAM\n  01000000-01ffffff : Kernel code\n"
		      "3ffe0000-3fffffff : Reserved\nfee00000-fee00fff : Local APIC\n");
	sysroot_write(root, "/sys/devices/system/cpu/present", "0-3\n");
	sysroot_write(root, "/sys/devices/system/cpu/online", "0-3\n");
	sysroot_write(root, "/run/keep", "\n");
	make_blocks(root);
}

void sysroot_make_ready(struct sysroot *root)
{
	struct cellhv_image_header header = {.abi_version = CELLHV_ABI_VERSION, .version = "1"};

	sysroot_make(root);
	memcpy(header.signature, CELLHV_IMAGE_SIGNATURE, 8);
	sysroot_write_bytes(root, "/lib/firmware/" CELLHV_IMAGE_NAME, &header, sizeof(header));
	sysroot_write(root, "/sys/module/cellhv/refcnt", "0\n");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

void sysroot_remove(struct sysroot *root)
{
	cell_context_unref(root->context);
	nftw(root->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
