// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "base/export.h"
#include "desc/claims.h"
#include "desc/device.h"
#include "desc/image.h"
#include "desc/linux.h"
#include "driver/driver.h"
#include "host/pool.h"
#include "text/number.h"

uint64_t compile_need(const cell_desc *desc)
{
	uint64_t need = 0;

	for (size_t i = 0; i < desc->n_memory; i++)
		if (!(desc->memory[i].flags & CELLHV_MEMORY_DEVICE))
			need += desc->memory[i].size;
	for (size_t i = 0; i < desc->n_links; i++)
		if (!desc->links[i].resolved.shared.phys)
			need += cellhv_link_size(&desc->links[i].resolved.shared);
	return need;
}

static void report_short(cell_desc *desc, const cell_host *host, const struct inventory *inventory)
{
	char need[32], pool_text[32], removable[32], fallback[CMDLINE_RESERVE_SIZE];
	_cleanup_ranges_ struct ranges pool = {0};

	if (place_free(inventory, &host->memory, desc->name, &pool) < 0)
		desc->doc.diags.is_incomplete = true;
	desc_report(desc, CELL_ERROR, "memory-short", "/memory",
		    "the cell needs %s, but %s of cell memory is free and at most %s of Linux's "
		    "memory could go offline: make the cell smaller, destroy others, or boot with "
		    "%s (in /etc/default/grub the $ is written \\\\\\$)",
		    number_format_size(compile_need(desc), need),
		    number_format_size(ranges_total(&pool), pool_text),
		    number_format_size(memory_removable(&host->memory), removable),
		    pool_describe_fallback(&host->memory, compile_need(desc), fallback));
}

static int check_place(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		       struct place *ret)
{
	struct memory assumed;
	int r;

	r = memory_copy(&host->memory, &assumed);
	if (r < 0)
		return context_oom(desc->context);

	r = place_desc(desc, inventory, &assumed, place_assume, NULL, ret);
	memory_clear(&assumed);
	if (r == -ENOSPC) {
		report_short(desc, host, inventory);
		return 0;
	}
	if (r == -ENOMEM)
		return context_oom(desc->context);
	if (r < 0)
		return context_fail(desc->context, r, "Failed", "Cannot place the memory: %s.",
				    strerror(-r));
	return 0;
}

int compile_check(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		  struct cpuset *ret_cpus, struct place *ret_place)
{
	struct place place = {0};
	struct cpuset cpus;
	int r;

	diag_rewind(&desc->doc.diags);
	claims_check(desc, host, inventory, &cpus);
	image_check(desc);
	r = linux_check(desc);
	if (r < 0)
		return r;
	r = device_resolve(desc, host, inventory);
	if (r == 0)
		r = link_resolve(desc, host, inventory);
	if (r < 0)
		return r;
	diag_finish(&desc->doc.diags, false);
	if (!desc->doc.diags.n_errors) {
		r = check_place(desc, host, inventory, &place);
		if (r < 0)
			return r;
	}
	r = desc_verdict(desc);
	if (r < 0)
		return r;

	*ret_cpus = cpus;
	*ret_place = place;
	return 0;
}

/* Where the next array goes; the sections follow the fixed part in the order they are added. */
static void *add_section(struct cellhv_cell_config *config, size_t *size,
			 struct cellhv_section *section, size_t count, size_t entry_size)
{
	void *at = (char *)config + *size;

	*section = (struct cellhv_section){
		.offset = count ? (uint32_t)*size : 0,
		.count = (uint32_t)count,
		.entry_size = (uint32_t)entry_size,
	};
	*size += (count * entry_size + 7) & ~(size_t)7;
	return at;
}

/* Are there ports of the console that the list of ports does not have? */
static bool has_more_ports(const cell_desc *desc)
{
	const struct cellhv_console *console = &desc->console;

	if (!console->size || console->flags & CELLHV_CONSOLE_FLAG_MMIO)
		return false;

	for (size_t i = 0; i < desc->n_ports; i++)
		if (range_overlaps(desc->ports[i].base, desc->ports[i].count, console->address,
				   console->size))
			return false;
	return true;
}

