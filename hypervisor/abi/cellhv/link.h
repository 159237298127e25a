/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The virtual PCI functions of links: ivshmem, in the two versions that guests know. Offsets and
 * sizes in bytes.
 */
#ifndef CELLHV_LINK_H
#define CELLHV_LINK_H

/*
 * Version 1: two peers, BAR 0 registers (64 bit), BAR 4 MSI-X (64 bit). The variants of config.h
 * differ in class, registers and size of BAR 4.
 */
#define CELLHV_IVSHMEM1_VENDOR 0x1af4
#define CELLHV_IVSHMEM1_DEVICE 0x1110
#define CELLHV_IVSHMEM1_CLASS 0x05	  /* base class; sub-class and interface 0 */
#define CELLHV_IVSHMEM1_CLASS_STATES 0xff /* with states; the others: what the peers talk */
#define CELLHV_IVSHMEM1_MEMORY 0x40	  /* in config space: address u64, size u64 */
#define CELLHV_IVSHMEM1_MSIX 0x50
#define CELLHV_IVSHMEM1_PBA 0x10 /* in BAR 4 */
#define CELLHV_IVSHMEM1_REGISTERS 256
#define CELLHV_IVSHMEM1_POSITION 0x08	  /* the reader's id */
#define CELLHV_IVSHMEM1_DOORBELL 0x0c	  /* any write rings the other peer */
#define CELLHV_IVSHMEM1_INTX_CONTROL 0x00 /* these with states; bit 0, without effect on MSI-X */
#define CELLHV_IVSHMEM1_LOCAL_STATE 0x10  /* a write rings the other peer */
#define CELLHV_IVSHMEM1_REMOTE_STATE 0x14 /* the other's local state; 0 while it does not run */
#define CELLHV_IVSHMEM1_MSIX_SIZE_STATES 0x20 /* of BAR 4 */

/* Version 2: BAR 0 registers, BAR 1 MSI-X, both 32 bit. */
#define CELLHV_IVSHMEM2_VENDOR 0x110a
#define CELLHV_IVSHMEM2_DEVICE 0x4106
#define CELLHV_IVSHMEM2_CLASS 0xff /* base class; the other two bytes: what the peers talk */
#define CELLHV_IVSHMEM2_VENDOR_CAP 0x40
#define CELLHV_IVSHMEM2_VENDOR_CAP_LENGTH 0x20
#define CELLHV_IVSHMEM2_ONE_SHOT 0x43 /* bit 0: an interrupt clears interrupt control */
#define CELLHV_IVSHMEM2_STATE_SIZE 0x44
#define CELLHV_IVSHMEM2_COMMON_SIZE 0x48
#define CELLHV_IVSHMEM2_OUTPUT_SIZE 0x50
#define CELLHV_IVSHMEM2_MEMORY 0x58
#define CELLHV_IVSHMEM2_MSIX 0x60
#define CELLHV_IVSHMEM2_PBA 0x100 /* in BAR 1 */
#define CELLHV_IVSHMEM2_REGISTERS 4096
#define CELLHV_IVSHMEM2_ID 0x00
#define CELLHV_IVSHMEM2_MAX_PEERS 0x04
#define CELLHV_IVSHMEM2_INTERRUPT_CONTROL 0x08 /* bit 0: interrupts reach this peer */
#define CELLHV_IVSHMEM2_DOORBELL 0x0c	       /* vector in bits 0-15, peer's id in 16-31 */
#define CELLHV_IVSHMEM2_STATE                                              \
	0x10 /* to the state table; a change raises vector 0 at the others \
	      */

#define CELLHV_IVSHMEM_MSIX_SIZE 4096 /* of the BAR with table and pending bits */

#endif
