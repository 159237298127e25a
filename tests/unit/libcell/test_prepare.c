// SPDX-License-Identifier: LGPL-2.1-or-later
/* What cell_host_prepare() writes, on machines with the boot loaders that there are. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bootloader_loaders.h"
#include "check.h"
#include "file.h"
#include "host.h"
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

static void add_grub(void)
{
	sysroot_write(&root, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet\"\n");
	sysroot_write(&root, "/boot/grub/grub.cfg", "\n");
	sysroot_write(&root, "/usr/sbin/update-grub", "#!/bin/sh\n");
	sysroot_write(&root, "/usr/sbin/grub-mkconfig",
		      "for x in ${sysconfdir}/default/grub.d/*.cfg ; do . \"$x\"; done\n");
}

static void add_entries(void)
{
	sysroot_write(&root, "/usr/bin/kernel-install", "#!/bin/sh\n");
	sysroot_write(&root, "/boot/vmlinuz-6.1.0-9", "\n");
	sysroot_write(&root, "/lib/modules/6.1.0-9/modules.dep", "\n");
	sysroot_write(&root, "/usr/lib/modules/6.1.0-10/vmlinuz", "\n");
	sysroot_write(&root, "/lib/modules/6.1.0-10/modules.dep", "\n");
	sysroot_write(&root, "/lib/modules/no-image/modules.dep", "\n");
}

static void booted_by(const char *variable, const char *what)
{
	char path[256], data[64] = {0};

	for (size_t i = 0; i < strlen(what); i++)
		data[4 + 2 * i] = what[i];
	snprintf(path, sizeof(path), EFI_VARIABLES "%s" VENDOR, variable);
	sysroot_write_bytes(&root, path, data, 4 + 2 * strlen(what));
}

static void translate(void)
{
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "DMA-FQ\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/devices/0000:00:1f.2", "\n");
	sysroot_write(&root, "/sys/class/iommu/dmar0/devices/0000:00:1f.2", "\n");
}

static void keep_memory(void)
{
	sysroot_write(&root, "/sys/devices/system/memory/block_size_bytes", "0\n");
}

static void boot_with(const char *cmdline)
{
	sysroot_write(&root, "/proc/cmdline", "%s\n", cmdline);
}

/* Each on a host of its own, as each is of another process. */
static int prepare(bool dry_run)
{
	host = cell_host_unref(host);
	done = NULL;
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	return cell_host_prepare(host, dry_run, &done);
}

static void begin(void)
{
	sysroot_make_ready(&root);
}

static void end(void)
{
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

static void check_file(const char *path, const char *expected)
{
	char full[PATH_MAX], *text;
	size_t size;

	CHECK_EQ(file_path(full, root.path, "%s", path), 0);
	CHECK_EQ(file_load(full, 65536, &text, &size), 0);
	CHECK_STR(text, expected);
	free(text);
}

static void check_no_file(const char *path)
{
	CHECK(!file_exists(root.path, "%s", path));
	CHECK(!file_exists(root.path, "%s.new", path));
}

/* The variable as a shell has it after both files, which is what grub-mkconfig puts into grub.cfg.
 */
static const char *grub_line(void)
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
