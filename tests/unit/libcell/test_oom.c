// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Public calls with the n-th allocation failing, for every n: each says that it is out of memory
 * and leaves all as it was, or does without. Nothing is lost, which the sanitizers see. The linker
 * leads the library's calls to failing.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "failing.h"
#include "fake_driver.h"
#include "pcibox.h"
#include "sysroot.h"

#define OUT_OF_MEMORY "This process is out of memory."
#define BLOCK6 "/sys/devices/system/memory/memory6/state"
#define RECORD "/run/cellmgr/memory-blocks"

static struct sysroot root;
static cell_host *host;
static cell_desc *desc;
static cell_hv *hv;
static cell_cell *cell;

/* A call, and what there has to be for it; NULL: nothing. */
struct attempt {
	int (*call)(void);
	void (*ready)(void);
	int success;
};

/* Whatever a call may change. */
static const char *state(char text[256])
{
	char block[16];

	strcpy(block, sysroot_read(&root, BLOCK6));
	snprintf(text, 256, "enabled %d, cell %d in state %u, block 6 %s, record \"%s\"",
		 fake_driver.enabled, fake_driver.exists, fake_driver.state, block,
		 sysroot_read(&root, RECORD));
	return text;
}

static int attempt(const struct attempt *what, long n, bool all, bool *ret_failed)
{
	char before[256], after[256];
	int r;

	if (what->ready)
		what->ready();
	state(before);
	failing_begin(n, all);
	r = what->call();
	*ret_failed = failing_end();
	if (r == -ENOMEM) {
		CHECK_STR(cell_context_last_error(root.context), OUT_OF_MEMORY);
		/* Where nothing is to be had at all, memory is given back later. */
		if (!all)
			CHECK_STR(state(after), before);
	}
	return r;
}

/* One allocation after the other fails, and then that one and all that follow. */
static void check_call(int (*call)(void), void (*ready)(void), int success)
{
	const struct attempt what = {call, ready, success};
	bool failed;

	for (int all = 0; all < 2; all++) {
		long n = 0;
		int r;

		do {
			r = attempt(&what, n++, all, &failed);
			if (r != -ENOMEM)
				CHECK_EQ(r, success);
		} while (failed);
		CHECK_EQ(r, success);
		CHECK(n > 1);
	}
}

#define DEMO                                                                                    \
	"{ \"name\": \"demo\", \"cpus\": [3], \"memory\": [ { \"size\": \"1M\", \"at\": 0 },\n" \
	"    { \"size\": \"4K\", \"at\": \"2G\", \"phys\": \"4G\", \"device\": true } ],\n"     \
	"  \"images\": [ { \"file\": \"demo.bin\", \"at\": 0 } ], \"command-line\": \"a b\",\n" \
	"  \"pci\": [ { \"function\": \"00:03.0\" } "                                           \
	"],\n"                                                                                  \
	"  \"irqs\": [ 3 ], \"ports\": [ \"0x3e8-0x3ef\" ], \"console\": { \"uart\": "          \
	"\"0x2f8\" },\n"                                                                        \
	"  \"links\": [ { \"name\": \"l\", \"size\": \"64K\" } ] }\n"

static void begin(void)
{
	sysroot_make_ready(&root);
	fake_driver_begin();
	root.context->driver = &fake_driver_ops;
	pcibox_plug_one(&root, "0000:00:03.0");
	sysroot_write(&root, "/etc/cells/demo.json", "%s", DEMO);
	sysroot_write(&root, "/etc/cells/demo.bin", "x");
	sysroot_write(&root, "/etc/cells/folder.json/x", "x");
	sysroot_write(&root, "/etc/cells/text.json", "[ 1, ");
	sysroot_write(&root, "/etc/cells/renamed.json", "{ \"name\": \"other\" }");
	sysroot_write(&root, "/etc/cells/bad.json",
		      "{ \"nam\": 1, \"cpus\": [0, 0], \"memory\": [ {}, { \"size\": \"1\" } ] }");
	sysroot_write(&root, "/usr/lib/cells/peer.json",
		      "{ \"name\": \"peer\", \"cpus\": 1, \"memory\": [ { \"size\": \"1M\", "
		      "\"at\": 0 } ],"
		      "  \"links\": [ { \"name\": \"l\" } ] }");
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"links\": [ \"l\" ] }");
}

static void end(void)
{
	sysroot_remove(&root);
}

/* With the objects that cells take. */
static void begin_cells(void)
{
	begin();
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root.context, "demo", &desc), 0);
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
}

static void end_cells(void)
{
	cell = cell_cell_unref(cell);
	hv = cell_hv_unref(hv);
	desc = cell_desc_unref(desc);
	host = cell_host_unref(host);
	end();
}

