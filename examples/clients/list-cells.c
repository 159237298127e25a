// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prints every cell: id, name, state, CPUs.
 *
 *     cc -o list-cells list-cells.c $(pkg-config --cflags --libs libcell)
 */
#include <errno.h>
#include <stdio.h>

#include <cell.h>

static int print_cell(cell_cell *cell)
{
	enum cell_state state;
	const unsigned *cpus;
	size_t n;
	int r;

	r = cell_cell_state(cell, &state, NULL);
	if (r < 0)
		return r;

	printf("%2u  %-31s %-15s", cell_cell_id(cell), cell_cell_name(cell),
	       cell_state_to_string(state));
	cpus = cell_cell_cpus(cell, &n);
	for (size_t i = 0; i < n; i++)
		printf("%s%u", i ? "," : " ", cpus[i]);
	putchar('\n');
	return 0;
}

static int print_cells(cell_hv *hv)
{
	cell_cell *cell = NULL, *next;
	int r;

	while ((r = cell_cell_next(hv, cell, &next)) == 0) {
		cell_cell_unref(cell);
		cell = next;
		r = print_cell(cell);
		if (r < 0 && r != -ENOENT) /* it may have gone in between */
			break;
	}
	cell_cell_unref(cell);
	return r == -ENOENT ? 0 : r;
}

int main(void)
{
	cell_context *context = NULL;
	cell_hv *hv = NULL;
	int r;

	r = cell_context_new(&context);
	if (r >= 0)
		r = cell_hv_open(context, false, &hv);
	if (r >= 0)
		r = print_cells(hv);
	if (r < 0)
		fprintf(stderr, "%s\n", context ? cell_context_last_error(context) : "No memory.");

	cell_hv_unref(hv);
	cell_context_unref(context);
	return r < 0;
}
