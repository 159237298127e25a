// SPDX-License-Identifier: LGPL-2.1-or-later
/* The file is whatever a user names: nothing of it is believed before it is looked at here. */
#include "linux/kernel.h"

#include <string.h>

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

/* The first word of a text in the setup part; what is not a file name's is none. */
static void read_release(struct linux_kernel *kernel)
{
	size_t at = (size_t)get16(kernel->data, RELEASE) + SECTOR, length = 0;

	kernel->release[0] = '\0';
	if (at == SECTOR)
		return;
	while (length + 1 < sizeof(kernel->release) && at + length < kernel->setup_size) {
		uint8_t c = kernel->data[at + length];

		if (c <= ' ' || c > '~' || c == '/')
			break;
		kernel->release[length++] = (char)c;
	}
	kernel->release[length] = '\0';
}

static const char *check_header(const uint8_t *data, size_t size)
{
	if (size >= 4 && memcmp(data,
				"\x7f"
				"ELF",
				4) == 0)
		return "is an ELF file: take the kernel's bzImage, which distributions install as "
		       "/boot/vmlinuz-VERSION";
	if (size < HEADER_LEAST || get16(data, BOOT_FLAG) != 0xaa55 ||
	    memcmp(data + MAGIC, "HdrS", 4) != 0)
		return "is not a Linux kernel for PCs (bzImage)";
	if (get16(data, VERSION) < VERSION_LEAST)
		return "is a kernel from before Linux 3.8: it cannot be entered in 64-bit mode";
	if (!(get16(data, XLOADFLAGS) & XLF_KERNEL_64))
		return "is a 32-bit kernel: take one for x86-64";
	if (!data[RELOCATABLE] || !(data[LOAD_FLAGS] & LOADED_HIGH))
		return "is a kernel without CONFIG_RELOCATABLE";
	return NULL;
}

static const char damaged[] = "is a damaged kernel: its header cannot be. Install it again";

static const char *check_values(const struct linux_kernel *kernel)
{
	uint32_t alignment = kernel->alignment;

	if (!alignment || alignment & (alignment - 1) || alignment > ALIGNMENT_MAX)
		return damaged;
	if (kernel->header_end > KERNEL_HEADER_MAX || kernel->header_end > kernel->setup_size)
		return damaged;
	if (kernel->setup_size + KERNEL_ENTRY >= kernel->size)
		return "is a kernel of which only the beginning is there. Install it again";
	if (kernel->init_size < kernel->size - kernel->setup_size || kernel->preferred > UINT32_MAX)
		return damaged;
	return NULL;
}

const char *kernel_parse(const void *data, size_t size, struct linux_kernel *ret)
{
	const uint8_t *bytes = data;
	const char *wrong = check_header(bytes, size);

	if (wrong)
		return wrong;

	*ret = (struct linux_kernel){
		.data = bytes,
		.size = size,
		.setup_size = ((bytes[SETUP_SECTORS] ?: 4u) + 1) * SECTOR,
		.header_end = MAGIC + (size_t)bytes[HEADER_LENGTH],
		.init_size = get32(bytes, INIT_SIZE),
		.alignment = get32(bytes, ALIGNMENT),
		.command_line = get32(bytes, COMMAND_LINE_SIZE),
		.initrd_end = (uint64_t)get32(bytes, INITRD_MAX) + 1,
		.preferred = get64(bytes, PREFERRED),
	};
	wrong = check_values(ret);
	if (!wrong)
		read_release(ret);
	return wrong;
}
