/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile or broken root: /dev/cellhv with random and boundary arguments. Nothing that it asks
 * for is right, so each call has to fail, or to answer a question; nothing may change.
 *
 * usage: hostile-root ioctls ROUNDS    in whatever state hypervisor and cells are
 *        hostile-root user             the same device in the hands of a user without rights
 *        hostile-root memory           where the hypervisor lies
 *        hostile-root link DEVICE ROUNDS   at Linux's end of a link
 *        hostile-root msrs CPU         registers that no cell may have changed, for comparison
 */
#include "hostile.h"

#include <cellhv/config.h>
#include <cellhv/driver.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGUMENT_SIZE 512
#define CONFIG_SIZE (CELLHV_CONFIG_MAX_SIZE + 4096)
#define NOBODY 65534
#define BAD_FLAGS 0x80000000u

static int device;
static unsigned failures;
static uint32_t cell_id;
static unsigned char config[CONFIG_SIZE];

/* Offsets of what keeps a call from being a right one. */
static const struct command {
	unsigned long number;
	const char *name;
	size_t size;
	size_t flags;	/* their offset; 0: the call changes nothing */
	size_t id;	/* 0: none */
	size_t pointer; /* 0: none */
	bool privileged;
} commands[] = {
	{CELLHV_IOC_INFO, "INFO", sizeof(struct cellhv_info), 0, 0, 0, false},
	{CELLHV_IOC_ENABLE, "ENABLE", sizeof(struct cellhv_enable), 4, 0, 8, true},
	{CELLHV_IOC_DISABLE, "DISABLE", sizeof(struct cellhv_disable), 4, 0, 0, true},
	{CELLHV_IOC_CELL_CREATE, "CREATE", sizeof(struct cellhv_cell_create), 4, 0, 8, true},
	{CELLHV_IOC_CELL_LOAD, "LOAD", sizeof(struct cellhv_cell_load), 0, 4, 16, true},
	{CELLHV_IOC_CELL_START, "START", sizeof(struct cellhv_cell_op), 8, 4, 0, true},
	{CELLHV_IOC_CELL_STOP, "STOP", sizeof(struct cellhv_cell_op), 8, 4, 0, true},
	{CELLHV_IOC_CELL_DESTROY, "DESTROY", sizeof(struct cellhv_cell_op), 8, 4, 0, true},
	{CELLHV_IOC_CELL_MESSAGE, "MESSAGE", sizeof(struct cellhv_cell_message), 0, 4, 0, true},
	{CELLHV_IOC_CELL_INFO, "CELL_INFO", sizeof(struct cellhv_cell_info), 0, 4, 0, false},
	{CELLHV_IOC_CELL_CONFIG, "CONFIG", sizeof(struct cellhv_cell_read_config), 0, 4, 8, false},
	{CELLHV_IOC_CPU_STATS, "STATS", sizeof(struct cellhv_cpu_stats), 0, 4, 0, false},
	{CELLHV_IOC_CONSOLE_OPEN, "CONSOLE", sizeof(struct cellhv_console_open), 0, 4, 0, false},
};

