/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer of a network link that breaks its rules, another one each time that the link has come up:
 * in the order of cellhv_ethernet_fault, then all of them by random bytes, and at last it sends as
 * much as it can and dies of an access to what it does not own.
 */
#include "link_net.h"

#define NOISE_ROUNDS 20000
#define FLOOD 3000
#define FOREIGN 0x7000000000ull

static struct link_net net;
static uint8_t frame[ETHERNET_FRAME_MAX];

static void on_link(struct interrupt_frame *interrupted)
{
	(void)interrupted;
	interrupts_done();
}

static void tell(void)
{
	ivshmem_ring(&net.end, 1 - net.end.id, net.entry);
}

/* One more frame, as these words have it. */
static void offer(uint32_t number, uint64_t address, uint32_t size, uint16_t flags)
{
	const struct cellhv_ethernet_layout *layout = &net.rings.layout;
	struct cellhv_ethernet_descriptor *descriptor =
		cellhv_ethernet_own_descriptor(&net.rings, number);

	descriptor->address = address;
	descriptor->size = size;
	descriptor->flags = flags;
	cellhv_ethernet_write16(net.rings.own, layout->available + CELLHV_ETHERNET_ENTRIES,
				(uint16_t)number);
	cellhv_ethernet_publish(net.rings.own, layout->available, 1);
}

static void offer_too_many(void)
{
	cellhv_ethernet_publish(net.rings.own, net.rings.layout.available,
				(uint16_t)(net.rings.layout.slots + 1));
}

static void offer_no_descriptor(void)
{
	offer(net.rings.layout.slots, net.rings.layout.data, 60, 0);
}

static void offer_with_flags(void)
{
	offer(0, net.rings.layout.data, 60, 1);
}

static void offer_too_large(void)
{
	offer(0, net.rings.layout.data, 0xfffffff0u, 0);
}

static void offer_outside(void)
{
	offer(0, net.end.output_size - 59, 60, 0);
}

static void return_too_many(void)
{
	cellhv_ethernet_publish(net.rings.own, net.rings.layout.used, 0x7fff);
}

/* It has to have been sent one. */
static void return_another(void)
{
	struct cellhv_ethernet_frame sent = {0};

	while (!sent.data && link_net_is_up(&net))
		if (cellhv_ethernet_take(&net.rings, &sent) == CELLHV_ETHERNET_GOOD && !sent.data)
			cpu_idle();
	sent.number++;
	cellhv_ethernet_return(&net.rings, &sent);
}

static uint32_t scatter(void)
{
	static uint32_t state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Anywhere but in frames, and mostly where the rings begin. */
static void scribble(void)
{
	const struct cellhv_ethernet_layout *layout = &net.rings.layout;
	const uint32_t begin[] = {0, layout->available, layout->used};

	for (unsigned int i = 0; i < NOISE_ROUNDS; i++) {
		uint32_t place = scatter() % 4 ? begin[scatter() % 3] + scatter() % 32
					       : scatter() % layout->data;

		net.rings.own[place] = (uint8_t)scatter();
		if (i % 64 == 0)
			tell();
	}
}

static void die_sending(void)
{
	unsigned int sent = 0;

	__builtin_memset(frame, 0xff, 2 * ETHERNET_ADDRESS);
	while (sent < FLOOD && link_net_is_up(&net)) {
		if (link_net_send(&net, frame, ETHERNET_FRAME_MAX))
			sent++;
		tell();
	}
	*(volatile uint64_t *)device_map(FOREIGN, 8) = 0;
}

static void (*const lies[])(void) = {
	offer_too_many,	 offer_no_descriptor, offer_with_flags, offer_too_large, offer_outside,
	return_too_many, return_another,      scribble,		die_sending};

void guest_main(void)
{
	unsigned int next = 0;
	bool was_up = false;
	const char *why;

	interrupts_enable();
	interrupts_set_handler(VECTOR_LINK, on_link);
	why = link_net_open(&net, VECTOR_LINK);
	if (why) {
		printk("not ok: %s\n", why);
		comm_finish(CELLHV_COMM_FAILED);
	}
	while (!comm_shutdown_requested()) {
		bool is_up = link_net_is_up(&net);

		if (is_up && !was_up) {
			printk("lie %u\n", next);
			lies[next++]();
			tell();
		}
		was_up = is_up;
		cpu_idle();
	}
	comm_reply(CELLHV_REPLY_APPROVED);
}
