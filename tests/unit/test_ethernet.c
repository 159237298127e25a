/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ethernet over a link: against a peer that is written here from the format's description alone,
 * byte by byte, and against peers that keep to nothing. Sections are as long as they say, so that
 * the sanitizer sees what is read beyond.
 */
#include <stdlib.h>

#include <cellhv/ethernet.h>

#include "check.h"

#define ROUNDS 100000
#define SECTION 65536u

/* ---- a second peer ---- */

/* Of a section of 64 KiB: 256 descriptors, since 6,784 bytes of header are less than an eighth. */
#define M_SLOTS 256u
#define M_AVAILABLE 4096u
#define M_USED 4672u
#define M_DATA 6784u

struct model {
	uint8_t *own, *other;
	unsigned int seen, sent, freed; /* never wrap */
	unsigned int place;
};

static unsigned int get(const uint8_t *bytes, unsigned int size)
{
	unsigned int value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void put(uint8_t *bytes, unsigned int size, uint64_t value)
{
	for (; size--; value >>= 8)
		*bytes++ = (uint8_t)value;
}

/* Returns the size of the frame, 0: there is none. */
static unsigned int model_receive(struct model *model, uint8_t *frame)
{
	unsigned int slot = model->seen % M_SLOTS, number, size;
	const uint8_t *descriptor;
	uint8_t *used = model->own + M_USED + 4 + 8 * slot;

	if (get(model->other + M_AVAILABLE + 2, 2) == (model->seen & 0xffff))
		return 0;
	number = get(model->other + M_AVAILABLE + 4 + 2 * slot, 2);
	CHECK(number < M_SLOTS);
	descriptor = model->other + 16 * number;
	CHECK_EQ(get(descriptor + 4, 4), 0);
	CHECK_EQ(get(descriptor + 12, 2), 0);
	size = get(descriptor + 8, 4);
	CHECK(get(descriptor, 4) >= M_DATA && get(descriptor, 4) + size <= SECTION);
	CHECK_EQ(get(descriptor, 4) % 64, 0);
	memcpy(frame, model->other + get(descriptor, 4), size);
	put(used, 4, number);
	put(used + 4, 4, 1);
	model->seen++;
	put(model->own + M_USED + 2, 2, model->seen);
	return size;
}

/* It takes its descriptors from the last to the first, and keeps five frames at most under way. */
static bool model_send(struct model *model, const uint8_t *frame, unsigned int size)
{
	unsigned int number = M_SLOTS - 1 - model->sent % M_SLOTS;
	uint8_t *descriptor = model->own + 16 * number;

	while (model->freed != model->sent &&
	       get(model->other + M_USED + 2, 2) != (model->freed & 0xffff)) {
		const uint8_t *used = model->other + M_USED + 4 + 8 * (model->freed % M_SLOTS);

		CHECK_EQ(get(used, 4), M_SLOTS - 1 - model->freed % M_SLOTS);
		CHECK_EQ(get(used + 4, 4), 1);
		model->freed++;
	}
	if (model->sent - model->freed == 5)
		return false;
	if (model->place + size > SECTION - M_DATA)
		model->place = 0;
	memcpy(model->own + M_DATA + model->place, frame, size);
	put(descriptor, 8, M_DATA + model->place);
	put(descriptor + 8, 4, size);
	put(model->own + M_AVAILABLE + 4 + 2 * (model->sent % M_SLOTS), 2, number);
	model->sent++;
	put(model->own + M_AVAILABLE + 2, 2, model->sent);
	model->place += (18 + size + 63) / 64 * 64;
	return true;
}

/* ---- the end that is tested ---- */

static struct cellhv_ethernet end;
static uint8_t *sections[2]; /* its own, and the other's */
static struct model model;

static void start(uint64_t size)
{
	for (unsigned int i = 0; i < 2; i++) {
		free(sections[i]);
		sections[i] = aligned_alloc(64, size);
		memset(sections[i], i ? 0 : 0xee, size);
	}
	memset(&end, 0xee, sizeof(end));
	CHECK(cellhv_ethernet_lay_out(&end.layout, size));
	end.own = sections[0];
	end.other = sections[1];
	cellhv_ethernet_begin(&end);
	model = (struct model){.own = sections[1], .other = sections[0]};
}

static bool send_frame(const uint8_t *frame, unsigned int size)
{
	uint8_t *place;

	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_GOOD);
	place = cellhv_ethernet_reserve(&end, size);
	if (!place)
		return false;
	memcpy(place, frame, size);
	cellhv_ethernet_send(&end, size);
	return true;
}

