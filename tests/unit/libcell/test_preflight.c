// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include <cellhv/launch.h>

#include "check.h"
#include "driver/explain.h"
#include "driver/module.h"
#include "driver/preflight.h"
#include "neighbour.h"
#include "pcibox.h"
#include "sysroot.h"

struct wanted {
	const char *name;
	enum cell_check_result result;
	char message[512];
	char remedy[512];
};

static int note(void *userdata, enum cell_check_result result, const char *name,
		const char *message, const char *remedy)
{
	struct wanted *wanted = userdata;

	CHECK((result == CELL_CHECK_OK) == (*remedy == '\0'));
	if (strcmp(name, wanted->name) != 0)
		return 0;

	wanted->result = result;
	snprintf(wanted->message, sizeof(wanted->message), "%s", message);
	snprintf(wanted->remedy, sizeof(wanted->remedy), "%s", remedy);
	return 0;
}

static int run(struct sysroot *root, struct wanted *wanted)
{
	cell_host *host;
	int failed;

	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	failed = cell_host_preflight(host, note, wanted);
	cell_host_unref(host);
	return failed;
}

TEST(preflight_passes_on_a_ready_machine)
{
	struct wanted wanted = {.name = "image"};
	struct sysroot root;

	sysroot_make_ready(&root);
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	sysroot_remove(&root);
}

