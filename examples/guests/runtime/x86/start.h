/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the start code shares, for the assembler.
 */
#ifndef START_H
#define START_H

#define GDT_CODE32 0x08
#define GDT_DATA 0x10
#define GDT_CODE64 0x18

#define CR0_PE 0x00000001
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define CPUID_TOPOLOGY 0xb

#define BOOT_STACK_SIZE 8192

/* As in runtime.h; interrupts.c includes both, so that the compiler compares. */
#define SMP_CPUS_MAX 16
#define INTERRUPT_VECTORS 64

/* Exceptions that push an error code: #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX (AMD64 APM vol.
 * 2, 8.2). */
#define VECTORS_WITH_ERROR 0x60227d00

#endif
