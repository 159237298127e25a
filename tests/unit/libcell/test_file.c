// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "check.h"
#include "sysroot.h"

TEST(file_write_gives_up_in_time)
{
	struct sysroot root;
	char path[PATH_MAX], byte;
	int reader;

	sysroot_make(&root);
	snprintf(path, sizeof(path), "%s/pipe", root.path);
	CHECK_EQ(mkfifo(path, 0600), 0);
	reader = open(path, O_RDWR);
	CHECK(reader >= 0);
	CHECK_EQ(file_write_bounded(path, "x", 5000), 0);
	CHECK_EQ(read(reader, &byte, 1), 1);

	/* A full pipe blocks its writer as a busy memory block does. */
	CHECK_EQ(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	while (write(reader, root.path, 1) == 1)
		;
	CHECK_EQ(file_write_bounded(path, "offline", 50), -ETIMEDOUT);
	CHECK_EQ(file_write_bounded("/nonexistent/state", "x", 50), -ENOENT);
	close(reader);
	sysroot_remove(&root);
}

TEST(file_load_refuses_large_files)
{
	struct sysroot root;
	char path[PATH_MAX], *data = NULL;
	size_t size;

	sysroot_make(&root);
	sysroot_write(&root, "/file", "12345");
	snprintf(path, sizeof(path), "%s/file", root.path);
	CHECK_EQ(file_load(path, 4, &data, &size), -EFBIG);
	CHECK(!data);
	CHECK_EQ(file_load(path, 5, &data, &size), 0);
	CHECK_EQ(size, 5);
	CHECK_STR(data, "12345");
	free(data);
	sysroot_remove(&root);
}

TEST(file_replace_leaves_the_old_one_or_the_new_one)
{
	struct sysroot root;
	struct stat st;
	char path[PATH_MAX];

	sysroot_make(&root);
	sysroot_write(&root, "/file", "old");
	snprintf(path, sizeof(path), "%s/file", root.path);
	CHECK_EQ(chmod(path, 0600), 0);
	CHECK_EQ(file_replace(path, "new"), 0);
	CHECK_STR(sysroot_read(&root, "/file"), "new");
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);

	/* It cannot be written, ... */
	sysroot_write(&root, "/file.new/in-the-way", "x");
	CHECK_EQ(file_replace(path, "newer"), -EISDIR);
	CHECK_STR(sysroot_read(&root, "/file"), "new");

	/* ... or not take the place of what is there. */
	sysroot_write(&root, "/folder/file", "x");
	snprintf(path, sizeof(path), "%s/folder", root.path);
	CHECK_EQ(file_replace(path, "new"), -EISDIR);
	CHECK(!file_exists(root.path, "/folder.new"));
	sysroot_remove(&root);
}
