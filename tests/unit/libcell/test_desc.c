// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "check.h"
#include "desc/desc.h"
#include "neighbour.h"
#include "sysroot.h"

#define MINIMAL(name)                                                                             \
	"{ \"name\": \"" name "\", \"cpus\": [3], \"memory\": [ { \"size\": \"1M\", \"at\": 0 } " \
	"] }"

static const char *last_name(const struct sysroot *root)
{
	return cell_context_last_error_name(root->context);
}

TEST(find_takes_the_first_folder_that_has_it)
{
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/a.json", MINIMAL("a"));
	sysroot_write(&root, "/run/cells/a.json", MINIMAL("other"));
	CHECK_EQ(cell_desc_find(root.context, "a", &desc), 0);
	CHECK(strstr(cell_desc_path(desc), "/run/cells/a.json"));
	CHECK_EQ(cell_desc_n_diags(desc), 1);
	CHECK_STR(cell_desc_diag(desc, 0)->code, "name-differs");
	CHECK(!cell_desc_diag(desc, 1));
	cell_desc_unref(desc);

	sysroot_write(&root, "/etc/cells/a.json", MINIMAL("a"));
	CHECK_EQ(cell_desc_find(root.context, "a", &desc), 0);
	CHECK(strstr(cell_desc_path(desc), "/etc/cells/a.json"));
	CHECK_STR(cell_desc_name(desc), "a");
	CHECK_EQ(cell_desc_shutdown_timeout_ms(desc), 5000);
	CHECK(!cell_desc_destroy_on_refusal(desc));
	CHECK_EQ(cell_desc_n_diags(desc), 0);
	CHECK(!cell_desc_unref(cell_desc_ref(desc)));
	CHECK(!cell_desc_unref(desc));
	CHECK(!cell_desc_unref(NULL));

	desc = NULL;
	CHECK_EQ(cell_desc_find(root.context, "nobody", &desc), -ENOENT);
	CHECK_STR(last_name(&root), "NoSuchCell");
	CHECK_EQ(cell_desc_find(root.context, "../etc/passwd", &desc), -EINVAL);
	CHECK_STR(last_name(&root), "InvalidConfiguration");
	CHECK(!desc);
	sysroot_remove(&root);
}

TEST(list_names_each_once_in_order)
{
	struct sysroot root;
	char **names;

	sysroot_make(&root);
	CHECK_EQ(cell_desc_list(root.context, &names), 0);
	CHECK(!names[0]);
	cell_strv_free(names);

	sysroot_write(&root, "/usr/lib/cells/zebra.json", "x");
	sysroot_write(&root, "/run/cells/ant.json", "x");
	sysroot_write(&root, "/etc/cells/ant.json", "x");
	sysroot_write(&root, "/etc/cells/.hidden.json", "x");
	sysroot_write(&root, "/etc/cells/ant.json.bak", "x");
	sysroot_write(&root, "/etc/cells/root.json", "x");
	sysroot_write(&root, "/etc/cells/with blank.json", "x");
	sysroot_write(&root, "/etc/cells/a-name-that-is-much-too-long-for-a-cell.json", "x");
	CHECK_EQ(cell_desc_list(root.context, &names), 0);
	CHECK_STR(names[0], "ant");
	CHECK_STR(names[1], "zebra");
	CHECK(!names[2]);
	CHECK(!cell_strv_free(names));
	CHECK(!cell_strv_free(NULL));
	sysroot_remove(&root);
}

/* What is listed is what is found, links included. */
TEST(paths_are_those_that_find_reads)
{
	char **names, **paths;
	struct sysroot root;
	size_t n = 0;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/both.json", MINIMAL("both"));
	sysroot_write(&root, "/run/cells/both.json", MINIMAL("both"));
	sysroot_write(&root, "/usr/lib/cells/behind.json", MINIMAL("behind"));
	sysroot_link(&root, "/etc/cells/behind.json", "nowhere");
	sysroot_link(&root, "/etc/cells/linked.json", "../../usr/lib/cells/behind.json");
	sysroot_link(&root, "/run/cells/dangling.json", "nowhere");
	CHECK_EQ(cell_desc_list(root.context, &names), 0);
	CHECK_EQ(cell_desc_list_paths(root.context, &paths), 0);
	for (; names[n] && paths[n]; n++) {
		cell_desc *desc;

		CHECK_EQ(cell_desc_find(root.context, names[n], &desc), 0);
		CHECK_STR(cell_desc_path(desc), paths[n]);
		cell_desc_unref(desc);
	}
	CHECK_EQ(n, 4);
	CHECK(!names[n] && !paths[n]);
	CHECK(strstr(paths[0], "/etc/cells/behind.json"));
	CHECK(strstr(paths[1], "/run/cells/both.json"));
	CHECK(strstr(paths[2], "/run/cells/dangling.json"));
	CHECK(strstr(paths[3], "/etc/cells/linked.json"));
	cell_strv_free(names);
	cell_strv_free(paths);
	sysroot_remove(&root);
}

