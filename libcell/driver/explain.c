// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <cellhv/launch.h>
#include <core/pci_name.h>

#include "base/cleanup.h"

enum object { NOTHING, NUMBER, ADDRESS, CELL, FEATURE, STATE, MODE, ROOM, UNIT, FUNCTION };

struct sentence {
	uint32_t check;
	enum object object;
	const char *name; /* NULL: the object decides */
	const char *text; /* with one %s where there is an object */
};

static const struct sentence sentences[] = {
	{CELLHV_CHECK_CALL_FORMAT, NUMBER, "AbiMismatch",
	 "module and hypervisor disagree about a call (%s): install both from the same build"},
	{CELLHV_CHECK_CONFIG_FORMAT, NUMBER, "InvalidConfiguration",
	 "the binary configuration is malformed at byte %s: compile it again with this version"},
	{CELLHV_CHECK_CONFIG_CHECKSUM, NOTHING, "InvalidConfiguration",
	 "the binary configuration is damaged (checksum): compile it again"},
	{CELLHV_CHECK_CONFIG_NAME, NOTHING, "InvalidConfiguration",
	 "the cell's name is not one: use up to 31 letters, digits and ._-"},
	{CELLHV_CHECK_CONFIG_ENTRY, ADDRESS, "InvalidConfiguration",
	 "the reset address %s is not possible: \"entry\" has to be below 4 GiB"},
	{CELLHV_CHECK_CONFIG_COMM, ADDRESS, "InvalidConfiguration",
	 "the comm page cannot be at %s: choose a free page with \"comm\": { \"at\": ... }"},
	{CELLHV_CHECK_CONFIG_MEMORY, NUMBER, "InvalidConfiguration",
	 "memory region %s is not possible: check its size, addresses and access"},
	{CELLHV_CHECK_CONFIG_CPU, NUMBER, "InvalidConfiguration",
	 "entry %s of the CPU list is not possible: name each existing CPU once"},
	{CELLHV_CHECK_CONFIG_PORT, NUMBER, "InvalidConfiguration",
	 "port range %s is not possible: ports end at 0xffff"},
	{CELLHV_CHECK_NAME_EXISTS, CELL, "CellExists",
	 "a cell of this name exists (%s): destroy it first, or rename one of them"},
	{CELLHV_CHECK_NO_SUCH_CELL, NUMBER, "NoSuchCell", "the cell with id %s is gone"},
	{CELLHV_CHECK_CELL_STATE, STATE, NULL, "the cell %s"},
	{CELLHV_CHECK_CELL_LOCKED, CELL, "CellLocked",
	 "the guest in cell %s has locked the configuration: shut that cell down first"},
	{CELLHV_CHECK_CELL_NOT_SCRUBBED, CELL, "Busy",
	 "the memory of cell %s is not zeroed yet: try again"},
	{CELLHV_CHECK_CPU_OWNED, NUMBER, "ResourceConflict",
	 "CPU %s belongs to another cell: choose another CPU or destroy that cell"},
	{CELLHV_CHECK_CPU_SELF, NUMBER, "CpuUnavailable",
	 "CPU %s is making this very call: choose another CPU"},
	{CELLHV_CHECK_CPU_SILENT, NUMBER, "CpuUnavailable",
	 "CPU %s did not answer in time: try again; if it stays so, restart the machine"},
	{CELLHV_CHECK_CPU_NUMBER, NUMBER, "CpuUnavailable",
	 "there is no CPU %s under the hypervisor: see /sys/devices/system/cpu/present, and "
	 "enable the hypervisor with all CPUs online"},
	{CELLHV_CHECK_MEMORY_OWNED, ADDRESS, "ResourceConflict",
	 "the memory at %s belongs to the hypervisor or to another cell, or keeps cells apart: "
	 "leave out \"phys\" and let it be placed"},
	{CELLHV_CHECK_MEMORY_RANGE, ADDRESS, "InvalidConfiguration",
	 "the address %s lies outside of the cell's memory: check \"at\" of memory and images"},
	{CELLHV_CHECK_PORT_OWNED, ADDRESS, "ResourceConflict",
	 "I/O port %s belongs to another cell or is the hypervisor's debug port: remove it from "
	 "the description"},
	{CELLHV_CHECK_POOL_EMPTY, NUMBER, "NoMemory",
	 "the hypervisor's own page pool is used up (%s pages left): destroy a cell first"},
	{CELLHV_CHECK_CELLS_EXIST, NUMBER, "Busy", "%s cells still exist: destroy them first"},
	{CELLHV_CHECK_CPU_FEATURE, FEATURE, "HardwareUnsupported",
	 "this CPU's virtualisation lacks %s: use another machine, or give the virtual one more"},
	{CELLHV_CHECK_CPU_MODE, MODE, "HardwareUnsupported", "%s"},
	{CELLHV_CHECK_CPU_STATE, NUMBER, "HardwareUnsupported",
	 "CPU %s refuses to run Linux as a guest in its present state, and all went back: see "
	 "`dmesg`"},
	{CELLHV_CHECK_CONFIG_LINK, NUMBER, "InvalidConfiguration",
	 "the hypervisor refuses link %s (from 0): install all from the same build"},
	{CELLHV_CHECK_LINK_DIFFERS, NUMBER, "ResourceConflict",
	 "link %s (from 0) exists, but not as described: destroy the cells that are its peers"},
	{CELLHV_CHECK_LINK_PEER, NUMBER, "ResourceConflict",
	 "another cell is at the place of this one in link %s (from 0): change an \"id\""},
	{CELLHV_CHECK_CPUS_OUTSIDE, NUMBER, "CpuUnavailable",
	 "not all of Linux's %s CPUs are under the hypervisor: disable it and enable it again"},
	{CELLHV_CHECK_LINK_FUNCTION, NUMBER, "ResourceConflict",
	 "Linux has another PCI function where link %s (from 0) would put its own: pin another in "
	 "host.json"},
	{CELLHV_CHECK_IOMMU_NONE, NOTHING, "HardwareUnsupported",
	 "the firmware names no IOMMU: enable VT-d or AMD-Vi in its setup"},
	{CELLHV_CHECK_IOMMU_FEATURE, UNIT, "HardwareUnsupported", "the IOMMU %s"},
	{CELLHV_CHECK_IOMMU_SILENT, NUMBER, "HardwareUnsupported",
	 "IOMMU %s (from 0) does not do what it is told: restart the machine"},
	{CELLHV_CHECK_IOMMU_LOCKED, NUMBER, "HardwareUnsupported",
	 "the registers of IOMMU %s (from 0) do not take what is written: see the firmware's "
	 "setup"},
	{CELLHV_CHECK_IOMMU_TRANSLATES, NUMBER, "IommuTranslating",
	 "IOMMU %s (from 0) translates DMA for Linux: boot with iommu=pt"},
	{CELLHV_CHECK_CONFIG_FUNCTION, NUMBER, "InvalidConfiguration",
	 "the hypervisor refuses PCI function %s (from 0): install all from the same build"},
	{CELLHV_CHECK_CONFIG_PIN, NUMBER, "InvalidConfiguration",
	 "the hypervisor refuses interrupt %s (from 0): install all from the same build"},
	{CELLHV_CHECK_FUNCTION_OWNED, NUMBER, "ResourceConflict",
	 "PCI function %s (from 0) belongs to another cell: destroy that cell first"},
	{CELLHV_CHECK_FUNCTION_ABSENT, NUMBER, "ResourceConflict",
	 "there is no PCI function %s (from 0) of the description: see `lspci -D`"},
	{CELLHV_CHECK_FUNCTION_DIFFERS, NUMBER, "ResourceConflict",
	 "PCI function %s (from 0) has moved since the description was read: try again"},
	{CELLHV_CHECK_FUNCTION_DMA, NUMBER, "HardwareUnsupported",
	 "nothing would confine the DMA or the interrupts of PCI function %s (from 0): see "
	 "`cellctl host check`, or "
	 "say \"dma\": \"trusted\""},
	{CELLHV_CHECK_PIN_NONE, NUMBER, "ResourceConflict",
	 "no I/O APIC of this machine has the pin of interrupt %s (from 0)"},
	{CELLHV_CHECK_PIN_OWNED, NUMBER, "ResourceConflict",
	 "interrupt %s (from 0) belongs to another cell: destroy that cell first"},
	{CELLHV_CHECK_PIN_REMAPPED, NUMBER, "HardwareUnsupported",
	 "interrupt %s (from 0) goes through an IOMMU that the hypervisor does not have, or that "
	 "is AMD's: remove \"irqs\", and use a function's MSI"},
	{CELLHV_CHECK_FUNCTION_PATH, NUMBER, "ResourceConflict",
	 "the bridges above PCI function %s (from 0) are not those that libcell read, or the ids "
	 "by "
	 "which IOMMUs see it: see `lspci -t`, and try again"},
	{CELLHV_CHECK_FUNCTION_OVERLAPPED, FUNCTION, "ResourceConflict",
	 "PCI function %s of Linux's decodes addresses of the cell's: see `lspci -v`; boot with "
	 "pci=realloc where the firmware placed them so"},
	{CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION, NOTHING, "HardwareUnsupported",
	 "this CPU has neither AMD SVM nor Intel VMX: use another machine, or turn nested "
	 "virtualisation on for this virtual one"},
	{CELLHV_DRIVER_CHECK_FIRMWARE_DISABLED, NUMBER, "HardwareUnsupported",
	 "the firmware has disabled virtualisation on CPU %s: enable SVM or VT-x in its setup"},
	{CELLHV_DRIVER_CHECK_IN_USE, NUMBER, "Busy",
	 "another hypervisor uses CPU %s: stop its virtual machines, then `modprobe -r kvm_amd "
	 "kvm_intel`; where KVM takes the CPUs when it is loaded, boot with "
	 "kvm.enable_virt_at_load=0"},
	{CELLHV_DRIVER_CHECK_IMAGE_MISSING, NOTHING, "ModuleMissing",
	 "there is no /lib/firmware/" CELLHV_IMAGE_NAME
	 ": install the hypervisor image (Debian: `apt "
	 "install cellmgr-hypervisor`)"},
	{CELLHV_DRIVER_CHECK_IMAGE_FORMAT, NUMBER, "AbiMismatch",
	 "the hypervisor image has ABI version %s and does not fit the module: install both from "
	 "the same build"},
	{CELLHV_DRIVER_CHECK_NO_MEMORY, NUMBER, "NoMemory",
	 "Linux has no contiguous block of %s bytes for the hypervisor: free memory (`echo 1 > "
	 "/proc/sys/vm/compact_memory`) and try again"},
	{CELLHV_DRIVER_CHECK_ENTRY, NUMBER, "HardwareUnsupported",
	 "CPU %s could not enter the hypervisor and all went back to Linux: see `dmesg`"},
	{CELLHV_DRIVER_CHECK_ENABLED, NOTHING, "HypervisorEnabled",
	 "the hypervisor is already enabled: there is nothing to do"},
	{CELLHV_DRIVER_CHECK_DISABLED, NOTHING, "HypervisorDisabled",
	 "the hypervisor is not enabled: `systemctl start cell-hypervisor` first"},
	{CELLHV_DRIVER_CHECK_CPU_OFFLINE, NUMBER, "CpuUnavailable",
	 "CPU %s is offline, so not Linux's to give: bring it online first (`chcpu -e`)"},
	{CELLHV_DRIVER_CHECK_CPU_BUSY, NUMBER, "CpuUnavailable",
	 "Linux would not let CPU %s go: see `dmesg`, or choose another CPU"},
	{CELLHV_DRIVER_CHECK_MEMORY_IN_USE, ADDRESS, "NoMemory",
	 "Linux uses the memory at %s: take its block offline first, or leave out \"phys\""},
	{CELLHV_DRIVER_CHECK_TOO_MANY_CPUS, NUMBER, "HardwareUnsupported",
	 "%s possible CPUs are more than the hypervisor serves: boot with nr_cpus=256 or less"},
	{CELLHV_DRIVER_CHECK_NO_ROOM, ROOM, "HardwareUnsupported", "%s"},
	{CELLHV_DRIVER_CHECK_SUSPENDING, NOTHING, "Busy",
	 "the machine is about to suspend or restart: try again afterwards"},
	{CELLHV_DRIVER_CHECK_IMAGE_UNREADABLE, NUMBER, "ModuleMissing",
	 "Linux cannot read /lib/firmware/" CELLHV_IMAGE_NAME
	 " (error %s): see `dmesg`, or install "
	 "the hypervisor image again"},
	{CELLHV_DRIVER_CHECK_LINK_UNUSABLE, NUMBER, "ResourceConflict",
	 "Linux cannot use its end of link %s (from 0): `dmesg` says what its PCI function lacks"},
	{CELLHV_DRIVER_CHECK_CPU_LOST, NUMBER, "CpuUnavailable",
	 "the cell is gone, but Linux did not get CPU %s back online: `chcpu -e`, and see `dmesg`"},
	{CELLHV_DRIVER_CHECK_FUNCTION_ABSENT, FUNCTION, "ResourceConflict",
	 "there is no PCI function %s: see `lspci -D`"},
	{CELLHV_DRIVER_CHECK_FUNCTION_BUSY, FUNCTION, "ResourceConflict",
	 "Linux would not let PCI function %s go: see `dmesg`"},
	{CELLHV_DRIVER_CHECK_FUNCTION_RESET, FUNCTION, "HardwareUnsupported",
	 "PCI function %s cannot be reset: say \"reset\": \"none\" where it may keep its state"},
	{CELLHV_DRIVER_CHECK_FUNCTION_LOST, FUNCTION, "Failed",
	 "the cell is gone, but Linux's driver did not take PCI function %s back: see `dmesg`"},
	{CELLHV_DRIVER_CHECK_PIN_BUSY, NUMBER, "ResourceConflict",
	 "Linux uses interrupt %s: see /proc/interrupts"},
	{CELLHV_DRIVER_CHECK_FUNCTION_ALIAS, FUNCTION, "HardwareUnsupported",
	 "PCI function %s, or a bridge above it, makes requests with ids of other functions (a "
	 "quirk that Linux knows of), so nothing would confine it: use another device"},
};

