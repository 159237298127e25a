/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions that access device registers: MOV, MOVZX, MOVSX and MOVSXD between memory and a
 * general register, and MOV of an immediate to memory. The address comes from the fault.
 */
#ifndef X86_DECODE_H
#define X86_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODE_MAX_LENGTH 15 /* bytes; AMD64 APM vol. 3, 1.1 */

struct decode_mode {
	bool long_mode_code; /* CS.L, with EFER.LMA */
	bool code32;	     /* CS.D */
};

struct mmio_instruction {
	uint8_t length;	       /* bytes of the instruction */
	uint8_t size;	       /* bytes at the address: 1, 2, 4, 8 */
	bool is_write;	       /* to the address */
	bool has_immediate;    /* written value is `immediate`, else of the register */
	bool high_byte;	       /* the register is AH, CH, DH or BH of register 0 .. 3 */
	bool sign_extend;      /* read: value is sign-extended to register_size, else by zeros */
	uint8_t register_size; /* bytes of the register operand; 0 with an immediate */
	uint8_t reg;	       /* 0 .. 15 as encoded: RAX RCX RDX RBX RSP RBP RSI RDI R8 .. */
	uint64_t immediate;    /* sign-extended to 64 bits */
};

/*
 * bytes: what could be fetched at the instruction pointer, `length` of them. 0; -ENODATA: more
 * bytes are needed; -EINVAL: any other instruction, one that accesses no memory, or over 15 bytes.
 * *out is untouched on failure.
 */
int decode_mmio(const uint8_t *bytes, size_t length, const struct decode_mode *mode,
		struct mmio_instruction *out);

/*
 * Bytes of an instruction that exits whatever it accesses: CPUID, RDMSR and WRMSR in all forms
 * without an immediate, RDPMC, INVD, WBINVD, WBNOINVD, VMCALL, VMMCALL, XSETBV. Errors as above.
 */
int decode_length(const uint8_t *bytes, size_t length, const struct decode_mode *mode);

/* What a write stores: `size` bytes, from the immediate or from `reg`, the register's 64 bits. */
uint64_t decode_value_to_write(const struct mmio_instruction *instruction, uint64_t reg);

/* The register's 64 bits after a read of `value` where it was `reg` (AMD64 APM vol. 1, 3.1.2). */
uint64_t decode_merge_read(const struct mmio_instruction *instruction, uint64_t reg,
			   uint64_t value);

#endif
