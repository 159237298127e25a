/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network adapter of Intel's 82574 family, of which a cell has one.
 */
#ifndef E1000E_H
#define E1000E_H

#include "frame.h"
#include "runtime/runtime.h"

struct e1000e {
	uint16_t function;
	uint8_t address[ETHERNET_ADDRESS];
	bool is_msix;		   /* else MSI */
	uint32_t interrupts;	   /* that have come */
	unsigned int next_receive; /* indices of rings */
	unsigned int next_send;
	uint32_t refused; /* descriptors whose size or state is none that may be */
	uintptr_t registers;
};

/*
 * Find the adapter, reset it and let it receive what is for its address or for all. Each event
 * interrupts this CPU at `vector`, whose handler calls e1000e_interrupt(); by MSI where `msi` wants
 * it or there is no MSI-X. NULL where all went well, else why not.
 */
const char *e1000e_open(struct e1000e *nic, unsigned int vector, bool msi);

/* It no longer reads or writes memory. */
void e1000e_close(struct e1000e *nic);

/* From the handler: events from now on interrupt again. */
void e1000e_interrupt(struct e1000e *nic);

bool e1000e_link_is_up(const struct e1000e *nic);

/* Copy the next frame that has come: its size, at most ETHERNET_FRAME_MAX; 0: there is none. */
unsigned int e1000e_receive(struct e1000e *nic, void *frame);

/* size: ETHERNET_FRAME_MIN to _MAX. False while too much waits to be sent. */
bool e1000e_send(struct e1000e *nic, const void *frame, unsigned int size);

#endif