static unsigned int receive_frame(uint8_t *frame)
{
	struct cellhv_ethernet_frame next;

	CHECK_EQ(cellhv_ethernet_take(&end, &next), CELLHV_ETHERNET_GOOD);
	if (!next.data)
		return 0;
	memcpy(frame, next.data, next.size);
	cellhv_ethernet_return(&end, &next);
	return next.size;
}

/* The format's own words: n is the first from 4096 down whose header is below an eighth. */
static unsigned int header_of(unsigned int n)
{
	unsigned int ring = (16 * n + 6 + 2 * n + 63) / 64 * 64;

	return (ring + 6 + 8 * n + 63) / 64 * 64;
}

TEST(layouts)
{
	static const struct {
		uint64_t size;
		unsigned int slots;
	} rows[] = {{4096, 32},	       {8192, 32},	{16384, 64},	 {65536, 256},
		    {131072, 512},     {262144, 1024},	{524288, 2048},	 {1 << 20, 4096},
		    {8 << 20, 4096},   {1 << 30, 4096}, {6784 * 8, 128}, {6785 * 8, 256},
		    {106624 * 8, 2048}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cellhv_ethernet_layout layout;

		CHECK(cellhv_ethernet_lay_out(&layout, rows[i].size));
		CHECK_EQ(layout.slots, rows[i].slots);
		CHECK_EQ(layout.available, 16 * rows[i].slots);
		CHECK_EQ(layout.data, header_of(rows[i].slots));
		CHECK_EQ(layout.data_size, rows[i].size - layout.data);
		CHECK(rows[i].slots == 32 || layout.data < rows[i].size / 8);
		CHECK(rows[i].slots == 4096 || header_of(2 * rows[i].slots) >= rows[i].size / 8);
		CHECK(4 * (cellhv_ethernet_frame_max(&layout) + 18) <= layout.data_size);
	}
	CHECK(cellhv_ethernet_lay_out(&end.layout, SECTION));
	CHECK_EQ(end.layout.used, M_USED);
	CHECK_EQ(end.layout.data, M_DATA);
}

TEST(sections_that_are_none)
{
	struct cellhv_ethernet_layout layout;
	unsigned int least = header_of(32) + 4 * 68;

	CHECK(cellhv_ethernet_lay_out(&layout, least));
	CHECK(!cellhv_ethernet_lay_out(&layout, least - 1));
	CHECK(!cellhv_ethernet_lay_out(&layout, 0));
	CHECK(!cellhv_ethernet_lay_out(&layout, (1ull << 30) + 4096));
	CHECK(!cellhv_ethernet_lay_out(&layout, 1ull << 32));
	CHECK(!cellhv_ethernet_lay_out(&layout, UINT64_MAX));
}

TEST(rings_as_they_begin)
{
	start(SECTION);
	for (unsigned int i = 0; i + 1 < M_SLOTS; i++) {
		CHECK_EQ(get(sections[0] + 16 * i + 14, 2), i + 1);
		CHECK_EQ(get(sections[0] + 16 * i, 4) + get(sections[0] + 16 * i + 8, 4), 0);
	}
	for (unsigned int i = 16 * M_SLOTS; i < M_DATA; i++)
		CHECK_EQ(sections[0][i], 0);
	CHECK_EQ(sections[0][M_DATA], 0xee);
}

