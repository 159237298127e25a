/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/checksum.h"
#include "fake.h"

#define DEFAULT_COMM CELLHV_COMM_DEFAULT_ADDRESS

/* Appends a section. */
static void add(struct cellhv_cell_config *config, struct cellhv_section *section,
		const void *entries, uint32_t count, uint32_t entry_size)
{
	uint32_t bytes = count * entry_size;

	section->entry_size = entry_size;
	if (!count)
		return;
	section->offset = config->header.total_size;
	section->count = count;
	memcpy((uint8_t *)config + section->offset, entries, bytes);
	config->header.total_size += (bytes + 7) & ~7u;
}

struct cellhv_function wanted_function(uint16_t address)
{
	const struct fake_function *hardware = fake_function(address);
	struct cellhv_function function = {.address = address, .num_requesters = 1};

	memcpy(function.bars, hardware->bars, sizeof(function.bars));
	function.requesters[0] = address;
	if (address == FAKE_NIC) {
		function.num_bridges = 1;
		function.bridges[0] = FAKE_BRIDGE;
	}
	return function;
}

static uint32_t functions_of(const struct wanted *wanted, struct cellhv_function *functions)
{
	uint32_t n = 0;

	for (; n < WANTED_MAX && (wanted->described[n].num_requesters || wanted->functions[n]); n++)
		functions[n] = wanted->described[n].num_requesters
				       ? wanted->described[n]
				       : wanted_function(wanted->functions[n]);
	return n;
}

uint32_t wanted_config(const struct wanted *wanted, void *buffer)
{
	struct cellhv_cell_config *config = buffer;
	uint32_t regions = 0, ports = 0, links = 0, pins = 0, functions;
	struct cellhv_function list[WANTED_MAX];

	memset(config, 0, sizeof(*config) + sizeof(*wanted));
	memcpy(config->header.signature, CELLHV_CONFIG_SIGNATURE, sizeof(config->header.signature));
	config->header.version = CELLHV_CONFIG_VERSION;
	config->header.architecture = machine.architecture;
	config->header.type = CELLHV_CONFIG_CELL;
	config->header.total_size = sizeof(*config);
	strncpy(config->name, wanted->name, sizeof(config->name) - 1);
	config->flags = wanted->flags;
	config->comm_revision = wanted->comm_revision;
	config->entry = wanted->entry;
	config->comm_address = wanted->comm ? wanted->comm : DEFAULT_COMM;
	while (regions < WANTED_MAX && wanted->memory[regions].size)
		regions++;
	while (ports < WANTED_MAX && wanted->ports[ports].count)
		ports++;
	while (links < WANTED_MAX && wanted->links[links].shared.protocol)
		links++;
	add(config, &config->memory, wanted->memory, regions, sizeof(*wanted->memory));
	add(config, &config->cpus, wanted->cpus, wanted->num_cpus, sizeof(*wanted->cpus));
	add(config, &config->ports, wanted->ports, ports, sizeof(*wanted->ports));
	add(config, &config->links, wanted->links, links, sizeof(*wanted->links));
	functions = functions_of(wanted, list);
	add(config, &config->functions, list, functions, sizeof(*list));
	while (pins < WANTED_MAX && wanted->pins[pins].ioapic)
		pins++;
	add(config, &config->pins, wanted->pins, pins, sizeof(*wanted->pins));
	config->header.checksum = checksum_config(&config->header, config->header.total_size);
	return config->header.total_size;
}
