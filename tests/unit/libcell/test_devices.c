// SPDX-License-Identifier: LGPL-2.1-or-later
/* What users are told of devices. */
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "fake_driver.h"
#include "host/host.h"
#include "neighbour.h"
#include "pcibox.h"

struct seen {
	const char *function;
	size_t n;
	struct cell_device device; /* that one; its strings are copies */
	char driver[32];
	char group[16];
	char resets[32];
	char cell[32];
	char reason[512];
};

static int note(void *userdata, const struct cell_device *device)
{
	struct seen *seen = userdata;

	seen->n++;
	if (strcmp(device->function, seen->function) != 0)
		return 0;

	seen->device = *device;
	snprintf(seen->driver, sizeof(seen->driver), "%s", device->driver);
	snprintf(seen->group, sizeof(seen->group), "%s", device->group);
	snprintf(seen->resets, sizeof(seen->resets), "%s", device->resets);
	snprintf(seen->cell, sizeof(seen->cell), "%s", device->cell);
	snprintf(seen->reason, sizeof(seen->reason), "%s", device->reason);
	return 0;
}

static void look(struct sysroot *root, const char *function, struct seen *seen)
{
	cell_host *host;

	*seen = (struct seen){.function = function};
	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	CHECK_EQ(cell_device_list(host, note, seen), 0);
	CHECK_EQ(seen->n, 22);
	cell_host_unref(host);
}

TEST(devices_say_who_may_have_them)
{
	struct sysroot root;
	struct seen seen;

	sysroot_make(&root);
	pcibox_plug(&root);
	look(&root, "0000:00:03.0", &seen);
	CHECK(seen.device.is_assignable);
	CHECK_EQ(seen.device.vendor, 0x8086);
	CHECK_EQ(seen.device.class_code, 0x020000);
	CHECK_STR(seen.device.class_name, "Ethernet controller");
	CHECK_STR(seen.driver, "e1000e");
	CHECK_STR(seen.group, "0000:00:03.0");
	CHECK_STR(seen.resets, "flr pm");
	CHECK(strstr(seen.reason, "the default route goes by eth0"));
	look(&root, "0000:03:00.0", &seen);
	CHECK(!seen.device.is_assignable);
	CHECK_STR(seen.group, "0000:00:06.0");
	CHECK(strstr(seen.reason, "the file system / is on a disk of 0000:03:00.0"));
	look(&root, "0000:00:1f.0", &seen);
	CHECK(strstr(seen.reason, "never given to a cell"));
	CHECK(!strstr(seen.reason, "interrupt"));
	look(&root, "0000:00:04.0", &seen);
	CHECK(!strstr(seen.reason, "could interrupt any CPU"));
	sysroot_write(&root, "/proc/interrupts", "  CPU0\n  4:  1  IO-APIC  4-edge  ttyS0\n");
	look(&root, "0000:00:03.0", &seen);
	CHECK(!seen.device.is_assignable &&
	      strstr(seen.reason, "0000:00:03.0 could interrupt any CPU, as Linux does not remap"));
	pcibox_open(&root);
	look(&root, "0000:00:03.0", &seen);
	CHECK(!seen.device.is_assignable && strstr(seen.reason, "nothing would confine the DMA"));
	sysroot_remove(&root);
}

TEST(devices_of_cells_say_whose_they_are)
{
	struct sysroot root;
	struct seen seen;
	cell_cell *cell;
	char **names;
	cell_hv *hv;

	sysroot_make(&root);
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	look(&root, "0000:00:04.0", &seen);
	CHECK(!seen.device.is_assignable);
	CHECK_STR(seen.cell, "rt-io");
	CHECK_STR(seen.reason, "it belongs to cell rt-io");
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
	CHECK_EQ(cell_cell_by_name(hv, "rt-io", &cell), 0);
	CHECK_EQ(cell_cell_devices(cell, &names), 0);
	CHECK_STR(names[0], "0000:00:04.0");
	CHECK_STR(names[1], "pin 3 of the I/O APIC at 0xfec00000");
	CHECK(!names[2]);
	cell_strv_free(names);
	cell_cell_unref(cell);
	cell_hv_unref(hv);
	neighbour_move_out(&root);
	sysroot_remove(&root);
}

TEST(the_machine_is_described_with_its_devices)
{
	struct sysroot root;
	cell_host *host;
	char *json;

	sysroot_make(&root);
	pcibox_plug(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_host_describe(host, &json), 0);
	CHECK(strstr(json, "\"iommus\": 1") && strstr(json, "\"ioapics\": 1"));
	CHECK(strstr(json, "\"function\": \"0000:02:02.0\""));
	CHECK(strstr(json, "is a bridge: give the cell what is behind it"));
	free(json);
	cell_host_unref(host);
	sysroot_remove(&root);
}

static void check_protection(cell_hv *hv, const char *dma, const char *interrupts,
			     const char *message)
{
	struct cell_protection protection;

	CHECK_EQ(cell_hv_protection(hv, &protection), 0);
	CHECK_STR(cell_dma_to_string(protection.dma), dma);
	CHECK_STR(cell_interrupts_to_string(protection.interrupts), interrupts);
	CHECK_STR(protection.message, message);
}

TEST(what_confines_devices_is_told_with_why_not)
{
	struct cell_protection protection;
	struct sysroot root;
	cell_hv *hv;

	sysroot_make(&root);
	fake_driver_begin();
	root.context->driver = &fake_driver_ops;
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
	fake_driver.iommu.check = CELLHV_CHECK_IOMMU_NONE;
	check_protection(hv, "open", "open",
			 "the firmware names no IOMMU: enable VT-d or AMD-Vi in its setup");
	fake_driver.iommu.check = CELLHV_CHECK_IOMMU_FEATURE;
	fake_driver.iommu.object = 1ull << 32 | CELLHV_IOMMU_FEATURE_QUEUE;
	check_protection(hv, "open", "open",
			 "the IOMMU has no queue of invalidations: use another machine");
	fake_driver.iommu.check = CELLHV_CHECK_IOMMU_TRANSLATES;
	fake_driver.iommu.object = 1;
	fake_driver.interrupts = CELLHV_INTERRUPTS_MESSAGES;
	check_protection(hv, "open", "filtered",
			 "IOMMU 1 (from 0) translates DMA for Linux: boot with iommu=pt");
	fake_driver.iommu.check = 9999;
	check_protection(hv, "open", "filtered", "for a reason that this library does not know");
	fake_driver.iommu.check = 0;
	fake_driver.dma = CELLHV_DMA_ISOLATED;
	fake_driver.interrupts = CELLHV_INTERRUPTS_REMAPPED;
	check_protection(hv, "isolated", "remapped", "");
	fake_driver.dma = CELLHV_DMA_BY_LINUX;
	check_protection(hv, "by Linux's tables", "remapped", "");
	fake_driver.dma = 77; /* of a later module: nothing is promised */
	check_protection(hv, "open", "remapped", "");
	fake_driver.enabled = false;
	CHECK_EQ(cell_hv_protection(hv, &protection), -ENODEV);
	CHECK_STR(cell_context_last_error_name(root.context), "HypervisorDisabled");
	cell_hv_unref(hv);
	sysroot_remove(&root);
}
