// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "linux/kernel_file.h"

#define SECTOR 512
#define SETUP_SECTORS 0x1f1
#define BOOT_FLAG 0x1fe
#define HEADER_LENGTH 0x201
#define MAGIC 0x202
#define VERSION 0x206
#define RELEASE 0x20e
#define LOAD_FLAGS 0x211
#define INITRD_MAX 0x22c
#define ALIGNMENT 0x230
#define RELOCATABLE 0x234
#define XLOADFLAGS 0x236
#define COMMAND_LINE_SIZE 0x238
#define PREFERRED 0x258
#define INIT_SIZE 0x260
#define HEADER_LEAST 0x264 /* of version 2.12 */

#define VERSION_LEAST 0x20c
#define LOADED_HIGH 0x1
#define XLF_KERNEL_64 0x1
#define ALIGNMENT_MAX (1u << 30)

static uint16_t get16(const uint8_t *data, size_t offset)
{
	uint16_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *data, size_t offset)
{
	uint32_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *data, size_t offset)
{
	return get32(data, offset) | (uint64_t)get32(data, offset + 4) << 32;
}

static const char *check_header(const uint8_t *data, size_t size)
{
	if (size < HEADER_LEAST || get16(data, BOOT_FLAG) != 0xaa55 ||
	    memcmp(data + MAGIC, "HdrS", 4) != 0)
		return "is not a Linux kernel for PCs (bzImage or vmlinux)";
	if (get16(data, VERSION) < VERSION_LEAST)
		return "is a kernel from before Linux 3.8: it cannot be entered in 64-bit mode";
	if (!(get16(data, XLOADFLAGS) & XLF_KERNEL_64))
		return "is a 32-bit kernel: take one for x86-64";
	if (!data[RELOCATABLE] || !(data[LOAD_FLAGS] & LOADED_HIGH))
		return "is a kernel without CONFIG_RELOCATABLE";
	return NULL;
}

static const char *check_values(const struct linux_kernel *kernel, size_t size, size_t setup_size,
				size_t header_end)
{
	uint32_t alignment = kernel->alignment;

	if (!alignment || alignment & (alignment - 1) || alignment > ALIGNMENT_MAX)
		return KERNEL_DAMAGED;
	if (header_end > KERNEL_HEADER_MAX || header_end > setup_size)
		return KERNEL_DAMAGED;
	if (setup_size + KERNEL_ENTRY >= size)
		return KERNEL_CUT;
	if (kernel->init_size < size - setup_size || kernel->preferred > UINT32_MAX)
		return KERNEL_DAMAGED;
	return NULL;
}

/* It is in the setup part, as a text. */
static void read_release(struct linux_kernel *kernel, const uint8_t *data, size_t setup_size)
{
	size_t at = (size_t)get16(data, RELEASE) + SECTOR;

	if (at > SECTOR && at < setup_size)
		kernel_set_release(kernel, data + at, setup_size - at);
}

const char *bzimage_parse(const uint8_t *data, size_t size, struct linux_kernel *ret)
{
	const char *wrong = check_header(data, size);
	size_t setup_size, header_end;

	if (wrong)
		return wrong;

	setup_size = ((data[SETUP_SECTORS] ?: 4u) + 1) * SECTOR;
	header_end = MAGIC + (size_t)data[HEADER_LENGTH];
	ret->entry = KERNEL_ENTRY;
	ret->init_size = get32(data, INIT_SIZE);
	ret->alignment = get32(data, ALIGNMENT);
	ret->command_line = get32(data, COMMAND_LINE_SIZE);
	ret->initrd_end = (uint64_t)get32(data, INITRD_MAX) + 1;
	ret->preferred = get64(data, PREFERRED);
	wrong = check_values(ret, size, setup_size, header_end);
	if (wrong)
		return wrong;

	ret->pieces[ret->n_pieces++] =
		(struct linux_piece){.data = data + setup_size, .size = size - setup_size};
	ret->header_size = header_end - KERNEL_HEADER;
	memcpy(ret->header, data + KERNEL_HEADER, ret->header_size);
	read_release(ret, data, setup_size);
	return NULL;
}
