/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guests that answer pings answer, and that no frame makes it read or write beyond its
 * own. */
#include <stdlib.h>

#include "check.h"
#include "ping.c" /* NOLINT(bugprone-suspicious-include) */

#define ROUNDS 200000

static uint8_t sent[ETHERNET_FRAME_MAX];
static unsigned int sent_size;

/* ---- what it stands on ---- */

static const uint8_t address[ETHERNET_ADDRESS] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static bool send_frame(const void *from, unsigned int size)
{
	CHECK(size >= ETHERNET_FRAME_MIN && size <= ETHERNET_FRAME_MAX);
	memcpy(sent, from, size);
	sent_size = size;
	return true;
}

static const struct ping_adapter fake = {.address = address, .send = send_frame};

void printk(const char *format, ...)
{
	(void)format;
}

const char *command_line_find(const char *name)
{
	(void)name;
	return NULL;
}

bool command_line_number(const char *name, uint64_t otherwise, uint64_t *ret_value)
{
	(void)name;
	*ret_value = otherwise;
	return true;
}

const char *parse_number(const char *text, uint64_t *ret_value)
{
	char *end;

	*ret_value = strtoull(text, &end, 0);
	return end == text ? NULL : end;
}

bool comm_shutdown_requested(void)
{
	return true;
}

void comm_reply(uint32_t reply)
{
	(void)reply;
}

void comm_finish(uint32_t state)
{
	exit((int)state);
}

void interrupts_set_handler(unsigned int vector, interrupt_handler handler)
{
	(void)vector;
	(void)handler;
}

void interrupts_done(void)
{
}

void interrupts_enable(void)
{
}

uint64_t clock_from_us(uint32_t us)
{
	return us;
}

void timer_init(void)
{
}

void timer_arm(uint64_t clocks)
{
	(void)clocks;
}

void timer_stop(void)
{
}

/* ---- frames ---- */

static unsigned int make_echo(unsigned int payload)
{
	unsigned int icmp_size = (unsigned int)sizeof(struct icmp) + payload;

	memset(&frame, 0, sizeof(frame));
	memcpy(frame.ethernet.to, address, ETHERNET_ADDRESS);
	memcpy(frame.ethernet.from, "\x52\x54\0\0\0\2", ETHERNET_ADDRESS);
	frame.ethernet.type = big(ETHERNET_IP);
	frame.ip = (struct ip){.version_size = IP_VERSION_SIZE,
			       .size = big((uint16_t)(sizeof(struct ip) + icmp_size)),
			       .ttl = 9,
			       .protocol = IP_ICMP,
			       .from = {10, 0, 2, 2},
			       .to = {10, 0, 2, 16}};
	frame.ip.checksum = checksum(&frame.ip, sizeof(frame.ip));
	frame.icmp.type = ICMP_ECHO;
	frame.icmp.echo = 0x01020304;
	for (unsigned int i = 0; i < payload; i++)
		((uint8_t *)(&frame.icmp + 1))[i] = (uint8_t)i;
	frame.icmp.checksum = checksum(&frame.icmp, icmp_size);
	return (unsigned int)(sizeof(frame.ethernet) + sizeof(struct ip)) + icmp_size;
}

static void start_over(void)
{
	nic = &fake;
	CHECK(parse_address("10.0.2.16", own_ip));
	memset(&count, 0, sizeof(count));
	sent_size = 0;
}

TEST(checksums)
{
	/* RFC 1071, 3: the words sum up to DDF2. */
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint16_t sum = checksum(example, sizeof(example));

	CHECK_EQ(big(sum), 0x220d);
	sum = checksum(example, sizeof(example) - 1); /* an odd one: a zero is behind it */
	CHECK_EQ(big(sum), (uint16_t)~0xdcfb);
}

TEST(echoes_of_all_sizes)
{
	start_over();
	for (unsigned int payload = 0; payload <= 1472; payload++) {
		unsigned int size = make_echo(payload);
		struct frame request = frame;

		CHECK(answer(size));
		CHECK_EQ(sent_size, size < 60 ? 60 : size);
		CHECK(!memcmp(sent, request.ethernet.from, 6) && !memcmp(sent + 6, address, 6));
		CHECK_EQ(checksum(sent + 14, 20), 0);
		CHECK_EQ(checksum(sent + 34, size - 34), 0);
		CHECK_EQ(sent[34], ICMP_ECHO_REPLY);
		CHECK(!memcmp(sent + 38, (uint8_t *)&request + 38, size - 38));
	}
	CHECK_EQ(count.pings, 1473);
}

TEST(arp_requests)
{
	start_over();
	memset(&frame, 0, sizeof(frame));
	memset(frame.ethernet.to, 0xff, ETHERNET_ADDRESS);
	memcpy(frame.ethernet.from, "\x52\x54\0\0\0\2", ETHERNET_ADDRESS);
	frame.ethernet.type = big(ETHERNET_ARP);
	frame.arp.kind = __builtin_bswap64(ARP_ETHERNET_IP | ARP_REQUEST);
	memcpy(frame.arp.target_ip, own_ip, sizeof(own_ip));
	CHECK(!answer(41)); /* the last byte is none of the frame's */
	CHECK_EQ(sent_size, 0);
	CHECK(answer(42));
	CHECK_EQ(sent_size, 60);
	CHECK_EQ(sent[21], ARP_REPLY);
	CHECK_EQ(count.arps, 1);
}

/* Right ones with a few bytes or the size changed: an answer is never longer than what came. */
TEST(frames_that_are_damaged)
{
	unsigned int answered = 0;

	start_over();
	srandom(1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int size = make_echo((unsigned int)random() % 64);

		for (long i = random() % 4; i > 0; i--)
			((uint8_t *)&frame)[random() % 40] ^= (uint8_t)(1 << random() % 8);
		if (random() % 2) /* as if its maker had meant it */
			frame.ip.checksum = 0,
			frame.ip.checksum = checksum(&frame.ip, sizeof(frame.ip));
		if (random() % 4 == 0)
			size = (unsigned int)random() % (size + 1);
		sent_size = 0;
		if (!answer(size)) {
			CHECK_EQ(sent_size, 0);
			continue;
		}
		answered++;
		CHECK(sent_size <= (size < 60 ? 60 : size));
	}
	CHECK(answered > ROUNDS / 10 && answered < ROUNDS);
}

/* Whole frames of random bytes, of the two kinds that are looked at. */
TEST(frames_of_noise)
{
	start_over();
	srandom(2);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int size = (unsigned int)random() % (ETHERNET_FRAME_MAX + 1);

		for (unsigned int i = 0; i < 64; i++)
			((uint8_t *)&frame)[i] = (uint8_t)random();
		frame.ethernet.type = big(round & 1 ? ETHERNET_ARP : ETHERNET_IP);
		memcpy(frame.ethernet.to, address, ETHERNET_ADDRESS);
		if (round & 2)
			frame.ip.version_size = IP_VERSION_SIZE;
		answer(size);
	}
}

TEST(addresses)
{
	uint8_t ip[4];

	CHECK(parse_address("0.0.0.255 stats=1", ip));
	CHECK(!memcmp(ip, "\0\0\0\xff", 4));
	CHECK(!parse_address("10.0.2", ip));
	CHECK(!parse_address("10.0.2.256", ip));
	CHECK(!parse_address("10.0.2.16.1", ip));
	CHECK(!parse_address("", ip));
}
