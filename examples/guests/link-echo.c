/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An echo server at a link of protocol 2: whoever rings it is rung back. What the ringer has put
 * into its output section is copied to this cell's own first: as many bytes as the first word of
 * that section says.
 */
#include "runtime/runtime.h"

#define VECTOR_RING (VECTOR_LINK + 1)
#define ENTRY_STATE 0
#define ENTRY_RING 1
#define STATE_READY 1

static struct ivshmem end;
static volatile bool rung;

static void on_ring(struct interrupt_frame *frame)
{
	(void)frame;
	rung = true;
	interrupts_done();
}

/* Peers come and go: what they say is looked at when they ring. */
static void on_state(struct interrupt_frame *frame)
{
	(void)frame;
	interrupts_done();
}

static char *output(uint32_t peer)
{
	return end.outputs + peer * end.output_size;
}

/* The size is the peer's word: it is read once, and never believed beyond the section. */
static void echo(uint32_t peer)
{
	uint32_t size = *(volatile uint32_t *)output(peer);

	if (size > end.output_size)
		size = (uint32_t)end.output_size;
	__builtin_memcpy(output(end.id), output(peer), size);
	ivshmem_ring(&end, peer, ENTRY_RING);
}

void guest_main(void)
{
	interrupts_enable();
	interrupts_set_handler(VECTOR_LINK, on_state);
	interrupts_set_handler(VECTOR_RING, on_ring);
	if (!ivshmem_open(&end, 2, 0)) {
		printk("There is no link of protocol 2\n");
		return;
	}
	ivshmem_enable(&end, ENTRY_STATE, VECTOR_LINK);
	ivshmem_enable(&end, ENTRY_RING, VECTOR_RING);
	ivshmem_set_state(&end, STATE_READY);
	printk("Echo server at link, id %u of %u\n", end.id, end.max_peers);

	while (!comm_shutdown_requested()) {
		cpu_idle();
		if (!rung)
			continue;
		rung = false;
		for (uint32_t peer = 0; peer < end.max_peers; peer++)
			if (peer != end.id && end.state[peer])
				echo(peer);
	}
	ivshmem_set_state(&end, 0);
	comm_reply(CELLHV_REPLY_APPROVED);
}
