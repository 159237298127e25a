// SPDX-License-Identifier: LGPL-2.1-or-later
/* What has to be true before the hypervisor may slide under this system, found without it. */
#include "driver/preflight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/launch.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"
#include "driver/driver.h"
#include "driver/explain.h"
#include "driver/finding.h"
#include "driver/firmware.h"
#include "driver/module.h"
#include "host/interrupts.h"
#include "host/iommu.h"
#include "host/pci_judge.h"
#include "host/pool.h"
#include "text/number.h"

static void check_virtualization(const cell_host *host, struct finding *finding)
{
	if (host->has_svm || host->has_vmx) {
		finding_set(finding, CELL_CHECK_OK, "%s (%s) has %s", host->model, host->vendor,
			    host->has_svm ? "AMD SVM" : "Intel VMX");
		return;
	}
	if (host->is_guest) {
		finding_set(finding, CELL_CHECK_FAILED,
			    "this is a virtual machine whose CPU (%s) has neither AMD SVM nor "
			    "Intel VMX",
			    host->model);
		finding_remedy(finding,
			       "turn nested virtualisation on at its host (QEMU/KVM: kvm_amd or "
			       "kvm_intel with nested=1, and -cpu host)");
		return;
	}
	finding_set(finding, CELL_CHECK_FAILED, "the CPU (%s) shows neither AMD SVM nor Intel VMX",
		    host->model);
	finding_remedy(finding, "enable SVM or VT-x in the firmware setup, or use another machine");
}

static void check_nested_paging(const cell_host *host, struct finding *finding)
{
	if (host->has_nested_paging) {
		finding_set(finding, CELL_CHECK_OK, "the CPU has nested paging");
		return;
	}
	finding_set(finding, CELL_CHECK_FAILED,
		    "the CPU has no nested paging (AMD NPT, Intel EPT)");
	finding_remedy(finding, "use another machine; under QEMU add +npt to -cpu");
}

static void check_cpu_mode(const cell_host *host, struct finding *finding)
{
	const char *what, *how;

	if (!host->cpu_mode) {
		finding_set(finding, CELL_CHECK_OK,
			    "Linux uses nothing of the CPU that a guest cannot");
		return;
	}
	explain_cpu_mode(host->cpu_mode, &what, &how);
	finding_set(finding, CELL_CHECK_FAILED, "%s", what);
	finding_remedy(finding, "%s", how);
}

static void check_module(const cell_host *host, struct finding *finding)
{
	char other[128];

	switch (module_find(host->root, host->kernel, other)) {
	case MODULE_LOADED:
		finding_set(finding, CELL_CHECK_OK, "the module " MODULE_NAME " is loaded");
		return;
	case MODULE_AVAILABLE:
		finding_set(finding, CELL_CHECK_OK,
			    "the module " MODULE_NAME " is installed for kernel %s", host->kernel);
		return;
	case MODULE_NOT_INDEXED:
		finding_set(finding, CELL_CHECK_FAILED,
			    "the module " MODULE_NAME
			    " is there for kernel %s, but not in its index",
			    host->kernel);
		finding_remedy(finding, "run `depmod`");
		return;
	case MODULE_OTHER_KERNEL:
		finding_set(finding, CELL_CHECK_FAILED,
			    "the module " MODULE_NAME " is installed for kernel %s, but %s runs",
			    other, host->kernel);
		break;
	case MODULE_MISSING:
		finding_set(finding, CELL_CHECK_FAILED,
			    "the module " MODULE_NAME " is not installed");
		break;
	}
	finding_remedy(
		finding,
		"install linux-headers-%s and cellhv-dkms; or build and install the module and run "
		"`depmod`",
		host->kernel);
}

static void check_image(const cell_host *host, struct finding *finding)
{
	struct cellhv_image_header header;

	if (!firmware_read_header(host->root, host->kernel, &header)) {
		finding_set(finding, CELL_CHECK_FAILED,
			    "there is no hypervisor image /lib/firmware/%s", CELLHV_IMAGE_NAME);
		finding_remedy(finding, "install it: `meson install` puts it there");
	} else if (memcmp(header.signature, CELLHV_IMAGE_SIGNATURE, 8) != 0 ||
		   header.abi_version != CELLHV_ABI_VERSION) {
		finding_set(finding, CELL_CHECK_FAILED,
			    "the hypervisor image /lib/firmware/%s is of another version",
			    CELLHV_IMAGE_NAME);
		finding_remedy(finding, "install image, module and library from the same build");
	} else {
		finding_set(finding, CELL_CHECK_OK, "the hypervisor image is %.*s",
			    (int)sizeof(header.version), header.version);
	}
}

