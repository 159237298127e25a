// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/verify.h"

#include <inttypes.h>
#include <string.h>

#include <cellhv/guest.h>
#include <cellhv/x86/pc.h>

#include "base/range.h"
#include "desc/linux.h"

#define PAGE 4096
#define PCI_PORTS 0xcf8
#define PCI_PORTS_COUNT 8

/* A PC has RAM at the usual address, and nothing between local APICs and firmware. */
#define PC_COMM_ADDRESS 0xfef00000

/* Nested page tables of four levels. */
#define GUEST_END (1ull << 48)

/* Where the text says that member of a region. */
static const char *region_pointer(const cell_desc *desc, char pointer[DOCUMENT_POINTER_SIZE],
				  size_t index, const char *member)
{
	return desc->has_memory_size ? "/memory"
				     : document_pointer(pointer, "memory", index, member);
}

static void note_region(cell_desc *desc, const char *code, size_t index, const char *member)
{
	const struct desc_memory *memory = &desc->memory[index];
	uint64_t start = strcmp(member, "phys") == 0 ? memory->phys : memory->guest;
	char pointer[DOCUMENT_POINTER_SIZE];

	desc_report(desc, CELL_NOTE, code, region_pointer(desc, pointer, index, member),
		    "this region is at 0x%" PRIx64 " to 0x%" PRIx64, start,
		    start + memory->size - 1);
}

/* Reports the regions before index that it overlaps. */
static void verify_disjoint(cell_desc *desc, size_t index)
{
	const struct desc_memory *memory = &desc->memory[index];
	char pointer[DOCUMENT_POINTER_SIZE];

	for (size_t i = 0; i < index; i++) {
		const struct desc_memory *other = &desc->memory[i];

		if (!desc_region_known(desc, i))
			continue;
		if (range_overlaps(other->guest, other->size, memory->guest, memory->size)) {
			desc_report(desc, CELL_ERROR, "overlap",
				    document_pointer(pointer, "memory", index, "at"),
				    "this region, up to 0x%" PRIx64 ", overlaps region %zu",
				    memory->guest + memory->size - 1, i);
			note_region(desc, "overlap", i, "at");
		}
		if (other->pinned && memory->pinned && !desc_is_bad(desc, "memory", i, "phys") &&
		    !desc_is_bad(desc, "memory", index, "phys") &&
		    range_overlaps(other->phys, other->size, memory->phys, memory->size)) {
			desc_report(desc, CELL_ERROR, "overlap",
				    document_pointer(pointer, "memory", index, "phys"),
				    "this physical memory, up to 0x%" PRIx64
				    ", is also that of region %zu",
				    memory->phys + memory->size - 1, i);
			note_region(desc, "overlap", i, "phys");
		}
	}
}

static void verify_region(cell_desc *desc, size_t index)
{
	const struct desc_memory *memory = &desc->memory[index];
	char pointer[DOCUMENT_POINTER_SIZE];

	if (memory->flags & CELLHV_MEMORY_DEVICE && !memory->pinned)
		desc_report(desc, CELL_ERROR, "device-not-pinned",
			    document_pointer(pointer, "memory", index, "device"),
			    "device registers are where they are: add \"phys\"");
	if (!desc_region_known(desc, index))
		return;

	if (memory->size > GUEST_END || memory->guest > GUEST_END - memory->size)
		desc_report(desc, CELL_ERROR, "out-of-range",
			    region_pointer(desc, pointer, index, "at"),
			    "this region ends beyond 256 TiB, where guest addresses end");
	else if (memory->phys + memory->size < memory->phys)
		desc_report(desc, CELL_ERROR, "out-of-range",
			    document_pointer(pointer, "memory", index, "phys"),
			    "this region reaches beyond the last address");
	else
		verify_disjoint(desc, index);
}

static const struct desc_memory *region_at(const cell_desc *desc, uint64_t guest, uint64_t size)
{
	for (size_t i = 0; i < desc->n_memory; i++)
		if (desc_region_known(desc, i) &&
		    range_overlaps(desc->memory[i].guest, desc->memory[i].size, guest, size))
			return &desc->memory[i];
	return NULL;
}

/* The comm page is where the description says, else at the usual address. */
static void verify_comm(cell_desc *desc)
{
	bool placed = desc->comm != UINT64_MAX;
	const struct desc_memory *region;

	if (diag_has_error_at(&desc->doc.diags, "/comm/at") ||
	    diag_has_error_at(&desc->doc.diags, "/comm"))
		return;
	if (!placed)
		desc->comm = desc->flags & CELLHV_CELL_PLATFORM_PC ? PC_COMM_ADDRESS
								   : CELLHV_COMM_DEFAULT_ADDRESS;
	if (desc->comm > GUEST_END - PAGE) {
		desc_report(desc, CELL_ERROR, "out-of-range", "/comm/at",
			    "the comm page is beyond 256 TiB, where guest addresses end");
		return;
	}

	region = region_at(desc, desc->comm, PAGE);
	if (!region)
		return;
	if (placed)
		desc_report(desc, CELL_ERROR, "overlap", "/comm/at",
			    "the comm page overlaps region %td", region - desc->memory);
	else
		desc_report(
			desc, CELL_ERROR, "overlap", "/memory",
			"region %td covers 0x%" PRIx64
			", where the comm page is by default: add \"comm\": { \"at\": ... } with "
			"a free address",
			region - desc->memory, desc->comm);
	note_region(desc, "overlap", (size_t)(region - desc->memory), "at");
}

