/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The machine that a cell with CELLHV_CELL_PLATFORM_PC finds: what a kernel made for PCs looks for
 * is there as the hypervisor emulates it, or answers as if it were absent, where any other cell
 * would end. Whoever makes the cell describes it to the guest, as libcell does by ACPI tables.
 *
 * - Ports that are nobody's: reads are all ones, writes are dropped. The clock (71h) reads 0
 *   in all its registers: a set update bit would be waited for, and ones would be a time far ahead.
 *   So does the timer's counter (42h): kernels wait for one that stays at FFh to go on.
 *   INS and OUTS fail the cell, as they do any.
 * - MSRs that a cell may not use: #GP, but for MCG_CAP and MCG_STATUS, which read 0.
 * - APIC_BASE: from x2APIC mode to off, and to xAPIC mode.
 * - An I/O APIC with the pins below, in place of the machine's.
 * - A UART, unless the cell owns its ports: the cell's virtual console, both ways.
 * - Registers to sleep and to reset, as hardware-reduced ACPI has them (ACPI 6.5, 4.8.3.7,
 *   4.8.3.6): sleep state S5 shuts the cell down, a reset does so and asks for another start.
 * - CELLHV_MSG_SHUTDOWN_REQUEST is a press of the power button: nothing answers it.
 */
#ifndef CELLHV_X86_PC_H
#define CELLHV_X86_PC_H

#define CELLHV_PC_IOAPIC 0xfec00000u
#define CELLHV_PC_IOAPIC_LINES 24 /* GSIs 0 .. 23; edge, active high */

#define CELLHV_PC_UART 0x3f8 /* 16550A with FIFOs, 8 ports; any divisor is as fast */
#define CELLHV_PC_UART_GSI 4
#define CELLHV_PC_BUTTON_GSI 9

#define CELLHV_PC_SLEEP_CONTROL 0x600 /* 1 byte: SLP_TYP bits 2-4, SLP_EN bit 5 */
#define CELLHV_PC_SLEEP_STATUS 0x601  /* reads 0 */
#define CELLHV_PC_SLEEP_S5 5	      /* SLP_TYP of \_S5; others are ignored */
#define CELLHV_PC_RESET 0x604
#define CELLHV_PC_RESET_VALUE 6 /* 1 byte; others are ignored */

/*
 * The word in the guest's memory by which a BIOS knew a warm start. A kernel with
 * "reboot=panic_warm panic=-1" writes CELLHV_PC_WARM there only when it has panicked: a reset is a
 * failure then.
 */
#define CELLHV_PC_WARM_ADDRESS 0x472
#define CELLHV_PC_WARM 0x1234

#endif
