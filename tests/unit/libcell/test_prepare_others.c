// SPDX-License-Identifier: LGPL-2.1-or-later
/* What cell_host_prepare() leaves as it is: what others, and earlier runs, have written. */
#include "prepare_fixture.h"

/* The memory there is has changed since: one reservation is enough. */
TEST(prepare_keeps_a_reservation_that_is_written)
{
	begin();
	add_grub();
	keep_memory();
	sysroot_write(&root, GRUB_FILE,
		      "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX memmap=1G\\\\\\$0x10000000 "
		      "cellmgr.memory=0x10000000\"\n");
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_PENDING);
	CHECK_STR(done->arguments, "memmap=1G$0x10000000 cellmgr.memory=0x10000000");
	end();
}

TEST(prepare_keeps_what_others_wrote)
{
	static const char others[] = "# mine\nGRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX=\"debug\"";
	static const char edited[] = "# mine\n"
				     "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX maxcpus=4\"\n"
				     "GRUB_TIMEOUT=1\n";

	begin();
	add_grub();
	translate();
	sysroot_write(&root, GRUB_FILE, "%s", others);
	CHECK_EQ(prepare(false), 0);
	check_file(GRUB_FILE, "# mine\nGRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX=\"debug\"\n"
			      "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX iommu=pt\"\n");
	sysroot_write(&root, GRUB_FILE, "%s", edited);
	CHECK_EQ(prepare(false), 0);
	check_file(GRUB_FILE, "# mine\n"
			      "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX maxcpus=4 iommu=pt\"\n"
			      "GRUB_TIMEOUT=1\n");
	end();
}

/* Only a line that begins as ours and ends as one is ours, however long the others are. */
TEST(prepare_leaves_long_settings_of_others)
{
	static const char others[] =
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT quiet iommu=pt\"\n"
		"GRUB_CMDLINE_XEN=\"$GRUB_CMDLINE_LINUX and then something iommu=pt\"\n"
		"GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX iommu=pt # no end\n";
	char expected[1024];

	begin();
	add_grub();
	translate();
	sysroot_write(&root, GRUB_FILE, "%s", others);
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_WRITTEN);
	snprintf(expected, sizeof(expected),
		 "%sGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX iommu=pt\"\n", others);
	check_file(GRUB_FILE, expected);
	end();
}

TEST(prepare_keeps_link_and_mode)
{
	char full[PATH_MAX];
	struct stat st;

	begin();
	add_entries();
	translate();
	sysroot_write(&root, "/etc/elsewhere", "root=/dev/vda\n");
	CHECK_EQ(file_path(full, root.path, "/etc/elsewhere"), 0);
	CHECK_EQ(chmod(full, 0600), 0);
	sysroot_write(&root, "/etc/kernel/keep", "\n");
	sysroot_link(&root, ENTRIES_FILE, "../elsewhere");
	CHECK_EQ(prepare(false), 0);
	check_file("/etc/elsewhere", "root=/dev/vda iommu=pt\n");
	CHECK_EQ(stat(full, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK_EQ(file_path(full, root.path, ENTRIES_FILE), 0);
	CHECK_EQ(lstat(full, &st), 0);
	CHECK(S_ISLNK(st.st_mode));
	end();
}

/* In a file that others write, too, what they reserve is not taken for cells. */
TEST(prepare_leaves_reservations_of_others)
{
	begin();
	add_entries();
	keep_memory();
	sysroot_write(&root, ENTRIES_FILE, "quiet memmap=1M$0x10000000\n");
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_WRITTEN);
	check_file(ENTRIES_FILE, "quiet memmap=1M$0x10000000 " MEMMAP "\n");
	end();
}
