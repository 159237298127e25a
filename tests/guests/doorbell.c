/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peer 0 rings peer 1 and waits each time until it has counted: none is lost, none comes twice.
 * Then a burst, of which some may be one, and doorbells that nobody must hear.
 */
#include "runtime/x86/x86.h"

#define ROUNDS 100000
#define BURST 1000
#define PATIENCE_US 3000000
#define SETTLE_US 200000

struct shared {
	volatile uint32_t ready;
	volatile uint32_t count;
};

static struct ivshmem end;
static struct shared *shared;
static unsigned int entry; /* of the MSI-X table */

static void on_doorbell(struct interrupt_frame *frame)
{
	(void)frame;
	shared->count++;
	apic_eoi();
}

static void verdict(bool ok, const char *what, uint64_t value)
{
	printk("%s doorbell: %s (%llu)\n", ok ? "ok" : "not ok", what, (unsigned long long)value);
}

static void receive(void)
{
	interrupts_set_handler(VECTOR_LINK, on_doorbell);
	ivshmem_enable(&end, entry, VECTOR_LINK);
	printk("ready\n");
	shared->ready = 1;
	while (!comm_shutdown_requested())
		cpu_idle();
	comm_reply(CELLHV_REPLY_APPROVED);
}

static bool wait_for(volatile uint32_t *word, uint32_t value)
{
	uint64_t start = rdtsc();

	while (*word != value && rdtsc() - start < clock_from_us(PATIENCE_US))
		cpu_relax();
	return *word == value;
}

static void ring_one_by_one(void)
{
	uint32_t i;

	for (i = 0; i < ROUNDS; i++) {
		ivshmem_ring(&end, 1, entry);
		if (!wait_for(&shared->count, i + 1))
			break;
	}
	delay_us(SETTLE_US);
	verdict(shared->count == ROUNDS, "rung one by one and counted", shared->count);
}

static void ring_in_a_burst(void)
{
	uint32_t before = shared->count, heard;

	for (unsigned int i = 0; i < BURST; i++)
		ivshmem_ring(&end, 1, entry);
	delay_us(SETTLE_US);
	heard = shared->count - before;
	verdict(heard >= 1 && heard <= BURST, "heard of a burst", heard);
}

/* To nobody, with vectors that do not exist, in sizes that no register has. */
static void ring_nobody(void)
{
	static const struct {
		uint16_t peer, vector;
	} bad[] = {{1, 2}, {1, 15}, {1, 16}, {1, 0xffff}, {2, 1}, {3, 1}, {12, 1}, {0xffff, 1}};
	uintptr_t doorbell = end.registers + CELLHV_IVSHMEM2_DOORBELL;
	uint32_t before = shared->count;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ivshmem_ring(&end, bad[i].peer, bad[i].vector);
	mmio_write8(doorbell, 1);
	mmio_write16(doorbell, 1);
	*(volatile uint64_t *)doorbell = 0x10001;
	delay_us(SETTLE_US);
	verdict(shared->count == before, "doorbells to nobody", shared->count - before);
}

void guest_main(void)
{
	apic_enable();
	if (!ivshmem_open(&end, 2, 0) && !ivshmem_open(&end, 1, 0)) {
		verdict(false, "no function", 0);
		return;
	}
	shared = (struct shared *)end.common;
	entry = end.version - 1;
	if (end.id == 1) {
		receive();
		return;
	}
	if (!wait_for(&shared->ready, 1)) {
		verdict(false, "no peer", 0);
		return;
	}
	ring_one_by_one();
	ring_in_a_burst();
	if (end.version == 2)
		ring_nobody();
	printk("done\n");
}
