// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/claims.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cellhv/guest.h>

#include "desc/rival.h"

#define PAGE 4096

static const char *other_name(const cell_desc *desc, const struct inventory_cell *cell)
{
	return cell && strcmp(cell->info.name, desc->name) != 0 ? cell->info.name : NULL;
}

static void report_cpu_taken(cell_desc *desc, const char *pointer, uint32_t cpu, const char *other)
{
	desc_report(desc, CELL_ERROR, "cpu-taken", pointer,
		    "CPU %" PRIu32 " belongs to cell %s: choose another, or destroy that cell", cpu,
		    other);
	rival_note_cpu(desc, other, cpu);
}

static void check_cpu(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		      size_t index)
{
	const struct inventory_cell *owner = inventory_by_cpu(inventory, desc->cpu_list[index]);
	const char *other = other_name(desc, owner);
	uint32_t cpu = desc->cpu_list[index];
	char pointer[DOCUMENT_POINTER_SIZE], present[128];

	if (desc_is_bad(desc, "cpus", index, ""))
		return;

	document_pointer(pointer, "cpus", index, "");
	cpuset_format(&host->present, present, sizeof(present));
	if (cpu == 0)
		desc_report(desc, CELL_ERROR, "cpu-zero", pointer,
			    "CPU 0 cannot be taken: CPU 0 stays with Linux");
	else if (!cpuset_has(&host->present, cpu))
		desc_report(desc, CELL_ERROR, "cpu-missing", pointer,
			    "there is no CPU %" PRIu32 ": this machine has %s", cpu, present);
	else if (other)
		report_cpu_taken(desc, pointer, cpu, other);
	else if (!owner && !cpuset_has(&host->online, cpu))
		desc_report(desc, CELL_ERROR, "cpu-offline", pointer,
			    "CPU %" PRIu32 " is offline, so not Linux's to give: bring it online "
			    "(`chcpu -e %" PRIu32 "`)",
			    cpu, cpu);
}

/* The highest ones that Linux has; CPU 0 stays. */
static void choose_cpus(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
			struct cpuset *ret)
{
	uint32_t found = 0;

	for (uint32_t cpu = CELLHV_MAX_CPUS - 1; cpu > 0 && found < desc->n_cpus_wanted; cpu--) {
		const struct inventory_cell *owner = inventory_by_cpu(inventory, cpu);

		if (other_name(desc, owner) || (!owner && !cpuset_has(&host->online, cpu)))
			continue;

		cpuset_add(ret, cpu);
		found++;
	}
	if (found < desc->n_cpus_wanted)
		desc_report(desc, CELL_ERROR, "cpus-few", "/cpus",
			    "%" PRIu32 " CPUs are wanted, but Linux has only %" PRIu32
			    " to give besides CPU 0",
			    desc->n_cpus_wanted, found);
}

/* Whose a CPU is, for a sentence; NULL: nobody's who could run there. */
static const char *thread_owner(const cell_desc *desc, const cell_host *host,
				const struct inventory *inventory, uint32_t cpu, char text[64])
{
	const char *other = other_name(desc, inventory_by_cpu(inventory, cpu));

	if (other)
		snprintf(text, 64, "cell %s", other);
	else if (cpuset_has(&host->online, cpu) || desc->owns_cores)
		snprintf(text, 64, "Linux");
	else
		return NULL;
	return text;
}

/* Who has another thread of the core can time it, and read what it leaves behind. */
static void check_core(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		       const struct cpuset *cpus, uint32_t cpu, const char *pointer)
{
	struct cpuset threads;
	char owner[64];

	topology_threads(&host->topology, cpu, &threads);
	cpuset_remove_all(&threads, cpus);
	for (uint32_t other = 0; other < CELLHV_MAX_CPUS; other++) {
		if (!cpuset_has(&threads, other) ||
		    !thread_owner(desc, host, inventory, other, owner))
			continue;

		desc_report(desc, desc->owns_cores ? CELL_ERROR : CELL_WARNING, "core-shared",
			    pointer,
			    "CPU %" PRIu32 " is a thread of the same core as CPU %" PRIu32
			    ", which is %s's: they share caches and execution units; %s",
			    cpu, other, owner,
			    desc->owns_cores ? "list all threads of a core, or none"
					     : "\"smt\": \"exclusive\" refuses that");
		return;
	}
}

static void check_cores(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
			const struct cpuset *cpus)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	for (size_t i = 0; i < desc->n_cpu_list; i++)
		if (!desc_is_bad(desc, "cpus", i, ""))
			check_core(desc, host, inventory, cpus, desc->cpu_list[i],
				   document_pointer(pointer, "cpus", i, ""));
	for (uint32_t cpu = 0; desc->n_cpus_wanted && cpu < CELLHV_MAX_CPUS; cpu++)
		if (cpuset_has(cpus, cpu))
			check_core(desc, host, inventory, cpus, cpu, "/cpus");
}

