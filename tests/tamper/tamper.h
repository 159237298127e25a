/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TAMPER_H
#define TAMPER_H

#include <linux/io.h>
#include <linux/pci.h>

#define EDU PCI_DEVFN(0x1c, 0)
#define VECTOR 0xf9 /* of errors in memory: Linux counts it as THR, and looks for none */
#define MESSAGES 0xfee00000u

/* ---- main.c: what an attack is given ---- */

extern unsigned long long cell;	 /* physical address of what is not the root's */
extern unsigned int tamper_cpu;	 /* APIC id that messages are to go to */
extern unsigned int tamper_mode; /* delivery mode of these */

/* Pages of the module's own, zero at first. */
enum {
	PAGE_RESULT,
	PAGE_STATUS, /* what units write to */
	PAGE_TABLE,  /* and the next one */
	PAGE_ENTRIES = 4,
	PAGE_RING,
	PAGE_COUNT,
};

void *tamper_page(unsigned int n);
u64 tamper_phys(unsigned int n);

/* Until the bits are so, for 10 ms at most. */
void tamper_await(const void __iomem *reg, u32 bits, u32 value);

struct attack {
	const char *name;
	void (*begin)(void);
	void (*end)(void);  /* Linux finds its unit as it was */
	bool writes, reads; /* edu tries to */
};

/* ---- edu.c: the device that is to profit ---- */

int edu_open(void);
void edu_close(void);
void edu_aim(u32 address, u32 data); /* its messages */
void edu_raise(void);
void edu_write(u64 to);		 /* 16 bytes of its own */
void edu_copy(u64 from, u64 to); /* 16 bytes */

/* ---- ring.c: commands to a unit, by Linux's own queue ---- */

#define COMMAND 16 /* bytes of one */

struct ring {
	u64 *commands; /* where Linux has them */
	unsigned int count;
	void __iomem *head, *tail;
	u64 wait[2]; /* one that does nothing */
};

/* They are done, and Linux's head and tail are what they were. */
void ring_do(const struct ring *ring, const u64 (*commands)[2], unsigned int n);

/* Head is 0, the unit has just been turned on: goes on where Linux is, at `tail`. */
void ring_advance(const struct ring *ring, unsigned int tail);

/* ---- the units ---- */

extern const struct attack vtd_attacks[], amdvi_attacks[]; /* up to one without a name */

int vtd_open(void);
void vtd_close(void);
int amdvi_open(void);
void amdvi_close(void);

#endif