/* What is under a region is not there for the guest. */
static void verify_ioapic(cell_desc *desc)
{
	const struct desc_memory *region = region_at(desc, CELLHV_PC_IOAPIC, PAGE);

	if (!region || !(desc->flags & CELLHV_CELL_PLATFORM_PC))
		return;
	desc_report(desc, CELL_ERROR, "overlap", "/memory",
		    "region %td covers 0x%x, where a PC has its I/O APIC", region - desc->memory,
		    CELLHV_PC_IOAPIC);
	note_region(desc, "overlap", (size_t)(region - desc->memory), "at");
}

static void verify_ports(cell_desc *desc, size_t index)
{
	const struct desc_ports *ports = &desc->ports[index];
	char pointer[DOCUMENT_POINTER_SIZE];

	if (range_overlaps(ports->base, ports->count, PCI_PORTS, PCI_PORTS_COUNT))
		desc_report(desc, CELL_ERROR, "bad-port",
			    document_pointer(pointer, "ports", index, ""),
			    "ports 0xcf8 to 0xcff reach all of PCI: they are no cell's");
	for (size_t i = 0; i < index; i++) {
		const struct desc_ports *other = &desc->ports[i];

		if (!range_overlaps(other->base, other->count, ports->base, ports->count))
			continue;

		desc_report(desc, CELL_ERROR, "overlap",
			    document_pointer(pointer, "ports", index, ""),
			    "these ports overlap those of entry %zu", i);
		desc_report(desc, CELL_NOTE, "overlap", document_pointer(pointer, "ports", i, ""),
			    "these are 0x%x to 0x%x", other->base, other->base + other->count - 1);
	}
}

/* The console's ports are the cell's: those listed beside them are all of them or none. */
static void verify_console_ports(cell_desc *desc)
{
	const struct cellhv_console *console = &desc->console;
	char pointer[DOCUMENT_POINTER_SIZE];

	if (console->flags & CELLHV_CONSOLE_FLAG_MMIO ||
	    diag_has_error_at(&desc->doc.diags, "/console/uart"))
		return;

	for (size_t i = 0; i < desc->n_ports; i++) {
		const struct desc_ports *ports = &desc->ports[i];

		if (!range_overlaps(ports->base, ports->count, console->address, console->size) ||
		    (ports->base <= console->address &&
		     ports->base + ports->count >= console->address + console->size))
			continue;

		desc_report(desc, CELL_ERROR, "overlap", document_pointer(pointer, "ports", i, ""),
			    "some of these are the console's ports, 0x%" PRIx64 " to 0x%" PRIx64
			    ": list all of those or none",
			    console->address, console->address + console->size - 1);
		desc_report(desc, CELL_NOTE, "overlap", "/console/uart", "the console is here");
	}
}

static bool is_loadable(const struct desc_memory *memory, uint64_t guest)
{
	return !(memory->flags & CELLHV_MEMORY_DEVICE) &&
	       range_overlaps(memory->guest, memory->size, guest, 1);
}

/* pointer: of what is to be loaded at guest. */
static void verify_loadable(cell_desc *desc, const char *pointer, uint64_t guest)
{
	if (diag_has_error_at(&desc->doc.diags, pointer) || !desc_memory_known(desc))
		return;

	for (size_t i = 0; i < desc->n_memory; i++)
		if (is_loadable(&desc->memory[i], guest))
			return;

	desc_report(desc, CELL_ERROR, "image-nowhere", pointer,
		    "no region of RAM of this cell contains 0x%" PRIx64, guest);
}

static void verify_console(cell_desc *desc)
{
	const struct cellhv_console *console = &desc->console;

	if (!(console->flags & CELLHV_CONSOLE_FLAG_MMIO) || !desc_memory_known(desc) ||
	    diag_has_error_at(&desc->doc.diags, "/console") ||
	    diag_has_error_at(&desc->doc.diags, "/console/mmio") ||
	    diag_has_error_at(&desc->doc.diags, "/console/register-distance"))
		return;

	for (size_t i = 0; i < desc->n_memory; i++) {
		const struct desc_memory *memory = &desc->memory[i];

		if (memory->flags & CELLHV_MEMORY_DEVICE && memory->size >= console->size &&
		    console->address >= memory->guest &&
		    console->address - memory->guest <= memory->size - console->size)
			return;
	}
	desc_report(desc, CELL_ERROR, "console-nowhere", "/console/mmio",
		    "no region with \"device\": true contains the %u bytes from 0x%" PRIx64 " on",
		    console->size, console->address);
}

void verify_desc(cell_desc *desc)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	linux_settle(desc);
	for (size_t i = 0; i < desc->n_memory; i++)
		verify_region(desc, i);
	verify_comm(desc);
	verify_ioapic(desc);
	for (size_t i = 0; i < desc->n_ports; i++)
		verify_ports(desc, i);
	for (size_t i = 0; i < desc->n_images; i++)
		if (!desc_is_bad(desc, "images", i, ""))
			verify_loadable(desc, document_pointer(pointer, "images", i, "at"),
					desc->images[i].guest);
	if (desc->command_line && !diag_has_error_at(&desc->doc.diags, "/command-line/at"))
		verify_loadable(desc, "/command-line", desc->command_line_at);
	verify_console(desc);
	verify_console_ports(desc);
}
