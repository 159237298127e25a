/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "decode_samples.h"

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* In memory of just that size. */
static int decode(const uint8_t *bytes, size_t length, struct decode_mode mode,
		  struct mmio_instruction *out)
{
	uint8_t *copy = malloc(length ? length : 1);
	int result;

	memcpy(copy, bytes, length);
	result = decode_mmio(copy, length, &mode, out);
	free(copy);
	return result;
}

static bool is_same(const struct mmio_instruction *a, const struct mmio_instruction *b)
{
	return a->length == b->length && a->size == b->size && a->is_write == b->is_write &&
	       a->has_immediate == b->has_immediate && a->high_byte == b->high_byte &&
	       a->sign_extend == b->sign_extend && a->register_size == b->register_size &&
	       a->reg == b->reg && a->immediate == b->immediate;
}

TEST(samples_of_an_assembler)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		struct mmio_instruction out;
		int result = decode(sample->bytes, DECODE_MAX_LENGTH, sample->mode, &out);

		if (result || !is_same(&out, &sample->expected))
			check_fail(__FILE__, __LINE__, "%s: %d, length %d", sample->text, result,
				   result ? 0 : out.length);
	}
}

TEST(a_part_is_not_enough)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		struct mmio_instruction out = {.length = 99};

		for (size_t length = 0; length < sample->expected.length; length++)
			CHECK_EQ(decode(sample->bytes, length, sample->mode, &out), -ENODATA);
		CHECK_EQ(out.length, 99);
		CHECK_EQ(decode(sample->bytes, sample->expected.length, sample->mode, &out), 0);
		CHECK(is_same(&out, &sample->expected));
	}
}

TEST(prefixes_count_until_15_bytes)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		uint8_t bytes[40];
		struct mmio_instruction out;

		for (size_t extra = 0; extra + sample->expected.length < 20; extra++) {
			size_t length = extra + sample->expected.length;

			memset(bytes, 0x3e, extra);
			memcpy(bytes + extra, sample->bytes, sample->expected.length);
			CHECK_EQ(decode(bytes, length, sample->mode, &out),
				 length > 15 ? -EINVAL : 0);
			if (length <= 15)
				CHECK_EQ(out.length, length);
		}
	}
}

TEST(other_instructions_are_refused)
{
	static const struct {
		const char *text;
		struct decode_mode mode;
		uint8_t bytes[DECODE_MAX_LENGTH];
	} others[] = {
		{"mov %eax,%ebx", CODE64, {0x89, 0xc3}},
		{"mov $1,%al of C6", CODE64, {0xc6, 0xc0, 1}},
		{"xabort", CODE64, {0xc6, 0xf8, 0}},
		{"C7 /1", CODE64, {0xc7, 0x08, 0, 0, 0, 0}},
		{"lock mov", CODE64, {0xf0, 0x89, 0x08}},
		{"rep mov", CODE64, {0xf3, 0x89, 0x08}},
		{"repne mov", CODE64, {0xf2, 0x8b, 0x08}},
		{"movsb", CODE64, {0xa4}},
		{"stosl", CODE64, {0xab}},
		{"add %eax,(%rbx)", CODE64, {0x01, 0x03}},
		{"orl $1,(%rbx)", CODE64, {0x83, 0x0b, 1}},
		{"xchg %eax,(%rbx)", CODE64, {0x87, 0x03}},
		{"test %eax,(%rbx)", CODE64, {0x85, 0x03}},
		{"push (%rbx)", CODE64, {0xff, 0x33}},
		{"movdqa (%rax),%xmm0", CODE64, {0x66, 0x0f, 0x6f, 0x00}},
		{"cmpxchg", CODE64, {0x0f, 0xb1, 0x0b}},
		{"arpl", CODE32, {0x63, 0x08}},
		{"inc %eax", CODE32, {0x40, 0x89, 0x08}},
		{"vex", CODE64, {0xc5, 0xf8, 0x77}},
	};

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct mmio_instruction out = {.length = 99};
		int result = decode(others[i].bytes, DECODE_MAX_LENGTH, others[i].mode, &out);

		if (result != -EINVAL || out.length != 99)
			check_fail(__FILE__, __LINE__, "%s: %d", others[i].text, result);
	}
}

