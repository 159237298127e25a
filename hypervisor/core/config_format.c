/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/config_format.h"

#include <cellhv/manage.h>

#include "core/checksum.h"
#include "core/errno.h"
#include "core/range.h"

#define HEADER(field) offsetof(struct cellhv_config_header, field)

int config_fail(struct config_error *error, uint32_t check, uint64_t object)
{
	*error = (struct config_error){.check = check, .object = object};
	return -EINVAL;
}

int config_fail_format(struct config_error *error, size_t offset)
{
	return config_fail(error, CELLHV_CHECK_CONFIG_FORMAT, offset);
}

int config_check_header(const struct cellhv_config_header *header, size_t size,
			const struct config_kind *kind, uint16_t architecture,
			struct config_error *error)
{
	static const char signature[sizeof(header->signature) + 1] = CELLHV_CONFIG_SIGNATURE;

	if (size < kind->fixed_size || size > kind->max_size)
		return config_fail_format(error, HEADER(total_size));

	for (size_t i = 0; i < sizeof(header->signature); i++)
		if (header->signature[i] != signature[i])
			return config_fail_format(error, HEADER(signature));

	if (header->version != CELLHV_CONFIG_VERSION)
		return config_fail_format(error, HEADER(version));

	if (header->architecture != architecture)
		return config_fail_format(error, HEADER(architecture));

	if (header->type != kind->type)
		return config_fail_format(error, HEADER(type));

	if (header->reserved)
		return config_fail_format(error, HEADER(reserved));

	if (header->total_size != size)
		return config_fail_format(error, HEADER(total_size));

	if (header->checksum != checksum_config(header, size))
		return config_fail(error, CELLHV_CHECK_CONFIG_CHECKSUM, 0);

	return 0;
}

static const struct cellhv_section *section(const struct cellhv_config_header *header,
					    const struct config_rule *rule)
{
	return (const void *)((const char *)header + rule->offset);
}

static int check_section(const struct cellhv_config_header *header, const struct config_kind *kind,
			 size_t index, struct config_error *error)
{
	const struct config_rule *rule = &kind->rules[index];
	const struct cellhv_section *this = section(header, rule);

	if (this->entry_size != rule->entry_size || this->count > rule->max_count || this->reserved)
		return config_fail_format(error, rule->offset);

	if (this->count == 0)
		return this->offset ? config_fail_format(error, rule->offset) : 0;

	/* The products are below 2^16 after the check of the count, the sums are in 64 bits. */
	if (this->offset % 8 || this->offset < kind->fixed_size ||
	    (uint64_t)this->offset + this->count * this->entry_size > header->total_size)
		return config_fail_format(error, rule->offset);

	for (size_t i = 0; i < index; i++) {
		const struct cellhv_section *other = section(header, &kind->rules[i]);

		if (range_overlaps(this->offset, this->count * this->entry_size, other->offset,
				   other->count * other->entry_size))
			return config_fail_format(error, rule->offset);
	}
	return 0;
}

int config_check_sections(const struct cellhv_config_header *header, const struct config_kind *kind,
			  struct config_error *error)
{
	int err = 0;

	for (size_t i = 0; !err && i < kind->num_rules; i++)
		err = check_section(header, kind, i, error);
	return err;
}