/* Where the kernel gave no check: the plain errno still has a meaning. */
static const struct {
	int error;
	const char *name;
	const char *text;
} plain[] = {
	{EPERM, "AccessDenied", "this takes root (CAP_SYS_ADMIN)"},
	{EACCES, "AccessDenied", "this takes root (CAP_SYS_ADMIN)"},
	{ENOTTY, "AbiMismatch",
	 "the loaded module does not know this call: install module and "
	 "library from the same build"},
	{E2BIG, "AbiMismatch",
	 "the loaded module is older than this library: install both from "
	 "the same build"},
	{ENOENT, "NoSuchCell", "there is no such cell"},
	{ENODEV, "HypervisorDisabled",
	 "the hypervisor is not enabled: `systemctl start cell-hypervisor` first"},
	{ENOMEM, "NoMemory", "the kernel is out of memory: free some and try again"},
	{EBUSY, "Busy", "something else is being done with the hypervisor: try again"},
	{EINTR, "Failed", "a signal came in between: try again"},
	{ETIMEDOUT, "TimedOut", "it took too long: try again"},
};

static void render_cell(cell_context *context, int fd, uint64_t id, char text[64])
{
	struct cellhv_cell_info info = {.size = sizeof(info), .id = (uint32_t)id};

	if (driver_try(context, fd, CELLHV_IOC_CELL_INFO, &info) == 0)
		snprintf(text, 64, "%.*s", CELLHV_NAME_SIZE - 1, info.name);
	else
		snprintf(text, 64, "number %" PRIu64, id);
}