static int call_context(void)
{
	cell_context *context = NULL;
	int r = cell_context_new(&context);

	/* It has no context yet that could say so. */
	if (r < 0)
		strcpy(root.context->error, OUT_OF_MEMORY);
	cell_context_unref(context);
	return r;
}

TEST(oom_context)
{
	begin();
	check_call(call_context, NULL, 0);
	end();
}

static int with_host(int (*then)(cell_host *host))
{
	cell_host *own = NULL;
	int r = cell_host_new(root.context, NULL, &own);

	if (r == 0 && then)
		r = then(own);
	cell_host_unref(own);
	return r;
}

static int call_host(void)
{
	return with_host(NULL);
}

static int describe(cell_host *own)
{
	char *json = NULL;
	int r = cell_host_describe(own, &json);

	free(json);
	return r;
}

static int call_describe(void)
{
	return with_host(describe);
}

static int ignore(void *userdata, enum cell_check_result result, const char *name,
		  const char *message, const char *remedy)
{
	(void)userdata, (void)result, (void)name, (void)message, (void)remedy;
	return 0;
}

static int preflight(cell_host *own)
{
	return cell_host_preflight(own, ignore, NULL);
}

static int call_preflight(void)
{
	return with_host(preflight);
}

static int note_device(void *userdata, const struct cell_device *device)
{
	(void)userdata, (void)device;
	return 0;
}

static int call_devices(void)
{
	return cell_device_list(host, note_device, NULL);
}

static int prepare(cell_host *own)
{
	const struct cell_preparation *preparation;

	return cell_host_prepare(own, true, &preparation);
}

static int call_prepare(void)
{
	return with_host(prepare);
}

TEST(oom_host)
{
	begin();
	check_call(call_host, NULL, 0);
	check_call(call_describe, NULL, 0);
	check_call(call_preflight, NULL, 0);
	sysroot_write(&root, "/etc/cellmgr/host.json", "{ \"strict\": 1 }");
	check_call(call_host, NULL, 0);
	sysroot_link(&root, "/etc/cellmgr/host.json", ".");
	check_call(call_host, NULL, 0);
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-2\n");
	check_call(call_preflight, NULL, 1);
	end();
}

static void translate(void)
{
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "DMA\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/devices/0000:00:1f.2", "\n");
	sysroot_write(&root, "/sys/class/iommu/dmar0/devices/0000:00:1f.2", "\n");
}

TEST(oom_prepare)
{
	begin();
	translate();
	sysroot_write(&root, "/boot/grub/grub.cfg", "\n");
	sysroot_write(&root, "/usr/sbin/update-grub", "\n");
	sysroot_write(&root, "/usr/sbin/grub-mkconfig", "/default/grub.d/\n");
	check_call(call_prepare, NULL, 0);
	sysroot_write(&root, "/etc/default/grub.d/50-cellmgr.cfg",
		      "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT quiet\"\n");
	check_call(call_prepare, NULL, 0);
	end();
}

TEST(oom_prepare_entries)
{
	begin();
	translate();
	sysroot_write(&root, "/usr/bin/kernel-install", "\n");
	sysroot_write(&root, "/boot/loader/entries/x.conf", "\n");
	sysroot_write(&root, "/lib/modules/6.1.0-test/vmlinuz", "\n");
	check_call(call_prepare, NULL, 0);
	sysroot_write(&root, "/usr/lib/kernel/cmdline", "quiet\n");
	check_call(call_prepare, NULL, 0);
	sysroot_write(&root, "/etc/kernel/cmdline", "# ours\nquiet\n");
	check_call(call_prepare, NULL, 0);
	end();
}

static int call_list(void)
{
	char **names = NULL;
	int r = cell_desc_list(root.context, &names);

	if (r < 0)
		return r;
	cell_strv_free(names);
	r = cell_desc_list_paths(root.context, &names);
	if (r == 0)
		cell_strv_free(names);
	return r;
}

static const char *wanted;

static int call_find(void)
{
	cell_desc *found = NULL;
	int r = cell_desc_find(root.context, wanted, &found);

	cell_desc_unref(found);
	return r;
}

TEST(oom_descriptions)
{
	static const char *const names[] = {"demo", "folder", "text", "bad", "renamed", "peer"};

	begin();
	check_call(call_list, NULL, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		wanted = names[i];
		check_call(call_find, NULL, 0);
	}
	end();
}

static int call_compile(void)
{
	cell_blob *blob = NULL, *copy = NULL;
	char *json = NULL;
	const void *data;
	size_t size;
	int r = cell_desc_compile(desc, host, &blob);

	if (r == 0)
		r = cell_blob_dump_json(blob, &json);
	if (r == 0) {
		data = cell_blob_data(blob, &size);
		r = cell_blob_new(root.context, data, size, &copy);
	}
	free(json);
	cell_blob_unref(copy);
	cell_blob_unref(blob);
	return r;
}

