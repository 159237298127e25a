/* SPDX-License-Identifier: BSD-2-Clause */
/* A cell that answers pings over a link: words of its command line are those of ping.h. */
#include "link_net.h"
#include "ping.h"

static struct link_net net;
static uint8_t address[ETHERNET_ADDRESS] = {0x02, 0xce}; /* its own, and the four of IP */
static uint32_t interrupts;

static void on_link(struct interrupt_frame *interrupted)
{
	(void)interrupted;
	interrupts++;
	interrupts_done();
}

static const char *open(const uint8_t ip[4])
{
	const char *why;

	__builtin_memcpy(address + 2, ip, 4);
	interrupts_set_handler(VECTOR_LINK, on_link);
	why = link_net_open(&net, VECTOR_LINK);
	if (why)
		return why;

	printk("Link at %02x:%02x.%x, peer %u, MAC %02x:%02x:%02x:%02x:%02x:%02x\n",
	       net.end.function >> 8, net.end.function >> 3 & 31, net.end.function & 7, net.end.id,
	       address[0], address[1], address[2], address[3], address[4], address[5]);
	return NULL;
}

static void close(void)
{
	link_net_close(&net);
}

static bool link_is_up(void)
{
	return link_net_is_up(&net);
}

static unsigned int receive(void *frame)
{
	return link_net_receive(&net, frame);
}

static bool send(const void *frame, unsigned int size)
{
	return link_net_send(&net, frame, size);
}

static const struct ping_adapter adapter = {.default_ip = "10.0.3.2",
					    .address = address,
					    .interrupts = &interrupts,
					    .refused = &net.refused,
					    .open = open,
					    .close = close,
					    .link_is_up = link_is_up,
					    .receive = receive,
					    .send = send};

void guest_main(void)
{
	ping_answer_all(&adapter);
	printk("Stopped net demo\n");
	comm_reply(CELLHV_REPLY_APPROVED);
}
