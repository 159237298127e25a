/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as management calls, on the fake architecture. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fake-arch/calls.h"
#include "../fake-arch/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void fake_broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	calls_run(data, size);
	return 0;
}
