/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "core/ring.h"

static void put_text(struct ring *ring, const char *text)
{
	while (*text)
		ring_put(ring, *text++);
}

TEST(bytes_come_out_in_order)
{
	uint8_t data[16];
	char buffer[16] = {0};
	struct ring ring;
	uint64_t position = 0;

	ring_init(&ring, data, sizeof(data));
	CHECK_EQ(ring_read(&ring, &position, buffer, sizeof(buffer)), 0);
	put_text(&ring, "hello");
	CHECK_EQ(ring_read(&ring, &position, buffer, 2), 2);
	CHECK_EQ(position, 2);
	CHECK_EQ(ring_read(&ring, &position, buffer + 2, 14), 3);
	CHECK_STR(buffer, "hello");
	CHECK_EQ(position, 5);
	CHECK_EQ(ring_read(&ring, &position, buffer, sizeof(buffer)), 0);
	CHECK_EQ(ring_read(&ring, &position, buffer, 0), 0);
	CHECK_EQ(position, 5);
}

TEST(a_slow_reader_jumps_to_the_oldest_byte)
{
	uint8_t data[8];
	char buffer[16] = {0};
	struct ring ring;
	uint64_t position = 1;

	ring_init(&ring, data, sizeof(data));
	put_text(&ring, "0123456789abcdef");
	CHECK_EQ(ring_read(&ring, &position, buffer, sizeof(buffer)), 7);
	CHECK_STR(buffer, "9abcdef");
	CHECK_EQ(position, 16);

	position = 10;
	CHECK_EQ(ring_read(&ring, &position, buffer, 3), 3);
	CHECK(memcmp(buffer, "abc", 3) == 0);
	CHECK_EQ(position, 13);
}

TEST(a_reader_from_the_future_comes_back)
{
	uint8_t data[8];
	char buffer[8];
	struct ring ring;
	uint64_t position = UINT64_MAX;

	ring_init(&ring, data, sizeof(data));
	put_text(&ring, "abc");
	CHECK_EQ(ring_read(&ring, &position, buffer, sizeof(buffer)), 0);
	CHECK_EQ(position, 3);
}

TEST(readers_do_not_disturb_each_other)
{
	uint8_t data[64];
	char buffer[64];
	struct ring ring;
	uint64_t first = 0, second = 0;

	ring_init(&ring, data, sizeof(data));
	for (unsigned i = 0; i < 1000; i++) {
		ring_put(&ring, (char)i);
		CHECK_EQ(ring_read(&ring, &first, buffer, sizeof(buffer)), 1);
		CHECK_EQ(buffer[0], (char)i);
		if (i % 10 == 9)
			CHECK_EQ(ring_read(&ring, &second, buffer, sizeof(buffer)), 10);
	}
}

#define RACE_BYTES 3000000u

static char byte_at(uint64_t position)
{
	return (char)(position * 0x9e3779b97f4a7c15ull >> 56);
}

static void *write_race(void *argument)
{
	for (uint64_t i = 0; i < RACE_BYTES; i++)
		ring_put(argument, byte_at(i));
	return NULL;
}

/* Every byte that a reader gets is the one of its position, however fast the writer is. */
TEST(a_reader_races_the_writer)
{
	static uint8_t data[64];
	struct ring ring;
	uint64_t position = 0;
	pthread_t writer;
	bool good = true;

	ring_init(&ring, data, sizeof(data));
	CHECK_EQ(pthread_create(&writer, NULL, write_race, &ring), 0);
	while (position < RACE_BYTES) {
		char buffer[50];
		size_t count = ring_read(&ring, &position, buffer, sizeof(buffer));

		for (size_t i = 0; i < count; i++)
			good &= buffer[i] == byte_at(position - count + i);
	}
	pthread_join(writer, NULL);
	CHECK(good);
}
