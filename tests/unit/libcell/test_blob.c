// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include <cellhv/guest.h>

#include "blob.h"
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
