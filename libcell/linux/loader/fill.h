/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIBCELL_LINUX_FILL_H
#define LIBCELL_LINUX_FILL_H

#include "parameters.h"

/* Appends a CPU for each id to the MADT, which has room bytes, and has its sum right again. */
void fill_madt(uint8_t *madt, uint32_t room, const uint32_t *ids, uint32_t n);

void fill_setup_data(struct linux_setup_data *data, const uint32_t *ids, uint32_t n,
		     uint32_t tsc_khz, uint32_t apic_khz);

/* Eight digits. */
void fill_digits(char *text, uint32_t value);

/* Ascending, but the first, which boots, stays there. */
void fill_sort(uint32_t *ids, uint32_t n);

#endif
