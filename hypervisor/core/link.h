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

/* A peer rings another; with the lock held. */
void link_ring(struct cpu *self, struct ivshmem *from, unsigned id, unsigned vector);

/* A peer's state, with the lock held: a change goes to the state table, and rings the others. */
void link_set_state(struct cpu *self, struct ivshmem *peer, uint32_t state);

#endif
