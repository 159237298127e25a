/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor never uses FPU or vector registers; it only clears them between owners. */
#ifndef X86_FPU_H
#define X86_FPU_H

/* All extended state as after power-on, XCR0 = 1. */
void fpu_reset(void);

#endif