static int call_check(void)
{
	return cell_desc_check(desc, host);
}

static int note_link(void *userdata, const struct cell_link_entry *entry)
{
	(void)userdata, (void)entry;
	return 0;
}

static int call_links(void)
{
	return cell_link_list(host, note_link, NULL);
}

static int call_link_open(void)
{
	cell_link *link;

	return cell_link_open(root.context, "l", &link);
}

/* Against a cell that has what this one wants, and a machine that has not. */
static void check_conflicts(void)
{
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	cell_desc_unref(desc);
	sysroot_write(&root, "/etc/cells/rival.json",
		      "{ \"name\": \"rival\", \"cpus\": [3, 2], \"ports\": [ \"0x3e8\" ],\n"
		      "  \"pci\": [ { \"function\": \"00:03.0\" } ], \"irqs\": [3, 4],\n"
		      "  \"memory\": [ { \"size\": \"4K\", \"at\": 0, \"phys\": \"0x30000000\" },\n"
		      "    { \"size\": \"4K\", \"at\": \"1M\", \"phys\": \"8K\" } ] }\n");
	CHECK_EQ(cell_desc_find(root.context, "rival", &desc), 0);
	check_call(call_check, NULL, -EINVAL);
	cell_desc_unref(desc);
	sysroot_write(&root, "/etc/cells/rival.json",
		      "{ \"name\": \"rival\", \"cpus\": 1,\n"
		      "  \"memory\": [ { \"size\": \"4G\", \"at\": 0 } ] }\n");
	CHECK_EQ(cell_desc_find(root.context, "rival", &desc), 0);
	check_call(call_check, NULL, -EINVAL);
}

TEST(oom_compile)
{
	begin_cells();
	check_call(call_compile, NULL, 0);
	check_call(call_links, NULL, 0);
	check_call(call_devices, NULL, 0);
	check_call(call_link_open, NULL, -ENOENT);
	check_conflicts();
	check_call(call_links, NULL, 0);
	end_cells();
}

static int call_open(void)
{
	cell_hv *other = NULL;
	int r = cell_hv_open(root.context, false, &other);

	cell_hv_unref(other);
	return r;
}

static int call_enable(void)
{
	return cell_hv_enable(hv, host);
}

static void ready_disabled(void)
{
	fake_driver.enabled = false;
}

static int call_disable(void)
{
	return cell_hv_disable(hv);
}

static void ready_enabled(void)
{
	fake_driver.enabled = true;
	sysroot_write(&root, BLOCK6, "offline\n");
	sysroot_write(&root, RECORD, "6\n");
}

TEST(oom_hypervisor)
{
	begin_cells();
	check_call(call_open, NULL, 0);
	check_call(call_enable, ready_disabled, 0);
	check_call(call_disable, ready_enabled, 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	end_cells();
}

static void ready_nobody(void)
{
	cell = cell_cell_unref(cell);
	fake_driver.exists = false;
	sysroot_write(&root, BLOCK6, "online\n");
	sysroot_write(&root, RECORD, "%s", "");
}

static int call_create(void)
{
	return cell_cell_create(hv, desc, host, &cell);
}

static void ready_cell(void)
{
	ready_nobody();
	CHECK_EQ(call_create(), 0);
}

static int call_names(void)
{
	char **names;
	int r = cell_cell_devices(cell, &names);

	if (r == 0)
		cell_strv_free(names);
	return r;
}

static int call_load(void)
{
	return cell_cell_load(cell, desc);
}

static int call_destroy(void)
{
	return cell_cell_destroy(cell, false);
}

static int call_find_cell(void)
{
	cell_cell *by_name = NULL, *by_cpu = NULL, *first = NULL;
	int r = cell_cell_by_name(hv, "demo", &by_name);

	if (r == 0)
		r = cell_cell_by_cpu(hv, 3, &by_cpu);
	if (r == 0)
		r = cell_cell_next(hv, NULL, &first);
	cell_cell_unref(first);
	cell_cell_unref(by_cpu);
	cell_cell_unref(by_name);
	return r;
}

TEST(oom_cells)
{
	begin_cells();
	check_call(call_create, ready_nobody, 0);
	check_call(call_names, ready_cell, 0);
	check_call(call_load, ready_cell, 0);
	check_call(call_find_cell, ready_cell, 0);
	check_call(call_destroy, ready_cell, 0);
	CHECK(!fake_driver.exists);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_STR(sysroot_read(&root, RECORD), "");
	end_cells();
}
