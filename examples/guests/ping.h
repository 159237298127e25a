/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that answers pings, by an adapter that is its own matter. */
#ifndef PING_H
#define PING_H

#include "frame.h"
#include "runtime/runtime.h"

struct ping_adapter {
	const char *default_ip;
	const uint8_t *address; /* once it is open */
	const uint32_t *interrupts;
	const uint32_t *refused;		  /* frames that none may be */
	const char *(*open)(const uint8_t ip[4]); /* NULL where all went well, else why not */
	void (*close)(void);
	bool (*link_is_up)(void);
	/* The next frame, of at most ETHERNET_FRAME_MAX: its size; 0: there is none so far. */
	unsigned int (*receive)(void *frame);
	bool (*send)(const void *frame, unsigned int size);
};

/*
 * Until the cell is to shut down. Words of the command line:
 *
 *   ip=A.B.C.D        its address
 *   stats=SECONDS     how often it tells what it has done; default 60
 */
void ping_answer_all(const struct ping_adapter *adapter);

#endif
