// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify.h"

#include <inttypes.h>

#include <cellhv/guest.h>

#include "range.h"

#define PAGE 4096
#define PCI_PORTS 0xcf8
#define PCI_PORTS_COUNT 8

static const struct desc_memory *region_at(const cell_desc *desc, uint64_t guest, uint64_t size)
{
	for (size_t i = 0; i < desc->n_memory; i++)
		if (range_overlaps(desc->memory[i].guest, desc->memory[i].size, guest, size))
			return &desc->memory[i];
	return NULL;
}

static void verify_memory(cell_desc *desc, size_t index)
{
	const struct desc_memory *memory = &desc->memory[index];
	char pointer[64];

	if (memory->guest + memory->size < memory->guest ||
	    memory->phys + memory->size < memory->phys) {
		desc_report(desc, CELL_ERROR, "out-of-range",
			    desc_pointer(pointer, "memory", index, "size"),
			    "this region reaches beyond the last address");
		return;
	}
	if (memory->flags & CELLHV_MEMORY_DEVICE && !memory->pinned)
		desc_report(desc, CELL_ERROR, "device-not-pinned",
			    desc_pointer(pointer, "memory", index, "device"),
			    "device registers are where they are: add \"phys\"");

	for (size_t i = 0; i < index; i++) {
		const struct desc_memory *other = &desc->memory[i];

		if (range_overlaps(other->guest, other->size, memory->guest, memory->size))
			desc_report(desc, CELL_ERROR, "overlap",
				    desc_pointer(pointer, "memory", index, "at"),
				    "this region overlaps region %zu, which is at 0x%" PRIx64
				    " to 0x%" PRIx64,
				    i, other->guest, other->guest + other->size - 1);
		if (other->pinned && memory->pinned &&
		    range_overlaps(other->phys, other->size, memory->phys, memory->size))
			desc_report(desc, CELL_ERROR, "overlap",
				    desc_pointer(pointer, "memory", index, "phys"),
				    "this physical memory is also that of region %zu", i);
	}
}

/* The comm page is where the description says, else at the usual address. */
static void verify_comm(cell_desc *desc)
{
	const struct desc_memory *region;

	if (desc->comm == UINT64_MAX) {
		desc->comm = CELLHV_COMM_DEFAULT_ADDRESS;
		region = region_at(desc, desc->comm, PAGE);
		if (region)
			desc_report(desc, CELL_ERROR, "overlap", "/memory",
				    "the region at 0x%" PRIx64 " covers 0x%" PRIx64
				    ", where the comm page is by default: add \"comm\": { \"at\": "
				    "... } with a free address",
				    region->guest, desc->comm);
		return;
	}
	if (desc->comm + PAGE < desc->comm) {
		desc_report(desc, CELL_ERROR, "out-of-range", "/comm/at",
			    "the comm page reaches beyond the last address");
		return;
	}
	region = region_at(desc, desc->comm, PAGE);
	if (region)
		desc_report(desc, CELL_ERROR, "overlap", "/comm/at",
			    "the comm page overlaps the memory region at 0x%" PRIx64,
			    region->guest);
}

static void verify_ports(cell_desc *desc, size_t index)
{
	const struct desc_ports *ports = &desc->ports[index];
	char pointer[64];

	if (range_overlaps(ports->base, ports->count, PCI_PORTS, PCI_PORTS_COUNT))
		desc_report(desc, CELL_ERROR, "bad-port", desc_pointer(pointer, "ports", index, ""),
			    "ports 0xcf8 to 0xcff reach all of PCI: they are no cell's");
	for (size_t i = 0; i < index; i++)
		if (range_overlaps(desc->ports[i].base, desc->ports[i].count, ports->base,
				   ports->count))
			desc_report(desc, CELL_ERROR, "overlap",
				    desc_pointer(pointer, "ports", index, ""),
				    "these ports overlap those of entry %zu", i);
}

static bool is_loadable(const struct desc_memory *memory, uint64_t guest)
{
	return !(memory->flags & CELLHV_MEMORY_DEVICE) &&
	       range_overlaps(memory->guest, memory->size, guest, 1);
}

static void verify_image(cell_desc *desc, size_t index)
{
	char pointer[64];

	for (size_t i = 0; i < desc->n_memory; i++)
		if (is_loadable(&desc->memory[i], desc->images[index].guest))
			return;

	desc_report(desc, CELL_ERROR, "image-nowhere", desc_pointer(pointer, "images", index, "at"),
		    "no memory region of this cell contains 0x%" PRIx64, desc->images[index].guest);
}

static bool has_ram(const cell_desc *desc)
{
	for (size_t i = 0; i < desc->n_memory; i++)
		if (!(desc->memory[i].flags & CELLHV_MEMORY_DEVICE))
			return true;
	return false;
}

void verify_desc(cell_desc *desc)
{
	if (!has_ram(desc))
		desc_report(desc, CELL_ERROR, "no-memory", "/memory",
			    "a cell needs at least one region of RAM");
	for (size_t i = 0; i < desc->n_memory; i++)
		verify_memory(desc, i);
	verify_comm(desc);
	for (size_t i = 0; i < desc->n_ports; i++)
		verify_ports(desc, i);
	for (size_t i = 0; i < desc->n_images; i++)
		verify_image(desc, i);
}