/* What runs has to be stopped before it is changed; in what has ended nobody answers. */
static const struct {
	const char *name;
	const char *text;
} states[] = {
	[CELLHV_STATE_STOPPED] = {"CellNotRunning", "is stopped: start it first"},
	[CELLHV_STATE_RUNNING] = {"CellRunning", "is running: stop it first"},
	[CELLHV_STATE_LOCKED] = {"CellRunning",
				 "is running, and has locked the configuration: stop it first"},
	[CELLHV_STATE_SHUT_DOWN] =
		{"CellNotRunning", "is shut down: it answers no more, and has to be stopped before "
				   "it is loaded or started again"},
	[CELLHV_STATE_FAILED] =
		{"CellNotRunning",
		 "has failed: it answers no more, and has to be stopped before it is "
		 "loaded or started again"},
};

/* Returns the name of the error. */
static const char *render_state(uint64_t state, char text[128])
{
	bool known = state < ELEMENTS(states) && states[state].name;

	snprintf(text, 128, "%s",
		 known ? states[state].text : "is in a state that this library does not know");
	return known ? states[state].name : "Failed";
}

static const char *const features[CELLHV_CPU_FEATURE_MAX] = {
	[CELLHV_CPU_FEATURE_NESTED_PAGING] =
		"nested paging (AMD NPT, Intel EPT with 2 MiB pages and write-back tables)",
	[CELLHV_CPU_FEATURE_UNRESTRICTED_GUEST] = "unrestricted guests (real mode under EPT)",
	[CELLHV_CPU_FEATURE_TRUE_CONTROLS] = "the true controls (IA32_VMX_TRUE_*_CTLS)",
	[CELLHV_CPU_FEATURE_NMI_EXITING] = "NMI exiting with virtual NMIs and the NMI window",
	[CELLHV_CPU_FEATURE_BITMAPS] = "MSR and I/O bitmaps",
	[CELLHV_CPU_FEATURE_STATE_SWITCH] = "loading and saving of IA32_PAT and IA32_EFER",
	[CELLHV_CPU_FEATURE_INVEPT] = "INVEPT for all contexts",
	[CELLHV_CPU_FEATURE_CONTROL_BITS] =
		"VMX operation with the CR0 and CR4 bits that Linux has set",
};

