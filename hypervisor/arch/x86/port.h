/* SPDX-License-Identifier: GPL-2.0-only */
/* I/O ports that a guest may not reach by itself. */
#ifndef X86_PORT_H
#define X86_PORT_H

#include "arch/x86/cpu.h"

struct port_access {
	uint16_t port;
	uint8_t size; /* 1, 2, 4 */
	bool write;
	bool string; /* INS, OUTS */
};

/* What all cells without ports of their own may do: read the PM timer. */
void port_init_bitmaps(void);

/* true: done, the instruction is to be skipped. false: an exception, the cell's end, or it is to
 * run again. */
bool port_exit(struct cpu *cpu, const struct port_access *access);

#endif
