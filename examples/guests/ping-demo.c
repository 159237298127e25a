/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cell that has a network adapter and answers pings. Beyond the words of ping.h its command line
 * has interrupts=msi: not by MSI-X.
 */
#include "e1000e.h"
#include "ping.h"

static struct e1000e nic;

static void on_adapter(struct interrupt_frame *interrupted)
{
	(void)interrupted;
	e1000e_interrupt(&nic);
	interrupts_done();
}

static const char *open(const uint8_t ip[4])
{
	const char *interrupts = command_line_find("interrupts"), *why;
	bool msi = interrupts && __builtin_memcmp(interrupts, "msi", 3) == 0;

	(void)ip;
	interrupts_set_handler(VECTOR_DEVICE, on_adapter);
	why = e1000e_open(&nic, VECTOR_DEVICE, msi);
	if (why)
		return why;

	printk("Adapter %02x:%02x.%x, %s, MAC %02x:%02x:%02x:%02x:%02x:%02x\n", nic.function >> 8,
	       nic.function >> 3 & 31, nic.function & 7, nic.is_msix ? "MSI-X" : "MSI",
	       nic.address[0], nic.address[1], nic.address[2], nic.address[3], nic.address[4],
	       nic.address[5]);
	return NULL;
}

static void close(void)
{
	e1000e_close(&nic);
}

static bool link_is_up(void)
{
	return e1000e_link_is_up(&nic);
}

static unsigned int receive(void *frame)
{
	return e1000e_receive(&nic, frame);
}

static bool send(const void *frame, unsigned int size)
{
	return e1000e_send(&nic, frame, size);
}

static const struct ping_adapter adapter = {.default_ip = "10.0.2.16",
					    .address = nic.address,
					    .interrupts = &nic.interrupts,
					    .refused = &nic.refused,
					    .open = open,
					    .close = close,
					    .link_is_up = link_is_up,
					    .receive = receive,
					    .send = send};

void guest_main(void)
{
	ping_answer_all(&adapter);
	printk("Stopped ping demo\n");
	comm_reply(CELLHV_REPLY_APPROVED);
}
