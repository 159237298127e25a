// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/blob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/checksum.h>
#include <core/config.h>

#include "base/export.h"

void blob_init_header(struct cellhv_config_header *header, enum cellhv_config_type type)
{
	memcpy(header->signature, CELLHV_CONFIG_SIGNATURE, sizeof(header->signature));
	header->version = CELLHV_CONFIG_VERSION;
	header->architecture = CELLHV_ARCH_X86_64;
	header->type = (uint16_t)type;
}

void blob_finish_header(struct cellhv_config_header *header, size_t size)
{
	header->total_size = (uint32_t)size;
	header->checksum = checksum_config(header, size);
}

bool blob_is_valid(const void *data, size_t size)
{
	struct config_error error;

	return size <= CELLHV_CONFIG_MAX_SIZE &&
	       config_validate_cell(data, size, CELLHV_ARCH_X86_64, &error) == 0;
}

#define VERSION_1_COMM_LEGACY 0x4u /* of the flags */
#define VERSION_1_FLAGS 0x7u
#define VERSION_2_FIXED offsetof(struct cellhv_cell_config, functions)
#define GROWN (sizeof(struct cellhv_cell_config) - VERSION_2_FIXED)

static bool is_older(const struct cellhv_config_header *header, size_t size)
{
	return size >= VERSION_2_FIXED && size <= CELLHV_CONFIG_MAX_SIZE - GROWN &&
	       (header->version == 1 || header->version == 2);
}

/* What version 1 did not say, in the words of version 2 (cellhv/config.h). */
static bool upgrade_to_2(struct cellhv_cell_config *config)
{
	bool is_legacy = config->flags & VERSION_1_COMM_LEGACY;

	if (config->flags & ~VERSION_1_FLAGS || config->comm_revision)
		return false;

	config->flags &= ~VERSION_1_COMM_LEGACY;
	config->flags |= CELLHV_CELL_STRICT_MSRS;
	config->comm_revision = is_legacy ? CELLHV_COMM_LEGACY : 1;
	return true;
}

static bool has_variants(const struct cellhv_cell_config *config)
{
	for (uint32_t i = 0; i < config->links.count; i++)
		if (blob_links(config)[i].shared.variant)
			return true;
	return false;
}

/* Two sections more, of nothing; `copy` has room for them and is zero behind its old end. */
static void upgrade_to_3(struct cellhv_cell_config *config, size_t size)
{
	struct cellhv_section *const sections[] = {&config->memory, &config->cpus, &config->ports,
						   &config->links};

	memmove(config + 1, &config->functions, size - VERSION_2_FIXED);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (sections[i]->offset)
			sections[i]->offset += (uint32_t)GROWN;
	config->functions = (struct cellhv_section){.entry_size = sizeof(struct cellhv_function)};
	config->pins = (struct cellhv_section){.entry_size = sizeof(struct cellhv_pin)};
	config->header.version = CELLHV_CONFIG_VERSION;
	blob_finish_header(&config->header, size + GROWN);
}

/* It is made anew only where it is whole, and what was reserved is 0. */
static bool upgrade(struct cellhv_cell_config *config, size_t size)
{
	bool is_first = config->header.version == 1;

	if (config->header.total_size != size ||
	    config->header.checksum != checksum_config(&config->header, size))
		return false;
	if (is_first && !upgrade_to_2(config))
		return false;

	upgrade_to_3(config, size);
	return blob_is_valid(config, size + GROWN) && !(is_first && has_variants(config));
}

int blob_read(const void *data, size_t size, struct cellhv_cell_config **ret, size_t *ret_size)
{
	struct cellhv_cell_config *copy = calloc(1, size + GROWN);
	bool valid;

	if (!copy)
		return -ENOMEM;

	memcpy(copy, data, size);
	*ret_size = size;
	if (is_older(&copy->header, size)) {
		valid = upgrade(copy, size);
		*ret_size += GROWN;
	} else {
		valid = blob_is_valid(copy, size);
	}
	if (!valid) {
		free(copy);
		return -EINVAL;
	}
	*ret = copy;
	return 0;
}

int blob_seal(cell_context *context, struct cellhv_cell_config *data, size_t size, cell_blob **ret)
{
	cell_blob *blob = calloc(1, sizeof(*blob));

	if (!blob) {
		free(data);
		return context_oom(context);
	}

	blob_finish_header(&data->header, size);
	blob->refs = 1;
	blob->context = cell_context_ref(context);
	blob->size = size;
	blob->config = data;
	*ret = blob;
	return 0;
}

LIBCELL_PUBLIC int cell_blob_new(cell_context *context, const void *data, size_t size,
				 cell_blob **ret)
{
	struct cellhv_cell_config *copy;
	int r;

	context_begin(context);
	r = size <= CELLHV_CONFIG_MAX_SIZE ? blob_read(data, size, &copy, &size) : -EINVAL;
	if (r == -ENOMEM)
		return context_oom(context);
	if (r < 0)
		return context_fail(
			context, -EINVAL, "InvalidConfiguration",
			"This is not a cell's binary configuration of version 1 to %d, or "
			"it is damaged: compile the description again.",
			CELLHV_CONFIG_VERSION);
	return blob_seal(context, copy, size, ret);
}

LIBCELL_PUBLIC cell_blob *cell_blob_ref(cell_blob *blob)
{
	blob->refs++;
	return blob;
}

LIBCELL_PUBLIC cell_blob *cell_blob_unref(cell_blob *blob)
{
	if (!blob || --blob->refs > 0)
		return NULL;

	cell_context_unref(blob->context);
	free(blob->config);
	free(blob);
	return NULL;
}

LIBCELL_PUBLIC const void *cell_blob_data(const cell_blob *blob, size_t *ret_size)
{
	*ret_size = blob->size;
	return blob->config;
}