#define KVM_LATE "kvm.enable_virt_at_load=0"

static bool kvm_is_loaded(const cell_host *host, const char **ret_module, bool *ret_busy)
{
	static const char *const modules[] = {"kvm_amd", "kvm_intel"};
	char users[32];

	for (size_t i = 0; i < ELEMENTS(modules); i++) {
		if (file_read_line(users, sizeof(users), host->root, "/sys/module/%s/refcnt",
				   modules[i]) < 0)
			continue;
		*ret_module = modules[i];
		*ret_busy = strcmp(users, "0") != 0;
		return true;
	}
	return false;
}

/*
 * From Linux 6.12 on KVM turns SVM or VMX on when it is loaded, which udev does at boot, not with
 * its first guest.
 */
static bool kvm_is_early(const cell_host *host)
{
	char early[8] = "N";

	file_read_line(early, sizeof(early), host->root,
		       "/sys/module/kvm/parameters/enable_virt_at_load");
	return early[0] == 'Y';
}

static void check_kvm(const cell_host *host, struct finding *finding)
{
	const char *module;
	bool busy;

	if (!kvm_is_loaded(host, &module, &busy)) {
		finding_set(finding, CELL_CHECK_OK, "KVM is not in use");
	} else if (kvm_is_early(host)) {
		finding_set(finding, CELL_CHECK_FAILED,
			    "KVM (%s) has turned the CPUs' virtualisation on when it was loaded%s",
			    module, busy ? ", and has virtual machines" : "");
		strcpy(finding->argument, KVM_LATE);
		finding_remedy(finding,
			       "%s`modprobe -r %s` now; for good, boot with " KVM_LATE
			       ": `cellctl host prepare` adds it",
			       busy ? "stop all virtual machines, then " : "", module);
	} else if (busy) {
		finding_set(finding, CELL_CHECK_FAILED, "KVM (%s) uses the CPUs' virtualisation",
			    module);
		finding_remedy(finding, "stop all virtual machines, then `modprobe -r %s`", module);
	} else {
		finding_set(
			finding, CELL_CHECK_WARNING,
			"KVM (%s) is loaded, idle: its virtual machines will not start while the "
			"hypervisor is enabled",
			module);
		finding_remedy(finding, "`modprobe -r %s`", module);
	}
}

/*
 * iommu=pt first: it leaves the remapping of interrupts alone, and whether it stands before or
 * after an intel_iommu=on does not matter.
 */
static const char *iommu_argument(const cell_host *host, const struct iommu_finding *iommu)
{
	if (!cmdline_has(host->cmdline, "iommu=pt"))
		return "iommu=pt";
	return cmdline_has(host->cmdline, iommu->off_option) ? "" : iommu->off_option;
}

/* What the hypervisor will be able to keep devices from, as far as it can be told without it. */
static void check_confinement(const cell_host *host, bool by_linux, struct finding *finding)
{
	const char *tables = by_linux ? ", by Linux's tables (the hypervisor blocks one that they "
					"lead to a cell, unless it is for a moment)"
				      : "";
	const char *why;
	int remapped = interrupts_are_remapped(host->root);

	finding->out_of_memory = remapped < 0;
	if (!pci_is_confined(host, &why)) {
		finding_set(finding, CELL_CHECK_WARNING,
			    "nothing confines devices: one may write to any memory, of cells too, "
			    "and interrupt any CPU");
		finding_remedy(finding, "%s", why);
	} else if (remapped == 0) {
		finding_set(finding, CELL_CHECK_WARNING,
			    "%zu IOMMU%s for the DMA of devices%s; interrupt remapping: none: a "
			    "device may interrupt any CPU",
			    host->acpi.n_iommus, host->acpi.n_iommus == 1 ? "" : "s", tables);
		finding_remedy(finding, "see `dmesg` for why Linux does not remap interrupts, and "
					"the firmware's setup (VT-d, AMD-Vi, x2APIC)");
	} else {
		finding_set(
			finding, CELL_CHECK_OK,
			"%zu IOMMU%s for the DMA of devices%s, and their interrupts are remapped",
			host->acpi.n_iommus, host->acpi.n_iommus == 1 ? "" : "s", tables);
	}
}