/* The one diagnostic of what has no text. */
static void check_unreadable(struct sysroot *root, const char *name, const char *message)
{
	cell_desc *desc;
	cell_host *host;

	CHECK_EQ(cell_desc_find(root->context, name, &desc), 0);
	CHECK_STR(last_name(root), "");
	CHECK_EQ(cell_desc_n_diags(desc), 1);
	CHECK_STR(cell_desc_diag(desc, 0)->code, "not-readable");
	CHECK(strstr(cell_desc_diag(desc, 0)->message, message));
	CHECK(strstr(cell_desc_diag(desc, 0)->file, name));
	CHECK_EQ(cell_desc_diag(desc, 0)->line, 0);
	CHECK_STR(cell_desc_name(desc), "");
	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_check(desc, host), -EINVAL);
	CHECK_STR(last_name(root), "Failed");
	CHECK(strstr(cell_context_last_error(root->context), message));
	cell_host_unref(host);
	cell_desc_unref(desc);
}

/* It is listed, found, and says what is wrong; nothing waits for a FIFO's other end. */
TEST(what_cannot_be_read_is_a_description_all_the_same)
{
	char path[PATH_MAX], *large = calloc(1, DOCUMENT_SIZE_MAX + 1);
	struct sysroot root;
	cell_desc *desc;
	char **names;

	sysroot_make(&root);
	sysroot_write_bytes(&root, "/etc/cells/large.json", large, DOCUMENT_SIZE_MAX + 1);
	sysroot_write(&root, "/etc/cells/folder.json/x", "\n");
	sysroot_link(&root, "/etc/cells/dangling.json", "nowhere");
	snprintf(path, sizeof(path), "%s/etc/cells/fifo.json", root.path);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(cell_desc_list(root.context, &names), 0);
	CHECK_STR(names[0], "dangling");
	CHECK_STR(names[1], "fifo");
	CHECK_STR(names[2], "folder");
	CHECK_STR(names[3], "large");
	cell_strv_free(names);
	check_unreadable(&root, "dangling", "what the link points at is not there");
	check_unreadable(&root, "fifo", "it is not a regular file");
	check_unreadable(&root, "folder", "it is not a regular file");
	check_unreadable(&root, "large", "larger than 65536 bytes");
	CHECK_EQ(cell_desc_new_from_file(root.context, path, &desc), -EISDIR);
	CHECK(strstr(cell_context_last_error(root.context), "not a regular file"));
	free(large);
	sysroot_remove(&root);
}

#define WITH_IMAGE                                                                         \
	"{ \"name\": \"x\", \"cpus\": [3], \"memory\": [ { \"size\": \"1M\", \"at\": 0 } " \
	"], \"images\": [ { \"file\": \"x.bin\", \"at\": 0 } ] }"

/* Which of the files counts is told by its size, which is too large for the cell's memory. */
static void check_image(struct sysroot *root, cell_desc *desc, const char *code,
			const char *message)
{
	cell_host *host;

	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_check(desc, host), -EINVAL);
	CHECK_EQ(cell_desc_n_diags(desc), 1);
	CHECK_STR(cell_desc_diag(desc, 0)->code, code);
	if (!strstr(cell_desc_diag(desc, 0)->message, message))
		CHECK_STR(cell_desc_diag(desc, 0)->message, message);
	cell_host_unref(host);
}

static void write_image(struct sysroot *root, const char *directory, size_t size)
{
	char path[PATH_MAX], *data = calloc(1, size);

	CHECK(data);
	snprintf(path, sizeof(path), "%s/x.bin", directory);
	sysroot_write_bytes(root, path, data, size);
	free(data);
}

TEST(images_are_found_by_one_rule)
{
	static const struct {
		const char *directory;
		const char *bytes;
	} places[] = {
		{"/usr/lib/cells/images", "1048577 bytes"},
		{"/usr/lib/cells", "1048578 bytes"},
		{"/run/cells", "1048579 bytes"},
		{"/etc/cells", "1048580 bytes"},
		{"/opt/x", "1048581 bytes"},
	};
	char path[PATH_MAX];
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	sysroot_write(&root, "/opt/x/real.json", WITH_IMAGE);
	sysroot_link(&root, "/srv/x.json", "../opt/x/real.json");
	snprintf(path, sizeof(path), "%s/srv/x.json", root.path);
	CHECK_EQ(cell_desc_new_from_file(root.context, path, &desc), 0);

	/* Beside the link is no place. */
	write_image(&root, "/srv", 1);
	check_image(&root, desc, "image-missing", "no file x.bin beside the description, nor in");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		write_image(&root, places[i].directory, (1 << 20) + 1 + i);
		check_image(&root, desc, "image-too-large", places[i].bytes);
	}
	cell_desc_unref(desc);
	sysroot_remove(&root);
}

