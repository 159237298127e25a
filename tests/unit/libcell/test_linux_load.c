// SPDX-License-Identifier: LGPL-2.1-or-later
/* A cell with Linux is made: what of it goes where, as the driver is told. */
#include <cellhv/x86/pc.h>

#include "bzimage.h"
#include "lifecycle_fixture.h"
#include "linux/loader/parameters.h"

static const void *loaded(void *argument, uint64_t guest, uint64_t size)
{
	const struct cellhv_cell_load *request = argument;

	CHECK_EQ(request->id, 7);
	CHECK_EQ(request->guest, guest);
	CHECK_EQ(request->length, size);
	return (void *)(uintptr_t)request->buffer;
}

static void act_low(void *argument)
{
	const char *low = loaded(argument, LINUX_ZERO_PAGE, LINUX_LOW_END - LINUX_ZERO_PAGE);

	CHECK(memcmp(low + 0x202, "HdrS", 4) == 0);
	CHECK(strstr(low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE), " pci=off quiet"));
}

static void act_high(void *argument)
{
	const char *high = loaded(argument, LINUX_TABLES, LINUX_HIGH_END - LINUX_TABLES);
	struct linux_parameters parameters;

	CHECK(memcmp(high, "RSD PTR ", 8) == 0);
	memcpy(&parameters, high + (LINUX_PARAMETERS - LINUX_TABLES), sizeof(parameters));
	CHECK_EQ(parameters.entry, 0x1000200);
	CHECK_EQ(parameters.n_cpus, 1);
}

static void act_kernel(void *argument)
{
	loaded(argument, 0x1000000, BZIMAGE_SIZE - 1024);
}

static void act_initrd(void *argument)
{
	CHECK(memcmp(loaded(argument, 0x3fff000, 6), "initrd", 6) == 0);
}

/* All that is loaded, each time. */
#define LOADED                                                                              \
	INVENTORY, {CELLHV_IOC_CELL_LOAD, 0, act_low}, {CELLHV_IOC_CELL_LOAD, 0, act_high}, \
		{CELLHV_IOC_CELL_LOAD, 0, act_kernel},                                      \
	{                                                                                   \
		CELLHV_IOC_CELL_LOAD, 0, act_initrd                                         \
	}

#define MAKE                                                              \
	OPEN, ENABLED, NO_CELLS, {CELLHV_IOC_CELL_CREATE, 0, act_create}, \
	{                                                                 \
		CELLHV_IOC_CELL_INFO, 0, act_info                         \
	}

static void set_up_linux(const struct mock_step *steps, size_t n)
{
	set_up(steps, n, "1M");
	cell_desc_unref(desc);
	bzimage_install(&root);
	sysroot_write(&root, "/etc/cells/demo.json",
		      "{ \"name\": \"demo\", \"cpus\": 1, \"memory\": \"64M\",\n"
		      "  \"linux\": { \"kernel\": \"/boot/vmlinuz\", \"initrd\": "
		      "\"/boot/initrd.img\",\n"
		      "    \"command-line\": \"quiet\" } }\n");
	CHECK_EQ(cell_desc_find(root.context, "demo", &desc), 0);
}

TEST(linux_is_loaded)
{
	static const struct mock_step steps[] = {
		MAKE,
		LOADED,
	};
	cell_cell *cell;

	set_up_linux(steps, sizeof(steps) / sizeof(steps[0]));
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	CHECK_EQ(created->flags, CELLHV_CELL_CONSOLE_VIRTUAL | CELLHV_CELL_PASSIVE_COMM |
					 CELLHV_CELL_PLATFORM_PC | CELLHV_CELL_SIGNATURE_KVM);
	cell_cell_unref(cell);
	tear_down();
}

/* What is loaded again need not be what was checked. */
TEST(linux_is_no_kernel_any_more)
{
	static const struct mock_step steps[] = {
		MAKE,
		LOADED,
		INVENTORY,
		INVENTORY,
	};
	cell_cell *cell;

	set_up_linux(steps, sizeof(steps) / sizeof(steps[0]));
	CHECK_EQ(cell_cell_create(hv, desc, host, &cell), 0);
	sysroot_write(&root, "/boot/vmlinuz", "something else");
	CHECK_EQ(cell_cell_load(cell, desc), -EINVAL);
	CHECK_STR(cell_context_last_error(root.context),
		  "/boot/vmlinuz is not a Linux kernel for PCs (bzImage or vmlinux).");
	sysroot_write(&root, "/boot/vmlinuz", "%s", "");
	CHECK_EQ(cell_cell_load(cell, desc), -ENODATA);
	CHECK_STR(cell_context_last_error_name(root.context), "ImageMissing");
	cell_cell_unref(cell);
	tear_down();
}
