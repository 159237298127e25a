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

/* What version 1 did not say, in the words of this one (cellhv/config.h). */
static void upgrade(struct cellhv_cell_config *config, size_t size)
{
	bool is_legacy = config->flags & VERSION_1_COMM_LEGACY;

	config->flags &= ~VERSION_1_COMM_LEGACY;
	config->flags |= CELLHV_CELL_STRICT_MSRS;
	config->comm_revision = is_legacy ? CELLHV_COMM_LEGACY : 1;
	config->header.version = CELLHV_CONFIG_VERSION;
	blob_finish_header(&config->header, size);
}

static bool has_variants(const struct cellhv_cell_config *config)
{
	for (uint32_t i = 0; i < config->links.count; i++)
		if (blob_links(config)[i].shared.variant)
			return true;
	return false;
}

bool blob_read(struct cellhv_cell_config *config, size_t size)
{
	bool is_older = size >= sizeof(*config) && size <= CELLHV_CONFIG_MAX_SIZE &&
			config->header.version == 1;

	/* It is made anew only where it is whole, and what was reserved is 0. */
	if (is_older && (config->header.total_size != size ||
			 config->header.checksum != checksum_config(&config->header, size) ||
			 config->flags & ~VERSION_1_FLAGS || config->comm_revision))
		return false;
	if (is_older)
		upgrade(config, size);
	return blob_is_valid(config, size) && !(is_older && has_variants(config));
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

	context_begin(context);
	copy = malloc(size ?: 1);
	if (!copy)
		return context_oom(context);

	memcpy(copy, data, size);
	if (!blob_read(copy, size)) {
		free(copy);
		return context_fail(
			context, -EINVAL, "InvalidConfiguration",
			"This is not a cell's binary configuration of version 1 to %d, or "
			"it is damaged: compile the description again.",
			CELLHV_CONFIG_VERSION);
	}
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