uint64_t scatter(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

void wrong(const char *name, const char *what, long value)
{
	printf("not ok %s: %s %ld\n", name, what, value);
	failures++;
}

uint64_t boundary(void)
{
	static const uint64_t values[] = {0,
					  1,
					  7,
					  8,
					  63,
					  64,
					  255,
					  256,
					  4095,
					  4096,
					  4097,
					  0x7fffffff,
					  0x80000000,
					  0xfffffff8,
					  0xffffffff,
					  0x100000000,
					  0x7fffffffffff,
					  0x7ffffffff000,
					  0x8000000000000000,
					  0xffff800000000000,
					  0xffffffff81000000,
					  0xfffffffffffff000,
					  0xffffffffffffffff};

	return scatter() % 4 ? values[scatter() % COUNT(values)] : scatter();
}

/* Half of the words in it are boundaries; the size is mostly one that is taken. */
static void fill(const struct command *command, unsigned char *argument)
{
	static const uint32_t sizes[] = {0, 1, 4, 7, 8, 16, ARGUMENT_SIZE, 4096, 0x7fffffff, ~0u};
	uint32_t size = (uint32_t)command->size,
		 id = scatter() & 1 ? cell_id : (uint32_t)boundary();

	for (size_t i = 0; i < ARGUMENT_SIZE; i += 4) {
		uint32_t word = scatter() & 1 ? (uint32_t)boundary() : 0;

		memcpy(argument + i, &word, sizeof(word));
	}
	if (scatter() % 4 == 0)
		size = scatter() & 1 ? sizes[scatter() % COUNT(sizes)]
				     : size + (uint32_t)(scatter() % 17) - 8;
	memcpy(argument, &size, sizeof(size));
	if (command->id)
		memcpy(argument + command->id, &id, sizeof(id));
	if (command->pointer) {
		uint64_t pointer = scatter() & 1 ? boundary() : (uint64_t)(uintptr_t)config;

		memcpy(argument + command->pointer, &pointer, sizeof(pointer));
	}
	if (command->flags)
		argument[command->flags + 3] |= BAD_FLAGS >> 24;
	/* A message that the guest has to answer is not waited for. */
	if (command->number == CELLHV_IOC_CELL_MESSAGE)
		memset(argument + 12, 0, 4);
}

static void one(const struct command *command, void *argument)
{
	int result = ioctl(device, command->number, argument);

	if (result > 0 && command->number == CELLHV_IOC_CONSOLE_OPEN)
		close(result);
	else if (result > 0)
		wrong(command->name, "result", result);
	else if (result == 0 && command->flags)
		wrong(command->name, "it was done, flags", BAD_FLAGS);
	else if (result < 0 && (errno <= 0 || errno > 133))
		wrong(command->name, "errno", errno);
}

static void random_arguments(unsigned long rounds)
{
	unsigned char argument[ARGUMENT_SIZE];

	for (unsigned long i = 0; i < rounds; i++) {
		const struct command *command = &commands[scatter() % COUNT(commands)];

		fill(command, argument);
		one(command, argument);
	}
}

/* Where the argument itself is: nowhere, the kernel's, half of it, not writable. */
static void bad_places(void)
{
	unsigned char *pages =
		mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *places[] = {NULL,
			  (void *)1,
			  (void *)-1,
			  (void *)0xffffffff81000000,
			  pages + 4096 - 8,
			  pages + 4096 - 4,
			  pages + 4096,
			  pages};

	for (size_t i = 0; i < COUNT(commands); i++) {
		fill(&commands[i], pages);
		memcpy(pages + 4096 - 8, pages, 8);
	}
	mprotect(pages, 4096, PROT_READ);
	munmap(pages + 4096, 4096);
	for (size_t i = 0; i < COUNT(commands); i++)
		for (size_t k = 0; k < COUNT(places); k++)
			if (ioctl(device, commands[i].number, places[k]) >= 0)
				wrong(commands[i].name, "it took place", (long)k);
}

/* Of other drivers, of none, and ours with another size or direction. */
static void bad_numbers(void)
{
	unsigned char argument[ARGUMENT_SIZE] = {0};

	for (unsigned nr = 0; nr < 256; nr++)
		for (unsigned shape = 0; shape < 64; shape++) {
			unsigned long number = _IOC(shape & 3, 'H', nr, shape * 16);
			bool known = false;

			for (size_t i = 0; i < COUNT(commands); i++)
				known |= commands[i].number == number;
			if (!known && ioctl(device, number, argument) >= 0)
				wrong("number", "is taken", (long)number);
		}
}

static uint32_t crc(const unsigned char *data, size_t length)
{
	uint32_t sum = ~0u;

	for (size_t i = 0; i < length; i++) {
		sum ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

static volatile bool done;

/* What is checked is changed while it is read. */
static void *mutate(void *size)
{
	while (!done)
		config[(size_t)rand() % *(size_t *)size] ^= 1;
	return NULL;
}

static void create_again(size_t size, const char *what)
{
	struct cellhv_cell_create create = {.size = sizeof(create),
					    .config = (uint64_t)(uintptr_t)config,
					    .config_size = (uint32_t)size};

	if (ioctl(device, CELLHV_IOC_CELL_CREATE, &create) >= 0)
		wrong("CREATE", what, create.id);
}

static void summed(size_t size)
{
	struct cellhv_config_header *header = (void *)config;

	header->checksum = 0;
	header->checksum = crc(config, size);
}

/* A cell's own configuration, a byte or a word of it another, and its sum right. */
static void bad_configs(unsigned long rounds)
{
	static unsigned char right[CONFIG_SIZE];
	struct cellhv_cell_read_config read = {.size = sizeof(read),
					       .id = cell_id,
					       .buffer = (uint64_t)(uintptr_t)right,
					       .length = sizeof(right)};
	pthread_t thread;
	size_t size;

	if (ioctl(device, CELLHV_IOC_CELL_CONFIG, &read) < 0) {
		wrong("CONFIG", "errno", errno);
		return;
	}
	size = read.length;
	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t value = boundary();
		size_t at = scatter() % (size / 4) * 4;

		memcpy(config, right, size);
		memcpy(config + at, &value, at + 8 <= size && scatter() & 1 ? 8 : 4);
		summed(size);
		create_again(scatter() % 8 ? size : size + scatter() % 64, "it was created");
	}
	memcpy(config, right, size);
	summed(size);
	if (pthread_create(&thread, NULL, mutate, &size))
		return;
	for (unsigned long i = 0; i < rounds; i++)
		create_again(size, "it was created from moving data");
	done = true;
	pthread_join(thread, NULL);
}

int verdict(const char *what)
{
	printf("%s %s: %u wrong answers\n", failures ? "not ok" : "ok", what, failures);
	return failures ? 1 : 0;
}

static int ioctls(unsigned long rounds)
{
	struct cellhv_cell_info info = {.size = sizeof(info), .flags = CELLHV_CELL_NEXT};

	if (ioctl(device, CELLHV_IOC_CELL_INFO, &info) == 0)
		cell_id = info.id;
	random_arguments(rounds);
	bad_places();
	bad_numbers();
	if (cell_id)
		bad_configs(rounds / 4);
	return verdict("ioctls");
}

/* The descriptor was root's once. */
static int user(void)
{
	if (setuid(NOBODY))
		return 2;
	for (size_t i = 0; i < COUNT(commands); i++) {
		unsigned char argument[ARGUMENT_SIZE] = {0};
		uint32_t size = (uint32_t)commands[i].size;

		memcpy(argument, &size, sizeof(size));
		if (commands[i].privileged &&
		    (ioctl(device, commands[i].number, argument) >= 0 || errno != EPERM))
			wrong(commands[i].name, "errno for a user", errno);
	}
	if (open(CELLHV_DEVICE, O_RDWR) >= 0)
		wrong("open", "succeeds for a user", 0);
	return verdict("user");
}

static int memory(void)
{
	struct cellhv_info info = {.size = sizeof(info)};

	if (ioctl(device, CELLHV_IOC_INFO, &info) < 0 || !info.memory_size)
		return 2;
	printf("0x%llx\n", (unsigned long long)info.memory_phys);
	return 0;
}

/* Those that Linux sets up once; the others are its own to change. */
static int msrs(const char *cpu)
{
	static const uint32_t ranges[][2] = {{0x1b, 0x1b},
					     {0x3a, 0x3a},
					     {0x174, 0x176},
					     {0x1a0, 0x1a0},
					     {0x1d9, 0x1d9},
					     {0x200, 0x20f},
					     {0x250, 0x26f},
					     {0x277, 0x277},
					     {0x2ff, 0x2ff},
					     {0x480, 0x491},
					     {0xda0, 0xda0},
					     {0xc0000080, 0xc0000084},
					     {0xc0000103, 0xc0000103},
					     {0xc0010010, 0xc001001d},
					     {0xc0010114, 0xc0010117}};
	char path[64];
	uint64_t value;
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%s/msr", cpu);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 2;
	for (size_t i = 0; i < COUNT(ranges); i++)
		for (uint32_t msr = ranges[i][0]; msr <= ranges[i][1]; msr++)
			if (pread(fd, &value, sizeof(value), msr) == sizeof(value))
				printf("%x %llx\n", msr, (unsigned long long)value);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "msrs") == 0)
		return msrs(argv[2]);
	if (argc > 3 && strcmp(argv[1], "link") == 0)
		return hostile_link(argv[2], strtoul(argv[3], NULL, 10));

	device = open(CELLHV_DEVICE, O_RDWR);
	if (device < 0) {
		perror(CELLHV_DEVICE);
		return 2;
	}
	if (argc > 2 && strcmp(argv[1], "ioctls") == 0)
		return ioctls(strtoul(argv[2], NULL, 10));
	if (argc > 1 && strcmp(argv[1], "user") == 0)
		return user();
	if (argc > 1 && strcmp(argv[1], "memory") == 0)
		return memory();
	return 2;
}
