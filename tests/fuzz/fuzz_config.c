/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a configuration. The fields that random bytes never get right (signature, size,
 * checksum) are made right, and what is then valid is used in full.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/checksum.h"
#include "core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void use_link(const struct cellhv_link *link)
{
	uint64_t end = 0;

	require(strlen(link->shared.name) < CELLHV_NAME_SIZE);
	require(link->id < link->shared.max_peers && link->shared.max_peers <= CELLHV_LINK_PEERS);
	require(link->shared.vectors && link->shared.vectors <= CELLHV_LINK_VECTORS);
	require(cellhv_link_size(&link->shared) >= 4096);
	require(!__builtin_add_overflow(link->shared.phys, cellhv_link_size(&link->shared), &end));
	require(!__builtin_add_overflow(link->guest, cellhv_link_size(&link->shared), &end));
}

static void use(const struct cellhv_cell_config *config)
{
	uint64_t end = 0;

	require(strlen(config->name) < CELLHV_NAME_SIZE && config->cpus.count);
	for (uint32_t i = 0; i < config->cpus.count; i++)
		require(config_cpu(config, i) < CELLHV_MAX_CPUS);
	for (uint32_t i = 0; i < config->ports.count; i++)
		require(config_ports(config, i)->base + config_ports(config, i)->count <= 65536);
	for (uint32_t i = 0; i < config->memory.count; i++) {
		require(!__builtin_add_overflow(config_memory(config, i)->phys,
						config_memory(config, i)->size, &end));
		require(!__builtin_add_overflow(config_memory(config, i)->guest,
						config_memory(config, i)->size, &end));
	}
	for (uint32_t i = 0; i < config->links.count; i++)
		use_link(config_link(config, i));
}

/* The fields that have little to say, so that the fuzzer comes to the sections. */
static void complete_cell(struct cellhv_cell_config *config)
{
	struct cellhv_section *sections[] = {&config->memory, &config->cpus,	  &config->ports,
					     &config->links,  &config->functions, &config->pins};
	const uint32_t sizes[] = {sizeof(struct cellhv_memory_region), sizeof(uint32_t),
				  sizeof(struct cellhv_port_range),    sizeof(struct cellhv_link),
				  sizeof(struct cellhv_function),      sizeof(struct cellhv_pin)};

	memset(config->name, 0, sizeof(config->name));
	memcpy(config->name, "fuzz", 4);
	config->header.type = CELLHV_CONFIG_CELL;
	config->flags &= CELLHV_CELL_FLAGS;
	config->reserved = 0;
	config->entry = (uint32_t)config->entry;
	config->comm_address &= ~0xfffull;
	memset(&config->console, 0, sizeof(config->console));
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		sections[i]->count %= 8;
		sections[i]->offset = sections[i]->count ? sections[i]->offset & 0x3f8 : 0;
		sections[i]->entry_size = sizes[i];
		sections[i]->reserved = 0;
	}
}

/* Its checksum as it comes decides how far. */
static void complete(struct cellhv_config_header *header, size_t size)
{
	if (header->checksum & 1 && size >= sizeof(struct cellhv_cell_config))
		complete_cell((struct cellhv_cell_config *)header);
	memcpy(header->signature, CELLHV_CONFIG_SIGNATURE, sizeof(header->signature));
	header->version = CELLHV_CONFIG_VERSION;
	header->architecture = CELLHV_ARCH_X86_64;
	header->reserved = 0;
	header->total_size = (uint32_t)size;
	header->checksum = checksum_config(header, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error error;
	void *copy = calloc(1, size ? size : 1);

	require(copy != NULL);
	memcpy(copy, data, size);
	if (size >= sizeof(struct cellhv_config_header))
		complete(copy, size);
	if (config_validate_cell(copy, size, CELLHV_ARCH_X86_64, &error) == 0)
		use(copy);
	config_validate_system(copy, size, CELLHV_ARCH_X86_64, &error);
	free(copy);
	return 0;
}
