// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "check.h"
#include "sysroot.h"

static struct sysroot root;

static cell_blob *compile(void)
{
	cell_desc *desc;
	cell_host *host;
	cell_blob *blob;

	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_new_from_file(root.context, CORPUS "/good/console-listed.json", &desc),
		 0);
	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	cell_desc_unref(desc);
	cell_host_unref(host);
	return blob;
}

TEST(blob_copies_what_is_valid)
{
	cell_blob *blob, *copy = NULL;
	const void *data;
	char damaged[4096];
	size_t size;

	sysroot_make(&root);
	blob = compile();
	data = cell_blob_data(blob, &size);
	memcpy(damaged, data, size);
	CHECK_EQ(cell_blob_new(root.context, damaged, size, &copy), 0);
	CHECK(cell_blob_data(copy, &size) != damaged);
	CHECK(memcmp(cell_blob_data(copy, &size), data, size) == 0);
	CHECK(!cell_blob_unref(cell_blob_ref(copy)));
	CHECK(!cell_blob_unref(copy));
	CHECK(!cell_blob_unref(NULL));

	copy = NULL;
	for (size_t i = 0; i < size; i++) {
		damaged[i] ^= 0x10;
		CHECK_EQ(cell_blob_new(root.context, damaged, size, &copy), -EINVAL);
		damaged[i] ^= 0x10;
		CHECK_EQ(cell_blob_new(root.context, damaged, i, &copy), -EINVAL);
	}
	CHECK_STR(cell_context_last_error_name(root.context), "InvalidConfiguration");
	CHECK(!copy);
	cell_blob_unref(blob);
	sysroot_remove(&root);
}

/* Without the two sections at the end of the fixed part. Returns its size. */
static size_t make_version_2(struct cellhv_cell_config *config, size_t size)
{
	struct cellhv_section *const sections[] = {&config->memory, &config->cpus, &config->ports,
						   &config->links};
	const uint32_t gone = 2 * sizeof(struct cellhv_section);

	for (size_t i = 0; i < 4; i++)
		sections[i]->offset -= sections[i]->offset ? gone : 0;
	memmove(&config->functions, config + 1, size - sizeof(*config));
	config->header.version = 2;
	blob_finish_header(&config->header, size - gone);
	return size - gone;
}

/* As version 1 had it: flag 4 for the legacy comm page, else revision 1, and no field for it. */
static void make_version_1(struct cellhv_cell_config *config, size_t size, bool is_legacy)
{
	config->flags |= is_legacy ? 4 : 0;
	config->comm_revision = 0;
	config->header.version = 1;
	blob_finish_header(&config->header, size);
}

static void check_version_1(cell_blob *blob, bool is_legacy)
{
	_Alignas(8) char data[4096];
	struct cellhv_cell_config *config = (void *)data;
	cell_blob *read = NULL;
	size_t size;

	memcpy(data, blob->config, blob->size);
	size = make_version_2(config, blob->size);
	make_version_1(config, size, is_legacy);
	CHECK(!blob_is_valid(data, size));
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), 0);
	CHECK_EQ(read->size, blob->size);
	CHECK_EQ(read->config->header.version, CELLHV_CONFIG_VERSION);
	CHECK_EQ(read->config->comm_revision, is_legacy ? CELLHV_COMM_LEGACY : 1);
	CHECK_EQ(read->config->flags, blob->config->flags | CELLHV_CELL_STRICT_MSRS);
	CHECK(memcmp(read->config + 1, blob->config + 1, blob->size - sizeof(*config)) == 0);
	cell_blob_unref(read);

	/* What version 1 had reserved. */
	read = NULL;
	config->comm_revision = 2;
	blob_finish_header(&config->header, size);
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), -EINVAL);
	config->flags |= 8;
	make_version_1(config, size, is_legacy);
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), -EINVAL);
	config->flags &= ~8u;
	make_version_1(config, size, is_legacy);
	config->header.checksum ^= 1;
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), -EINVAL);
	CHECK(!read);
}

TEST(blob_of_version_2_is_understood)
{
	_Alignas(8) char data[4096];
	struct cellhv_cell_config *config = (void *)data;
	cell_blob *blob, *read = NULL;
	size_t size;

	sysroot_make(&root);
	blob = compile();
	memcpy(data, blob->config, blob->size);
	size = make_version_2(config, blob->size);
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), 0);
	CHECK_EQ(read->size, blob->size);
	CHECK(memcmp(read->config, blob->config, blob->size) == 0);
	cell_blob_unref(read);

	/* Where an array would lie in the fixed part, or anything is damaged. */
	read = NULL;
	for (size_t i = 0; i < size; i++) {
		data[i] ^= 0x10;
		CHECK_EQ(cell_blob_new(root.context, data, size, &read), -EINVAL);
		data[i] ^= 0x10;
		CHECK_EQ(cell_blob_new(root.context, data, i, &read), -EINVAL);
	}
	config->memory.offset -= 8;
	blob_finish_header(&config->header, size);
	CHECK_EQ(cell_blob_new(root.context, data, size, &read), -EINVAL);
	CHECK(!read);
	cell_blob_unref(blob);
	sysroot_remove(&root);
}

TEST(blob_of_version_1_is_understood)
{
	cell_blob *blob;

	sysroot_make(&root);
	blob = compile();
	check_version_1(blob, false);
	check_version_1(blob, true);
	cell_blob_unref(blob);
	sysroot_remove(&root);
}

TEST(dump_refuses_what_no_description_can_say)
{
	static const struct cellhv_console consoles[] = {
		{.type = CELLHV_CONSOLE_EFIFB},
		{.type = CELLHV_CONSOLE_NONE, .address = 0x2f8},
		{.type = CELLHV_CONSOLE_8250, .address = 0x2f8, .size = 8, .gate = 1},
		{.type = CELLHV_CONSOLE_8250, .address = 0x2f8, .size = 8, .divider = 7},
		{.type = CELLHV_CONSOLE_8250, .address = 0x2f8, .size = 16},
		{.type = CELLHV_CONSOLE_8250, .address = 0x3f8, .size = 8},
		{.type = CELLHV_CONSOLE_8250, .address = 0x200000, .size = 8, .flags = 2},
		{.type = CELLHV_CONSOLE_8250, .address = 0x200000, .size = 8, .flags = 3},
	};
	cell_blob *blob;
	char *json = NULL;

	sysroot_make(&root);
	blob = compile();
	for (size_t i = 0; i < sizeof(consoles) / sizeof(consoles[0]); i++) {
		blob->config->console = consoles[i];
		CHECK_EQ(cell_blob_dump_json(blob, &json), -EOPNOTSUPP);
		CHECK(!json);
	}
	blob->config->console = (struct cellhv_console){0};
	CHECK_EQ(cell_blob_dump_json(blob, &json), 0);
	CHECK(strstr(json, "\"console\": \"none\""));
	free(json);
	cell_blob_unref(blob);
	sysroot_remove(&root);
}
