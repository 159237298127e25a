/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a definition block is made of (ACPI 6.5, 20.2 and 6.4). Half of a cell's differs from that
 * of the next one: bridges, windows. So all of it is written by one means, instead of some by a
 * compiler of ASL and the rest by this. A test has iasl take it apart.
 */
#ifndef LIBCELL_LINUX_AML_H
#define LIBCELL_LINUX_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aml {
	uint8_t *data;
	size_t room;
	size_t size;
	bool is_full; /* some of it did not fit: none of it is any good */
};

/* A term with a length of its own; what comes next is in it, up to aml_end(). */
size_t aml_scope(struct aml *aml, const char *name);
size_t aml_device(struct aml *aml, const char *name);
size_t aml_method(struct aml *aml, const char *name, unsigned n_args);
size_t aml_package(struct aml *aml, unsigned n_elements);
size_t aml_resources(struct aml *aml);
void aml_end(struct aml *aml, size_t term);
void aml_end_resources(struct aml *aml, size_t term);

/* Names have four letters. Name() is followed by its object. */
void aml_name(struct aml *aml, const char *name);
void aml_integer(struct aml *aml, uint32_t value);
void aml_string(struct aml *aml, const char *text);
void aml_eisa_id(struct aml *aml, const char *id);
void aml_notify(struct aml *aml, const char *name, uint8_t value);

/* Resources, between aml_resources() and its end. last: of the range. */
void aml_io(struct aml *aml, uint16_t first, uint8_t count);
void aml_interrupt(struct aml *aml, uint32_t gsi); /* by its edge, active high */
void aml_memory(struct aml *aml, uint32_t first, uint32_t size);
void aml_window_buses(struct aml *aml, uint16_t first, uint16_t last);
void aml_window_io(struct aml *aml, uint16_t first, uint16_t last);
void aml_window_memory(struct aml *aml, uint64_t first, uint64_t last);

#endif
