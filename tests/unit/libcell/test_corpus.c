// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every FOLDER/NAME.json of the corpus gives exactly the diagnostics of NAME.expected, as a user
 * sees them, with the code in brackets; an empty one means that there are none, and then
 * NAME.golden is the binary configuration.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/blob.h"
#include "blobtext.h"
#include "bzimage.h"
#include "check.h"
#include "desc/desc.h"
#include "expected.h"
#include "host/topology.h"
#include "neighbour.h"
#include "pcibox.h"
#include "sysroot.h"

#define BAD_FILES 150 /* at least */

/* What was compiled, once more, and what its dump says: the same bytes. */
static void check_same(struct sysroot *root, cell_host *host, cell_desc *desc, cell_blob *blob)
{
	cell_blob *again;

	CHECK(!diag_first_error(&desc->doc.diags));
	CHECK_EQ(cell_desc_compile(desc, host, &again), 0);
	CHECK_EQ(again->size, blob->size);
	CHECK(memcmp(again->config, blob->config, blob->size) == 0);
	CHECK(blob_is_valid(again->config, again->size));
	cell_blob_unref(again);
	(void)root;
}

static void check_dump(struct sysroot *root, cell_host *host, cell_blob *blob)
{
	char path[PATH_MAX], *json;
	cell_desc *desc;

	CHECK_EQ(cell_blob_dump_json(blob, &json), 0);
	sysroot_write(root, "/dump.json", "%s", json);
	snprintf(path, sizeof(path), "%s/dump.json", root->path);
	CHECK_EQ(cell_desc_new_from_file(root->context, path, &desc), 0);
	check_same(root, host, desc, blob);
	cell_desc_unref(desc);
	free(json);
}

static void check_good(struct sysroot *root, cell_host *host, cell_desc *desc, const char *path)
{
	struct expected text;
	cell_blob *blob;

	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	expected_begin(&text);
	blobtext_write(blob, text.stream);
	expected_compare(&text, path, ".golden");
	check_same(root, host, desc, blob);
	check_dump(root, host, blob);
	cell_blob_unref(blob);
}

/* True: it is bad, as expected. */
static bool check_file(struct sysroot *root, const char *path)
{
	struct expected text;
	cell_host *host;
	cell_desc *desc;
	int r;

	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_desc_new_from_file(root->context, path, &desc), 0);
	r = cell_desc_check(desc, host);
	expected_begin(&text);
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++)
		expected_write_diag(&text, root, cell_desc_diag(desc, i));
	CHECK_EQ(r, diag_first_error(&desc->doc.diags) ? -EINVAL : 0);
	expected_compare(&text, path, ".expected");
	if (r == 0)
		check_good(root, host, desc, path);
	cell_desc_unref(desc);
	cell_host_unref(host);
	return r < 0;
}

TEST(corpus_gives_the_expected_diagnostics)
{
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/usr/lib/cells/images/small.bin", "small");
	sysroot_write(&root, "/usr/lib/cells/images/folder/file", "x");
	bzimage_install(&root);
	pcibox_plug(&root);
	CHECK(expected_count(CORPUS "/*/*.json", &root, check_file) >= BAD_FILES);
	sysroot_remove(&root);
}

TEST(corpus_conflicts_name_both_sides)
{
	struct sysroot root;

	sysroot_make(&root);
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	CHECK(expected_count(CORPUS "/neighbour/cases/*.json", &root, check_file) > 0);
	neighbour_move_out(&root);
	sysroot_remove(&root);
}

TEST(corpus_of_a_machine_without_an_iommu)
{
	struct sysroot root;

	sysroot_make(&root);
	pcibox_plug(&root);
	pcibox_open(&root);
	CHECK(expected_count(CORPUS "/devices/open/*.json", &root, check_file) > 0);
	sysroot_remove(&root);
}

TEST(corpus_pins_that_linux_does_not_know)
{
	struct sysroot root;

	sysroot_make(&root);
	pcibox_plug(&root);
	pcibox_unroute(&root);
	CHECK_EQ(expected_count(CORPUS "/devices/unrouted/*.json", &root, check_file), 0);
	sysroot_remove(&root);
}

/* Threads 0 and 1 are a core, and 2 and 3, as it was recorded: rt-io's 1 and 2 are offline. */
TEST(corpus_cores_that_are_shared_are_named)
{
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, TOPOLOGY_RECORD, "0-1\n2-3\n");
	sysroot_write(&root, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");
	sysroot_write(&root, "/sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "3\n");
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0,3\n");
	CHECK(expected_count(CORPUS "/threads/beside-rt-io/*.json", &root, check_file) > 0);
	neighbour_move_out(&root);
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-3\n");
	CHECK(expected_count(CORPUS "/threads/alone/*.json", &root, check_file) > 0);
	sysroot_remove(&root);
}
