// SPDX-License-Identifier: LGPL-2.1-or-later
/* What cell_host_prepare() writes, on machines with the boot loaders that there are. */
#include "prepare_fixture.h"

TEST(prepare_has_nothing_to_do)
{
	begin();
	CHECK_EQ(prepare(false), 0); /* whatever the boot loader is */
	CHECK_EQ(done->state, CELL_PREPARATION_NOTHING);
	CHECK_STR(done->arguments, "");
	CHECK(!done->checks[0] && !done->commands[0]);

	/* Other checks fail, of which no argument mends any. */
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0\n");
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_NOTHING);
	check_no_file(GRUB_FILE);
	end();
}

TEST(prepare_grub_for_both_checks)
{
	begin();
	add_grub();
	translate();
	keep_memory();
	CHECK_EQ(prepare(true), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_WRITTEN);
	CHECK(strstr(done->content, "To undo it, remove this file, run `update-grub`"));
	check_no_file(GRUB_FILE);

	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_WRITTEN);
	CHECK_STR(done->loader, "grub");
	CHECK_STR(done->path, GRUB_FILE);
	CHECK_STR(done->arguments, "iommu=pt " MEMMAP);
	CHECK_STR(done->checks[0], "iommu");
	CHECK_STR(done->checks[1], "memory");
	CHECK(!done->checks[2]);
	CHECK_STR(done->commands[0], "update-grub");
	CHECK(!done->commands[1]);
	check_file(GRUB_FILE, done->content);
	check_no_file(GRUB_FILE ".new");
	/* In grub.cfg \$ is a $. */
	CHECK_STR(grub_line(), "quiet iommu=pt " GRUB_MEMMAP);
	end();
}

TEST(prepare_grub_again_is_pending)
{
	begin();
	add_grub();
	translate();
	CHECK_EQ(prepare(false), 0);
	CHECK_STR(grub_line(), "quiet iommu=pt");
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_PENDING);
	CHECK_STR(done->arguments, "iommu=pt");
	CHECK_STR(done->commands[0], "update-grub");
	check_file(GRUB_FILE, done->content);
	CHECK_STR(grub_line(), "quiet iommu=pt");

	/* One is pending, one more is wanted. */
	keep_memory();
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_WRITTEN);
	CHECK_STR(done->arguments, "iommu=pt " MEMMAP);
	CHECK_STR(grub_line(), "quiet iommu=pt " GRUB_MEMMAP);
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_PENDING);
	CHECK_STR(grub_line(), "quiet iommu=pt " GRUB_MEMMAP);
	end();
}

TEST(prepare_grub_after_a_reboot_adds_more)
{
	begin();
	add_grub();
	translate();
	CHECK_EQ(prepare(false), 0);
	boot_with("root=/dev/vda quiet iommu=pt");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "identity\n");
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_NOTHING);
	keep_memory();
	CHECK_EQ(prepare(false), 0);
	CHECK_STR(done->arguments, MEMMAP);
	CHECK_STR(done->checks[0], "memory");
	CHECK_STR(grub_line(), "quiet iommu=pt " GRUB_MEMMAP);
	end();
}

TEST(prepare_knows_what_does_not_help)
{
	begin();
	add_grub();
	translate();
	keep_memory();
	boot_with("quiet iommu=pt " MEMMAP " iommu=nopt");
	CHECK_EQ(prepare(true), 0);
	CHECK_STR(done->arguments, "intel_iommu=off");
	CHECK_STR(done->checks[0], "iommu");
	CHECK(!done->checks[1]); /* nothing helps memory */
	boot_with("iommu=pt intel_iommu=off " MEMMAP " intel_iommu=on");
	CHECK_EQ(prepare(true), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_NOTHING);
	end();
}

TEST(prepare_entries_of_kernel_install)
{
	begin();
	add_entries();
	translate();
	keep_memory();
	sysroot_write(&root, ENTRIES_FILE, "root=/dev/vda ro quiet  \n");
	CHECK_EQ(prepare(false), 0);
	CHECK_STR(done->loader, "kernel-install");
	CHECK_STR(done->path, ENTRIES_FILE);
	check_file(ENTRIES_FILE, "root=/dev/vda ro quiet iommu=pt " MEMMAP "  \n");
	CHECK_STR(done->commands[0], "kernel-install add 6.1.0-9 /boot/vmlinuz-6.1.0-9");
	CHECK_STR(done->commands[1],
		  "kernel-install add 6.1.0-10 /usr/lib/modules/6.1.0-10/vmlinuz");
	CHECK(!done->commands[2]);
	CHECK_EQ(prepare(false), 0);
	CHECK_EQ(done->state, CELL_PREPARATION_PENDING);
	check_file(ENTRIES_FILE, "root=/dev/vda ro quiet iommu=pt " MEMMAP "  \n");
	end();
}

TEST(prepare_entries_of_any_form)
{
	static const struct {
		const char *before;
		const char *after;
	} cases[] = {
		{"quiet", "quiet iommu=pt\n"},
		{"root=/dev/vda\nquiet\n\n", "root=/dev/vda\nquiet iommu=pt\n\n"},
		{"# ours\nquiet\n# the end", "# ours\nquiet iommu=pt\n# the end"},
		{"", "iommu=pt\n"},
		{"# iommu=pt\n", "# iommu=pt\niommu=pt\n"},
		{"xiommu=pt iommu=ptx\n", "xiommu=pt iommu=ptx iommu=pt\n"},
	};

	begin();
	add_entries();
	translate();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sysroot_write(&root, ENTRIES_FILE, "%s", cases[i].before);
		CHECK_EQ(prepare(false), 0);
		check_file(ENTRIES_FILE, cases[i].after);
		CHECK_EQ(prepare(false), 0);
		CHECK_EQ(done->state, CELL_PREPARATION_PENDING);
	}
	end();
}