/* Two frames on their way, to the byte. */
TEST(bytes_of_frames)
{
	uint8_t frame[64] = "0123456789abcdef";

	start(SECTION);
	CHECK(send_frame(frame, 60) && send_frame(frame, 46));
	CHECK_EQ(get(sections[0], 4), M_DATA);
	CHECK_EQ(get(sections[0] + 8, 4), 60);
	CHECK_EQ(get(sections[0] + 16, 4), M_DATA + 128); /* 78 bytes, rounded up */
	CHECK_EQ(get(sections[0] + 24, 4), 46);
	CHECK_EQ(end.head, 128 + 64);
	CHECK_EQ(get(sections[0] + M_AVAILABLE, 4), 2 << 16);
	CHECK_EQ(get(sections[0] + M_AVAILABLE + 4, 4), 1 << 16);
	CHECK(model_send(&model, frame, 60));
	CHECK_EQ(receive_frame(frame), 60);
	CHECK_EQ(get(sections[0] + M_USED, 4), 1 << 16);
	CHECK_EQ(get(sections[0] + M_USED + 4, 4), M_SLOTS - 1);
	CHECK_EQ(get(sections[0] + M_USED + 8, 4), 1);
	CHECK_EQ(get(sections[0] + M_USED + 4 + 8 * M_SLOTS, 2), 1); /* avail_event */
}

static void fill(uint8_t *frame, unsigned int size, unsigned int number)
{
	for (unsigned int i = 0; i < size; i++)
		frame[i] = (uint8_t)(number + i);
}

static void check_frame(const uint8_t *frame, unsigned int size, unsigned int number)
{
	for (unsigned int i = 0; i < size; i++)
		CHECK_EQ(frame[i], (uint8_t)(number + i));
}

/* Frames of all sizes both ways, until all indices have wrapped; none is lost, none is spoilt. */
TEST(frames_both_ways)
{
	static uint8_t frame[SECTION];
	unsigned int to = 0, to_seen = 0, from = 0, from_seen = 0, full = 0, largest;

	start(SECTION);
	srandom(3);
	largest = cellhv_ethernet_frame_max(&end.layout);
	while (to_seen < ROUNDS || from_seen < ROUNDS) {
		unsigned int size = 14 + (unsigned int)random() % 1500;

		size = random() % 16 ? size : 14 + (unsigned int)random() % (largest - 13);
		switch (random() % 4) {
		case 0:
			fill(frame, size, to);
			if (send_frame(frame, size))
				to++;
			else
				full++;
			break;
		case 1:
			size = model_receive(&model, frame);
			check_frame(frame, size, to_seen);
			to_seen += size != 0;
			break;
		case 2:
			fill(frame, size, from);
			from += model_send(&model, frame, size);
			break;
		default:
			size = receive_frame(frame);
			check_frame(frame, size, from_seen);
			from_seen += size != 0;
		}
		CHECK(end.filled <= end.layout.data_size);
	}
	CHECK(full > 100);
	while (model_receive(&model, frame))
		to_seen++;
	CHECK_EQ(to_seen, to);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_GOOD);
	CHECK_EQ(end.filled, 0);
}

/* Wherever the last frame ended, a largest one has room when all are freed. */
TEST(frames_at_the_end_of_the_area)
{
	static uint8_t frame[SECTION];

	start(SECTION);
	for (unsigned int at = 0; at <= end.layout.data_size; at += 64) {
		end.head = end.tail = at;
		CHECK(send_frame(frame, cellhv_ethernet_frame_max(&end.layout)));
		CHECK(model_receive(&model, frame));
		CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_GOOD);
		CHECK_EQ(end.filled, 0);
	}
	end.head = end.tail = end.layout.data_size;
	CHECK(cellhv_ethernet_reserve(&end, 60) == sections[0] + M_DATA);
	end.head = end.tail = end.layout.data_size - 64;
	CHECK(cellhv_ethernet_reserve(&end, 46) == sections[0] + SECTION - 64);
	CHECK(cellhv_ethernet_reserve(&end, 47) == sections[0] + M_DATA);
	CHECK(!cellhv_ethernet_reserve(&end, cellhv_ethernet_frame_max(&end.layout) + 1));
	CHECK(!cellhv_ethernet_reserve(&end, UINT32_MAX));
}

/* As many as there are descriptors, no more, and that is no fault. */
TEST(all_descriptors)
{
	uint8_t frame[64] = {0};

	start(1 << 20);
	for (unsigned int i = 0; i < 4096; i++)
		CHECK(send_frame(frame, 14));
	CHECK(!send_frame(frame, 14));
}