/*
 * Where Linux translates, the hypervisor leaves Linux's tables where they are, under its own of who
 * uses which. With Intel's units the kernel can be told to let devices pass through instead, for
 * tables of the hypervisor's alone, and loses nothing else by that.
 */
static void check_iommu(const cell_host *host, struct finding *finding)
{
	struct iommu_finding iommu;
	int r;

	r = iommu_find_translating(host->root, &iommu);
	finding->out_of_memory = r < 0;
	if (r < 0)
		return;
	if (r == 0 || iommu.is_carried) {
		check_confinement(host, r != 0, finding);
		return;
	}
	finding_set(finding, CELL_CHECK_WARNING,
		    "the IOMMU %s translates DMA of Linux's devices (%s, for one): they reach what "
		    "Linux has mapped for them, by tables that are Linux's own",
		    iommu.unit, iommu.device);
	if (!*iommu_argument(host, &iommu)) {
		finding_remedy(
			finding,
			"%s and iommu=pt are on the kernel command line: see whether others on it "
			"take them back, and what `dmesg` says of the IOMMU",
			iommu.off_option);
		return;
	}
	strcpy(finding->argument, iommu_argument(host, &iommu));
	finding_remedy(
		finding,
		"boot with %s or iommu=pt on the kernel command line: `cellctl host prepare` adds "
		"%s",
		iommu.off_option, finding->argument);
}

static void check_memory(const cell_host *host, struct finding *finding)
{
	const struct memory *memory = &host->memory;
	char reserved[32], removable[32], fallback[CMDLINE_RESERVE_SIZE];
	struct cmdline_reservation reservation;
	_cleanup_ranges_ struct ranges pool = {0};

	finding->out_of_memory = memory_pool(memory, &pool) < 0;
	number_format_size(ranges_total(&pool), reserved);
	number_format_size(memory_removable(memory), removable);
	if (pool.n || memory_removable(memory)) {
		finding_set(finding, CELL_CHECK_OK,
			    "%s are set aside for cells, and up to %s of Linux's memory could go "
			    "offline",
			    reserved, removable);
		return;
	}
	finding_set(finding, CELL_CHECK_FAILED,
		    memory->block_size
			    ? "none of Linux's memory can go offline, and none is reserved"
			    : "this kernel cannot take memory offline, and none is reserved");
	pool_describe_fallback(memory, 1, fallback);
	if (cmdline_find_reservation(host->cmdline, true, &reservation)) {
		finding_remedy(
			finding,
			"what memmap=%s on the kernel command line reserves is no RAM, or Linux's "
			"all the same: boot with %s in its place",
			reservation.text, fallback);
		return;
	}
	strcpy(finding->argument, fallback);
	finding_remedy(finding,
		       "boot with %s on the kernel command line: `cellctl host prepare` adds it",
		       fallback);
	if (cmdline_find_reservation(host->cmdline, false, &reservation))
		finding_remedy(
			finding,
			"what memmap=%s on the kernel command line reserves is not known to be for "
			"cells: boot with cellmgr.memory=0x%" PRIx64
			", too, if it is, else with %s, "
			"which `cellctl host prepare` adds",
			reservation.text, reservation.start, fallback);
}

