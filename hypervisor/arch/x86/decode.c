/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/decode.h"

#include "core/errno.h"

/* AMD64 APM vol. 3, 1.2.7: the REX prefix and its bits. */
#define REX_MASK 0xf0
#define REX 0x40
#define REX_W 0x8
#define REX_R 0x4

enum {
	WRITE = 1 << 0,	    /* to the address; else a read */
	BYTE = 1 << 1,	    /* the memory operand has one byte, else the operand size */
	WORD = 1 << 2,	    /* ... two bytes */
	DWORD = 1 << 3,	    /* ... four bytes, at most the operand size */
	EXTEND = 1 << 4,    /* the register has the operand size whatever the memory has */
	SIGN = 1 << 5,	    /* extended by its sign */
	IMMEDIATE = 1 << 6, /* the value follows the address; ModRM.reg has to be 0 */
	OFFSET = 1 << 7,    /* no ModRM: AL, AX, EAX or RAX and an address that follows */
	LONG = 1 << 8,	    /* another instruction outside long mode */
};

/* AMD64 APM vol. 3, MOV, MOVZX, MOVSX and MOVSXD. */
static const struct opcode {
	uint16_t code; /* 0F00 + second byte for those of two bytes */
	uint16_t flags;
} opcodes[] = {
	{0x63, DWORD | EXTEND | SIGN | LONG},
	{0x88, WRITE | BYTE},
	{0x89, WRITE},
	{0x8a, BYTE},
	{0x8b, 0},
	{0xa0, BYTE | OFFSET},
	{0xa1, OFFSET},
	{0xa2, WRITE | BYTE | OFFSET},
	{0xa3, WRITE | OFFSET},
	{0xc6, WRITE | BYTE | IMMEDIATE},
	{0xc7, WRITE | IMMEDIATE},
	{0x0fb6, BYTE | EXTEND},
	{0x0fb7, WORD | EXTEND},
	{0x0fbe, BYTE | EXTEND | SIGN},
	{0x0fbf, WORD | EXTEND | SIGN},
};

struct decoder {
	const uint8_t *bytes;
	size_t length;
	size_t position;
	unsigned operand_size; /* bytes */
	unsigned address_size;
	bool repeats; /* lock and repeat prefixes are known */
	uint8_t rex;
	uint8_t modrm;
};

/* The next size bytes as a number, sign-extended; size is 0, 1, 2, 4 or 8. */
static int take(struct decoder *decoder, unsigned size, uint64_t *value)
{
	uint64_t result = 0;
	unsigned unused_bits = 64 - 8 * size;

	if (size == 0) {
		*value = 0;
		return 0;
	}
	if (decoder->position + size > DECODE_MAX_LENGTH)
		return -EINVAL;

	if (decoder->position + size > decoder->length)
		return -ENODATA;

	for (unsigned i = 0; i < size; i++)
		result |= (uint64_t)decoder->bytes[decoder->position++] << 8 * i;
	*value = (uint64_t)((int64_t)(result << unused_bits) >> unused_bits);
	return 0;
}

static int skip(struct decoder *decoder, unsigned size)
{
	uint64_t ignored;

	return take(decoder, size, &ignored);
}

static int take_byte(struct decoder *decoder, uint8_t *byte)
{
	uint64_t value;
	int err = take(decoder, 1, &value);

	if (!err)
		*byte = (uint8_t)value;
	return err;
}

/*
 * Before accesses to memory, lock and repeat prefixes are left to be taken for an opcode, which is
 * none that we know: they are illegal before MOV, or make it an unusual instruction of two bytes.
 */
static bool is_repeat(uint8_t byte)
{
	return byte == 0xf0 || byte == 0xf2 || byte == 0xf3;
}

static bool is_segment_override(uint8_t byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
	       byte == 0x65;
}

/* Takes prefixes and the first byte of the opcode; AMD64 APM vol. 3, 1.2. */
static int take_prefixes(struct decoder *decoder, const struct decode_mode *mode, uint8_t *byte)
{
	unsigned other_operand, other_address;
	int err;

	decoder->operand_size = mode->long_mode_code || mode->code32 ? 4 : 2;
	decoder->address_size = mode->long_mode_code ? 8 : decoder->operand_size;
	other_operand = 6 - decoder->operand_size;
	other_address = mode->long_mode_code ? 4 : other_operand;

	while ((err = take_byte(decoder, byte)) == 0) {
		if (mode->long_mode_code && (*byte & REX_MASK) == REX) {
			decoder->rex = *byte;
			continue;
		}
		if (*byte == 0x66)
			decoder->operand_size = other_operand;
		else if (*byte == 0x67)
			decoder->address_size = other_address;
		else if (!is_segment_override(*byte) && !(decoder->repeats && is_repeat(*byte)))
			break;
		/* REX counts only as the last prefix. */
		decoder->rex = 0;
	}
	if (decoder->rex & REX_W)
		decoder->operand_size = 8;
	return err;
}

static int take_opcode(struct decoder *decoder, const struct decode_mode *mode, unsigned *flags)
{
	uint16_t code;
	uint8_t byte;
	int err;

	err = take_prefixes(decoder, mode, &byte);
	if (err)
		return err;

	code = byte;
	if (byte == 0x0f) {
		err = take_byte(decoder, &byte);
		if (err)
			return err;
		code = (uint16_t)(0x0f00 | byte);
	}

	for (unsigned i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		*flags = opcodes[i].flags;
		if (opcodes[i].code == code)
			return *flags & LONG && !mode->long_mode_code ? -EINVAL : 0;
	}
	return -EINVAL;
}

