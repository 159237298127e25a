// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blobtext.h"

#include <inttypes.h>

#include "base/blob.h"

#define BYTES_PER_LINE 16

static void write_fields(const struct cellhv_cell_config *config, FILE *out)
{
	const struct cellhv_config_header *header = &config->header;
	const struct cellhv_console *console = &config->console;

	fprintf(out, "%.8s version %u architecture %u type %u, %u bytes, checksum %08x\n",
		header->signature, header->version, header->architecture, header->type,
		header->total_size, header->checksum);
	fprintf(out, "name \"%s\" flags %#x entry %#" PRIx64 " comm %#" PRIx64 " revision %#x\n",
		config->name, config->flags, config->entry, config->comm_address,
		config->comm_revision);
	fprintf(out,
		"console address %#" PRIx64
		" size %u type %u flags %#x divider %u gate %u clock %#" PRIx64 "\n",
		console->address, console->size, console->type, console->flags, console->divider,
		console->gate, console->clock_register);
}

static void write_link(const struct cellhv_link *link, FILE *out)
{
	const struct cellhv_link_shared *shared = &link->shared;

	fprintf(out,
		"link \"%s\" phys %#" PRIx64 " common %#" PRIx64 " output %#" PRIx64
		" protocol %u.%u peers %u vectors %u class %#x flags %#x root %u %#x\n",
		shared->name, shared->phys, shared->common_size, shared->output_size,
		shared->protocol, shared->variant, shared->max_peers, shared->vectors,
		shared->class_protocol, shared->flags, shared->root_id, shared->root_function);
	fprintf(out, "  guest %#" PRIx64 " id %u function %#x\n", link->guest, link->id,
		link->function);
}

static void write_devices(const struct cellhv_cell_config *config, FILE *out)
{
	for (uint32_t i = 0; i < config->functions.count; i++) {
		const struct cellhv_function *function = &blob_functions(config)[i];

		fprintf(out, "function %#x flags %#x requesters", function->address,
			function->flags);
		for (unsigned j = 0; j < function->num_requesters; j++)
			fprintf(out, " %#x", function->requesters[j]);
		fputs(" bridges", out);
		for (unsigned j = 0; j < function->num_bridges; j++)
			fprintf(out, " %#x", function->bridges[j]);
		fputs(" bars", out);
		for (unsigned j = 0; j < CELLHV_FUNCTION_BARS; j++)
			fprintf(out, " %#" PRIx64 "+%#" PRIx64, function->bars[j].phys,
				function->bars[j].size);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < config->pins.count; i++)
		fprintf(out, "pin %u of %#" PRIx64 " flags %#x\n", blob_pins(config)[i].pin,
			blob_pins(config)[i].ioapic, blob_pins(config)[i].flags);
}

static void write_sections(const struct cellhv_cell_config *config, FILE *out)
{
	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = &blob_memory(config)[i];

		fprintf(out,
			"memory phys %#" PRIx64 " guest %#" PRIx64 " size %#" PRIx64 " flags %#x\n",
			region->phys, region->guest, region->size, region->flags);
	}
	for (uint32_t i = 0; i < config->cpus.count; i++)
		fprintf(out, "cpu %u\n", blob_cpus(config)[i]);
	for (uint32_t i = 0; i < config->ports.count; i++)
		fprintf(out, "ports base %#x count %u\n", blob_ports(config)[i].base,
			blob_ports(config)[i].count);
	for (uint32_t i = 0; i < config->links.count; i++)
		write_link(&blob_links(config)[i], out);
	write_devices(config, out);
}

void blobtext_write(const cell_blob *blob, FILE *out)
{
	const unsigned char *bytes = (const unsigned char *)blob->config;

	write_fields(blob->config, out);
	write_sections(blob->config, out);
	for (size_t i = 0; i < blob->size; i++)
		fprintf(out, "%s%02x%s", i % BYTES_PER_LINE ? " " : "", bytes[i],
			i % BYTES_PER_LINE == BYTES_PER_LINE - 1 || i + 1 == blob->size ? "\n"
											: "");
}