TEST(states)
{
	/* own, other, up: next */
	static const uint32_t rows[][4] = {{0, 0, 0, 1}, {0, 1, 0, 1}, {0, 2, 1, 0}, {0, 3, 1, 0},
					   {0, 9, 1, 0}, {1, 0, 1, 1}, {1, 1, 0, 2}, {1, 2, 1, 2},
					   {1, 3, 0, 2}, {2, 0, 1, 0}, {2, 1, 1, 2}, {2, 2, 0, 2},
					   {2, 2, 1, 3}, {2, 3, 1, 3}, {2, 3, 0, 2}, {3, 0, 1, 0},
					   {3, 2, 1, 3}, {3, 3, 1, 3}, {3, 3, 0, 0}, {3, 9, 1, 3}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		CHECK_EQ(cellhv_ethernet_next_state(rows[i][0], rows[i][1], rows[i][2]),
			 rows[i][3]);
}

/* Two that look at random times, and fall back now and then, find each other again. */
TEST(states_of_two)
{
	uint32_t state[2] = {0};
	unsigned int met = 0;

	srandom(4);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int who = (unsigned int)random() % 2;
		uint32_t next = cellhv_ethernet_next_state(state[who], state[1 - who], true);

		/* Nobody runs with rings that the other has yet to begin. */
		CHECK(next != CELLHV_ETHERNET_RUN || state[1 - who] != CELLHV_ETHERNET_INIT);
		state[who] = random() % 50 ? next : CELLHV_ETHERNET_RESET;
		if (state[0] == CELLHV_ETHERNET_RUN && state[1] == CELLHV_ETHERNET_RUN)
			met++;
	}
	CHECK(met > ROUNDS / 4);
}

TEST(addresses)
{
	uint8_t a[6], b[6];

	cellhv_ethernet_address("net0", 0, a);
	CHECK_EQ(a[0] & 3, 2);
	cellhv_ethernet_address("net0", 0, b);
	CHECK(!memcmp(a, b, 6));
	cellhv_ethernet_address("net0", 1, b);
	CHECK(memcmp(a, b, 6));
	cellhv_ethernet_address("net1", 0, b);
	CHECK(memcmp(a, b, 6));
}

/* ---- peers that keep to nothing ---- */

/* One right frame that waits in slot 0, descriptor 255; then one thing is made wrong. */
static void offer(void)
{
	static const uint8_t frame[64];

	start(SECTION);
	CHECK(model_send(&model, frame, 60));
}

TEST(bad_offers)
{
	static const struct {
		unsigned int offset, size;
		uint64_t value;
		enum cellhv_ethernet_fault fault;
	} rows[] = {
		{M_AVAILABLE + 2, 2, 256, CELLHV_ETHERNET_GOOD},
		{M_AVAILABLE + 2, 2, 257, CELLHV_ETHERNET_BAD_AVAILABLE},
		{M_AVAILABLE + 2, 2, 0xffff, CELLHV_ETHERNET_BAD_AVAILABLE},
		{M_AVAILABLE + 4, 2, 256, CELLHV_ETHERNET_BAD_NUMBER},
		{M_AVAILABLE + 4, 2, 0xffff, CELLHV_ETHERNET_BAD_NUMBER},
		{16 * 255 + 12, 2, 1, CELLHV_ETHERNET_BAD_FLAGS},
		{16 * 255 + 12, 2, 0x8000, CELLHV_ETHERNET_BAD_FLAGS},
		{16 * 255 + 14, 2, 77, CELLHV_ETHERNET_GOOD}, /* next says nothing */
		{16 * 255 + 8, 4, 14, CELLHV_ETHERNET_GOOD},
		{16 * 255 + 8, 4, 13, CELLHV_ETHERNET_BAD_SIZE},
		{16 * 255 + 8, 4, 0, CELLHV_ETHERNET_BAD_SIZE},
		{16 * 255 + 8, 4, SECTION - M_DATA, CELLHV_ETHERNET_GOOD},
		{16 * 255 + 8, 4, SECTION - M_DATA + 1, CELLHV_ETHERNET_BAD_SIZE},
		{16 * 255 + 8, 4, UINT32_MAX, CELLHV_ETHERNET_BAD_SIZE},
		{16 * 255, 8, M_DATA - 1, CELLHV_ETHERNET_BAD_PLACE},
		{16 * 255, 8, 0, CELLHV_ETHERNET_BAD_PLACE},
		{16 * 255, 8, SECTION - 60, CELLHV_ETHERNET_GOOD},
		{16 * 255, 8, SECTION - 59, CELLHV_ETHERNET_BAD_PLACE},
		{16 * 255, 8, UINT64_MAX, CELLHV_ETHERNET_BAD_PLACE},
		{16 * 255, 8, 0x100000000 + M_DATA, CELLHV_ETHERNET_BAD_PLACE},
	};
	struct cellhv_ethernet_frame frame;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		offer();
		put(sections[1] + rows[i].offset, rows[i].size, rows[i].value);
		CHECK_EQ(cellhv_ethernet_take(&end, &frame), rows[i].fault);
		CHECK_EQ(!frame.data, rows[i].fault != CELLHV_ETHERNET_GOOD);
	}
}