static const char *const iommu_features[CELLHV_IOMMU_FEATURE_MAX] = {
	[CELLHV_IOMMU_FEATURE_QUEUE] = "has no queue of invalidations: use another machine",
	[CELLHV_IOMMU_FEATURE_LEVELS] =
		"has no tables of 3 or 4 levels, or not those of the others: use another machine",
	[CELLHV_IOMMU_FEATURE_DOMAINS] = "knows too few domains: use another machine",
	[CELLHV_IOMMU_FEATURE_MODE] =
		"uses scalable mode or guest tables: boot with intel_iommu=sm_off or iommu=pt",
	[CELLHV_IOMMU_FEATURE_REGISTERS] =
		"has registers where the firmware names none: update the firmware",
	[CELLHV_IOMMU_FEATURE_PROTECTED] =
		"protects memory for the firmware: turn that off in its setup",
};

static const char *iommu_feature(uint64_t object)
{
	uint32_t feature = (uint32_t)object;

	return feature && feature < CELLHV_IOMMU_FEATURE_MAX ? iommu_features[feature]
							     : "lacks something unknown";
}

static void render_sentence(const struct sentence *sentence, const char *object,
			    char text[EXPLAIN_SIZE])
{
	snprintf(text, EXPLAIN_SIZE, sentence->text, object);
}

