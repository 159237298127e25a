/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* What all configurations have: the header, and sections behind a fixed part. */
#ifndef CORE_CONFIG_FORMAT_H
#define CORE_CONFIG_FORMAT_H

#include "core/config.h"

struct config_rule {
	size_t offset; /* of a struct cellhv_section */
	uint32_t entry_size;
	uint32_t max_count;
};

struct config_kind {
	uint16_t type;
	size_t fixed_size;		 /* bytes of the structure that it begins with */
	size_t max_size;		 /* and of all */
	const struct config_rule *rules; /* its sections */
	size_t num_rules;
};

/* Both set *error and are -EINVAL. */
int config_fail(struct config_error *error, uint32_t check, uint64_t object);
int config_fail_format(struct config_error *error, size_t offset);

/* 0: as long as `size` says, whole, of this kind and for this architecture. */
int config_check_header(const struct cellhv_config_header *header, size_t size,
			const struct config_kind *kind, uint16_t architecture,
			struct config_error *error);

/* With a valid header. 0: each section is where it may be, and none meets another one. */
int config_check_sections(const struct cellhv_config_header *header, const struct config_kind *kind,
			  struct config_error *error);

#endif