TEST(rex_counts_only_last)
{
	const uint8_t bytes[] = {0x4c, 0x66, 0x8b, 0x08};
	struct mmio_instruction out;

	CHECK_EQ(decode(bytes, sizeof(bytes), (struct decode_mode)CODE64, &out), 0);
	CHECK_EQ(out.length, 4);
	CHECK_EQ(out.size, 2);
	CHECK_EQ(out.reg, 1);
}

TEST(random_bytes_decode_the_same_with_more_behind)
{
	static const struct decode_mode modes[] = {CODE64, CODE32, CODE16};
	unsigned valid = 0;

	srand(1);
	for (unsigned i = 0; i < 300000; i++) {
		uint8_t bytes[20];
		struct decode_mode mode = modes[i % 3];
		struct mmio_instruction first, again;

		for (unsigned j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)(rand() >> 8);
		if (decode(bytes, sizeof(bytes), mode, &first))
			continue;

		valid++;
		CHECK(first.length >= 2 && first.length <= DECODE_MAX_LENGTH);
		CHECK(first.reg < (mode.long_mode_code ? 16 : 8));
		CHECK(first.size == 1 || first.size == 2 || first.size == 4 ||
		      (first.size == 8 && mode.long_mode_code));
		CHECK_EQ(decode(bytes, first.length, mode, &again), 0);
		CHECK(is_same(&first, &again));
		CHECK_EQ(decode(bytes, first.length - 1u, mode, &again), -ENODATA);
	}
	CHECK(valid > 5000);
}

TEST(reads_merge_as_the_manual_says)
{
	const uint64_t reg = 0x1122334455667788, value = 0xffffffffdeadbeef;
	struct mmio_instruction al = {.size = 1, .register_size = 1};
	struct mmio_instruction ah = {.size = 1, .register_size = 1, .high_byte = true};
	struct mmio_instruction ax = {.size = 2, .register_size = 2};
	struct mmio_instruction eax = {.size = 4, .register_size = 4};
	struct mmio_instruction rax = {.size = 8, .register_size = 8};
	struct mmio_instruction movzbw = {.size = 1, .register_size = 2};
	struct mmio_instruction movsbw = {.size = 1, .register_size = 2, .sign_extend = true};
	struct mmio_instruction movswl = {.size = 2, .register_size = 4, .sign_extend = true};
	struct mmio_instruction movsbq = {.size = 1, .register_size = 8, .sign_extend = true};
	struct mmio_instruction movzwq = {.size = 2, .register_size = 8};

	CHECK_EQ(decode_merge_read(&al, reg, value), 0x11223344556677ef);
	CHECK_EQ(decode_merge_read(&ah, reg, value), 0x112233445566ef88);
	CHECK_EQ(decode_merge_read(&ax, reg, value), 0x112233445566beef);
	CHECK_EQ(decode_merge_read(&eax, reg, value), 0xdeadbeef);
	CHECK_EQ(decode_merge_read(&rax, reg, value), (long long)value);
	CHECK_EQ(decode_merge_read(&movzbw, reg, value), 0x11223344556600ef);
	CHECK_EQ(decode_merge_read(&movsbw, reg, value), 0x112233445566ffef);
	CHECK_EQ(decode_merge_read(&movswl, reg, value), 0xffffbeef);
	CHECK_EQ(decode_merge_read(&movswl, reg, 0x1234), 0x1234);
	CHECK_EQ(decode_merge_read(&movsbq, reg, value), (long long)0xffffffffffffffef);
	CHECK_EQ(decode_merge_read(&movzwq, reg, value), 0xbeef);
}

