/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DMA by QEMU's device edu, as root may do it by sysfs: what does it reach?
 *
 *     dma info                   what keeps devices apart, KEY=VALUE for the shell
 *     dma cell [REGION]          where RAM of the first cell is
 *     dma read ADDRESS           16 bytes that the device finds there
 *     dma write ADDRESS          16 bytes by the device
 *     dma own                    to memory of this process and back
 *     dma copy FROM TO           16 bytes
 *     dma peek FUNCTION BAR OFFSET [VALUE]   a register of 4 bytes, after a write of it
 *     dma exits                  of all CPUs since enable, at registers
 */
#include <cellhv/driver.h>
#include <cellhv/manage.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTION "/sys/bus/pci/devices/0000:00:1c.0/"
#define COMMAND 4 /* in configuration space */
#define BAR 0x10
#define MEMORY_AND_MASTER 6
#define BAR_SIZE 0x100000
#define PAGE 4096
#define CPUS 4 /* of the test machines */

/* Registers, and the device's own memory as it sees it. */
#define SOURCE 0x80
#define DESTINATION 0x88
#define COUNT 0x90
#define START 0x98
#define TO_MEMORY 2
#define BUFFER 0x40000

static volatile uint8_t *registers;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Where Linux has it. A machine that goes on from a snapshot has a device that does not know. */
static uint32_t bar_address(void)
{
	unsigned long address = 0;
	FILE *resource = fopen(FUNCTION "resource", "r");

	if (!resource || fscanf(resource, "%lx", &address) != 1)
		fail(FUNCTION "resource");
	fclose(resource);
	return (uint32_t)address;
}

static void open_device(void)
{
	const uint16_t command = MEMORY_AND_MASTER;
	const uint32_t address = bar_address();
	int config = open(FUNCTION "config", O_RDWR);
	int bar = open(FUNCTION "resource0", O_RDWR);

	if (config < 0 || bar < 0 ||
	    pwrite(config, &address, sizeof(address), BAR) != sizeof(address) ||
	    pwrite(config, &command, sizeof(command), COMMAND) != sizeof(command))
		fail(FUNCTION);
	close(config);
	registers = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
	if (registers == MAP_FAILED)
		fail("mmap");
	close(bar);
}

static void set(unsigned reg, uint64_t value)
{
	*(volatile uint64_t *)(registers + reg) = value;
}

static void transfer(uint64_t from, uint64_t to, unsigned direction)
{
	set(SOURCE, from);
	set(DESTINATION, to);
	set(COUNT, 16);
	set(START, 1 | direction);
	while (*(volatile uint64_t *)(registers + START) & 1)
		usleep(1000);
}

/* A page that stays where it is, and where that is. */
static uint8_t *own_page(uint64_t *phys)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (page == MAP_FAILED || map < 0)
		fail("a page");
	*page = 0;
	if (pread(map, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * sizeof(entry))) !=
	    sizeof(entry))
		fail("pagemap");
	close(map);
	*phys = (entry & ((1ull << 55) - 1)) * PAGE;
	return page;
}

