/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests of physical functions share; in core.c. */
#ifndef TESTS_CORE_FUNCTION_H
#define TESTS_CORE_FUNCTION_H

#include "core.h"

/* A machine whose IOMMUs are taken; two cells with functions. */
void boot(void);
extern const struct wanted with_nvme, with_nic;

/* It is, with this check and object, and all is as before. */
void refused(const struct wanted *wanted, int error, uint32_t check, uint64_t object);

#endif
