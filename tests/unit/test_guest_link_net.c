/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's end of a network link, against another of itself and against one that lies. */
#include <string.h>

#include "check.h"
#include "link_net.c" /* NOLINT(bugprone-suspicious-include) */

#define OUTPUT 8192

/* ---- what it stands on: a link whose memory is here ---- */

static uint32_t states[2];
static uint8_t outputs[2][OUTPUT] __attribute__((aligned(64)));
static uint32_t class, peers, next_id;
static unsigned int rung[2]; /* by who is rung */

bool ivshmem_open(struct ivshmem *end, unsigned int version, unsigned int first)
{
	CHECK_EQ(version, 2);
	if (first)
		return false;
	*end = (struct ivshmem){.version = 2,
				.id = next_id,
				.max_peers = peers,
				.state = states,
				.outputs = (char *)outputs,
				.output_size = OUTPUT};
	return true;
}

void ivshmem_enable(struct ivshmem *end, unsigned int entry, unsigned int vector)
{
	(void)end;
	CHECK(entry < 2 && vector == VECTOR_LINK);
}

void ivshmem_ring(const struct ivshmem *end, unsigned int peer, unsigned int vector)
{
	CHECK_EQ(peer, 1 - end->id);
	CHECK_EQ(vector, 1);
	rung[peer]++;
}

void ivshmem_set_state(const struct ivshmem *end, uint32_t state)
{
	states[end->id] = state;
}

uint32_t pci_read(uint16_t function, unsigned int offset, unsigned int size)
{
	(void)function;
	CHECK(offset == PCI_CLASS && size == 4);
	return class << 8;
}

unsigned int pci_msix_entries(uint16_t function)
{
	(void)function;
	return 2;
}

/* ---- two ends ---- */

static struct link_net ends[2];
static uint8_t frame[ETHERNET_FRAME_MAX];

static void settle(void)
{
	for (unsigned int i = 0; i < 8; i++)
		link_net_is_up(&ends[i % 2]);
}

static void start_over(void)
{
	memset(ends, 0, sizeof(ends));
	memset(states, 0, sizeof(states));
	memset(outputs, 0xee, sizeof(outputs));
	class = 0xff0001;
	peers = 2;
	for (next_id = 0; next_id < 2; next_id++)
		CHECK(!link_net_open(&ends[next_id], VECTOR_LINK));
	settle();
	CHECK(link_net_is_up(&ends[0]) && link_net_is_up(&ends[1]));
	memset(rung, 0, sizeof(rung));
}

static bool pass(unsigned int from, unsigned int size)
{
	uint8_t got[ETHERNET_FRAME_MAX];

	memset(frame, (int)size, size);
	return link_net_send(&ends[from], frame, size) &&
	       link_net_receive(&ends[1 - from], got) == size && !memcmp(got, frame, size);
}

TEST(links_that_are_no_network)
{
	struct link_net net = {0};

	next_id = 0;
	peers = 2;
	class = 0xff4000;
	CHECK(link_net_open(&net, VECTOR_LINK));
	class = 0xff0001;
	peers = 3;
	CHECK(link_net_open(&net, VECTOR_LINK));
	peers = 2;
	next_id = 2;
	CHECK(link_net_open(&net, VECTOR_LINK));
}

TEST(frames_pass_both_ways)
{
	start_over();
	for (unsigned int i = 0; i < 10000; i++)
		CHECK(pass(i % 2, ETHERNET_FRAME_MIN + i * 7 % 1455));
	CHECK_EQ(ends[0].refused + ends[1].refused, 0);
}

/* A frame that is returned and its answer cost one. */
TEST(one_doorbell_for_both)
{
	start_over();
	CHECK(pass(0, 60));
	CHECK_EQ(rung[0], 0);
	CHECK(link_net_send(&ends[1], frame, 60));
	CHECK_EQ(link_net_receive(&ends[1], frame), 0);
	CHECK_EQ(rung[0], 1);
	CHECK_EQ(link_net_receive(&ends[1], frame), 0);
	CHECK_EQ(rung[0], 1);
}

TEST(nobody_returns_anything)
{
	unsigned int sent = 0;

	start_over();
	while (sent < 100 && link_net_send(&ends[0], frame, ETHERNET_FRAME_MAX))
		sent++;
	CHECK(sent >= 4 && sent < 6);
	CHECK_EQ(link_net_receive(&ends[1], frame), ETHERNET_FRAME_MAX);
	CHECK(link_net_send(&ends[0], frame, ETHERNET_FRAME_MAX));
}

TEST(a_peer_that_goes_and_comes)
{
	start_over();
	CHECK(link_net_send(&ends[0], frame, 60));
	link_net_close(&ends[1]);
	CHECK(!link_net_is_up(&ends[0]));
	CHECK(!link_net_send(&ends[0], frame, 60));
	CHECK_EQ(link_net_receive(&ends[0], frame), 0);
	settle();
	CHECK(pass(0, 61) && pass(1, 62)); /* nothing is left of before */
}

/* Both begin anew where one has broken a rule, sending or returning. */
TEST(a_peer_that_lies)
{
	start_over();
	cellhv_ethernet_publish(outputs[1], ends[1].rings.layout.available, 0x7777);
	CHECK_EQ(link_net_receive(&ends[0], frame), 0);
	CHECK_EQ(ends[0].refused, 1);
	CHECK(!link_net_is_up(&ends[1]));
	settle();
	CHECK(pass(0, 60) && pass(1, 60));

	cellhv_ethernet_publish(outputs[1], ends[1].rings.layout.used, 0x7777);
	CHECK(!link_net_send(&ends[0], frame, 60));
	CHECK_EQ(ends[0].refused, 2);
	settle();
	CHECK(pass(0, 60) && pass(1, 60));
}

/* It is returned, and the next one is looked at. */
TEST(a_frame_that_is_too_large)
{
	start_over();
	CHECK(cellhv_ethernet_reserve(&ends[1].rings, ETHERNET_FRAME_MAX + 1));
	cellhv_ethernet_send(&ends[1].rings, ETHERNET_FRAME_MAX + 1);
	CHECK(link_net_send(&ends[1], frame, 77));
	CHECK_EQ(link_net_receive(&ends[0], frame), 77);
	CHECK_EQ(ends[0].refused, 1);
}
