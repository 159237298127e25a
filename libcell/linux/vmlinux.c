// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Its segments are loaded where their physical addresses say, and it is entered at its entry point,
 * which is that of the 64-bit boot protocol. It has no setup header: the zero page gets what a boot
 * loader would have left of one.
 */
#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "linux/kernel_file.h"

#define LOWEST (1u << 20)
#define HIGHEST (1ull << 32)
#define COMMAND_LINE_SIZE 2047 /* COMMAND_LINE_SIZE of all kernels for x86 */
#define INITRD_END 0x80000000u /* initrd_addr_max of all of them */

/* Offsets in the zero page of what the protocol wants of a loader. */
#define BOOT_FLAG 0x1fe
#define MAGIC 0x202
#define HDRS 0x53726448 /* "HdrS" */
#define VERSION 0x206
#define LOAD_FLAGS 0x211
#define ALIGNMENT 0x230
#define HEADER_END 0x268

static const char banner[] = "Linux version ";

static const char *check_file(const Elf64_Ehdr *elf, size_t size)
{
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->e_machine != EM_X86_64 || elf->e_type != ET_EXEC)
		return "is an ELF file, but no kernel for x86-64";
	if (elf->e_phentsize != sizeof(Elf64_Phdr) || !elf->e_phnum)
		return KERNEL_DAMAGED;
	if (elf->e_phoff > size || size - elf->e_phoff < elf->e_phnum * sizeof(Elf64_Phdr))
		return KERNEL_CUT;
	return NULL;
}

static const char *check_segment(const Elf64_Phdr *segment, size_t size)
{
	if (segment->p_filesz > segment->p_memsz || segment->p_paddr < LOWEST ||
	    segment->p_memsz > HIGHEST || segment->p_paddr > HIGHEST - segment->p_memsz)
		return "is an ELF file, but none that runs from 1 MiB to 4 GiB as a kernel does";
	if (segment->p_offset > size || segment->p_filesz > size - segment->p_offset)
		return KERNEL_CUT;
	return NULL;
}

/* Until all are known, offsets are addresses. */
static const char *add_segment(struct linux_kernel *kernel, const uint8_t *data, size_t size,
			       const Elf64_Phdr *segment, uint64_t *end)
{
	const char *wrong = check_segment(segment, size);

	if (wrong)
		return wrong;
	if (kernel->n_pieces == KERNEL_PIECES_MAX)
		return KERNEL_DAMAGED;
	if (segment->p_filesz)
		kernel->pieces[kernel->n_pieces++] =
			(struct linux_piece){.data = data + segment->p_offset,
					     .size = segment->p_filesz,
					     .offset = segment->p_paddr};
	if (segment->p_paddr < kernel->preferred)
		kernel->preferred = segment->p_paddr;
	if (segment->p_paddr + segment->p_memsz > *end)
		*end = segment->p_paddr + segment->p_memsz;
	return NULL;
}

static const char *read_segments(struct linux_kernel *kernel, const uint8_t *data, size_t size,
				 const Elf64_Ehdr *elf)
{
	const char *wrong = NULL;
	uint64_t end = 0;

	kernel->preferred = HIGHEST;
	for (unsigned i = 0; i < elf->e_phnum && !wrong; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, data + elf->e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && segment.p_memsz)
			wrong = add_segment(kernel, data, size, &segment, &end);
	}
	if (wrong)
		return wrong;
	if (!kernel->n_pieces || elf->e_entry < kernel->preferred || elf->e_entry >= end)
		return KERNEL_DAMAGED;

	for (size_t i = 0; i < kernel->n_pieces; i++)
		kernel->pieces[i].offset -= kernel->preferred;
	kernel->entry = elf->e_entry - kernel->preferred;
	kernel->init_size = (uint32_t)(end - kernel->preferred);
	return NULL;
}

static void put(struct linux_kernel *kernel, unsigned offset, uint32_t value, size_t size)
{
	memcpy(kernel->header + (offset - KERNEL_HEADER), &value, size);
}

static void make_header(struct linux_kernel *kernel)
{
	kernel->header_size = HEADER_END - KERNEL_HEADER;
	put(kernel, BOOT_FLAG, 0xaa55, 2);
	put(kernel, MAGIC, HDRS, 4);
	put(kernel, VERSION, 0x20c, 2);
	put(kernel, LOAD_FLAGS, 1, 1);
	put(kernel, ALIGNMENT, kernel->alignment, 4);
}

/* Of what it says first of all; its formats of that begin alike. */
static void find_release(struct linux_kernel *kernel, const uint8_t *data, size_t size)
{
	const size_t length = sizeof(banner) - 1;
	const uint8_t *end = data + size, *found = data;

	while ((found = memmem(found, (size_t)(end - found), banner, length))) {
		found += length;
		if (found < end && isdigit(*found)) {
			kernel_set_release(kernel, found, (size_t)(end - found));
			return;
		}
	}
}

const char *vmlinux_parse(const uint8_t *data, size_t size, struct linux_kernel *ret)
{
	const char *wrong;
	Elf64_Ehdr elf;

	if (size < sizeof(elf))
		return KERNEL_CUT;
	memcpy(&elf, data, sizeof(elf));
	wrong = check_file(&elf, size);
	if (!wrong)
		wrong = read_segments(ret, data, size, &elf);
	if (wrong)
		return wrong;

	ret->is_fixed = true;
	ret->alignment = 1u << 21;
	ret->command_line = COMMAND_LINE_SIZE;
	ret->initrd_end = INITRD_END;
	make_header(ret);
	find_release(ret, data, size);
	return NULL;
}
