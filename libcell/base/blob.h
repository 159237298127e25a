/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binary configurations. */
#ifndef LIBCELL_BLOB_H
#define LIBCELL_BLOB_H

#include <stdbool.h>

#include <cellhv/config.h>

#include "base/context.h"

struct cell_blob {
	unsigned refs;
	cell_context *context;
	size_t size;
	struct cellhv_cell_config *config; /* size bytes */
};

/* Memory that programs are in, as a description asks for it where it says no more. */
#define BLOB_PROGRAM_RAM (CELLHV_MEMORY_READ | CELLHV_MEMORY_WRITE | CELLHV_MEMORY_EXECUTE)

static inline bool blob_is_program_ram(uint32_t flags)
{
	return (flags & (BLOB_PROGRAM_RAM | CELLHV_MEMORY_DEVICE)) == BLOB_PROGRAM_RAM;
}

/* As the hypervisor will judge it; data is 8-byte aligned. */
bool blob_is_valid(const void *data, size_t size);

/*
 * A copy, for free(), of one that this version or an older one made; it is one of this version.
 * -EINVAL, -ENOMEM
 */
int blob_read(const void *data, size_t size, struct cellhv_cell_config **ret, size_t *ret_size);

/* Takes data (from malloc) over; puts size and checksum into its header. */
int blob_seal(cell_context *context, struct cellhv_cell_config *data, size_t size, cell_blob **ret);

/* Signature to type; size and checksum once the content is there. */
void blob_init_header(struct cellhv_config_header *header, enum cellhv_config_type type);
void blob_finish_header(struct cellhv_config_header *header, size_t size);

static inline const void *blob_section(const struct cellhv_cell_config *config,
				       const struct cellhv_section *section)
{
	return (const char *)config + section->offset;
}

static inline const struct cellhv_memory_region *
blob_memory(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->memory);
}

static inline const uint32_t *blob_cpus(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->cpus);
}

static inline const struct cellhv_link *blob_links(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->links);
}

static inline const struct cellhv_function *blob_functions(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->functions);
}

static inline const struct cellhv_pin *blob_pins(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->pins);
}

static inline const struct cellhv_port_range *blob_ports(const struct cellhv_cell_config *config)
{
	return blob_section(config, &config->ports);
}

#endif