static void fill_devices(const cell_desc *desc, struct cellhv_cell_config *config, size_t *size)
{
	struct cellhv_function *functions;
	struct cellhv_pin *pins;

	functions = add_section(config, size, &config->functions, desc->n_functions,
				sizeof(*functions));
	for (size_t i = 0; i < desc->n_functions; i++)
		functions[i] = desc->functions[i].resolved;

	pins = add_section(config, size, &config->pins, desc->n_irqs, sizeof(*pins));
	for (size_t i = 0; i < desc->n_irqs; i++)
		pins[i] = desc->irqs[i].resolved;
}

static void fill_sections(const cell_desc *desc, const struct cpuset *cpus,
			  const struct place *place, struct cellhv_cell_config *config,
			  size_t *size)
{
	bool add_console = has_more_ports(desc);
	struct cellhv_memory_region *regions;
	struct cellhv_port_range *ports;
	struct cellhv_link *links;
	uint32_t *cpu;

	regions = add_section(config, size, &config->memory, desc->n_memory, sizeof(*regions));
	for (size_t i = 0; i < desc->n_memory; i++)
		regions[i] = (struct cellhv_memory_region){
			.phys = place->phys[i],
			.guest = desc->memory[i].guest,
			.size = desc->memory[i].size,
			.flags = desc->memory[i].flags,
		};

	cpu = add_section(config, size, &config->cpus, cpuset_count(cpus), sizeof(*cpu));
	for (uint32_t i = 0; i < CELLHV_MAX_CPUS; i++)
		if (cpuset_has(cpus, i))
			*cpu++ = i;

	ports = add_section(config, size, &config->ports, desc->n_ports + add_console,
			    sizeof(*ports));
	for (size_t i = 0; i < desc->n_ports; i++)
		ports[i] = (struct cellhv_port_range){desc->ports[i].base, desc->ports[i].count};
	if (add_console)
		ports[desc->n_ports] = (struct cellhv_port_range){(uint32_t)desc->console.address,
								  desc->console.size};

	links = add_section(config, size, &config->links, desc->n_links, sizeof(*links));
	for (size_t i = 0; i < desc->n_links; i++) {
		links[i] = desc->links[i].resolved;
		links[i].shared.phys = place->link_phys[i];
	}
	fill_devices(desc, config, size);
}

int compile_blob(const cell_desc *desc, const struct cpuset *cpus, const struct place *place,
		 cell_blob **ret)
{
	struct cellhv_cell_config *config = calloc(1, CELLHV_CONFIG_MAX_SIZE);
	size_t size = sizeof(*config);

	if (!config)
		return context_oom(desc->context);

	blob_init_header(&config->header, CELLHV_CONFIG_CELL);
	memcpy(config->name, desc->name, sizeof(config->name));
	config->flags = desc->flags;
	config->comm_revision = desc->comm_revision;
	config->entry = desc->entry;
	config->comm_address = desc->comm;
	config->console = desc->console;
	fill_sections(desc, cpus, place, config, &size);
	return blob_seal(desc->context, config, size, ret);
}

/* The cells of the hypervisor, where there is one; it is not made to be there. */
static int read_inventory(cell_context *context, struct inventory *ret)
{
	int fd = driver_open(context), r;

	r = inventory_read(context, fd, ret);
	if (fd >= 0)
		close(fd);
	return r;
}

static int check_now(cell_desc *desc, cell_host *host, struct cpuset *ret_cpus,
		     struct place *ret_place)
{
	struct inventory inventory;
	int r;

	context_begin(desc->context);
	r = host_refresh(host);
	if (r >= 0)
		r = read_inventory(desc->context, &inventory);
	if (r < 0)
		return r;

	r = compile_check(desc, host, &inventory, ret_cpus, ret_place);
	inventory_clear(&inventory);
	return r;
}

LIBCELL_PUBLIC int cell_desc_check(cell_desc *desc, cell_host *host)
{
	struct cpuset cpus;
	struct place place;

	return check_now(desc, host, &cpus, &place);
}

LIBCELL_PUBLIC int cell_desc_check_images(cell_desc *desc)
{
	context_begin(desc->context);
	diag_rewind(&desc->doc.diags);
	image_check_files(desc);
	linux_check_files(desc);
	diag_finish(&desc->doc.diags, false);
	return desc_verdict(desc);
}

LIBCELL_PUBLIC int cell_desc_compile(cell_desc *desc, cell_host *host, cell_blob **ret)
{
	struct cpuset cpus;
	struct place place;
	int r;

	r = check_now(desc, host, &cpus, &place);
	if (r < 0)
		return r;
	return compile_blob(desc, &cpus, &place, ret);
}
