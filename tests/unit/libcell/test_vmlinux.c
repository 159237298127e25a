// SPDX-License-Identifier: LGPL-2.1-or-later
/* A kernel as an ELF file: its segments, what is wrong with one, and what the zero page gets. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "linux/layout.h"

#define MB (1ull << 20)

/* Text, and data with more behind it that is not in the file; as that of percpu, they are anywhere.
 */
struct file {
	Elf64_Ehdr elf;
	Elf64_Phdr segments[3];
	char text[64];
	char data[64];
};

static struct file make_file(void)
{
	struct file file = {
		.elf = {.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_entry = 16 * MB + 8,
			.e_phoff = offsetof(struct file, segments),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3},
		.segments = {{.p_type = PT_LOAD,
			      .p_offset = offsetof(struct file, data),
			      .p_vaddr = 0,
			      .p_paddr = 18 * MB,
			      .p_filesz = 64,
			      .p_memsz = 4 * MB},
			     {.p_type = PT_LOAD,
			      .p_offset = offsetof(struct file, text),
			      .p_vaddr = 0xffffffff81000000,
			      .p_paddr = 16 * MB,
			      .p_filesz = 64,
			      .p_memsz = 64},
			     {.p_type = PT_NOTE, .p_paddr = 7}},
		.text = "Linux version %s, Linux version 6.1.0-elf (builder)",
	};

	memcpy(file.elf.e_ident,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	return file;
}

static const char *parse(const struct file *file, size_t size, struct linux_kernel *ret)
{
	/* Nothing beyond it is read: ASan would say so. */
	void *copy = malloc(size ?: 1);
	const char *wrong;

	memcpy(copy, file, size);
	wrong = kernel_parse(copy, size, ret);
	free(copy);
	return wrong;
}

TEST(vmlinux_is_read)
{
	struct file file = make_file();
	struct linux_kernel kernel;

	CHECK(!kernel_parse(&file, sizeof(file), &kernel));
	CHECK_EQ(kernel.preferred, 16 * MB);
	CHECK_EQ(kernel.init_size, 6 * MB);
	CHECK_EQ(kernel.entry, 8);
	CHECK_EQ(kernel.n_pieces, 2);
	CHECK_EQ(kernel.pieces[0].offset, 2 * MB);
	CHECK_EQ(kernel.pieces[1].offset, 0);
	CHECK_EQ(kernel.pieces[1].size, 64);
	CHECK((const char *)kernel.pieces[1].data == file.text);
	CHECK_STR(kernel.release, "6.1.0-elf");
	CHECK(memcmp(&kernel.header[0x202 - KERNEL_HEADER], "HdrS", 4) == 0);
	CHECK(kernel.header_size <= sizeof(kernel.header));
}

TEST(vmlinux_stays_where_it_is)
{
	struct file file = make_file();
	struct ranges ram = {0};
	struct linux_layout where;
	struct linux_kernel kernel;

	CHECK(!kernel_parse(&file, sizeof(file), &kernel));
	CHECK_EQ(ranges_add(&ram, 0, 22 * MB - 4096), 0);
	CHECK_EQ(ranges_add(&ram, 64 * MB, 64 * MB), 0);
	CHECK_EQ(layout_find(&kernel, 0, &ram, &where), LAYOUT_NO_KERNEL);
	CHECK_EQ(ranges_add(&ram, 22 * MB - 4096, 4096), 0);
	CHECK_EQ(layout_find(&kernel, 4096, &ram, &where), LAYOUT_FITS);
	CHECK_EQ(where.kernel, 16 * MB);
	CHECK_EQ(where.initrd, 128 * MB - 4096);
	ranges_clear(&ram);
}

#define WRONG(change, part)                                  \
	do {                                                 \
		struct file file = make_file();              \
		struct linux_kernel kernel;                  \
		const char *wrong;                           \
                                                             \
		change;                                      \
		wrong = parse(&file, sizeof(file), &kernel); \
		CHECK(wrong &&strstr(wrong, part));          \
	} while (0)

TEST(vmlinux_that_cannot_be_started)
{
	WRONG(file.elf.e_ident[EI_CLASS] = ELFCLASS32, "no kernel for x86-64");
	WRONG(file.elf.e_ident[EI_DATA] = ELFDATA2MSB, "no kernel for x86-64");
	WRONG(file.elf.e_machine = EM_AARCH64, "no kernel for x86-64");
	WRONG(file.elf.e_type = ET_DYN, "no kernel for x86-64");
	WRONG(file.elf.e_phentsize = 32, "damaged");
	WRONG(file.elf.e_phnum = 0, "damaged");
	WRONG(file.elf.e_phnum = 0xffff, "beginning");
	WRONG(file.elf.e_phoff = UINT64_MAX, "beginning");
	WRONG(file.elf.e_entry = 16 * MB - 1, "damaged");
	WRONG(file.elf.e_entry = 22 * MB, "damaged");
	WRONG(file.segments[0].p_type = file.segments[1].p_type = PT_NOTE, "damaged");
	WRONG(file.segments[0].p_offset = sizeof(file) - 63, "beginning");
	WRONG(file.segments[0].p_offset = UINT64_MAX, "beginning");
	WRONG(file.segments[0].p_memsz = 63, "from 1 MiB");
	WRONG(file.segments[0].p_memsz = UINT64_MAX, "from 1 MiB");
	WRONG(file.segments[0].p_paddr = UINT64_MAX, "from 1 MiB");
	WRONG(file.segments[0].p_paddr = 0, "from 1 MiB");
}

TEST(vmlinux_cut_anywhere)
{
	struct file file = make_file();
	struct linux_kernel kernel;

	for (size_t size = 4; size <= sizeof(file); size++)
		CHECK_EQ(!parse(&file, size, &kernel), size == sizeof(file));
}