/* As kernel-install would have it: from /usr/lib, else what the running kernel was started with. */
TEST(prepare_entries_without_a_file)
{
	begin();
	add_entries();
	translate();
	sysroot_write(&root, "/efi/loader/entries/x.conf", "\n");
	boot_with("BOOT_IMAGE=/vmlinuz root=/dev/vda  initrd=\\initrd.img quiet");
	sysroot_write(&root, "/etc/kernel/keep", "\n");
	CHECK_EQ(prepare(true), 0);
	CHECK_STR(done->content, "root=/dev/vda quiet iommu=pt\n");
	check_no_file(ENTRIES_FILE);
	CHECK_EQ(prepare(false), 0);
	check_file(ENTRIES_FILE, "root=/dev/vda quiet iommu=pt\n");
	end();

	begin();
	add_entries();
	translate();
	booted_by("StubInfo", "systemd-stub 252");
	sysroot_write(&root, "/usr/lib/kernel/cmdline", "root=LABEL=x\n");
	CHECK_EQ(prepare(true), 0);
	CHECK_STR(done->content, "root=LABEL=x iommu=pt\n");
	end();
}

TEST(prepare_finds_the_boot_loader)
{
	begin();
	CHECK(!bootloader_find(root.path));
	sysroot_write(&root, ENTRIES_FILE, "quiet\n");
	CHECK(!bootloader_find(root.path));
	add_entries();
	CHECK(bootloader_find(root.path) == &bootloader_entries);
	add_grub();
	CHECK(bootloader_find(root.path) == &bootloader_grub);
	booted_by("LoaderInfo", "GRUB 2.12");
	CHECK(bootloader_find(root.path) == &bootloader_grub);
	booted_by("LoaderInfo", "system");
	CHECK(bootloader_find(root.path) == &bootloader_grub);
	booted_by("LoaderInfo", "systemd-boot 252");
	CHECK(bootloader_find(root.path) == &bootloader_entries);
	end();

	/* Another distribution's, which reads /etc/default/grub only. */
	begin();
	add_grub();
	sysroot_write(&root, "/usr/sbin/grub-mkconfig", ". ${sysconfdir}/default/grub\n");
	CHECK(!bootloader_find(root.path));
	end();
}

/* Wherever in the program that reads it the folder is named. */
TEST(prepare_finds_the_folder_in_a_large_program)
{
	static const char folder[] = "/default/grub.d/";
	char program[9000];

	begin();
	add_grub();
	for (size_t at = 4060; at < 4140; at++) {
		memset(program, 'x', sizeof(program));
		for (size_t i = 0; folder[i]; i++)
			program[at + i] = folder[i];
		sysroot_write_bytes(&root, "/usr/sbin/grub-mkconfig", program, sizeof(program));
		CHECK(bootloader_find(root.path) == &bootloader_grub);
	}
	program[4140] = 'x';
	sysroot_write_bytes(&root, "/usr/sbin/grub-mkconfig", program, sizeof(program));
	CHECK(!bootloader_find(root.path));
	end();
}

TEST(prepare_names_the_arguments_for_other_boot_loaders)
{
	begin();
	translate();
	keep_memory();
	CHECK_EQ(prepare(false), -EOPNOTSUPP);
	CHECK(!done);
	CHECK(strstr(cell_context_last_error(root.context),
		     "add iommu=pt " MEMMAP " to the kernel command line by hand"));
	end();
}

/* In a child, whose exit status is not 0 after a failed check. */
static void check_in_child(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		run();
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void refuse(int error, const char *name)
{
	CHECK_EQ(cell_host_prepare(host, false, &done), error);
	CHECK(!done);
	CHECK_STR(cell_context_last_error_name(root.context), name);
}

static void refuse_unwritable_folder(void)
{
	CHECK_EQ(setuid(65534), 0);
	refuse(-EACCES, "AccessDenied");
	CHECK(strstr(cell_context_last_error(root.context), "Cannot write " GRUB_FILE));
	CHECK(strstr(cell_context_last_error(root.context), "needs iommu=pt."));
}

static void refuse_others_than_root(void)
{
	CHECK_EQ(setuid(65534), 0);
	*host->root = '\0';
	refuse(-EACCES, "AccessDenied");
	CHECK(strstr(cell_context_last_error(root.context), "takes root"));
}

static void refuse_read_only_file_system(void)
{
	char path[PATH_MAX];

	CHECK_EQ(unshare(CLONE_NEWNS), 0);
	CHECK_EQ(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_EQ(file_path(path, root.path, "/etc"), 0);
	CHECK_EQ(mount(path, path, "none", MS_BIND, NULL), 0);
	CHECK_EQ(mount("none", path, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	refuse(-EROFS, "Failed");
}

/* These take root, as does the rest of the suite that looks at whom something is refused. */
TEST(prepare_writes_nothing_where_it_may_not)
{
	begin();
	add_grub();
	translate();
	CHECK_EQ(chmod(root.path, 0755), 0);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	done = NULL;
	if (geteuid() == 0) {
		check_in_child(refuse_unwritable_folder);
		check_in_child(refuse_others_than_root);
		check_in_child(refuse_read_only_file_system);
	}
	check_no_file(GRUB_FILE);

	/* Half a file is none: what was to be the new one is gone. */
	sysroot_write(&root, "/etc/default/grub.d", "a file\n");
	refuse(-ENOTDIR, "Failed");
	end();

	begin();
	add_entries();
	translate();
	sysroot_write(&root, ENTRIES_FILE "/folder", "\n");
	CHECK_EQ(prepare(false), -EISDIR);
	CHECK(strstr(cell_context_last_error(root.context), "Cannot read " ENTRIES_FILE));
	end();
}