/* RAM is free where it is reserved, ours, or in a block that might go offline. */
static bool may_be_free(const struct memory *memory, uint64_t phys)
{
	const struct memory_block *block = memory_block_at(memory, phys);

	if (ranges_cover(&memory->reserved, phys, PAGE))
		return true;
	return memory->block_size && block && (block->ours || (block->online && block->removable));
}

void claims_check_ram(cell_desc *desc, const struct memory *memory, const char *pointer,
		      uint64_t phys, uint64_t size)
{
	char reservation[CMDLINE_ITEM_SIZE], arguments[CMDLINE_RESERVE_SIZE];

	for (uint64_t offset = 0; offset < size; offset += PAGE) {
		if (may_be_free(memory, phys + offset))
			continue;

		snprintf(reservation, sizeof(reservation), "%" PRIu64 "K$0x%" PRIx64, size >> 10,
			 phys);
		desc_report(
			desc, CELL_ERROR, "memory-not-free", pointer,
			"the memory at 0x%" PRIx64 " is neither reserved for cells (%s) nor in "
			"a block that could go offline: leave out \"phys\" and let it be placed",
			phys + offset, cmdline_reserve(reservation, phys, arguments));
		return;
	}
}

static void check_memory(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
			 size_t index)
{
	const struct desc_memory *region = &desc->memory[index];
	const char *other;
	char pointer[DOCUMENT_POINTER_SIZE];

	if (!region->pinned || !desc_region_known(desc, index) ||
	    desc_is_bad(desc, "memory", index, "phys"))
		return;

	other = other_name(desc, inventory_by_memory(inventory, region->phys, region->size));
	document_pointer(pointer, "memory", index, "phys");
	if (other) {
		desc_report(desc, CELL_ERROR, "memory-taken", pointer,
			    "the memory from 0x%" PRIx64
			    " on belongs to cell %s: choose other memory "
			    "or destroy that cell",
			    region->phys, other);
		rival_note_memory(desc, other, region->phys, region->size);
	} else if (!(region->flags & CELLHV_MEMORY_DEVICE))
		claims_check_ram(desc, &host->memory, pointer, region->phys, region->size);
	else if (acpi_kept_at(&host->acpi, region->phys, region->size))
		desc_report(desc, CELL_ERROR, "device-kept", pointer,
			    "0x%" PRIx64 " to 0x%" PRIx64 " has registers of %s: what keeps cells "
			    "apart is never given to one",
			    region->phys, region->phys + region->size - 1,
			    acpi_kept_at(&host->acpi, region->phys, region->size));
	else if (ranges_touch(&host->iomem.ram, region->phys, region->size)) {
		desc_report(desc, CELL_ERROR, "device-is-ram", pointer,
			    "there is RAM of Linux's in 0x%" PRIx64 " to 0x%" PRIx64
			    ", not only a device's registers",
			    region->phys, region->phys + region->size - 1);
	}
}

/* pointer: of what claims these ports. */
static void check_ports(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
			const char *pointer, uint32_t base, uint32_t count, const char *remedy)
{
	const char *other = other_name(desc, inventory_by_ports(inventory, base, count));
	uint32_t debug = host->settings.debug_port;

	if (debug && range_overlaps(base, count, debug, SETTINGS_DEBUG_PORTS) &&
	    !diag_has_error_at(&desc->doc.diags, pointer)) {
		desc_report(desc, CELL_ERROR, "port-kept", pointer,
			    "on the ports 0x%" PRIx32 " to 0x%" PRIx32 " the hypervisor writes its "
			    "own lines (\"debug-port\" in %s): use others",
			    debug, debug + SETTINGS_DEBUG_PORTS - 1, SETTINGS_PATH);
		return;
	}
	if (!other || diag_has_error_at(&desc->doc.diags, pointer))
		return;

	if (count == 1)
		desc_report(desc, CELL_ERROR, "port-taken", pointer,
			    "port 0x%x belongs to cell %s: %s", base, other, remedy);
	else
		desc_report(desc, CELL_ERROR, "port-taken", pointer,
			    "of the ports 0x%x to 0x%x one or more belong to cell %s: %s", base,
			    base + count - 1, other, remedy);
	rival_note_ports(desc, other, base, count);
}

void claims_check(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		  struct cpuset *ret_cpus)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	*ret_cpus = desc->cpus;
	for (size_t i = 0; i < desc->n_cpu_list; i++)
		check_cpu(desc, host, inventory, i);
	if (desc->n_cpus_wanted)
		choose_cpus(desc, host, inventory, ret_cpus);
	check_cores(desc, host, inventory, ret_cpus);
	for (size_t i = 0; i < desc->n_memory; i++)
		check_memory(desc, host, inventory, i);
	for (size_t i = 0; i < desc->n_ports; i++)
		check_ports(desc, host, inventory, document_pointer(pointer, "ports", i, ""),
			    desc->ports[i].base, desc->ports[i].count, "remove them here or there");
	if (desc->console.size && !(desc->console.flags & CELLHV_CONSOLE_FLAG_MMIO))
		check_ports(desc, host, inventory, "/console/uart", (uint32_t)desc->console.address,
			    desc->console.size, "use \"virtual\", or another UART");
}
