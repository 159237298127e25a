/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guests of a PCI device have in common: a wait for its interrupt, and the verdict.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "runtime/runtime.h"

/* "ok NAME: WHAT (0xVALUE)" or "not ok ..."; returns ok. */
bool verdict(const char *name, bool ok, const char *what, uint64_t value);

/* The device's interrupt is VECTOR_DEVICE, and calls `handler` with the others off. */
void device_start(void (*handler)(void));

/* Sleep until an interrupt of the device's has come since the last call; false: not in 2 s. */
bool device_wait(void);
bool device_wait_for(unsigned int count); /* so many, in 2 s altogether */

/* How many have come. */
unsigned int device_interrupts(void);

/* The cell ends in failure where a verdict was not ok. */
void device_finish(void);

#endif
