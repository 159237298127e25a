// SPDX-License-Identifier: LGPL-2.1-or-later
/* Links: what follows from all the descriptions that name one. */
#include <errno.h>

#include "base/blob.h"
#include "check.h"
#include "desc/desc.h"
#include "desc/link.h"
#include "desc/place.h"
#include "driver/inventory.h"
#include "host/host.h"
#include "sysroot.h"

#define CELL(name, links)                                                       \
	"{ \"name\": \"" name                                                   \
	"\", \"cpus\": [2], \"memory\": [ { \"size\": \"1M\", \"at\": 0 } ],\n" \
	"  \"links\": [ " links " ] }\n"

static struct sysroot root;
static cell_host *host;
static cell_desc *desc;
static const struct inventory nobody;

static void begin(const char *settings)
{
	sysroot_make(&root);
	sysroot_write(&root, "/sys/bus/pci/devices/0000:00:1e.0/vendor", "0x8086\n");
	if (settings)
		sysroot_write(&root, "/etc/cellmgr/host.json", "%s", settings);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
}

static void end(void)
{
	desc = cell_desc_unref(desc);
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

static void describe(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/etc/cells/%s.json", name);
	sysroot_write(&root, path, "%s", text);
}

static void ship(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/lib/cells/%s.json", name);
	sysroot_write(&root, path, "%s", text);
}

/* The links of a cell, resolved. */
static const struct cellhv_link *resolve(const char *name, const struct inventory *inventory)
{
	desc = cell_desc_unref(desc);
	CHECK_EQ(cell_desc_find(root.context, name, &desc), 0);
	CHECK_EQ(link_resolve(desc, host, inventory), 0);
	return &desc->links[0].resolved;
}

static const struct cell_diag *diag_of(const char *code)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++)
		if (strcmp(cell_desc_diag(desc, i)->code, code) == 0)
			return cell_desc_diag(desc, i);
	return NULL;
}

TEST(link_peers_need_not_say_anything_twice)
{
	const struct cellhv_link *link;

	begin(NULL);
	describe("b", CELL("b", "{ \"name\": \"x\", \"size\": \"64K\", \"output\": \"8K\" }"));
	describe("a", CELL("a", "{ \"name\": \"x\", \"vectors\": 3 }"));
	describe("c", CELL("c", "{ \"name\": \"other\", \"size\": \"64K\" }"));
	link = resolve("a", &nobody);
	CHECK(!cell_desc_n_diags(desc));
	CHECK_EQ(link->shared.common_size, 0x10000);
	CHECK_EQ(link->shared.output_size, 0x2000);
	CHECK_EQ(link->shared.protocol, 2);
	CHECK_EQ(link->shared.vectors, 3);
	CHECK_EQ(link->shared.max_peers, 2);
	CHECK_EQ(link->id, 0);
	CHECK_EQ(link->function, 0x70);
	CHECK_EQ(link->guest, 0x80000000);
	CHECK(!link->shared.flags);
	CHECK_EQ(resolve("b", &nobody)->id, 1);
	end();
}

TEST(link_ids_are_pinned_or_in_order)
{
	begin("{ \"links\": [ \"x\" ] }");
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" }"));
	describe("b", CELL("b", "{ \"name\": \"x\", \"id\": 1 }"));
	describe("c", CELL("c", "{ \"name\": \"x\", \"id\": 7 }"));
	CHECK_EQ(resolve("a", &nobody)->id, 2);
	CHECK_EQ(desc->links[0].resolved.shared.root_id, 0);
	CHECK_EQ(desc->links[0].resolved.shared.max_peers, 8);
	CHECK_EQ(resolve("b", &nobody)->id, 1);
	CHECK_EQ(resolve("c", &nobody)->id, 7);
	end();
}

TEST(link_linux_gets_a_free_function)
{
	begin("{ \"links\": [ \"x\", { \"name\": \"y\", \"id\": 1, \"function\": \"00:05.0\" } ] "
	      "}");
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" },"
				"{ \"name\": \"y\", \"size\": \"4K\" }"));
	resolve("a", &nobody);
	CHECK(!cell_desc_n_diags(desc));
	CHECK_EQ(desc->links[0].resolved.shared.flags, CELLHV_LINK_ROOT);
	CHECK_EQ(desc->links[0].resolved.shared.root_function, 0x1d << 3);
	CHECK_EQ(desc->links[1].resolved.shared.root_function, 0x05 << 3);
	CHECK_EQ(desc->links[1].resolved.shared.root_id, 1);
	CHECK_EQ(desc->links[1].resolved.id, 0);
	CHECK_EQ(desc->links[1].resolved.function, 0x78);
	CHECK_EQ(desc->links[1].resolved.guest, 0x80200000);
	end();
}

