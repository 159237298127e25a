/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links: memory that cells, and maybe the root, share, and who is at its ends. Made by the first
 * cell that names it, gone with the last. The list is changed by management calls; a link's peers
 * and what they are doing is under its lock, which guests take to ring each other.
 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include "core/cell.h"
#include "core/ivshmem.h"

struct link {
	struct link *next;
	struct cellhv_link_shared shared;
	struct spinlock lock;
	struct ivshmem *peers[CELLHV_LINK_PEERS]; /* by id */
	struct ivshmem *root;			  /* also in peers; NULL: Linux is no peer */
	uint32_t cells;				  /* that are peers; 0: not made yet, or ending */
	bool used;				  /* a peer has been started: there is data */
	uint64_t zeroed;			  /* bytes from its start that are zero */
};

extern struct link *links;

/* One part of the memory. access: of the peer with that id. false: there are no more. */
struct link_section {
	uint64_t offset;
	uint64_t size;
	uint32_t access;
};
bool link_section(const struct link *link, unsigned index, uint16_t id,
		  struct link_section *section);

/* Whether memory of a link overlaps the range. */
bool link_owns_memory(uint64_t phys, uint64_t size);

/* Steps of cell_create(): check, reserve, map for the cell, commit; free takes half-built cells. */
int link_check(const struct cellhv_cell_config *config, struct cellhv_call *call);
int link_reserve(struct cell *cell);
int link_map(struct cell *cell);
int link_commit(struct cpu *self, struct cell *cell, struct cellhv_call *call);
void link_free(struct cell *cell);

/* The cell's functions are reset and alive; dead, which their peers are told. */
void link_start(struct cell *cell);
void link_stop(struct cell *cell);

/* Memory nobody else needs goes to the root (may fail, and be tried again); then leave. */
int link_return_memory(struct cpu *self, struct cell *cell, struct cellhv_call *call);
void link_leave(struct cell *cell);

/* Memory of links that this cell's scrubbing has to zero: bytes left, and the next page. */
uint64_t link_unclean(const struct cell *cell);
void link_scrub_page(struct cpu *self, struct cell *cell);

/* A peer rings another; with the lock held. */
void link_ring(struct cpu *self, struct ivshmem *from, unsigned id, unsigned vector);

/* A peer's state, with the lock held: a change goes to the state table, and rings the others. */
void link_set_state(struct cpu *self, struct ivshmem *peer, uint32_t state);

#endif