/* Bytes of displacement; AMD64 APM vol. 3, tables 1-8 (16-bit) and 1-10, 1-12, 1-14. */
static unsigned displacement_size(const struct decoder *decoder, uint8_t base)
{
	unsigned full = decoder->address_size == 2 ? 2 : 4;
	uint8_t no_base = decoder->address_size == 2 ? 6 : 5;

	switch (decoder->modrm >> 6) {
	case 0:
		return base == no_base ? full : 0;
	case 1:
		return 1;
	default:
		return full;
	}
}

/* Takes ModRM, SIB and displacement. */
static int take_address(struct decoder *decoder)
{
	uint8_t base;
	int err;

	err = take_byte(decoder, &decoder->modrm);
	if (err)
		return err;

	/* The operand is a register. */
	if (decoder->modrm >> 6 == 3)
		return -EINVAL;

	base = decoder->modrm & 7;
	if (decoder->address_size != 2 && base == 4) {
		err = take_byte(decoder, &base);
		if (err)
			return err;
		base &= 7;
	}
	return skip(decoder, displacement_size(decoder, base));
}

static unsigned memory_size(const struct decoder *decoder, unsigned flags)
{
	if (flags & BYTE)
		return 1;

	if (flags & WORD)
		return 2;

	return flags & DWORD && decoder->operand_size > 4 ? 4 : decoder->operand_size;
}

/* Which register; AMD64 APM vol. 3, 1.4.1: without REX, byte registers 4 to 7 are AH to BH. */
static void set_register(const struct decoder *decoder, struct mmio_instruction *instruction)
{
	uint8_t reg = decoder->modrm >> 3 & 7;

	instruction->high_byte = instruction->register_size == 1 && !decoder->rex && reg >= 4;
	if (instruction->high_byte)
		reg -= 4;
	else if (decoder->rex & REX_R)
		reg += 8;
	instruction->reg = reg;
}

/* Takes the value of an instruction that stores a constant, at most 4 bytes of it. */
static int take_immediate(struct decoder *decoder, struct mmio_instruction *instruction)
{
	if (decoder->modrm & 0x38)
		return -EINVAL;

	instruction->has_immediate = true;
	return take(decoder, instruction->size > 4 ? 4 : instruction->size,
		    &instruction->immediate);
}

int decode_mmio(const uint8_t *bytes, size_t length, const struct decode_mode *mode,
		struct mmio_instruction *out)
{
	struct decoder decoder = {.bytes = bytes, .length = length};
	struct mmio_instruction result = {0};
	unsigned flags = 0;
	int err;

	err = take_opcode(&decoder, mode, &flags);
	if (err)
		return err;

	err = flags & OFFSET ? skip(&decoder, decoder.address_size) : take_address(&decoder);
	if (err)
		return err;

	result.size = (uint8_t)memory_size(&decoder, flags);
	result.is_write = flags & WRITE;
	result.sign_extend = flags & SIGN;
	if (flags & IMMEDIATE) {
		err = take_immediate(&decoder, &result);
		if (err)
			return err;
	} else {
		result.register_size = flags & EXTEND ? (uint8_t)decoder.operand_size : result.size;
		/* With OFFSET the ModRM byte is still 0 and REX.R without meaning: it is AL .. RAX.
		 */
		if (!(flags & OFFSET))
			set_register(&decoder, &result);
	}

	result.length = (uint8_t)decoder.position;
	*out = result;
	return 0;
}

/* AMD64 APM vol. 3, table for the group of 0F 01, whose ModRM.mod is 3. */
static bool is_privileged(uint8_t byte)
{
	return byte == 0x08 || byte == 0x09 || byte == 0x30 || byte == 0x32 || byte == 0x33 ||
	       byte == 0xa2;
}

static bool is_privileged_01(uint8_t byte)
{
	return byte == 0xc1 || byte == 0xc6 || byte == 0xd1 || byte == 0xd9;
}

int decode_length(const uint8_t *bytes, size_t length, const struct decode_mode *mode)
{
	struct decoder decoder = {.bytes = bytes, .length = length, .repeats = true};
	uint8_t byte = 0;
	bool known;
	int err = take_prefixes(&decoder, mode, &byte);

	if (!err && byte != 0x0f)
		err = -EINVAL;
	if (!err)
		err = take_byte(&decoder, &byte);
	known = is_privileged(byte);
	if (!err && byte == 0x01) {
		err = take_byte(&decoder, &byte);
		known = is_privileged_01(byte);
	}
	if (err)
		return err;
	return known ? (int)decoder.position : -EINVAL;
}

static uint64_t mask_of(unsigned bytes)
{
	return UINT64_MAX >> (64 - 8 * bytes);
}

uint64_t decode_value_to_write(const struct mmio_instruction *instruction, uint64_t reg)
{
	uint64_t value = instruction->has_immediate ? instruction->immediate
						    : reg >> (instruction->high_byte ? 8 : 0);

	return value & mask_of(instruction->size);
}

uint64_t decode_merge_read(const struct mmio_instruction *instruction, uint64_t reg, uint64_t value)
{
	uint64_t sign = 1ull << (8 * instruction->size - 1), mask;
	unsigned shift = instruction->high_byte ? 8 : 0;

	value &= mask_of(instruction->size);
	if (instruction->sign_extend && value & sign)
		value |= ~mask_of(instruction->size);

	/* 32-bit results clear the upper half, shorter ones leave the rest of the register. */
	mask = instruction->register_size == 4 ? UINT64_MAX
					       : mask_of(instruction->register_size) << shift;
	value &= mask_of(instruction->register_size);
	return (reg & ~mask) | value << shift;
}
