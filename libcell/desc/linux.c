// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "desc/image.h"
#include "driver/inventory.h"
#include "driver/lifecycle.h"
#include "host/acpi.h"
#include "linux/boot.h"
#include "text/number.h"

#define KERNEL_MAX (512ull << 20)
#define INITRD_MAX (1ull << 31)
#define KERNEL_CONFIG_MAX (4u << 20)

static void report_beside(cell_desc *desc, bool is_there, const char *pointer, const char *instead)
{
	if (is_there && !diag_has_error_at(&desc->doc.diags, pointer))
		desc_report(desc, CELL_ERROR, "beside-linux", pointer,
			    "this cannot stand beside \"linux\", %s", instead);
}

void linux_settle(cell_desc *desc)
{
	if (!desc->kernel.wanted)
		return;

	report_beside(desc, desc->n_images, "/images", "which says what is loaded");
	report_beside(desc, desc->command_line, "/command-line",
		      "which has a \"command-line\" of its own");
	report_beside(desc, desc->entry, "/entry", "which is entered where it is loaded");
	report_beside(desc, desc->comm_revision != CELLHV_COMM_REVISION, "/comm-revision",
		      "which needs the latest revision");
	report_beside(desc, desc->flags & CELLHV_CELL_STRICT_MSRS, "/msr-policy",
		      "which tries MSRs");
	report_beside(desc, desc->comm != UINT64_MAX && desc->comm > UINT32_MAX, "/comm/at",
		      "which needs the comm page below 4 GiB");
	desc->flags |= CELLHV_CELL_PLATFORM_PC | CELLHV_CELL_PASSIVE_COMM;
	desc->entry = LINUX_LOADER;
}

/* In the kernel's directory, which is where distributions have it, else in /boot. */
static int open_kernel_config(const cell_desc *desc, const char *release)
{
	const char *file = desc->kernel.file, *slash = strrchr(file, '/');
	int length = slash ? (int)(slash + 1 - file) : 0, fd;
	char path[PATH_MAX];
	uint64_t size;

	if (length > PATH_MAX / 2)
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%.*sconfig-%s", length, file, release);
	fd = image_open(desc, path, &size);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	return image_open(desc, path, &size);
}

/* A kernel that knows the hypervisor by its own name takes more from it; others know KVM. */
static int choose_signature(cell_desc *desc, const char *release)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	size_t size;
	int r;

	if (desc->has_signature)
		return 0;
	desc->flags |= CELLHV_CELL_SIGNATURE_KVM;
	r = fd = *release ? open_kernel_config(desc, release) : -ENOENT;
	if (fd >= 0)
		r = file_load_fd(fd, KERNEL_CONFIG_MAX, &text, &size);
	if (r == -ENOMEM)
		return context_oom(desc->context);
	if (r >= 0 && strstr(text, "\nCONFIG_JAILHOUSE_GUEST=y\n"))
		desc->flags &= ~CELLHV_CELL_SIGNATURE_KVM;
	return 0;
}

static bool is_file_known(const cell_desc *desc, const char *file, const char *pointer)
{
	return file && !diag_has_error_at(&desc->doc.diags, pointer);
}

static void check_command_line(cell_desc *desc, const struct linux_kernel *kernel)
{
	size_t max = LINUX_COMMAND_LINE_ROOM - 1, length;

	if (!desc->kernel.command_line)
		return;
	if (kernel->command_line < max)
		max = kernel->command_line;
	max = max > BOOT_COMMAND_LINE_MAX ? max - BOOT_COMMAND_LINE_MAX : 0;
	length = strlen(desc->kernel.command_line);
	if (length > max)
		desc_report(desc, CELL_ERROR, "command-line-long", "/linux/command-line",
			    "the command line has %zu bytes: this kernel takes up to %zu beside "
			    "what every cell's begins with",
			    length, max);
}

