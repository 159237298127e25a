/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tutorial's second demo: two cells ring each other once a second over a link, and count. The
 * same guest for both versions of ivshmem and for each end; a peer of version 2 also publishes that
 * it runs and rings whoever else does.
 */
#include "runtime/runtime.h"

#define INTERVAL_US 1000000
#define STATE_RUNNING 1

/* Entry 0 of version 2 tells of changes in the state table. */
#define ENTRY_DOORBELL(end) ((end)->version - 1)

static uint64_t interval; /* in clocks */
static volatile unsigned int doorbells;
static volatile bool ticked;

static void on_doorbell(struct interrupt_frame *frame)
{
	(void)frame;
	doorbells++;
	interrupts_done();
}

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	ticked = true;
	timer_arm(interval);
	interrupts_done();
}

static bool open_link(struct ivshmem *end)
{
	if (!ivshmem_open(end, 2, 0) && !ivshmem_open(end, 1, 0))
		return false;

	printk("IVSHMEM: Found %04x:%04x at %02x:%02x.%x\n", pci_read(end->function, PCI_ID, 2),
	       pci_read(end->function, PCI_ID + 2, 2), end->function >> 8, end->function >> 3,
	       end->function & 7);
	printk("IVSHMEM: shmem is at 0x%016llx\n", (unsigned long long)(uintptr_t)end->memory);
	printk("IVSHMEM: bar0 is at 0x%016llx\n", (unsigned long long)end->registers);
	printk("IVSHMEM: bar2 is at 0x%016llx\n", (unsigned long long)end->msix);
	printk("IVSHMEM: mapped shmem and bars, got position 0x%016llx\n",
	       (unsigned long long)end->id);
	return true;
}

/* Version 1 has one peer, there or not; version 2 says in the state table who is. */
static void ring_peers(const struct ivshmem *end)
{
	for (uint32_t peer = 0; peer < end->max_peers; peer++) {
		if (peer == end->id || (end->state && end->state[peer] != STATE_RUNNING))
			continue;
		printk("IVSHMEM: %02x:%02x.%x sending IRQ\n", end->function >> 8,
		       end->function >> 3, end->function & 7);
		ivshmem_ring(end, peer, ENTRY_DOORBELL(end));
	}
}

static void run(struct ivshmem *end)
{
	unsigned int seen = 0;

	ivshmem_set_state(end, STATE_RUNNING);
	while (!comm_shutdown_requested()) {
		cpu_idle();
		while (seen != doorbells)
			printk("IVSHMEM: got interrupt ... %u\n", ++seen);
		if (ticked) {
			ticked = false;
			ring_peers(end);
		}
	}
	ivshmem_set_state(end, 0);
}

void guest_main(void)
{
	static struct ivshmem end;

	interrupts_enable();
	interrupts_set_handler(VECTOR_LINK, on_doorbell);
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	if (!open_link(&end)) {
		printk("IVSHMEM: No PCI devices found .. nothing to do.\n");
		return;
	}
	ivshmem_enable(&end, ENTRY_DOORBELL(&end), VECTOR_LINK);
	printk("IVSHMEM: Enabled IRQ:0x%x\n", VECTOR_LINK);

	interval = clock_from_us(INTERVAL_US);
	timer_init();
	timer_arm(interval);
	run(&end);
	timer_stop();
	printk("Stopped ivshmem demo\n");
	comm_reply(CELLHV_REPLY_APPROVED);
}
