// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cellhv/launch.h>

#include "check.h"
#include "preflight.h"
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
	CHECK_EQ(run(&root, &wanted), 1);
	CHECK(strstr(wanted.message, "dmar0") && strstr(wanted.message, "0000:00:1f.2"));
	CHECK(strstr(wanted.remedy, "intel_iommu=off"));

	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK(preflight_require(host) < 0);
	CHECK_STR(cell_context_last_error_name(root.context), "IommuTranslating");
	cell_host_unref(host);
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
	sysroot_remove(&root);
}
