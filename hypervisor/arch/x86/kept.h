/* SPDX-License-Identifier: GPL-2.0-only */
/* What keeps cells apart, as far as the hypervisor itself knows it: nobody is given that. */
#ifndef X86_KEPT_H
#define X86_KEPT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether one of the ports is such; of memory: arch_keeps(). No range wraps around. */
bool kept_ports(uint32_t base, uint32_t count);

/* The same of memory, without the I/O APICs: registers of which a chip's are not part. */
bool kept_registers(uint64_t phys, uint64_t size);

#endif