static void check_lockdown(const cell_host *host, struct finding *finding)
{
	const char *why = module_needs_signature(host->root);

	if (!why) {
		finding_set(finding, CELL_CHECK_OK, "the kernel is not locked down");
	} else if (file_exists(host->root, "/sys/module/" MODULE_NAME)) {
		finding_set(finding, CELL_CHECK_OK,
			    "the kernel loads signed modules only, as %s, and " MODULE_NAME
			    " is loaded",
			    why);
	} else if (module_is_signed(host->root, host->kernel)) {
		finding_set(finding, CELL_CHECK_WARNING,
			    "the kernel loads signed modules only, as %s: " MODULE_NAME
			    " is signed, and "
			    "whether the kernel knows the key is seen when it is loaded",
			    why);
		finding_remedy(finding, "see `mokutil --list-enrolled`");
	} else {
		finding_set(finding, CELL_CHECK_FAILED,
			    "the kernel loads signed modules only, as %s, and " MODULE_NAME
			    ".ko has no signature",
			    why);
		finding_remedy(finding, MODULE_SIGN);
	}
}

static void check_settings(const cell_host *host, struct finding *finding)
{
	const struct settings *settings = &host->settings;
	char error[DOCUMENT_ERROR_SIZE];

	if (!settings->document.path) {
		finding_set(finding, CELL_CHECK_OK, "there is no %s, nor need there be",
			    SETTINGS_PATH);
	} else if (!settings_are_bad(settings)) {
		finding_set(finding, CELL_CHECK_OK, "%s is right", SETTINGS_PATH);
	} else {
		finding_set(finding, CELL_CHECK_FAILED, "%s",
			    document_first_error(&settings->document, error));
		finding_remedy(finding, "correct the file; `cellctl host check` shows every error");
	}
}

static const struct check {
	const char *name;
	int error;
	const char *error_name;
	void (*run)(const cell_host *host, struct finding *finding);
} checks[] = {
	{"cpu-virtualization", -EOPNOTSUPP, "HardwareUnsupported", check_virtualization},
	{"nested-paging", -EOPNOTSUPP, "HardwareUnsupported", check_nested_paging},
	{"cpu-mode", -EOPNOTSUPP, "HardwareUnsupported", check_cpu_mode},
	{"cpus", -EOPNOTSUPP, "CpuUnavailable", preflight_check_cpus},
	{"module", -ENODEV, "ModuleMissing", check_module},
	{"image", -ENOENT, "ModuleMissing", check_image},
	{"kvm", -EBUSY, "Busy", check_kvm},
	{"iommu", -EOPNOTSUPP, "IommuTranslating", check_iommu},
	{"memory", -ENOMEM, "NoMemory", check_memory},
	{"lockdown", -EKEYREJECTED, "ModuleMissing", check_lockdown},
	{"settings", -EINVAL, "InvalidConfiguration", check_settings},
};

static int run(const struct check *check, const cell_host *host, struct finding *ret)
{
	*ret = (struct finding){0};
	check->run(host, ret);
	return ret->out_of_memory ? context_oom(host->context) : 0;
}

int preflight_require(cell_host *host)
{
	struct finding finding;

	for (size_t i = 0; i < ELEMENTS(checks); i++) {
		if (run(&checks[i], host, &finding) < 0)
			return -ENOMEM;
		if (finding.result == CELL_CHECK_FAILED)
			return context_fail(host->context, checks[i].error, checks[i].error_name,
					    "Cannot enable the hypervisor: %s: %s.",
					    finding.message, finding.remedy);
	}
	return 0;
}

int preflight_wants(const cell_host *host, struct preflight_want wants[PREFLIGHT_WANTS_MAX])
{
	struct finding finding;
	int n = 0;

	for (size_t i = 0; i < ELEMENTS(checks) && n < PREFLIGHT_WANTS_MAX; i++) {
		if (run(&checks[i], host, &finding) < 0)
			return -ENOMEM;
		if (!*finding.argument)
			continue;

		wants[n].check = checks[i].name;
		strcpy(wants[n++].argument, finding.argument);
	}
	return n;
}

LIBCELL_PUBLIC int cell_host_preflight(cell_host *host, cell_check_fn fn, void *userdata)
{
	struct finding finding;
	int failed = 0, r;

	context_begin(host->context);
	r = host_refresh(host);
	if (r < 0)
		return r;

	for (size_t i = 0; i < ELEMENTS(checks); i++) {
		r = run(&checks[i], host, &finding);
		if (r < 0)
			return r;
		failed += finding.result == CELL_CHECK_FAILED;
		r = fn(userdata, finding.result, checks[i].name, finding.message, finding.remedy);
		if (r < 0)
			return r;
	}
	return failed;
}