static int desc_ram(const cell_desc *desc, struct ranges *ret)
{
	for (size_t i = 0; i < desc->n_memory; i++) {
		const struct desc_memory *memory = &desc->memory[i];
		int r = 0;

		if (blob_is_program_ram(memory->flags))
			r = ranges_add(ret, memory->guest, memory->size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The rest of a sentence about `what` of the cell. */
static const char *lack_text(enum layout_lack lack, const struct linux_kernel *kernel,
			     uint64_t initrd_size, char text[256])
{
	char need[32];

	number_format_size(layout_need(kernel, initrd_size), need);
	if (lack == LAYOUT_NO_LOW)
		snprintf(text, 256,
			 "Linux needs memory from 0 on, all of the first MiB: give \"memory\" as a "
			 "size instead of regions, from %s on",
			 need);
	else
		snprintf(text, 256,
			 "the kernel %s %" PRIu64 " bytes from 0x%" PRIx64
			 " on%s: it needs %s, and more to run programs",
			 kernel->is_fixed ? "takes" : "unpacks itself to",
			 (uint64_t)kernel->init_size, kernel->preferred,
			 lack == LAYOUT_NO_INITRD ? ", and the initrd does not fit beside it" : "",
			 need);
	return text;
}

static int check_layout(cell_desc *desc, const struct linux_kernel *kernel, uint64_t initrd_size)
{
	_cleanup_ranges_ struct ranges ram = {0};
	struct linux_layout layout;
	enum layout_lack lack;
	char text[256];

	if (!desc_memory_known(desc) || diag_has_error_at(&desc->doc.diags, "/memory"))
		return 0;
	if (desc_ram(desc, &ram) < 0)
		return context_oom(desc->context);

	lack = layout_find(kernel, initrd_size, &ram, &layout);
	if (lack != LAYOUT_FITS)
		desc_report(desc, CELL_ERROR, "memory-too-small", "/memory", "%s",
			    lack_text(lack, kernel, initrd_size, text));
	return 0;
}

static int check_kernel(cell_desc *desc, uint64_t initrd_size)
{
	_cleanup_free_ char *data = NULL;
	struct linux_kernel kernel;
	const char *wrong;
	size_t size;
	int r;

	r = image_read(desc, desc->kernel.file, KERNEL_MAX, &data, &size);
	if (r == -ENOMEM)
		return r;
	wrong = r < 0 ? "is not a Linux kernel for PCs (bzImage or vmlinux)"
		      : kernel_parse(data, size, &kernel);
	if (wrong) {
		desc_report(desc, CELL_ERROR, "bad-kernel", "/linux/kernel", "%.256s %s",
			    desc->kernel.file, wrong);
		return 0;
	}
	check_command_line(desc, &kernel);
	r = choose_signature(desc, kernel.release);
	return r < 0 ? r : check_layout(desc, &kernel, initrd_size);
}

static bool check_initrd(cell_desc *desc, uint64_t *ret_size)
{
	*ret_size = 0;
	if (!desc->kernel.initrd)
		return true;
	if (!is_file_known(desc, desc->kernel.initrd, "/linux/initrd") ||
	    !image_check_file(desc, "/linux/initrd", desc->kernel.initrd, ret_size))
		return false;
	if (*ret_size <= INITRD_MAX)
		return true;
	desc_report(desc, CELL_ERROR, "image-too-large", "/linux/initrd",
		    "%.256s is larger than 2 GiB: no kernel takes that", desc->kernel.initrd);
	return false;
}

int linux_check(cell_desc *desc)
{
	uint64_t size, initrd_size = 0;
	bool has_kernel, has_initrd;

	if (!desc->kernel.wanted)
		return 0;

	has_initrd = check_initrd(desc, &initrd_size);
	has_kernel = is_file_known(desc, desc->kernel.file, "/linux/kernel") &&
		     image_check_file(desc, "/linux/kernel", desc->kernel.file, &size);
	return has_kernel ? check_kernel(desc, has_initrd ? initrd_size : 0) : 0;
}

void linux_check_files(cell_desc *desc)
{
	uint64_t size;

	if (is_file_known(desc, desc->kernel.file, "/linux/kernel"))
		image_check_file(desc, "/linux/kernel", desc->kernel.file, &size);
	check_initrd(desc, &size);
}

/* Everything while it is loaded. */
struct loading {
	const cell_cell *cell;
	cell_desc *desc;
	struct linux_machine machine;
	struct linux_kernel kernel;
	char *kernel_data;
	char *initrd_data;
	size_t initrd_size;
	struct linux_layout layout;
};

static int read_file(struct loading *now, const char *file, uint64_t max, char **ret_data,
		     size_t *ret_size)
{
	int r = image_read(now->desc, file, max, ret_data, ret_size);

	if (r == -EFBIG)
		return context_fail(now->desc->context, r, "ImageTooLarge",
				    "The file %s is larger than %" PRIu64 " bytes.", file, max);
	return r < 0 ? r : 0;
}

static int read_files(struct loading *now)
{
	const struct desc_kernel *files = &now->desc->kernel;
	const char *wrong;
	size_t size;
	int r;

	r = read_file(now, files->file, KERNEL_MAX, &now->kernel_data, &size);
	if (r < 0)
		return r;
	wrong = kernel_parse(now->kernel_data, size, &now->kernel);
	if (wrong)
		return context_fail(now->desc->context, -EINVAL, "InvalidConfiguration", "%s %s.",
				    files->file, wrong);
	return files->initrd ? read_file(now, files->initrd, INITRD_MAX, &now->initrd_data,
					 &now->initrd_size)
			     : 0;
}

static int find_layout(struct loading *now)
{
	_cleanup_ranges_ struct ranges ram = {0};
	enum layout_lack lack;
	char text[256];

	if (boot_ram(&now->machine, &ram) < 0)
		return context_oom(now->desc->context);

	lack = layout_find(&now->kernel, now->initrd_size, &ram, &now->layout);
	if (lack == LAYOUT_FITS)
		return 0;
	return context_fail(now->desc->context, -EFBIG, "ImageTooLarge",
			    "The cell's memory is too small: %s.",
			    lack_text(lack, &now->kernel, now->initrd_size, text));
}

static int load_boot(struct loading *now)
{
	_cleanup_free_ struct linux_boot *boot = malloc(sizeof(*boot));
	int r;

	if (!boot)
		return context_oom(now->desc->context);

	r = boot_write(&now->machine, &now->kernel, &now->layout, (uint32_t)now->initrd_size,
		       now->desc->kernel.command_line, boot);
	if (r == -ENOMEM)
		return context_oom(now->desc->context);
	if (r < 0)
		return context_fail(now->desc->context, r, "InvalidConfiguration",
				    "The kernel's command line is too long.");

	r = lifecycle_load(now->cell, LINUX_ZERO_PAGE, boot->low, sizeof(boot->low));
	return r < 0 ? r : lifecycle_load(now->cell, LINUX_TABLES, boot->high, sizeof(boot->high));
}

static int load_kernel(struct loading *now)
{
	int r = 0;

	for (size_t i = 0; i < now->kernel.n_pieces && r >= 0; i++) {
		const struct linux_piece *piece = &now->kernel.pieces[i];

		r = lifecycle_load(now->cell, now->layout.kernel + piece->offset, piece->data,
				   piece->size);
	}
	return r;
}

static int load_all(struct loading *now)
{
	int r = read_files(now);

	if (r == 0)
		r = find_layout(now);
	if (r == 0)
		r = load_boot(now);
	if (r >= 0)
		r = load_kernel(now);
	if (r >= 0 && now->initrd_size)
		r = lifecycle_load(now->cell, now->layout.initrd, now->initrd_data,
				   now->initrd_size);
	return r;
}

/* As the cell was made, which need not be as its description says by now. */
static const struct cellhv_cell_config *config_of(const cell_cell *cell,
						  const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (inventory->cells[i].info.id == cell->id)
			return inventory->cells[i].config;
	return NULL;
}

static void fill_machine(struct loading *now)
{
	struct acpi *acpi = malloc(sizeof(*acpi));

	if (!acpi)
		return;
	acpi_read(now->desc->context->root, acpi);
	now->machine.pm_timer_port = acpi->pm_timer_port;
	now->machine.mmconfig_base = acpi->mmconfig_base;
	now->machine.mmconfig_end_bus = acpi->mmconfig_end_bus;
	free(acpi);
}

int linux_load(const cell_cell *cell, cell_desc *desc)
{
	struct loading now = {.cell = cell, .desc = desc};
	struct inventory inventory;
	int r;

	r = inventory_read(desc->context, cell->hv->fd, &inventory);
	if (r < 0)
		return r;

	fill_machine(&now);
	now.machine.cell = config_of(cell, &inventory);
	r = now.machine.cell ? load_all(&now)
			     : context_fail(desc->context, -ENOENT, "NoSuchCell",
					    "The cell %s is gone.", cell->name);
	free(now.kernel_data);
	free(now.initrd_data);
	inventory_clear(&inventory);
	return r;
}
