/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* The links of a configuration; part of config_validate_cell(). */
#ifndef CORE_CONFIG_LINK_H
#define CORE_CONFIG_LINK_H

#include "core/config.h"

/* With all other sections and the fixed part valid. */
int config_validate_links(const struct cellhv_cell_config *config, struct config_error *error);

#endif
