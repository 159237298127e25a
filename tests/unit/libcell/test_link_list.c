// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of links: descriptions, host.json and existing cells together. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "check.h"
#include "desc/desc.h"
#include "driver/driver.h"
#include "neighbour.h"
#include "sysroot.h"

#define CELL(name, cpu, links)                       \
	"{ \"name\": \"" name "\", \"cpus\": [" #cpu \
	"], \"memory\": [ { \"size\": \"1M\", \"at\": 0 } ], \"links\": [ " links " ] }\n"

static struct sysroot root;
static char text[4096];

/* A line per link: name, protocol, sizes, what there may be, and its peers. */
static int write_down(void *userdata, const struct cell_link_entry *link)
{
	size_t used = strlen(text);

	used += (size_t)snprintf(
		text + used, sizeof(text) - used, "%s%s v%u %llu+%llu %u %u %u:", link->name,
		link->exists ? "!" : "", link->protocol, (unsigned long long)link->common_size,
		(unsigned long long)link->output_size, link->max_peers, link->n_vectors,
		link->class_protocol);
	for (size_t i = 0; i < link->n_peers; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s=%u%s%s",
					 link->peers[i].name, link->peers[i].id,
					 link->peers[i].is_described ? "" : "?",
					 link->peers[i].exists ? "!" : "");
	strcat(text, "\n");
	return userdata && strcmp(userdata, link->name) == 0 ? 7 : 0;
}

static int list(const char *until)
{
	cell_host *host;
	int r;

	*text = '\0';
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	r = cell_link_list(host, write_down, (void *)until);
	cell_host_unref(host);
	return r;
}

static void describe(const char *name, const char *description)
{
	char path[64];

	snprintf(path, sizeof(path), "/etc/cells/%s.json", name);
	sysroot_write(&root, path, "%s", description);
}

TEST(link_list_of_nobody_is_empty)
{
	sysroot_make(&root);
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "");
	describe("a", CELL("a", 2, ""));
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "");
	sysroot_remove(&root);
}

TEST(link_list_has_what_would_be)
{
	sysroot_make(&root);
	sysroot_write(&root, "/sys/bus/pci/devices/0000:00:1e.0/vendor", "0x8086\n");
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"links\": [ \"x\", \"lonely\" ] }");
	describe("b", CELL("b", 2, "{ \"name\": \"x\", \"id\": 5 }"));
	describe("a", CELL("a", 2, "{ \"name\": \"x\", \"size\": \"64K\", \"output\": \"8K\" }"));
	describe("old",
		 CELL("old", 2,
		      "{ \"name\": \"one\", \"size\": \"4K\", \"protocol\": \"ivshmem-1\" }"));
	describe("broken", CELL("broken", 2, "{ \"name\": \"x\", \"class\": 9, \"bad\": 1 }, {}"));
	describe("nameless", CELL("", 2, "{ \"name\": \"x\" }"));
	describe("unreadable", "{");
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "lonely v2 0+0 2 2 0: root=0\n"
			"one v1 4096+0 2 1 0: old=0\n"
			"x v2 65536+8192 6 2 9: root=0 a=1 b=5 broken=2\n");
	CHECK_EQ(list("one"), 7);
	CHECK_STR(text, "lonely v2 0+0 2 2 0: root=0\n"
			"one v1 4096+0 2 1 0: old=0\n");
	CHECK_STR(cell_context_last_error(root.context), "");
	sysroot_remove(&root);
}

/* The neighbour has made the link as it was described then; who comes now has to follow. */
TEST(link_list_has_what_exists)
{
	char path[PATH_MAX];

	sysroot_make(&root);
	sysroot_write(&root, "/sys/bus/pci/devices/0000:00:1e.0/vendor", "0x8086\n");
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"links\": [ \"x\" ] }");
	sysroot_write(&root, "/neighbour",
		      CELL("rt-io", 3,
			   "{ \"name\": \"x\", \"size\": \"8K\", \"peers\": 4, \"vectors\": 3 }"));
	snprintf(path, sizeof(path), "%s/neighbour", root.path);
	neighbour_move_in(&root, path);
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "x! v2 8192+0 4 3 0: root=0! rt-io=1!\n");

	describe("a", CELL("a", 2, "{ \"name\": \"x\", \"size\": \"64K\" }"));
	describe("b", CELL("b", 2, "{ \"name\": \"x\", \"id\": 1 }"));
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "x! v2 8192+0 4 3 0: root=0! a=2 b=1 rt-io=1!\n");

	/* Nothing names it any more, and it is there. */
	snprintf(path, sizeof(path), "%s/etc/cells/rt-io.json", root.path);
	CHECK_EQ(unlink(path), 0);
	describe("a", CELL("a", 2, ""));
	describe("b", CELL("b", 2, ""));
	sysroot_write(&root, "/etc/cellmgr/host.json", "{}");
	CHECK_EQ(list(NULL), 0);
	CHECK_STR(text, "x! v2 8192+0 4 3 0: root=0?! rt-io=1?!\n");
	neighbour_move_out(&root);
	sysroot_remove(&root);
}

static int refuse(const char *path)
{
	(void)path;
	return -EACCES;
}

TEST(link_list_says_nothing_that_it_does_not_know)
{
	static const struct driver_ops refusing = {.open = refuse};
	const struct driver_ops *ops;

	sysroot_make(&root);
	ops = root.context->driver;
	root.context->driver = &refusing;
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"links\": [ \"x\" ] }");
	CHECK_EQ(list(NULL), -EACCES);
	CHECK_STR(cell_context_last_error_name(root.context), "AccessDenied");
	CHECK_STR(text, "");
	root.context->driver = ops;
	sysroot_remove(&root);
}
