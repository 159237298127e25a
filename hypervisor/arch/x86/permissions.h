/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Permissions are tables: who may access which MSRs and ports, and who answers instead. The bitmaps
 * of both vendors are generated from them. The first entry that covers an MSR or port decides; what
 * no entry covers is intercepted and denied.
 */
#ifndef X86_PERMISSIONS_H
#define X86_PERMISSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu;

enum permission {
	PERMISSION_DENY = 0,
	PERMISSION_ALLOW,  /* straight to the hardware, no exit where a bitmap can say so */
	PERMISSION_HANDLE, /* `handle` answers */
};

/* *value: in for a write, out for a read. 0, or negative errno: the access is denied after all. */
typedef int msr_handler(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value);
typedef int port_handler(struct cpu *cpu, uint16_t port, unsigned size, bool write,
			 uint32_t *value);

struct msr_permission {
	uint32_t first;
	uint32_t last;
	uint8_t read; /* enum permission */
	uint8_t write;
	msr_handler *handle; /* where read or write is PERMISSION_HANDLE */
};

struct port_permission {
	uint16_t first;
	uint16_t last;
	uint8_t read; /* enum permission */
	uint8_t write;
	port_handler *handle;
};

/* The entry for an MSR, NULL where there is none. */
const struct msr_permission *msr_permission_find(const struct msr_permission *table, size_t count,
						 uint32_t msr);

/* The entry for `size` bytes at a port, NULL where none covers them all. */
const struct port_permission *port_permission_find(const struct port_permission *table,
						   size_t count, uint16_t port, unsigned size);

#define MSR_BITMAP_SVM_SIZE 8192 /* bytes; AMD64 APM vol. 2, 15.11 */
#define MSR_BITMAP_VMX_SIZE 4096 /* bytes; Intel SDM vol. 3, 25.6.9 */

void msr_bitmap_svm(uint8_t *bitmap, const struct msr_permission *table, size_t count);
void msr_bitmap_vmx(uint8_t *bitmap, const struct msr_permission *table, size_t count);

/*
 * A bit per port, set: intercept. The first 8 KiB are Intel's I/O bitmaps A and B (SDM vol. 3,
 * 25.6.4), all 12 KiB AMD's permission map (APM vol. 2, 15.10.1), where an access at the top of the
 * port space reaches beyond the first 65536 bits.
 */
#define PORT_BITMAP_SIZE 12288
#define PORT_COUNT 65536u

void port_bitmap_deny_all(uint8_t *bitmap);

/* base + count <= PORT_COUNT */
void port_bitmap_allow(uint8_t *bitmap, uint32_t base, uint32_t count);
void port_bitmap_deny(uint8_t *bitmap, uint32_t base, uint32_t count);

/* Every port of the range is allowed; base + count may go beyond PORT_COUNT, which is not. */
bool port_bitmap_allowed(const uint8_t *bitmap, uint32_t base, uint32_t count);

/* Applies the table: ports that it lets through for both reads and writes are allowed, the others
 * it names are denied. */
void port_bitmap_apply(uint8_t *bitmap, const struct port_permission *table, size_t count);

#endif
