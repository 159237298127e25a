// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/finding.h"

#include <stdarg.h>
#include <stdio.h>

void finding_set(struct finding *finding, enum cell_check_result result, const char *format, ...)
{
	va_list args;

	finding->result = result;
	va_start(args, format);
	vsnprintf(finding->message, sizeof(finding->message), format, args);
	va_end(args);
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->remedy, sizeof(finding->remedy), format, args);
	va_end(args);
}