TEST(images_of_what_has_no_folder)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	CHECK_EQ(write(fd, WITH_IMAGE, strlen(WITH_IMAGE)), strlen(WITH_IMAGE));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cell_desc_new_from_fd(root.context, fd, "x", &desc), 0);
	CHECK_EQ(cell_desc_check_images(desc), -EINVAL);
	CHECK_STR(last_name(&root), "ImageMissing");
	CHECK(strstr(cell_context_last_error(root.context), "no file x.bin in /etc/cells"));
	CHECK_EQ(cell_desc_n_diags(desc), 1);
	write_image(&root, "/usr/lib/cells", 5);
	CHECK_EQ(cell_desc_check_images(desc), 0);
	CHECK_EQ(cell_desc_n_diags(desc), 0);
	cell_desc_unref(desc);

	/* What is wrong with the text is still said. */
	CHECK_EQ(pwrite(fd, "]", 1, 0), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cell_desc_new_from_fd(root.context, fd, "x", &desc), 0);
	CHECK_EQ(cell_desc_check_images(desc), -EINVAL);
	CHECK_STR(last_name(&root), "InvalidConfiguration");
	cell_desc_unref(desc);
	close(fd);
	sysroot_remove(&root);
}

TEST(empty_images_are_none)
{
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	sysroot_write(&root, "/etc/cells/x.json", WITH_IMAGE);
	sysroot_write(&root, "/etc/cells/x.bin", "%s", "");
	CHECK_EQ(cell_desc_find(root.context, "x", &desc), 0);
	check_image(&root, desc, "image-empty", "nothing in the file x.bin");
	CHECK_STR(last_name(&root), "ImageMissing");
	CHECK_EQ(cell_desc_check_images(desc), -EINVAL);
	CHECK_STR(last_name(&root), "ImageMissing");
	cell_desc_unref(desc);
	sysroot_remove(&root);
}

TEST(files_that_cannot_be_read_or_are_too_large)
{
	char path[PATH_MAX], *large = malloc(DOCUMENT_SIZE_MAX + 1);
	cell_desc *desc = NULL;
	struct sysroot root;

	sysroot_make(&root);
	snprintf(path, sizeof(path), "%s/none.json", root.path);
	CHECK_EQ(cell_desc_new_from_file(root.context, path, &desc), -ENOENT);
	CHECK_STR(last_name(&root), "NoSuchCell");
	CHECK_EQ(cell_desc_new_from_file(root.context, root.path, &desc), -EISDIR);
	CHECK_STR(last_name(&root), "Failed");

	memset(large, ' ', DOCUMENT_SIZE_MAX + 1);
	sysroot_write_bytes(&root, "/none.json", large, DOCUMENT_SIZE_MAX + 1);
	CHECK_EQ(cell_desc_new_from_file(root.context, path, &desc), -EFBIG);
	CHECK(!desc);
	sysroot_write_bytes(&root, "/none.json", large, DOCUMENT_SIZE_MAX);
	CHECK_EQ(cell_desc_new_from_file(root.context, path, &desc), 0);
	CHECK_EQ(cell_desc_n_diags(desc), 1);
	cell_desc_unref(desc);
	free(large);
	sysroot_remove(&root);
}

TEST(descriptions_from_descriptors)
{
	static const char text[] = MINIMAL("memory");
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cell_desc_new_from_fd(root.context, fd, "a label", &desc), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_STR(cell_desc_path(desc), "a label");
	CHECK_STR(cell_desc_name(desc), "memory");
	cell_desc_unref(desc);
	CHECK_EQ(cell_desc_new_from_fd(root.context, -1, "a label", &desc), -EBADF);
	sysroot_remove(&root);
}

