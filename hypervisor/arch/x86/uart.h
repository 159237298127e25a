/* SPDX-License-Identifier: GPL-2.0-only */
/* A 16550 for the hypervisor's own lines, where the system configuration names one. */
#ifndef X86_UART_H
#define X86_UART_H

void uart_init(void);
void uart_put(char c); /* nothing without a UART */

#endif
