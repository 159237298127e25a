/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/print.h"

#include "core/arch.h"
#include "core/lock.h"
#include "core/string.h"

#define PRINT_RING_SIZE 8192u
#define PRINT_LINE_SIZE 256u

/* The signature lets a memory dump be searched for the log of a machine that stopped. */
static struct {
	char signature[16];
	uint8_t data[PRINT_RING_SIZE];
} print_log = {.signature = "cellhv RAM log:"};

struct ring print_ring;
static struct spinlock print_lock;

void print_init(void)
{
	ring_init(&print_ring, print_log.data, PRINT_RING_SIZE);
}

void print_list(const char *format, va_list args)
{
	char line[PRINT_LINE_SIZE];

	string_vformat(line, sizeof(line), format, args);

	lock_acquire(&print_lock);
	for (const char *c = line; *c; c++) {
		ring_put(&print_ring, *c);
		arch_debug_put(*c);
	}
	lock_release(&print_lock);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_list(format, args);
	va_end(args);
}

void print_force_unlock(void)
{
	lock_release(&print_lock);
}
