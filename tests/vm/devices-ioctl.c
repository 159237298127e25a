/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To be preloaded: gives configurations what no description would say, so that the kernel is asked
 * what libcell never asks. CELL_CREATE gets the functions
 * FUNCTIONS="BUS:DEVICE.FUNCTION[=FLAGS[+SIZE]]
 * ..." with their BARs as Linux has them, SIZE bytes more in the first one; and the pins
 * PINS="IOAPIC:PIN[=FLAGS] ...". Flags are those of config.h. Why CELL_CREATE or CELL_DESTROY has
 * failed goes to standard error as "check NAME, object NUMBER".
 */
#define _GNU_SOURCE
#include <cellhv/driver.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checksum.h"

typedef int (*ioctl_function)(int fd, unsigned long request, ...);

/* A copy of a configuration that grows. */
struct blob {
	unsigned char bytes[CELLHV_CONFIG_MAX_SIZE];
	size_t size;
};

static struct cellhv_config_header *header(struct blob *blob)
{
	return (void *)blob->bytes;
}

static void append(struct blob *blob, size_t position, const void *entries, size_t count,
		   size_t entry)
{
	struct cellhv_section *section = (void *)(blob->bytes + position);

	if (!count)
		return;
	blob->size = (blob->size + 7) & ~(size_t)7;
	*section =
		(struct cellhv_section){(uint32_t)blob->size, (uint32_t)count, (uint32_t)entry, 0};
	memcpy(blob->bytes + blob->size, entries, count * entry);
	blob->size += count * entry;
	header(blob)->total_size = (uint32_t)blob->size;
	header(blob)->checksum = checksum_config(blob->bytes, blob->size);
}

/* Lines "START END FLAGS", six of BARs first. */
static void read_bars(const char *name, struct cellhv_function *function)
{
	unsigned long long start, end, flags;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/0000:%s/resource", name);
	file = fopen(path, "r");
	for (int i = 0; file && i < CELLHV_FUNCTION_BARS; i++)
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) == 3 && flags)
			function->bars[i] = (struct cellhv_bar){start, end - start + 1};
	if (file)
		fclose(file);
}

static int parse_function(const char *text, struct cellhv_function *function)
{
	unsigned bus, device, number, flags = 0, more = 0;
	char name[16];

	if (sscanf(text, "%x:%x.%x=%x+%x", &bus, &device, &number, &flags, &more) < 3)
		return 0;

	*function = (struct cellhv_function){
		.address = (uint16_t)(bus << 8 | device << 3 | number),
		.flags = (uint16_t)flags,
		.num_requesters = 1,
	};
	function->requesters[0] = function->address;
	snprintf(name, sizeof(name), "%02x:%02x.%x", bus & 0xff, device & 0x1f, number & 7);
	read_bars(name, function);
	function->bars[0].size += more;
	return 1;
}

static int parse_pin(const char *text, struct cellhv_pin *pin)
{
	unsigned long long ioapic;
	unsigned number, flags = 0;

	if (sscanf(text, "%llx:%u=%x", &ioapic, &number, &flags) < 2)
		return 0;
	*pin = (struct cellhv_pin){.ioapic = ioapic, .pin = number, .flags = flags};
	return 1;
}

static const char *next_word(const char *text)
{
	const char *space = text ? strchr(text, ' ') : NULL;

	return space ? space + 1 : NULL;
}

static void add_functions(struct blob *blob)
{
	struct cellhv_function functions[CELLHV_MAX_FUNCTIONS];
	size_t count = 0;

	for (const char *word = getenv("FUNCTIONS"); word && count < CELLHV_MAX_FUNCTIONS;
	     word = next_word(word))
		count += (size_t)parse_function(word, &functions[count]);
	append(blob, offsetof(struct cellhv_cell_config, functions), functions, count,
	       sizeof(functions[0]));
}

static void add_pins(struct blob *blob)
{
	struct cellhv_pin pins[CELLHV_MAX_PINS];
	size_t count = 0;

	for (const char *word = getenv("PINS"); word && count < CELLHV_MAX_PINS;
	     word = next_word(word))
		count += (size_t)parse_pin(word, &pins[count]);
	append(blob, offsetof(struct cellhv_cell_config, pins), pins, count, sizeof(pins[0]));
}

static void fill(struct blob *blob, uint64_t config, uint32_t size)
{
	if (size > sizeof(blob->bytes) / 2)
		abort();
	memset(blob, 0, sizeof(*blob));
	memcpy(blob->bytes, (const void *)(uintptr_t)config, size);
	blob->size = size;
}

static const struct {
	uint32_t check;
	const char *name;
} checks[] = {
	{CELLHV_CHECK_CONFIG_FORMAT, "config-format"},
	{CELLHV_CHECK_CONFIG_FUNCTION, "config-function"},
	{CELLHV_CHECK_CONFIG_PIN, "config-pin"},
	{CELLHV_CHECK_FUNCTION_OWNED, "function-owned"},
	{CELLHV_CHECK_FUNCTION_DIFFERS, "function-differs"},
	{CELLHV_CHECK_PIN_NONE, "pin-none"},
	{CELLHV_CHECK_PIN_OWNED, "pin-owned"},
	{CELLHV_CHECK_FUNCTION_PATH, "function-path"},
	{CELLHV_CHECK_FUNCTION_OVERLAPPED, "function-overlapped"},
	{CELLHV_DRIVER_CHECK_FUNCTION_ABSENT, "function-absent"},
	{CELLHV_DRIVER_CHECK_FUNCTION_BUSY, "function-busy"},
	{CELLHV_DRIVER_CHECK_FUNCTION_RESET, "function-reset"},
	{CELLHV_DRIVER_CHECK_FUNCTION_LOST, "function-lost"},
	{CELLHV_DRIVER_CHECK_FUNCTION_ALIAS, "function-alias"},
	{CELLHV_DRIVER_CHECK_PIN_BUSY, "pin-busy"},
};

static int tell(int result, const struct cellhv_error *error)
{
	const char *name = "another";
	int saved = errno;

	if (result >= 0)
		return result;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].check == error->check)
			name = checks[i].name;
	fprintf(stderr, "check %s, object 0x%llx\n", name, (unsigned long long)error->object);
	errno = saved;
	return result;
}

static int create(ioctl_function next, int fd, struct cellhv_cell_create *create)
{
	struct cellhv_cell_create changed = *create;
	struct blob blob;
	int result;

	fill(&blob, create->config, create->config_size);
	add_functions(&blob);
	add_pins(&blob);
	changed.config = (uintptr_t)blob.bytes;
	changed.config_size = (uint32_t)blob.size;
	result = next(fd, CELLHV_IOC_CELL_CREATE, &changed);
	create->id = changed.id;
	create->error = changed.error;
	return tell(result, &changed.error);
}

static int destroy(ioctl_function next, int fd, struct cellhv_cell_op *op)
{
	return tell(next(fd, CELLHV_IOC_CELL_DESTROY, op), &op->error);
}

int ioctl(int fd, unsigned long request, ...)
{
	ioctl_function next = (ioctl_function)dlsym(RTLD_NEXT, "ioctl");
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (request == CELLHV_IOC_CELL_CREATE)
		return create(next, fd, argument);
	if (request == CELLHV_IOC_CELL_DESTROY)
		return destroy(next, fd, argument);
	return next(fd, request, argument);
}
