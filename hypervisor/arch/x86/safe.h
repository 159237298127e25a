/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Privileged instructions with values that a guest chose. The processor judges them: where it
 * raises an exception, the result is false, and the guest is told. Whatever a guest has a part in
 * goes this way; msr_write() of x86.h is for values of the hypervisor's own
 * (tests/gate/privileged).
 */
#ifndef X86_SAFE_H
#define X86_SAFE_H

#include <stdbool.h>
#include <stdint.h>

bool msr_read_safe(uint32_t msr, uint64_t *value);
bool msr_write_safe(uint32_t msr, uint64_t value);
bool xcr_write_safe(uint32_t xcr, uint64_t value);

/*
 * An exception at `rip`: where one of the above goes on that raised it by its value; else 0. What
 * may come at any instruction, like a machine check, is none of its own.
 */
uint64_t safe_fixup(uint64_t vector, uint64_t rip);

#endif
