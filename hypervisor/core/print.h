/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own console: a ring that survives a warm reset, and a UART where one is named.
 */
#ifndef CORE_PRINT_H
#define CORE_PRINT_H

#include <stdarg.h>

#include "core/ring.h"

extern struct ring print_ring;

void print_init(void);
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Prints whatever lock is held, as nothing else will. */
void print_force_unlock(void);

#endif