TEST(preflight_names_what_is_missing)
{
	static const struct {
		const char *name;
		const char *path;
		const char *content;
		const char *message;
		const char *remedy;
	} cases[] = {
		{"cpu-virtualization", "/proc/cpuinfo", "flags\t: fpu npt hypervisor\n",
		 "virtual machine", "nested"},
		{"cpu-virtualization", "/proc/cpuinfo", "flags\t: fpu npt\n", "neither AMD SVM",
		 "firmware setup"},
		{"nested-paging", "/proc/cpuinfo", "flags\t: fpu vmx\n", "no nested paging",
		 "another machine"},
		{"nested-paging", "/proc/cpuinfo", "flags\t: svm\n", "no nested paging", "+npt"},
		{"cpu-mode", "/proc/cpuinfo", "flags\t: svm npt fred\n", "FRED", "fred=off"},
		{"cpu-mode", "/proc/cpuinfo", "flags\t: vmx ept tdx_guest\n", "Intel TDX",
		 "use one without"},
		{"cpus", "/sys/devices/system/cpu/online", "0\n", "CPU 0 stays", "chcpu -e"},
		{"image", "/lib/firmware/" CELLHV_IMAGE_NAME,
		 "CELLHVIM\x7f\1\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 "another version", "same build"},
		{"kvm", "/sys/module/kvm_amd/refcnt", "2\n", "KVM (kvm_amd)",
		 "modprobe -r kvm_amd"},
		{"memory", "/sys/devices/system/memory/block_size_bytes", "0\n",
		 "cannot take memory offline", "memmap=64M$0x34000000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wanted wanted = {.name = cases[i].name};
		struct sysroot root;

		sysroot_make_ready(&root);
		sysroot_write(&root, cases[i].path, "%s", cases[i].content);
		CHECK(run(&root, &wanted) >= 1);
		CHECK_EQ(wanted.result, CELL_CHECK_FAILED);
		CHECK(strstr(wanted.message, cases[i].message));
		CHECK(strstr(wanted.remedy, cases[i].remedy));
		sysroot_remove(&root);
	}
}

/* Idle, but with virtualisation on; one that waits for its first guest is only in the way later. */
TEST(preflight_prepares_for_a_kvm_that_comes_first)
{
	struct preflight_want wants[PREFLIGHT_WANTS_MAX];
	struct wanted wanted = {.name = "kvm"};
	struct sysroot root;
	cell_host *host;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/module/kvm_amd/refcnt", "0\n");
	sysroot_write(&root, "/sys/module/kvm/parameters/enable_virt_at_load", "Y\n");
	CHECK_EQ(run(&root, &wanted), 1);
	CHECK(strstr(wanted.message, "kvm_amd"));
	CHECK(strstr(wanted.remedy, "kvm.enable_virt_at_load=0"));
	CHECK(!strstr(wanted.remedy, "virtual machines"));

	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(preflight_wants(host, wants), 1);
	CHECK_STR(wants[0].argument, "kvm.enable_virt_at_load=0");
	cell_host_unref(host);

	sysroot_write(&root, "/sys/module/kvm/parameters/enable_virt_at_load", "N\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	sysroot_remove(&root);
}

/* The CPU's flag says only that it could. */
TEST(preflight_knows_sme_by_its_argument)
{
	struct wanted wanted = {.name = "cpu-mode"};
	struct sysroot root;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/proc/cpuinfo", "flags\t: svm npt sme\n");
	run(&root, &wanted);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	sysroot_write(&root, "/proc/cmdline", "quiet mem_encrypt=on\n");
	run(&root, &wanted);
	CHECK_EQ(wanted.result, CELL_CHECK_FAILED);
	CHECK(strstr(wanted.remedy, "mem_encrypt=off"));
	sysroot_remove(&root);
}

TEST(preflight_says_what_confines_devices)
{
	struct wanted wanted = {.name = "iommu"};
	struct sysroot root;

	sysroot_make_ready(&root);
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	CHECK(strstr(wanted.message, "nothing confines devices"));
	CHECK(strstr(wanted.remedy, "the firmware names no IOMMU"));
	pcibox_plug(&root);
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	CHECK_STR(wanted.message,
		  "1 IOMMU for the DMA of devices, and their interrupts are remapped");
	sysroot_write(&root, "/proc/interrupts", "  CPU0\n  4:  1  IO-APIC  4-edge  ttyS0\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	CHECK(strstr(wanted.message, "interrupt remapping: none: a device may interrupt any CPU"));
	sysroot_remove(&root);
}

/* AMD's unit is taken with Linux's tables: what stays open is said, and nothing is to be done. */
TEST(preflight_says_by_whose_tables)
{
	struct wanted wanted = {.name = "iommu"};
	struct sysroot root;
	cell_host *host;

	sysroot_make_ready(&root);
	pcibox_plug(&root);
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "DMA-FQ\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/devices/0000:00:1f.2", "\n");
	sysroot_write(&root, "/sys/class/iommu/ivhd0/devices/0000:00:1f.2", "\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	CHECK_STR(wanted.message,
		  "1 IOMMU for the DMA of devices, by Linux's tables (the hypervisor blocks "
		  "one that they lead to a cell, unless it is for a moment), and their interrupts "
		  "are remapped");
	CHECK_STR(wanted.remedy, "");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(preflight_require(host), 0);
	cell_host_unref(host);
	sysroot_remove(&root);
}

TEST(preflight_names_iommu_device_and_remedy)
{
	struct wanted wanted = {.name = "iommu"};
	struct sysroot root;
	cell_host *host;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/type", "DMA-FQ\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/3/devices/0000:00:1f.2", "\n");
	sysroot_write(&root, "/sys/kernel/iommu_groups/1/type", "identity\n");
	sysroot_write(&root, "/sys/class/iommu/dmar0/devices/0000:00:1f.2", "\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	CHECK(strstr(wanted.message, "dmar0") && strstr(wanted.message, "0000:00:1f.2"));
	CHECK(strstr(wanted.message, "what Linux has mapped for them"));
	CHECK(strstr(wanted.remedy, "intel_iommu=off"));

	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(preflight_require(host), 0);
	cell_host_unref(host);
	sysroot_remove(&root);
}

/* The words of the driver, which would refuse it. */
TEST(preflight_refuses_more_cpus_than_are_served)
{
	struct wanted wanted = {.name = "cpus"};
	char text[EXPLAIN_SIZE], found[2 * EXPLAIN_SIZE + 4];
	struct sysroot root;
	cell_host *host;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/devices/system/cpu/possible", "0-255\n");
	CHECK_EQ(run(&root, &wanted), 0);
	sysroot_write(&root, "/sys/devices/system/cpu/possible", "0-3,512\n");
	CHECK_EQ(run(&root, &wanted), 1);
	CHECK(explain_number(CELLHV_DRIVER_CHECK_TOO_MANY_CPUS, 513, text));
	CHECK(strstr(text, "513 possible CPUs"));
	snprintf(found, sizeof(found), "%s: %s", wanted.message, wanted.remedy);
	CHECK_STR(found, text);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK(preflight_require(host) < 0);
	CHECK(strstr(cell_context_last_error(root.context), text));
	cell_host_unref(host);
	sysroot_remove(&root);
}

TEST(image_has_room_for_so_many_cpus)
{
	static const struct {
		uint32_t memory_size, cpus;
	} cases[] = {
		{26 * 4096, (1024 - 26 - CELLHV_SETUP_PAGES) / CELLHV_CPU_PAGES},
		{(1024 - CELLHV_SETUP_PAGES - 2 * CELLHV_CPU_PAGES) * 4096, 2},
		{(1024 - CELLHV_SETUP_PAGES - 2 * CELLHV_CPU_PAGES) * 4096 + 1, 1},
		{(1024 - CELLHV_SETUP_PAGES) * 4096, 0},
		{CELLHV_MEMORY_SIZE, 0},
		{CELLHV_MEMORY_SIZE + 1, 0},
		{UINT32_MAX, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cellhv_image_header header = {.memory_size = cases[i].memory_size};

		CHECK_EQ(cellhv_image_max_cpus(&header), cases[i].cpus);
	}
}

/* Before any of them enters, and in the words of the driver. */
TEST(preflight_refuses_more_cpus_than_the_image_has_room_for)
{
	struct cellhv_error error = {.check = CELLHV_DRIVER_CHECK_NO_ROOM};
	struct wanted wanted = {.name = "cpus"};
	struct cellhv_image_header header = {0};
	const uint32_t room = cellhv_image_max_cpus(&header);
	char found[2 * sizeof(wanted.message) + 64];
	struct sysroot root;

	CHECK(room > 64 && room < CELLHV_MAX_CPUS);
	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/devices/system/cpu/present", "0-255\n");
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-%u\n", room - 1);
	CHECK_EQ(run(&root, &wanted), 0);
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-%u\n", room);
	CHECK_EQ(run(&root, &wanted), 1);

	error.object = CELLHV_NO_ROOM(room + 1, room);
	explain_failure(root.context, -1, -ENOMEM, &error, "enable the hypervisor");
	snprintf(found, sizeof(found), "Cannot enable the hypervisor: %s: %s.", wanted.message,
		 wanted.remedy);
	CHECK_STR(found, cell_context_last_error(root.context));
	snprintf(found, sizeof(found), "%u CPUs are online, and the hypervisor has room for %u",
		 room + 1, room);
	CHECK_STR(found, wanted.message);
	snprintf(found, sizeof(found), "nr_cpus=%u ", room);
	CHECK(strstr(wanted.remedy, found));
	sysroot_remove(&root);
}

/* rt-io has CPUs 1 and 2. */
TEST(preflight_knows_which_cpus_cells_have)
{
	struct wanted wanted = {.name = "cpus"};
	struct sysroot root;

	sysroot_make_ready(&root);
	neighbour_move_in(&root, CORPUS "/neighbour/cells/rt-io.json");
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0,3\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	CHECK(strstr(wanted.message, "2 CPUs are online, and cells have 2"));
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	CHECK_STR(wanted.message, "only 3 of 4 CPUs are online, or cells': CPU 3 is not");
	CHECK(strstr(wanted.remedy, "`chcpu -e 3`"));
	neighbour_move_out(&root);
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0,3\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
	CHECK_STR(wanted.message, "only 2 of 4 CPUs are online: CPU 1-2 is not");
	sysroot_remove(&root);
}

/* It is no mistake that they are offline, but nobody gets them while the hypervisor is enabled. */
TEST(preflight_names_threads_that_nosmt_keeps_offline)
{
	static const char *const controls[] = {"off\n", "forceoff\n", "on\n", "notsupported\n"};
	struct wanted wanted = {.name = "cpus"};
	struct sysroot root;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/devices/system/cpu/online", "0-1\n");
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		sysroot_write(&root, "/sys/devices/system/cpu/smt/control", "%s", controls[i]);
		CHECK_EQ(run(&root, &wanted), 0);
		CHECK_EQ(wanted.result, CELL_CHECK_WARNING);
		CHECK(strstr(wanted.message, "CPU 2-3 is not"));
		CHECK(strstr(wanted.remedy, "`chcpu -e 2-3`"));
		CHECK_EQ(strstr(wanted.remedy, "nosmt") != NULL, i < 2);
	}
	sysroot_remove(&root);
}

TEST(preflight_knows_a_module_without_index)
{
	struct wanted wanted = {.name = "module"};
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/lib/modules/6.1.0-test/updates/cellhv.ko", "\n");
	run(&root, &wanted);
	CHECK_EQ(wanted.result, CELL_CHECK_FAILED);
	CHECK(strstr(wanted.message, "there for kernel 6.1.0-test, but not in its index"));
	CHECK_STR(wanted.remedy, "run `depmod`");

	/* Beside one of another kernel it is the one that counts. */
	sysroot_write(&root, "/lib/modules/6.0.0-old/updates/dkms/cellhv.ko", "\n");
	run(&root, &wanted);
	CHECK_STR(wanted.remedy, "run `depmod`");
	sysroot_remove(&root);
}

TEST(preflight_refuses_what_the_kernel_will_not_load)
{
	struct wanted wanted = {.name = "lockdown"};
	struct sysroot root;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	sysroot_write(&root, "/sys/module/module/parameters/sig_enforce", "N\n");
	CHECK_EQ(run(&root, &wanted), 0);
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	sysroot_write(&root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	CHECK_EQ(run(&root, &wanted), 0); /* it is loaded */
	CHECK_EQ(wanted.result, CELL_CHECK_OK);
	sysroot_remove(&root);

	sysroot_make(&root);
	sysroot_write(&root, "/lib/modules/6.1.0-test/updates/cellhv.ko", "\n");
	sysroot_write(&root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	run(&root, &wanted);
	CHECK_EQ(wanted.result, CELL_CHECK_FAILED);
	CHECK(strstr(wanted.message, "locked down") && strstr(wanted.message, "no signature"));
	CHECK_STR(wanted.remedy, MODULE_SIGN);
	sysroot_write(&root, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	sysroot_write(&root, "/sys/module/module/parameters/sig_enforce", "Y\n");
	run(&root, &wanted);
	CHECK(strstr(wanted.message, "sig_enforce"));
	sysroot_remove(&root);
}

/* EPERM has four meanings. */
TEST(preflight_refused_modules_are_explained)
{
	struct sysroot root;
	const char *error;

	sysroot_make(&root);
	error = cell_context_last_error(root.context);
	module_explain(root.context, -EPERM, "6.1.0-test", false);
	CHECK_STR(cell_context_last_error_name(root.context), "AccessDenied");
	CHECK(strstr(error, "takes root"));
	module_explain(root.context, -EPERM, "6.1.0-test", true);
	CHECK(!strstr(error, "takes root") && strstr(error, "security module"));
	sysroot_write(&root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	module_explain(root.context, -EPERM, "6.1.0-test", true);
	CHECK_STR(cell_context_last_error_name(root.context), "ModuleMissing");
	CHECK(strstr(error, "signed modules only, as it is locked down") &&
	      strstr(error, MODULE_SIGN));
	module_explain(root.context, -EKEYREJECTED, "6.1.0-test", true);
	CHECK(strstr(error, MODULE_SIGN));
	sysroot_write(&root, "/proc/sys/kernel/modules_disabled", "1\n");
	module_explain(root.context, -EPERM, "6.1.0-test", true);
	CHECK(strstr(error, "modules_disabled"));
	module_explain(root.context, -ENOEXEC, "6.1.0-test", true);
	CHECK(strstr(error, "does not fit kernel 6.1.0-test"));
	sysroot_remove(&root);
}

TEST(preflight_looks_where_the_kernel_looks_for_firmware)
{
	struct wanted wanted = {.name = "image"};
	struct sysroot root;

	sysroot_make_ready(&root);
	sysroot_write(&root, "/lib/firmware/updates/6.1.0-test/" CELLHV_IMAGE_NAME, "%064d", 0);
	CHECK_EQ(run(&root, &wanted), 1);
	CHECK(strstr(wanted.message, "another version"));
	sysroot_remove(&root);
}

TEST(preflight_finds_module_of_another_kernel)
{
	struct wanted wanted = {.name = "module"};
	struct sysroot root;

	sysroot_make(&root);
	sysroot_write(&root, "/lib/modules/6.0.0-old/updates/dkms/cellhv.ko.xz", "\n");
	run(&root, &wanted);
	CHECK_EQ(wanted.result, CELL_CHECK_FAILED);
	CHECK(strstr(wanted.message, "6.0.0-old") && strstr(wanted.message, "6.1.0-test"));
	CHECK(strstr(wanted.remedy, "install linux-headers-6.1.0-test and cellhv-dkms"));
	CHECK_EQ(cell_hv_is_installed(root.context), 0);
	sysroot_write(&root, "/sys/module/cellhv/refcnt", "0\n");
	CHECK_EQ(cell_hv_is_installed(root.context), 1);
	sysroot_remove(&root);
}
