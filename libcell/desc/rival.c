// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/rival.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/range.h"
#include "text/json.h"

static cell_desc *find(cell_desc *desc, const char *cell)
{
	cell_desc *rival = NULL;

	if (cell_desc_find(desc->context, cell, &rival) == -ENOMEM)
		desc->doc.diags.is_incomplete = true;
	return rival;
}

/* Takes the rival over. */
static void note(cell_desc *desc, cell_desc *rival, const char *pointer)
{
	struct json_position position;
	char message[80];

	snprintf(message, sizeof(message), "the description of cell %s claims it here",
		 rival->name);
	if (json_locate(rival->doc.text, pointer, false, &position))
		diag_add(&desc->doc.diags, &(struct cell_diag){
						   .severity = CELL_NOTE,
						   .code = "owner",
						   .file = rival->doc.path,
						   .pointer = pointer,
						   .line = position.line,
						   .column = position.column,
						   .message = message,
					   });
	cell_desc_unref(rival);
}

void rival_note_cpu(cell_desc *desc, const char *cell, uint32_t cpu)
{
	cell_desc *rival = find(desc, cell);
	char pointer[DOCUMENT_POINTER_SIZE] = "/cpus";

	if (!rival)
		return;

	for (size_t i = 0; i < rival->n_cpu_list; i++)
		if (rival->cpu_list[i] == cpu && !desc_is_bad(rival, "cpus", i, ""))
			document_pointer(pointer, "cpus", i, "");
	note(desc, rival, pointer);
}

void rival_note_memory(cell_desc *desc, const char *cell, uint64_t phys, uint64_t size)
{
	cell_desc *rival = find(desc, cell);
	char pointer[DOCUMENT_POINTER_SIZE] = "/memory";

	if (!rival)
		return;

	for (size_t i = 0; i < rival->n_memory; i++) {
		const struct desc_memory *memory = &rival->memory[i];

		if (memory->pinned && desc_region_known(rival, i) &&
		    range_overlaps(memory->phys, memory->size, phys, size))
			document_pointer(pointer, "memory", i, "phys");
	}
	note(desc, rival, pointer);
}

void rival_note_ports(cell_desc *desc, const char *cell, uint32_t base, uint32_t count)
{
	cell_desc *rival = find(desc, cell);
	char pointer[DOCUMENT_POINTER_SIZE] = "/console/uart";

	if (!rival)
		return;

	for (size_t i = 0; i < rival->n_ports; i++)
		if (range_overlaps(rival->ports[i].base, rival->ports[i].count, base, count))
			document_pointer(pointer, "ports", i, "");
	note(desc, rival, pointer);
}

void rival_note_function(cell_desc *desc, const char *cell, uint16_t address)
{
	cell_desc *rival = find(desc, cell);
	char pointer[DOCUMENT_POINTER_SIZE] = "/pci";

	if (!rival)
		return;

	for (size_t i = 0; i < rival->n_functions; i++)
		if (rival->functions[i].has_address && rival->functions[i].address == address)
			document_pointer(pointer, "pci", i, "function");
	note(desc, rival, pointer);
}

void rival_note_irq(cell_desc *desc, const char *cell, uint32_t number)
{
	cell_desc *rival = find(desc, cell);
	char pointer[DOCUMENT_POINTER_SIZE] = "/irqs";

	if (!rival)
		return;

	for (size_t i = 0; i < rival->n_irqs; i++)
		if (!rival->irqs[i].has_pin && rival->irqs[i].number == number)
			document_pointer(pointer, "irqs", i, "");
	note(desc, rival, pointer);
}