/* What makes two drivers meet, and Linux the other end without being told. */
TEST(link_that_is_a_network)
{
	const struct cellhv_link *link;

	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"net0\", \"kind\": \"network\" }"));
	link = resolve("a", &nobody);
	CHECK(!cell_desc_n_diags(desc));
	CHECK_EQ(link->shared.protocol, 2);
	CHECK_EQ(link->shared.class_protocol, 1);
	CHECK_EQ(link->shared.max_peers, 2);
	CHECK_EQ(link->shared.vectors, 2);
	CHECK_EQ(link->shared.common_size, 0);
	CHECK_EQ(link->shared.output_size, 1 << 20);
	CHECK_EQ(link->shared.flags, CELLHV_LINK_ROOT);
	CHECK_EQ(link->shared.root_id, 0);
	CHECK_EQ(link->id, 1);
	end();
}

TEST(link_that_is_a_network_of_two_cells)
{
	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"net0\", \"kind\": \"network\" }"));
	describe("b", CELL("b", "{ \"name\": \"net0\", \"output\": \"64K\" }"));
	CHECK_EQ(resolve("b", &nobody)->id, 1);
	CHECK(!cell_desc_n_diags(desc));
	CHECK(!desc->links[0].resolved.shared.flags);
	CHECK_EQ(desc->links[0].resolved.shared.class_protocol, 1);
	CHECK_EQ(desc->links[0].resolved.shared.output_size, 0x10000);

	describe("c", CELL("c", "{ \"name\": \"net0\" }"));
	resolve("c", &nobody);
	CHECK(diag_of("link-peers"));
	end();
}

/* Who says otherwise is told, and where; a package's is left out. */
TEST(link_that_is_a_network_and_something_else)
{
	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"net0\", \"kind\": \"network\" }"));
	describe("b", CELL("b", "{ \"name\": \"net0\", \"class\": 7 }"));
	resolve("a", &nobody);
	CHECK(diag_of("link-protocol"));
	CHECK_STR(diag_of("link-protocol")->message,
		  "\"class\" of link net0 can only be 1 with kind \"network\"");

	describe("b", CELL("b", "{ \"name\": \"other\", \"size\": \"4K\" }"));
	ship("c", CELL("c", "{ \"name\": \"net0\", \"class\": 7 }"));
	CHECK_EQ(resolve("a", &nobody)->shared.flags, CELLHV_LINK_ROOT);
	CHECK(!cell_desc_n_diags(desc));
	end();
}

TEST(link_mistakes_name_both_files)
{
	const struct cell_diag *diag;

	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"64K\", \"id\": 1 }"));
	describe("b", CELL("b", "{ \"name\": \"x\", \"size\": \"4K\", \"id\": 1 }"));
	resolve("a", &nobody);
	diag = diag_of("link-differs");
	CHECK(diag && strstr(diag->file, "/etc/cells/a.json") &&
	      strstr(diag->message, "/etc/cells/b.json"));
	CHECK_STR(diag->pointer, "/links/0/size");
	diag = diag_of("link-id-taken");
	CHECK(diag && strstr(diag->message, "/etc/cells/b.json"));
	diag = diag_of("other-side");
	CHECK(diag && strstr(diag->file, "/etc/cells/b.json"));
	CHECK_EQ(diag->severity, CELL_NOTE);
	CHECK_EQ(diag->line, 2);
	end();
}

static const struct cellhv_link *resolve_well(const char *name)
{
	const struct cellhv_link *link = resolve(name, &nobody);

	CHECK_EQ(cell_desc_n_diags(desc), 0);
	return link;
}

/* Two of a package, which do not run. */
static void ship_demo(void)
{
	ship("demo", CELL("demo", "{ \"name\": \"x\", \"size\": \"64K\", \"id\": 0,"
				  " \"protocol\": \"ivshmem-1\" }"));
	ship("demo-peer", CELL("demo-peer", "{ \"name\": \"x\" }"));
}

TEST(link_of_a_package_claims_nothing)
{
	begin(NULL);
	ship_demo();
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" }"));
	describe("b", CELL("b", "{ \"name\": \"x\", \"id\": 0 }"));
	CHECK_EQ(resolve_well("a")->shared.common_size, 0x1000);
	CHECK_EQ(desc->links[0].resolved.shared.protocol, 2);
	CHECK_EQ(desc->links[0].resolved.id, 1);
	CHECK_EQ(resolve_well("b")->shared.common_size, 0x1000);

	/* Not its size, but its protocol is in the way. */
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"64K\", \"output\": \"4K\" }"));
	CHECK_EQ(resolve_well("a")->shared.protocol, 2);
	end();
}

TEST(link_of_a_package_takes_no_place)
{
	begin(NULL);
	ship_demo();
	describe("z", CELL("z", "{ \"name\": \"x\", \"size\": \"64K\","
				" \"protocol\": \"ivshmem-1\" }"));
	CHECK_EQ(resolve_well("z")->id, 1);
	describe("a", CELL("a", "{ \"name\": \"x\", \"id\": 0 }"));
	CHECK_EQ(resolve_well("a")->id, 0);
	CHECK_EQ(desc->links[0].resolved.shared.protocol, 1);
	CHECK_EQ(resolve_well("z")->id, 1);

	/* Who says otherwise here, does. */
	describe("b", CELL("b", "{ \"name\": \"x\" }"));
	resolve("a", &nobody);
	CHECK(diag_of("link-peers"));
	end();
}