bool explain_number(uint32_t check, uint64_t number, char text[EXPLAIN_SIZE])
{
	char rendered[24];

	snprintf(rendered, sizeof(rendered), "%" PRIu64, number);
	for (size_t i = 0; i < ELEMENTS(sentences); i++)
		if (sentences[i].check == check && sentences[i].object == NUMBER) {
			render_sentence(&sentences[i], rendered, text);
			return true;
		}
	return false;
}

void explain_iommu(const struct cellhv_error *error, char text[EXPLAIN_SIZE])
{
	text[0] = '\0';
	if (!error->check || explain_number(error->check, error->object, text))
		return;

	snprintf(text, EXPLAIN_SIZE, "for a reason that this library does not know");
	for (size_t i = 0; i < ELEMENTS(sentences); i++)
		if (sentences[i].check == error->check &&
		    (sentences[i].object == UNIT || sentences[i].object == NOTHING))
			render_sentence(&sentences[i], iommu_feature(error->object), text);
}

static const struct {
	const char *what, *remedy;
} modes[CELLHV_CPU_MODE_MAX] = {
	[0] = {"Linux uses something of its CPUs that is not known here",
	       "install all from the same build"},
	[CELLHV_CPU_MODE_FRED] = {"Linux uses FRED on its CPUs", "boot with fred=off"},
	[CELLHV_CPU_MODE_SME] = {"Linux encrypts its memory (AMD SME)",
				 "boot with mem_encrypt=off"},
	[CELLHV_CPU_MODE_SEV_GUEST] = {"this is a virtual machine with encrypted memory (AMD SEV)",
				       "use one without"},
	[CELLHV_CPU_MODE_TDX_GUEST] =
		{"this is a virtual machine with encrypted memory (Intel TDX)", "use one without"},
	[CELLHV_CPU_MODE_SHADOW_STACK] = {"the kernel itself uses shadow stacks (CET)",
					  "boot one that does not"},
	[CELLHV_CPU_MODE_TRACE] = {"Intel PT traces Linux",
				   "stop what uses it (`perf record -e intel_pt//`)"},
	[CELLHV_CPU_MODE_INVLPGB] = {"this CPU has INVLPGB, but not for guests",
				     "use another machine, or take it from the virtual one"},
	[CELLHV_CPU_MODE_UNLIKE] =
		{"the CPUs differ in the addresses or instructions that all have to have",
		 "boot with maxcpus= for those that are alike"},
};