TEST(bad_returns)
{
	uint8_t frame[64] = {0};

	start(SECTION);
	CHECK(send_frame(frame, 60) && send_frame(frame, 60) && send_frame(frame, 60));
	put(sections[1] + M_USED + 2, 2, 4);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_BAD_USED);
	put(sections[1] + M_USED + 2, 2, 0xffff);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_BAD_USED);
	put(sections[1] + M_USED + 2, 2, 2);
	put(sections[1] + M_USED + 4, 4, 0);
	put(sections[1] + M_USED + 12, 4, 2);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_BAD_ORDER);
	put(sections[1] + M_USED + 12, 4, UINT32_MAX);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_BAD_ORDER);
	put(sections[1] + M_USED + 12, 4, 1);
	CHECK_EQ(cellhv_ethernet_free(&end), CELLHV_ETHERNET_GOOD);
	CHECK_EQ(end.filled, 128);
}

/* All descriptors are right ones, which a ring of zeros then names one of. */
static void offer_much(void)
{
	offer();
	for (unsigned int i = 0; i < M_SLOTS; i++) {
		put(sections[1] + 16 * i, 8, M_DATA + 128 * i);
		put(sections[1] + 16 * i + 8, 4, 64 + i);
	}
}

static void scribble(void)
{
	static const unsigned int begin[] = {0, M_AVAILABLE, M_AVAILABLE + 2, M_USED, M_USED + 2};
	static const unsigned int size[] = {M_AVAILABLE, M_USED - M_AVAILABLE, 2, M_DATA - M_USED,
					    2};
	unsigned int area = (unsigned int)random() % 5;

	sections[1][begin[area] + (unsigned int)random() % size[area]] =
		(uint8_t)(random() % 4 ? random() % 3 : random());
}

/* True: it is found to have been wrong. */
static bool exchange(unsigned int *taken)
{
	struct cellhv_ethernet_frame frame;
	static const uint8_t bytes[60];
	uint8_t *place = cellhv_ethernet_reserve(&end, sizeof(bytes));
	bool is_wrong = cellhv_ethernet_take(&end, &frame) != CELLHV_ETHERNET_GOOD;

	if (!is_wrong && frame.data) {
		CHECK(frame.data >= sections[1] + M_DATA && frame.size >= 14 &&
		      frame.size <= sections[1] + SECTION - frame.data);
		cellhv_ethernet_return(&end, &frame);
		++*taken;
	}
	if (place) {
		memcpy(place, bytes, sizeof(bytes));
		cellhv_ethernet_send(&end, sizeof(bytes));
	}
	return cellhv_ethernet_free(&end) != CELLHV_ETHERNET_GOOD || is_wrong;
}

/* One that writes anywhere in its rings: nothing beyond the sections is read or written. */
TEST(noise)
{
	unsigned int taken = 0, wrong = 0;

	offer_much();
	srandom(5);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		scribble();
		if (exchange(&taken)) {
			wrong++;
			if (random() % 8 == 0)
				offer_much();
		}
		CHECK(end.filled <= end.layout.data_size);
	}
	CHECK(taken > ROUNDS / 20 && wrong > ROUNDS / 10);
}

TEST(faults_have_texts)
{
	for (unsigned int i = 0; i < CELLHV_ETHERNET_FAULTS; i++)
		CHECK(strlen(cellhv_ethernet_fault_text(i)) > 3);
}
