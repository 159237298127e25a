/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* Functions and pins of a configuration; part of config_validate_cell(). */
#ifndef CORE_CONFIG_DEVICE_H
#define CORE_CONFIG_DEVICE_H

#include "core/config.h"

/* With all other sections and the fixed part valid. */
int config_validate_devices(const struct cellhv_cell_config *config, struct config_error *error);

#endif