static void show(const uint8_t *bytes)
{
	for (unsigned i = 0; i < 16; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

/* What the device has got from there, or what it had before: 5a. */
static void read_from(uint64_t address)
{
	uint64_t phys;
	uint8_t *page = own_page(&phys);

	memset(page, 0x5a, PAGE);
	transfer(phys, BUFFER, 0);
	transfer(address, BUFFER, 0);
	memset(page, 0, PAGE);
	transfer(BUFFER, phys, TO_MEMORY);
	show(page);
}

static void write_to(uint64_t address)
{
	uint64_t phys;
	uint8_t *page = own_page(&phys);

	memset(page, 0xa5, PAGE);
	transfer(phys, BUFFER, 0);
	transfer(BUFFER, address, TO_MEMORY);
}

static void own(void)
{
	uint64_t phys;
	uint8_t *page = own_page(&phys);

	write_to(phys + 256);
	show(page + 256);
}

static void copy(uint64_t from, uint64_t to)
{
	transfer(from, BUFFER, 0);
	transfer(BUFFER, to, TO_MEMORY);
}

static void info(void)
{
	struct cellhv_info hypervisor = {.size = sizeof(hypervisor)};
	int device = open(CELLHV_DEVICE, O_RDWR);

	if (device < 0 || ioctl(device, CELLHV_IOC_INFO, &hypervisor))
		fail(CELLHV_DEVICE);
	printf("dma=%u interrupts=%u check=%u object=%llx tables_total=%u tables_used=%u "
	       "memory=0x%llx\n",
	       hypervisor.dma, hypervisor.interrupts, hypervisor.iommu.check,
	       (unsigned long long)hypervisor.iommu.object, hypervisor.tables_total,
	       hypervisor.tables_used, (unsigned long long)hypervisor.memory_phys);
}

/* Where a region of the first cell is. */
static void show_cell(unsigned region)
{
	static _Alignas(8) uint8_t config[CELLHV_CONFIG_MAX_SIZE];
	const struct cellhv_cell_config *cell = (const void *)config;
	struct cellhv_cell_info found = {.size = sizeof(found), .flags = CELLHV_CELL_NEXT};
	struct cellhv_cell_read_config read_config = {
		.size = sizeof(read_config), .buffer = (uintptr_t)config, .length = sizeof(config)};
	int device = open(CELLHV_DEVICE, O_RDWR);

	if (device < 0 || ioctl(device, CELLHV_IOC_CELL_INFO, &found))
		fail(CELLHV_DEVICE);
	read_config.id = found.id;
	if (ioctl(device, CELLHV_IOC_CELL_CONFIG, &read_config))
		fail(CELLHV_DEVICE);
	printf("0x%llx\n",
	       (unsigned long long)((
		       const struct cellhv_memory_region *)(config + cell->memory.offset))[region]
		       .phys);
}

/* By a program's own mapping, as root may have it beside a driver. */
static int peek(int argc, char **argv)
{
	char name[128];
	uint32_t offset = (uint32_t)strtoul(argv[4], NULL, 0);
	volatile uint8_t *page;
	int bar;

	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%s/resource%s", argv[2], argv[3]);
	bar = open(name, O_RDWR);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, bar, offset & ~(PAGE - 1u));
	if (page == MAP_FAILED)
		fail(name);
	page += offset % PAGE;
	if (argc > 5)
		*(volatile uint32_t *)page = (uint32_t)strtoul(argv[5], NULL, 0);
	printf("%x\n", *(volatile uint32_t *)page);
	return 0;
}

static void show_exits(void)
{
	struct cellhv_cpu_stats stats = {.size = sizeof(stats)};
	unsigned long long sum = 0;
	int device = open(CELLHV_DEVICE, O_RDWR);

	for (; stats.cpu < CPUS; stats.cpu++) {
		if (device < 0 || ioctl(device, CELLHV_IOC_CPU_STATS, &stats))
			fail(CELLHV_DEVICE);
		sum += stats.count[CELLHV_EXIT_MMIO];
	}
	printf("%llu\n", sum);
}

int main(int argc, char **argv)
{
	uint64_t address = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "info") == 0) {
		info();
		return 0;
	}
	if (strcmp(what, "cell") == 0) {
		show_cell((unsigned)address);
		return 0;
	}
	if (strcmp(what, "peek") == 0 && argc > 4)
		return peek(argc, argv);
	if (strcmp(what, "exits") == 0) {
		show_exits();
		return 0;
	}
	open_device();
	if (strcmp(what, "read") == 0)
		read_from(address);
	else if (strcmp(what, "write") == 0)
		write_to(address);
	else if (strcmp(what, "own") == 0)
		own();
	else if (strcmp(what, "copy") == 0 && argc > 3)
		copy(address, strtoull(argv[3], NULL, 0));
	else
		return 2;
	return 0;
}
