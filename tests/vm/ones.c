// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ones FILE ADDRESS SIZE: exit status 0 where all of that physical memory reads as all ones. From
 * /dev/mem it is read by instructions that nobody would decode, from /proc/kcore as a dump is.
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PART 4096u

static unsigned char part[PART];

static bool is_ones(const char *reader, uint64_t address)
{
	for (unsigned i = 0; i < PART; i++) {
		if (part[i] != 0xff) {
			printf("%s: %02x at %#" PRIx64 "\n", reader, part[i], address + i);
			return false;
		}
	}
	return true;
}

static void read_rep_movsb(const unsigned char *from)
{
	void *to = part;
	unsigned long count = PART;

	__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
}

static void read_sse(const unsigned char *from)
{
	for (unsigned i = 0; i < PART; i += 16)
		__asm__ volatile("movdqu (%0), %%xmm0; movdqu %%xmm0, (%1)"
				 :
				 : "r"(from + i), "r"(part + i)
				 : "xmm0", "memory");
}

static void read_push(const unsigned char *from)
{
	for (unsigned i = 0; i < PART; i += 8)
		__asm__ volatile("push (%0); pop (%1)" : : "r"(from + i), "r"(part + i) : "memory");
}

/* From memory to a register that was 0. */
static void read_xor(const unsigned char *from)
{
	for (unsigned i = 0; i < PART; i++)
		__asm__ volatile("xor (%1), %0" : "+q"(part[i]) : "r"(from + i) : "cc");
}

static const struct {
	const char *name;
	void (*read)(const unsigned char *from);
} readers[] = {
	{"rep movsb", read_rep_movsb},
	{"movdqu", read_sse},
	{"push", read_push},
	{"xor", read_xor},
};

static bool check_mapped(int file, uint64_t address, uint64_t size)
{
	const unsigned char *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, file, (off_t)address);

	if (memory == MAP_FAILED) {
		perror("mmap");
		return false;
	}
	for (uint64_t offset = 0; offset < size; offset += PART) {
		for (unsigned i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
			memset(part, 0, sizeof(part));
			readers[i].read(memory + offset);
			if (!is_ones(readers[i].name, address + offset))
				return false;
		}
	}
	return true;
}

/* Where the dump has that physical address; 0: nowhere. */
static uint64_t dump_offset(int file, uint64_t address)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (pread(file, &header, sizeof(header), 0) != sizeof(header))
		return 0;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		off_t where = (off_t)(header.e_phoff + i * sizeof(segment));

		if (pread(file, &segment, sizeof(segment), where) != sizeof(segment))
			return 0;
		if (segment.p_type == PT_LOAD && segment.p_paddr != UINT64_MAX &&
		    address >= segment.p_paddr && address - segment.p_paddr < segment.p_memsz)
			return segment.p_offset + (address - segment.p_paddr);
	}
	return 0;
}

static bool check_dump(int file, uint64_t address, uint64_t size)
{
	uint64_t offset = dump_offset(file, address);

	if (!offset) {
		printf("%#llx is nowhere\n", (unsigned long long)address);
		return false;
	}
	for (uint64_t done = 0; done < size; done += PART) {
		if (pread(file, part, PART, (off_t)(offset + done)) != PART) {
			perror("read");
			return false;
		}
		if (!is_ones("dump", address + done))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t address, size;
	int file;

	if (argc != 4)
		return 2;
	address = strtoull(argv[2], NULL, 0);
	size = strtoull(argv[3], NULL, 0);
	file = open(argv[1], O_RDONLY);
	if (file < 0) {
		perror(argv[1]);
		return 2;
	}
	if (strcmp(argv[1], "/dev/mem") == 0)
		return !check_mapped(file, address, size);
	return !check_dump(file, address, size);
}
