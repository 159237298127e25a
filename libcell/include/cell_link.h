/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of cell.h about links: include that. */
#ifndef LIBCELL_CELL_LINK_H
#define LIBCELL_CELL_LINK_H

#include "cell.h"

/* ---- Links ----------------------------------------------------------------------------------- */

/* Who is at a link, or would be. */
struct cell_link_peer {
	const char *name;  /* of the cell; "root": Linux */
	unsigned id;	   /* that it has, or would get if it came now */
	bool is_described; /* its description, or host.json, names the link */
	bool exists;	   /* it is at the link */
};

/* As it is where it exists, else as the first cell to come would make it. Sizes in bytes. */
struct cell_link_entry {
	const char *name;
	bool exists;	      /* a cell that has it does */
	unsigned protocol;    /* of ivshmem: 1 or 2 */
	uint64_t common_size; /* 0 as well where nobody says it, which is an error of the cells */
	uint64_t output_size; /* of each peer */
	unsigned max_peers;
	unsigned n_vectors;
	unsigned class_protocol;
	const struct cell_link_peer *peers; /* Linux first, then cells by name */
	size_t n_peers;
	unsigned variant; /* of protocol 1: 1 has states ("ivshmem-1.1"); else 0 */
};

/* One link, which is good for the time of the call. A return other than 0 ends the list. */
typedef int (*cell_link_fn)(void *userdata, const struct cell_link_entry *link);

/*
 * Calls fn for each link that a description in the search path, host.json or an existing cell
 * names, by name. Whether all that they say fits together is for cell_desc_check() to tell. Returns
 * what fn returned last, 0 where there are none.
 */
int cell_link_list(cell_host *host, cell_link_fn fn, void *userdata);

/*
 * A link that host.json lists and that a cell names. It lasts as long as the link: when its last
 * cell goes, waiting fails with -ENOTCONN and its memory raises SIGBUS; then open it anew.
 */
typedef struct cell_link cell_link;

struct cell_link_info {
	unsigned protocol; /* of ivshmem: 1 or 2 */
	unsigned id;	   /* Linux's */
	unsigned n_peers;  /* at most; ids are below */
	unsigned n_vectors;
	unsigned class_protocol;
};
#define CELL_LINK_N_VECTORS_MAX 16

/* -ENOENT: NoSuchLink */
int cell_link_open(cell_context *context, const char *name, cell_link **ret);
cell_link *cell_link_ref(cell_link *link);
cell_link *cell_link_unref(cell_link *link);
void cell_link_info(const cell_link *link, struct cell_link_info *ret);

/* Sections, mapped: written by all, by Linux only, by the peer only; NULL where the link has none.
 */
void *cell_link_common(const cell_link *link, size_t *ret_size);
void *cell_link_output(const cell_link *link, size_t *ret_size);
const void *cell_link_input(const cell_link *link, unsigned peer, size_t *ret_size);

/* What a peer has put into the state table, 0 while it is not there; protocol 1: always 0. */
uint32_t cell_link_state(const cell_link *link, unsigned peer);
void cell_link_set_state(cell_link *link, uint32_t state); /* raises vector 0 at the others */

/* Interrupts a peer, if it is there. Protocol 1: the other one, whatever is passed. */
void cell_link_ring(cell_link *link, unsigned peer, unsigned vector);

/* Readable when there was an interrupt; then call _wait. */
int cell_link_fd(const cell_link *link);

/*
 * Waits for an interrupt that came since the last call; gives how many there were of each vector
 * since cell_link_open(). timeout_ms: -1 for ever. -ETIMEDOUT, -ENOTCONN.
 */
int cell_link_wait(cell_link *link, int timeout_ms, uint32_t ret_counts[CELL_LINK_N_VECTORS_MAX]);

#endif
