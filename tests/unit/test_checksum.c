/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "check.h"
#include "core/checksum.h"

TEST(known_values)
{
	uint8_t zeros[32] = {0};

	CHECK_EQ(checksum_crc32(0, "", 0), 0);
	CHECK_EQ(checksum_crc32(0, "123456789", 9), 0xcbf43926);
	CHECK_EQ(checksum_crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
	CHECK_EQ(checksum_crc32(0, zeros, 32), 0x190a55ad);
}

TEST(parts_are_as_good_as_the_whole)
{
	for (size_t i = 0; i <= 9; i++)
		CHECK_EQ(checksum_crc32(checksum_crc32(0, "123456789", i), "123456789" + i, 9 - i),
			 0xcbf43926);
}

TEST(the_field_itself_does_not_count)
{
	uint8_t block[32] = {0};

	memset(block + 20, 0xaa, 4);
	CHECK_EQ(checksum_config(block, 32), 0x190a55ad);
	block[19] = 1;
	CHECK(checksum_config(block, 32) != 0x190a55ad);
	block[19] = 0;
	block[24] = 1;
	CHECK(checksum_config(block, 32) != 0x190a55ad);
}