TEST(link_of_a_package_is_there_where_it_fits)
{
	begin(NULL);
	ship_demo();
	CHECK_EQ(resolve_well("demo-peer")->shared.common_size, 0x10000);
	CHECK_EQ(desc->links[0].resolved.shared.protocol, 1);
	CHECK_EQ(desc->links[0].resolved.id, 1);
	describe("demo", CELL("demo", "{ \"name\": \"x\", \"size\": \"8K\" }"));
	CHECK_EQ(resolve_well("demo-peer")->shared.common_size, 0x2000);
	CHECK_EQ(resolve_well("demo")->shared.max_peers, 2);
	end();
}

/* A cell that has link "x" of 8 KiB as peer 1. */
static struct {
	struct cellhv_cell_config config;
	struct cellhv_link link;
} running = {.config.links = {sizeof(running.config), 1, sizeof(running.link), 0},
	     .link = {.shared = {.name = "x",
				 .phys = 0x30000000,
				 .common_size = 0x2000,
				 .protocol = 2,
				 .max_peers = 2,
				 .vectors = 2},
		      .id = 1,
		      .function = 0x18}};

TEST(link_that_exists_is_followed)
{
	struct inventory_cell cell = {.info.name = "z", .config = &running.config};
	const struct inventory inventory = {1, &cell};
	const struct cellhv_link *link;
	struct place place;
	struct ranges taken;

	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"x\" }"));
	link = resolve("a", &inventory);
	CHECK(!cell_desc_n_diags(desc));
	CHECK_EQ(link->id, 0);
	CHECK_EQ(link->function, 0x18);
	CHECK(memcmp(&link->shared, &running.link.shared, sizeof(link->shared)) == 0);
	CHECK_EQ(place_desc(desc, &inventory, &host->memory, place_assume, NULL, &place), 0);
	CHECK_EQ(place.link_phys[0], 0x30000000);
	CHECK_EQ(place.phys[0], 0x30003000); /* behind state table and common section */
	CHECK_EQ(inventory_memory(&inventory, NULL, &taken), 0);
	CHECK_EQ(ranges_total(&taken), 0x3000);
	ranges_clear(&taken);
	end();
}

TEST(link_that_exists_has_another_protocol)
{
	struct inventory_cell cell = {.info.name = "z", .config = &running.config};
	const struct inventory inventory = {1, &cell};

	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"x\", \"protocol\": \"ivshmem-1.1\" }"));
	resolve("a", &inventory);
	CHECK(strstr(diag_of("link-differs")->message, "\"ivshmem-2\" here, not \"ivshmem-1.1\""));
	end();
}

TEST(link_that_exists_is_full_or_different)
{
	struct inventory_cell cell = {.info.name = "z", .config = &running.config};
	const struct inventory inventory = {1, &cell};

	begin(NULL);
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" }"));
	resolve("a", &inventory);
	CHECK(diag_of("link-differs") && strstr(diag_of("link-differs")->message, "8192"));
	describe("a", CELL("a", "{ \"name\": \"x\", \"id\": 1 }"));
	resolve("a", &inventory);
	CHECK(diag_of("link-id-taken") && strstr(diag_of("link-id-taken")->message, "cell z"));
	end();
}

/* Where a real function sits, or another link's end of Linux, there is no place for Linux's end. */
TEST(link_end_of_linux_is_not_pinned_where_a_function_is)
{
	begin("{ \"links\": [ { \"name\": \"x\", \"function\": \"00:1e.0\" } ] }");
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" }"));
	resolve("a", &nobody);
	CHECK(diag_of("link-function-taken"));
	CHECK(strstr(diag_of("link-function-taken")->message, "host.json pins one"));
	CHECK_STR(diag_of("link-function-taken")->pointer, "/links/0/name");
	end();

	begin("{ \"links\": [ { \"name\": \"x\", \"function\": \"00:1d.0\" } ] }");
	describe("a", CELL("a", "{ \"name\": \"x\", \"size\": \"4K\" }"));
	CHECK_EQ(resolve("a", &nobody)->shared.root_function, 0x1d << 3);
	CHECK(!cell_desc_n_diags(desc));
	end();
}

TEST(link_that_is_an_interface_is_no_device)
{
	cell_link *link;

	begin(NULL);
	CHECK_EQ(cell_link_open(root.context, "net0", &link), -ENOENT);
	CHECK(strstr(cell_context_last_error(root.context), "host.json"));
	sysroot_write(&root, "/sys/class/net/cell-net0/mtu", "1500\n");
	CHECK_EQ(cell_link_open(root.context, "net0", &link), -ENOENT);
	CHECK(strstr(cell_context_last_error(root.context), "interface cell-net0"));
	end();
}