TEST(what_is_for_people_of_a_description)
{
	static const struct {
		const char *memory, *more, *text;
		uint64_t size;
	} table[] = {
		{"{ \"size\": \"64K\", \"at\": 0 }", "", "", 64 << 10},
		{"{ \"size\": \"64K\", \"at\": 0 }", ", \"description\": \"a\\u001bb\"", "a\033b",
		 64 << 10},
		{"{ \"size\": \"64X\", \"at\": 0 }", ", \"description\": \"bad\"", "bad", 0},
		{"{ \"size\": \"8E\", \"at\": 0 }", ", \"description\": 7", "", 0},
		{"{ \"size\": \"8388608T\", \"at\": 0 }, { \"size\": \"8388608T\", \"at\": 0 }", "",
		 "", 0},
	};
	struct sysroot root;
	cell_desc *desc;

	sysroot_make(&root);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		sysroot_write(&root, "/etc/cells/x.json",
			      "{ \"name\": \"x\", \"cpus\": 1, \"memory\": [ %s ]%s }",
			      table[i].memory, table[i].more);
		CHECK_EQ(cell_desc_find(root.context, "x", &desc), 0);
		CHECK_STR(cell_desc_description(desc), table[i].text);
		CHECK_EQ(cell_desc_memory_size(desc), table[i].size);
		cell_desc_unref(desc);
	}
	sysroot_remove(&root);
}

/* Checks text as x.json; the name of the error has to be that one, "" for none. */
static void check_text(struct sysroot *root, const char *text, const char *name)
{
	cell_desc *desc;
	cell_host *host;
	int r;

	sysroot_write(root, "/etc/cells/x.json", "%s", text);
	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root->context, "x", &desc), 0);
	r = cell_desc_check(desc, host);
	CHECK_STR(last_name(root), name);
	CHECK_EQ(r, *name ? -EINVAL : 0);
	cell_desc_unref(desc);
	cell_host_unref(host);
}

#define CELL_WITH(cpus, size, more)                                                           \
	"{ \"name\": \"x\", \"cpus\": " cpus ", \"memory\": [ { \"size\": " size ", \"at\": " \
	"0 } ], \"comm\": { \"at\": \"4G\" }" more " }"

TEST(the_first_error_gives_its_name)
{
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/images/small.bin", "small");
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0,2-3\n");
	check_text(&root, CELL_WITH("[3]", "4096", ""), "");
	check_text(&root, CELL_WITH("[3]", "4095", ""), "InvalidConfiguration");
	check_text(&root, CELL_WITH("[9]", "4096", ""), "CpuUnavailable");
	check_text(&root, CELL_WITH("[1]", "4096", ""), "CpuUnavailable");
	check_text(&root, CELL_WITH("3", "4096", ""), "CpuUnavailable");
	check_text(&root, CELL_WITH("[3]", "\"2G\"", ""), "NoMemory");
	check_text(&root,
		   CELL_WITH("[3]", "4096", ", \"images\": [ { \"file\": \"no\", \"at\": 0 } ]"),
		   "ImageMissing");
	check_text(&root,
		   CELL_WITH("[3]", "4096",
			     ", \"images\": [ { \"file\": \"small.bin\", \"at\": 4095 } ]"),
		   "ImageTooLarge");
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-3\n");
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	check_text(&root, CELL_WITH("[2]", "4096", ""), "ResourceConflict");
	neighbour_move_out(&root);
	sysroot_remove(&root);
}

/* What was wrong with the machine is forgotten when it is right. */
TEST(checks_do_not_add_up)
{
	struct sysroot root;
	cell_desc *desc;
	cell_host *host;
	cell_blob *blob = NULL;

	sysroot_make(&root);
	sysroot_write(
		&root, "/etc/cells/x.json",
		CELL_WITH("[3]", "4096", ", \"images\": [ { \"file\": \"x.bin\", \"at\": 0 } ]"));
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root.context, "x", &desc), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(cell_desc_compile(desc, host, &blob), -EINVAL);
		CHECK(!blob);
		CHECK_EQ(cell_desc_n_diags(desc), 1);
	}
	sysroot_write(&root, "/etc/cells/x.bin", "x");
	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	CHECK_EQ(cell_desc_n_diags(desc), 0);
	cell_blob_unref(blob);
	cell_desc_unref(desc);
	cell_host_unref(host);
	sysroot_remove(&root);
}

/* The hypervisor's own UART, by "ports" or as a console; beside it all is well. */
TEST(the_debug_port_is_no_cells)
{
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"debug-port\": \"0x2f8\" }");
	check_text(&root, CELL_WITH("[3]", "4096", ", \"ports\": [ \"0x2ff-0x300\" ]"),
		   "ResourceConflict");
	CHECK(strstr(cell_context_last_error(root.context), "0x2f8 to 0x2ff"));
	check_text(&root, CELL_WITH("[3]", "4096", ", \"console\": { \"uart\": \"0x2f8\" }"),
		   "ResourceConflict");
	check_text(&root, CELL_WITH("[3]", "4096", ", \"ports\": [ \"0x2f7\", \"0x300\" ]"), "");
	sysroot_write(&root, "/etc/cellmgr/host.json", "{}");
	check_text(&root, CELL_WITH("[3]", "4096", ", \"ports\": [ \"0x2f8\" ]"), "");
	sysroot_remove(&root);
}