void explain_cpu_mode(uint64_t mode, const char **what, const char **remedy)
{
	mode = mode < CELLHV_CPU_MODE_MAX ? mode : 0;
	*what = modes[mode].what;
	*remedy = modes[mode].remedy;
}

void explain_no_room(uint64_t object, char what[EXPLAIN_ROOM_SIZE], char remedy[EXPLAIN_ROOM_SIZE])
{
	const uint32_t online = CELLHV_NO_ROOM_ONLINE(object), room = CELLHV_NO_ROOM_ROOM(object);

	snprintf(what, EXPLAIN_ROOM_SIZE,
		 "%" PRIu32 " CPUs are online, and the hypervisor has room for %" PRIu32, online,
		 room);
	snprintf(remedy, EXPLAIN_ROOM_SIZE,
		 "take some offline first (`chcpu -d ...`), or boot with nr_cpus=%" PRIu32
		 " or, where cores have two threads, with nosmt",
		 room);
}

static void render_room(uint64_t object, char *rendered, size_t size)
{
	char what[EXPLAIN_ROOM_SIZE], remedy[EXPLAIN_ROOM_SIZE];

	explain_no_room(object, what, remedy);
	snprintf(rendered, size, "%s: %s", what, remedy);
}

static void explain_check(cell_context *context, int fd, const struct sentence *sentence,
			  uint64_t object, const char *what)
{
	const uint64_t mode = object < CELLHV_CPU_MODE_MAX ? object : 0;
	const char *name = sentence->name;
	char rendered[2 * EXPLAIN_ROOM_SIZE + 4] = "", reason[EXPLAIN_SIZE];

	if (sentence->object == NUMBER)
		snprintf(rendered, sizeof(rendered), "%" PRIu64, object);
	else if (sentence->object == ADDRESS)
		snprintf(rendered, sizeof(rendered), "0x%" PRIx64, object);
	else if (sentence->object == CELL)
		render_cell(context, fd, object, rendered);
	else if (sentence->object == STATE)
		name = render_state(object, rendered);
	else if (sentence->object == MODE)
		snprintf(rendered, sizeof(rendered), "%s: %s", modes[mode].what,
			 modes[mode].remedy);
	else if (sentence->object == ROOM)
		render_room(object, rendered, sizeof(rendered));
	else if (sentence->object == UNIT)
		snprintf(rendered, sizeof(rendered), "%s", iommu_feature(object));
	else if (sentence->object == FUNCTION)
		snprintf(rendered, sizeof(rendered), PCI_NAME, PCI_NAME_OF(object));
	else if (sentence->object == FEATURE)
		snprintf(rendered, sizeof(rendered), "%s",
			 object && object < CELLHV_CPU_FEATURE_MAX ? features[object]
								   : "something unknown");

	render_sentence(sentence, rendered, reason);
	context_set_error(context, name, "Cannot %s: %s.", what, reason);
}

void explain_failure(cell_context *context, int fd, int result, const struct cellhv_error *error,
		     const char *what)
{
	if (error && error->check == CELLHV_CHECK_CONFIG_FORMAT &&
	    error->object == offsetof(struct cellhv_config_header, version)) {
		context_set_error(
			context, "AbiMismatch",
			"Cannot %s: the hypervisor takes no binary configuration of "
			"version %d: install library, module and hypervisor from the same "
			"build, and reload the module.",
			what, CELLHV_CONFIG_VERSION);
		return;
	}
	for (size_t i = 0; error && error->check && i < ELEMENTS(sentences); i++) {
		if (sentences[i].check != error->check)
			continue;
		explain_check(context, fd, &sentences[i], error->object, what);
		return;
	}
	for (size_t i = 0; i < ELEMENTS(plain); i++) {
		if (plain[i].error != -result)
			continue;
		context_set_error(context, plain[i].name, "Cannot %s: %s.", what, plain[i].text);
		return;
	}
	context_set_error(context, "Failed", "Cannot %s: %s.", what, strerror(-result));
}
