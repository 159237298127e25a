/* SPDX-License-Identifier: GPL-2.0-only */
/* A broken invariant of the hypervisor itself: report, stop every CPU. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <stdbool.h>

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Another CPU has panicked: this one has to stop too. */
extern bool panicked;
_Noreturn void panic_stop(void);

#endif
