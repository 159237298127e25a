/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says a sentence to the cell link-echo and prints what comes back.
 *
 *     cc -o link-hello link-hello.c $(pkg-config --cflags --libs libcell)
 *
 * /etc/cellmgr/host.json has to list the link: { "links": [ "echo" ] }.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cell.h>

#define SERVER 1 /* Linux has id 0, being first in order */
#define RING 1	 /* the vector; 0 is for changes of state */

static int say(cell_link *link, const char *text)
{
	uint32_t counts[CELL_LINK_N_VECTORS_MAX],
		size = (uint32_t)(sizeof(size) + strlen(text) + 1);
	size_t section;
	char *output = cell_link_output(link, &section);
	const char *input = cell_link_input(link, SERVER, &section);
	int r;

	if (!output || !input || size > section)
		return -1;

	memcpy(output + sizeof(size), text, strlen(text) + 1);
	memcpy(output, &size, sizeof(size));
	cell_link_ring(link, SERVER, RING);
	do
		r = cell_link_wait(link, 5000, counts);
	while (r == 0 && counts[RING] == 0);
	if (r == 0)
		printf("The cell says: %.*s\n", (int)(section - sizeof(size)),
		       input + sizeof(size));
	return r;
}

int main(int argc, char **argv)
{
	cell_context *context;
	cell_link *link = NULL;
	int r;

	if (cell_context_new(&context) < 0)
		return 1;

	r = cell_link_open(context, "echo", &link);
	if (r == 0) {
		cell_link_set_state(link, 1);
		r = say(link, argc > 1 ? argv[1] : "hello over there");
		cell_link_set_state(link, 0);
	}
	if (r < 0)
		fprintf(stderr, "%s\n", cell_context_last_error(context));
	cell_link_unref(link);
	cell_context_unref(context);
	return r < 0;
}
