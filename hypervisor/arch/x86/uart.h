/* SPDX-License-Identifier: GPL-2.0-only */
/* A 16550 for the hypervisor's own lines, where the system configuration names one
 * (arch_debug_put). */
#ifndef X86_UART_H
#define X86_UART_H

void uart_init(void);

#endif