TEST(writes_take_register_or_constant)
{
	const uint64_t reg = 0x1122334455667788;
	struct mmio_instruction write = {.is_write = true};

	for (uint8_t size = 1; size <= 8; size *= 2) {
		write.size = write.register_size = size;
		CHECK_EQ(decode_value_to_write(&write, reg), reg & UINT64_MAX >> (64 - 8 * size));
	}
	write = (struct mmio_instruction){.size = 1, .high_byte = true};
	CHECK_EQ(decode_value_to_write(&write, reg), 0x77);
	write = (struct mmio_instruction){
		.size = 8, .has_immediate = true, .immediate = 0xffffffff80000001};
	CHECK_EQ(decode_value_to_write(&write, reg), (long long)0xffffffff80000001);
	write.size = 4;
	CHECK_EQ(decode_value_to_write(&write, reg), 0x80000001);
}

static int length_of(const char *bytes, size_t length, struct decode_mode mode)
{
	return decode_length((const uint8_t *)bytes, length, &mode);
}

#define LENGTH(bytes, mode) length_of(bytes, sizeof(bytes) - 1, (struct decode_mode)mode)

TEST(lengths_of_instructions_that_exit)
{
	CHECK_EQ(LENGTH("\x0f\xa2\x90", CODE64), 2);	 /* CPUID */
	CHECK_EQ(LENGTH("\x0f\x30", CODE64), 2);	 /* WRMSR */
	CHECK_EQ(LENGTH("\x0f\x32", CODE16), 2);	 /* RDMSR */
	CHECK_EQ(LENGTH("\x0f\x33", CODE32), 2);	 /* RDPMC */
	CHECK_EQ(LENGTH("\x0f\x08", CODE32), 2);	 /* INVD */
	CHECK_EQ(LENGTH("\x0f\x09\xf3", CODE64), 2);	 /* WBINVD */
	CHECK_EQ(LENGTH("\xf3\x0f\x09", CODE64), 3);	 /* WBNOINVD */
	CHECK_EQ(LENGTH("\x0f\x01\xc1", CODE64), 3);	 /* VMCALL */
	CHECK_EQ(LENGTH("\x0f\x01\xd9", CODE32), 3);	 /* VMMCALL */
	CHECK_EQ(LENGTH("\x0f\x01\xd1", CODE64), 3);	 /* XSETBV */
	CHECK_EQ(LENGTH("\x0f\x01\xc6", CODE64), 3);	 /* WRMSRNS */
	CHECK_EQ(LENGTH("\xf3\x0f\x01\xc6", CODE64), 4); /* WRMSRLIST */
}

TEST(lengths_count_prefixes)
{
	CHECK_EQ(LENGTH("\x66\x48\x0f\xa2", CODE64), 4);
	CHECK_EQ(LENGTH("\x2e\x0f\x30", CODE64), 3);
	CHECK_EQ(LENGTH("\x3e\x67\xf2\x0f\x32", CODE16), 5);
	CHECK_EQ(LENGTH("\xf0\x64\x0f\xa2", CODE32), 4);
	CHECK_EQ(LENGTH("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2", CODE64),
		 15);
	CHECK_EQ(LENGTH("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2", CODE64),
		 -EINVAL);
}

TEST(lengths_of_others_are_not_guessed)
{
	CHECK_EQ(LENGTH("\x48\x0f\xa2", CODE32), -EINVAL); /* no REX there: DEC */
	CHECK_EQ(LENGTH("\x0f\x31", CODE64), -EINVAL);	   /* RDTSC never exits */
	CHECK_EQ(LENGTH("\x0f\x01\x11", CODE64), -EINVAL); /* LGDT */
	CHECK_EQ(LENGTH("\x90\xa2", CODE64), -EINVAL);
	CHECK_EQ(LENGTH("\x0f", CODE64), -ENODATA);
	CHECK_EQ(LENGTH("\x66\x0f\x01", CODE64), -ENODATA);
	CHECK_EQ(LENGTH("", CODE64), -ENODATA);
}
