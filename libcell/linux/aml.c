// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/aml.h"

#include <string.h>

#define LENGTH_BYTES 3 /* of each PkgLength, however small: nothing has to move at the end */

static void put(struct aml *aml, const void *data, size_t size)
{
	if (size > aml->room - aml->size) {
		aml->is_full = true;
		return;
	}
	memcpy(aml->data + aml->size, data, size);
	aml->size += size;
}

static void put_byte(struct aml *aml, uint8_t value)
{
	put(aml, &value, sizeof(value));
}

static void put_word(struct aml *aml, uint16_t value)
{
	put(aml, &value, sizeof(value));
}

static void put_dword(struct aml *aml, uint32_t value)
{
	put(aml, &value, sizeof(value));
}

static void put_qword(struct aml *aml, uint64_t value)
{
	put(aml, &value, sizeof(value));
}

static size_t begin(struct aml *aml, const void *opcode, size_t size)
{
	size_t term;

	put(aml, opcode, size);
	term = aml->size;
	put(aml, "\0\0\0", LENGTH_BYTES);
	return term;
}

void aml_end(struct aml *aml, size_t term)
{
	size_t length = aml->size - term;

	if (aml->is_full)
		return;
	/* Bits 7-6: bytes that follow; 3-0: the lowest of the length (20.2.4). */
	aml->data[term] = (uint8_t)((LENGTH_BYTES - 1) << 6 | (length & 0xf));
	aml->data[term + 1] = (uint8_t)(length >> 4);
	aml->data[term + 2] = (uint8_t)(length >> 12);
}

size_t aml_scope(struct aml *aml, const char *name)
{
	size_t term = begin(aml, "\x10", 1);

	put(aml, name, 4);
	return term;
}

size_t aml_device(struct aml *aml, const char *name)
{
	size_t term = begin(aml, "\x5b\x82", 2);

	put(aml, name, 4);
	return term;
}

size_t aml_method(struct aml *aml, const char *name, unsigned n_args)
{
	size_t term = begin(aml, "\x14", 1);

	put(aml, name, 4);
	put_byte(aml, (uint8_t)(n_args | 0x8)); /* serialized */
	return term;
}

size_t aml_package(struct aml *aml, unsigned n_elements)
{
	size_t term = begin(aml, "\x12", 1);

	put_byte(aml, (uint8_t)n_elements);
	return term;
}

void aml_name(struct aml *aml, const char *name)
{
	put_byte(aml, 0x08);
	put(aml, name, 4);
}

void aml_integer(struct aml *aml, uint32_t value)
{
	if (value > UINT8_MAX) {
		put_byte(aml, 0x0c);
		put_dword(aml, value);
		return;
	}
	if (value > 1) /* else ZeroOp, OneOp */
		put_byte(aml, 0x0a);
	put_byte(aml, (uint8_t)value);
}

void aml_string(struct aml *aml, const char *text)
{
	put_byte(aml, 0x0d);
	put(aml, text, strlen(text) + 1);
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Three letters of 5 bits, four hexadecimal digits, the highest byte first (19.3.4). */
void aml_eisa_id(struct aml *aml, const char *id)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 3; i++)
		value = value << 5 | (uint32_t)(id[i] - '@');
	for (unsigned i = 3; i < 7; i++)
		value = value << 4 | digit(id[i]);
	put_byte(aml, 0x0c);
	put_dword(aml, __builtin_bswap32(value));
}

void aml_notify(struct aml *aml, const char *name, uint8_t value)
{
	put_byte(aml, 0x86);
	put(aml, name, 4);
	aml_integer(aml, value);
}

#define BUFFER_SIZE_BYTES 3 /* a WordConst */

size_t aml_resources(struct aml *aml)
{
	size_t term = begin(aml, "\x11", 1);

	put(aml, "\x0b\0\0", BUFFER_SIZE_BYTES);
	return term;
}

void aml_end_resources(struct aml *aml, size_t term)
{
	size_t size;

	put(aml, "\x79\0", 2); /* end tag; a sum of 0: not used */
	size = aml->size - term - LENGTH_BYTES - BUFFER_SIZE_BYTES;
	if (!aml->is_full)
		memcpy(aml->data + term + LENGTH_BYTES + 1, &(uint16_t){(uint16_t)size}, 2);
	aml_end(aml, term);
}

void aml_io(struct aml *aml, uint16_t first, uint8_t count)
{
	put(aml, "\x47\x01", 2); /* 16 bits are decoded */
	put_word(aml, first);
	put_word(aml, first);
	put_byte(aml, 1);
	put_byte(aml, count);
}

void aml_interrupt(struct aml *aml, uint32_t gsi)
{
	put_byte(aml, 0x89);
	put_word(aml, 6);
	put(aml, "\x03\x01", 2); /* consumer, edge; one */
	put_dword(aml, gsi);
}

void aml_memory(struct aml *aml, uint32_t first, uint32_t size)
{
	put_byte(aml, 0x86);
	put_word(aml, 9);
	put_byte(aml, 1); /* writable */
	put_dword(aml, first);
	put_dword(aml, size);
}

#define WINDOW_FIXED 0x0c /* both ends are as they are; a producer's */
#define WINDOW_MEMORY 0
#define WINDOW_IO 1
#define WINDOW_BUSES 2

static void window_words(struct aml *aml, uint8_t type, uint8_t flags, uint16_t first,
			 uint16_t last)
{
	put_byte(aml, 0x88);
	put_word(aml, 13);
	put_byte(aml, type);
	put_byte(aml, WINDOW_FIXED);
	put_byte(aml, flags);
	put_word(aml, 0);
	put_word(aml, first);
	put_word(aml, last);
	put_word(aml, 0);
	put_word(aml, (uint16_t)(last - first + 1));
}

void aml_window_buses(struct aml *aml, uint16_t first, uint16_t last)
{
	window_words(aml, WINDOW_BUSES, 0, first, last);
}

void aml_window_io(struct aml *aml, uint16_t first, uint16_t last)
{
	window_words(aml, WINDOW_IO, 3, first, last); /* all of the range */
}

void aml_window_memory(struct aml *aml, uint64_t first, uint64_t last)
{
	put_byte(aml, 0x8a);
	put_word(aml, 43);
	put_byte(aml, WINDOW_MEMORY);
	put_byte(aml, WINDOW_FIXED);
	put_byte(aml, 1); /* writable, not cached */
	put_qword(aml, 0);
	put_qword(aml, first);
	put_qword(aml, last);
	put_qword(aml, 0);
	put_qword(aml, last - first + 1);
}
