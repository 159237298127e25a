// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/kernel.h"

#include <elf.h>
#include <string.h>

#include "linux/kernel_file.h"

const char *kernel_parse(const void *data, size_t size, struct linux_kernel *ret)
{
	const char *wrong;

	*ret = (struct linux_kernel){0};
	wrong = size >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0
			? vmlinux_parse(data, size, ret)
			: bzimage_parse(data, size, ret);
	return wrong;
}

void kernel_set_release(struct linux_kernel *kernel, const uint8_t *text, size_t size)
{
	size_t length = 0;

	while (length + 1 < sizeof(kernel->release) && length < size) {
		uint8_t c = text[length];

		if (c <= ' ' || c > '~' || c == '/')
			break;
		kernel->release[length++] = (char)c;
	}
	kernel->release[length] = '\0';
}
