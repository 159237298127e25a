// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bzimage.h"

#include <string.h>

#define RELEASE_AT 0x300 /* less the sector that the header does not count */

static void put(uint8_t *data, unsigned offset, uint64_t value, unsigned size)
{
	memcpy(data + offset, &value, size);
}

void bzimage_make(uint8_t data[BZIMAGE_SIZE])
{
	memset(data, 0, BZIMAGE_SIZE);
	put(data, 0x1f1, 1, 1); /* sectors, and the first */
	put(data, 0x1fe, 0xaa55, 2);
	put(data, 0x200, 0x6aeb, 2);	 /* the header ends at 26Ch */
	put(data, 0x202, 0x53726448, 4); /* "HdrS" */
	put(data, 0x206, 0x20f, 2);
	put(data, 0x20e, RELEASE_AT - 0x200, 2);
	put(data, 0x211, 1, 1);
	put(data, 0x22c, 0x7fffffff, 4);
	put(data, 0x230, 0x200000, 4);
	put(data, 0x234, 1, 1);
	put(data, 0x236, 1, 2);
	put(data, 0x238, 2047, 4);
	put(data, 0x258, 0x1000000, 8);
	put(data, 0x260, BZIMAGE_INIT_SIZE, 4);
	strcpy((char *)data + RELEASE_AT, "6.1.0-test (builder) #1");
}

void bzimage_install(const struct sysroot *root)
{
	uint8_t data[BZIMAGE_SIZE];

	bzimage_make(data);
	sysroot_write_bytes(root, "/boot/vmlinuz", data, sizeof(data));
	sysroot_write_bytes(root, "/boot/vmlinuz-cut", data, 0x400);
	sysroot_write(root, "/boot/config-6.1.0-test", "\n# CONFIG_JAILHOUSE_GUEST is not set\n");
	strcpy((char *)data + RELEASE_AT, "6.1.0-guest (builder) #1");
	sysroot_write_bytes(root, "/boot/vmlinuz-guest", data, sizeof(data));
	sysroot_write(root, "/boot/config-6.1.0-guest", "\nCONFIG_JAILHOUSE_GUEST=y\n");
	sysroot_write(root, "/boot/initrd.img", "initrd");
}
