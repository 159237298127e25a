/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_KEYS_H
#define LIBCELL_KEYS_H

#include "desc/desc.h"
#include "text/parse.h"

/* The keys of a cell description. */
extern const struct key keys_cell[];

/* What whole is in all of them. */
static inline cell_desc *keys_desc(const struct value *value)
{
	return value->whole;
}

/* Links, ports and the console that may be at some, in keys_io.c. */
void keys_links(const struct value *value);
void keys_ports(const struct value *value);
void keys_console(const struct value *value);

/* Which machine the guest finds, and Linux on it, in keys_linux.c. */
void keys_platform(const struct value *value);
void keys_signature(const struct value *value);
void keys_linux(const struct value *value);

/* Text of its own; NULL: no memory, which is noted. */
char *keys_copy_string(const struct value *value);

/* Devices, in keys_device.c. */
void keys_pci(const struct value *value);
void keys_irqs(const struct value *value);
void keys_dma(const struct value *value);

#endif
