/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as an instruction: the first one says in which mode. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmio_instruction whole, part;
	struct decode_mode mode;
	int err;

	if (size == 0)
		return 0;

	mode = (struct decode_mode){.long_mode_code = data[0] & 1, .code32 = data[0] & 2};
	err = decode_mmio(data + 1, size - 1, &mode, &whole);
	if (err) {
		require(err == -EINVAL || (err == -ENODATA && size - 1 < DECODE_MAX_LENGTH));
		return 0;
	}

	require(whole.length < size && whole.length <= DECODE_MAX_LENGTH);
	require(decode_mmio(data + 1, whole.length, &mode, &part) == 0);
	require(part.length == whole.length && part.reg == whole.reg && whole.reg < 16);
	require(decode_mmio(data + 1, whole.length - 1u, &mode, &part) == -ENODATA);
	if (!whole.is_write)
		decode_merge_read(&whole, 0, 0);
	else
		decode_value_to_write(&whole, 0);
	return 0;
}
