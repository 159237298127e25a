// SPDX-License-Identifier: LGPL-2.1-or-later
/* Intel's unit. Sections are those of "Intel Virtualization Technology for Directed I/O", 4.0. */
#include "tamper.h"

#define UNIT 0xfed90000u /* where QEMU has it */

/* 11.4 */
#define GCMD 0x18
#define GSTS 0x1c
#define RTADDR 0x20
#define CCMD 0x28
#define FSTS 0x34
#define FECTL 0x38
#define PMEN 0x64
#define IQH 0x80
#define IQT 0x88
#define IQA 0x90
#define IECTL 0xa0
#define IRTA 0xb8
#define EVENT_DATA 4 /* of FECTL and IECTL; then address, and its upper half */
#define EVENT_ADDRESS 8

#define TE (1u << 31)
#define SRTP (1u << 30)
#define QIE (1u << 26)
#define IRE (1u << 25)
#define SIRTP (1u << 24)
#define CFI (1u << 23)
#define LASTING 0x96ffffffu /* of GSTS what a command repeats: 11.4.4 */

#define FORGET_CONTEXTS 0x11ull /* 6.5.2, all of them */
#define FORGET_PAGES 0x12ull
#define FORGET_INTERRUPT 0x14ull /* one of them */
#define WAIT 0x25ull		 /* with a status write */
#define WAIT_INTERRUPTS 0x10ull
#define STATUS (0x5aull << 32)

#define PRESENT 1ull
#define PASSES (2ull << 2)  /* 9.3 */
#define WIDTH_39 1ull	    /* that the unit of vtd-39 has, too */
#define THEIR_DOMAIN 0xff01 /* the hypervisor's are there */
#define VERIFY (1ull << 18) /* 9.10: the source */
#define WIDE (1u << 11)	    /* of IRTA: EIME */
#define LAST_ENTRY 255u	    /* of a page */

static u8 __iomem *unit;
static struct {
	u32 status, tail, event[8];
	u64 root, queue, interrupts, entry[2];
} linux_has;

/* Of the message that edu sends: remapped it is this entry's, in the old format one for the CPU. */
static unsigned int entry_index(void)
{
	return tamper_cpu << 7;
}

static struct ring linux_ring(void)
{
	return (struct ring){
		.commands = phys_to_virt(linux_has.queue & PAGE_MASK),
		.count = 256u << (linux_has.queue & 7),
		.head = unit + IQH,
		.tail = unit + IQT,
		.wait = {WAIT | WAIT_INTERRUPTS | STATUS, tamper_phys(PAGE_STATUS)},
	};
}

int vtd_open(void)
{
	unit = ioremap(UNIT, 0x1000);
	if (!unit)
		return -ENOMEM;
	linux_has.status = readl(unit + GSTS);
	linux_has.root = readq(unit + RTADDR);
	linux_has.queue = readq(unit + IQA);
	linux_has.interrupts = readq(unit + IRTA);
	for (int i = 0; i < 8; i++)
		linux_has.event[i] = readl(unit + (i < 4 ? FECTL : IECTL) + i % 4 * 4);
	edu_aim(MESSAGES | 0x10 | tamper_cpu << 12, VECTOR | tamper_mode << 8);
	return linux_has.queue ? 0 : -ENODEV;
}

void vtd_close(void)
{
	iounmap(unit);
}

static void command(u32 bit, bool on)
{
	u32 status = readl(unit + GSTS) & LASTING;

	writel(on ? status | bit : status & ~bit, unit + GCMD);
	tamper_await(unit + GSTS, bit, on ? bit : 0);
}

/* What it knows of requesters, and of the entry that edu's message names. */
static void forget(void)
{
	const u64 commands[][2] = {{FORGET_CONTEXTS, 0},
				   {FORGET_PAGES, 0},
				   {FORGET_INTERRUPT | (u64)entry_index() << 32, 0}};
	const struct ring ring = linux_ring();

	ring_do(&ring, commands, ARRAY_SIZE(commands));
}

/* ---- A root table in which all pass ---- */

static void root_begin(void)
{
	u64 *root = tamper_page(PAGE_TABLE), *contexts = tamper_page(PAGE_ENTRIES);

	root[0] = tamper_phys(PAGE_ENTRIES) | PRESENT;
	contexts[EDU * 2] = PASSES | PRESENT;
	contexts[EDU * 2 + 1] = THEIR_DOMAIN << 8 | WIDTH_39;
	writeq(tamper_phys(PAGE_TABLE), unit + RTADDR);
	command(SRTP, true);
	writeq(1ull << 63 | 1ull << 61, unit + CCMD);
	forget();
	command(TE, true);
}

static void root_end(void)
{
	writeq(linux_has.root, unit + RTADDR);
	command(SRTP, true);
	command(TE, linux_has.status & TE);
	forget();
}

/* ---- Nothing is translated any more, nor remapped ---- */

static void off_begin(void)
{
	writel(0, unit + PMEN);
	command(TE, false);
	command(IRE, false);
	command(CFI, true);
}

static void off_end(void)
{
	command(CFI, false);
	command(IRE, linux_has.status & IRE);
	command(TE, linux_has.status & TE);
	forget();
}

/* ---- A queue of its own, whose waits write to the cell ---- */

static void queue_is(u64 address)
{
	command(QIE, false);
	writel(0, unit + IQT);
	writeq(address, unit + IQA);
	command(QIE, true);
}

static void queue_begin(void)
{
	u64 *commands = tamper_page(PAGE_RING);

	linux_has.tail = readl(unit + IQT);
	commands[0] = WAIT | STATUS;
	commands[1] = tamper_phys(PAGE_STATUS);
	commands[2] = WAIT | WAIT_INTERRUPTS | STATUS;
	commands[3] = cell;
	queue_is(tamper_phys(PAGE_RING));
	writel(2 * COMMAND, unit + IQT);
	tamper_await(unit + IQH, ~0u, 2 * COMMAND);
}

static void queue_end(void)
{
	const struct ring ring = linux_ring();

	writel(~0u, unit + FSTS);
	queue_is(linux_has.queue);
	ring_advance(&ring, linux_has.tail);
}

/* ---- The unit's own messages, for faults and for completion ---- */

static void events_begin(void)
{
	for (int at = FECTL; at <= IECTL; at += IECTL - FECTL) {
		writel(VECTOR | tamper_mode << 8, unit + at + EVENT_DATA);
		writel(MESSAGES | tamper_cpu << 12, unit + at + EVENT_ADDRESS);
		writel(0, unit + at + EVENT_ADDRESS + 4);
		writel(0, unit + at);
	}
	forget();
}

static void events_end(void)
{
	for (int i = 7; i >= 0; i--)
		writel(linux_has.event[i], unit + (i < 4 ? FECTL : IECTL) + i % 4 * 4);
	writel(~0u, unit + FSTS);
}

/* ---- Tables of interrupts: its own, and an entry in Linux's ---- */

/* As the destination is written with EIME, and without. */
static void make_entry(u64 entry[2])
{
	u64 destination = linux_has.interrupts & WIDE ? tamper_cpu : tamper_cpu << 8;

	entry[1] = VERIFY | EDU;
	entry[0] = PRESENT | tamper_mode << 5 | VECTOR << 16 | destination << 32;
}

/* One page of them, as Linux has them but for the last. */
static void interrupts_begin(void)
{
	u64 *entries = tamper_page(PAGE_ENTRIES);

	memcpy(entries, phys_to_virt(linux_has.interrupts & PAGE_MASK), PAGE_SIZE);
	make_entry(&entries[LAST_ENTRY * 2]);
	edu_aim(MESSAGES | 0x10 | LAST_ENTRY << 5, 0);
	writeq(tamper_phys(PAGE_ENTRIES) | (linux_has.interrupts & WIDE) | 7, unit + IRTA);
	command(SIRTP, true);
}

static void interrupts_end(void)
{
	writeq(linux_has.interrupts, unit + IRTA);
	command(SIRTP, true);
}

static u64 *linux_entry(void)
{
	return (u64 *)phys_to_virt(linux_has.interrupts & PAGE_MASK) + entry_index() * 2;
}

static void entry_begin(void)
{
	u64 entry[2];

	make_entry(entry);
	memcpy(linux_has.entry, linux_entry(), sizeof(entry));
	memcpy(linux_entry(), entry, sizeof(entry));
	forget();
}

static void entry_end(void)
{
	memcpy(linux_entry(), linux_has.entry, sizeof(linux_has.entry));
	forget();
}

/* ---- Linux's context of edu: it passes, in a domain of the hypervisor's ---- */

static volatile u64 *linux_context(void)
{
	const u64 *root = phys_to_virt(linux_has.root & PAGE_MASK);

	return (volatile u64 *)phys_to_virt(root[0] & PAGE_MASK) + EDU * 2;
}

static void context_is(const u64 entry[2])
{
	volatile u64 *context = linux_context();

	context[0] = 0;
	context[1] = entry[1];
	context[0] = entry[0];
	forget();
}

static void context_begin(void)
{
	static const u64 passes[2] = {PASSES | PRESENT, THEIR_DOMAIN << 8 | WIDTH_39};
	volatile u64 *context = linux_context();

	linux_has.entry[0] = context[0];
	linux_has.entry[1] = context[1];
	context_is(passes);
}

static void context_end(void)
{
	context_is(linux_has.entry);
}

const struct attack vtd_attacks[] = {
	{"vtd-root", root_begin, root_end, true, true},
	{"vtd-off", off_begin, off_end, true, true},
	{"vtd-queue", queue_begin, queue_end},
	{"vtd-events", events_begin, events_end, true, false},
	{"vtd-interrupts", interrupts_begin, interrupts_end},
	{"vtd-entry", entry_begin, entry_end},
	{"vtd-context", context_begin, context_end, true, true},
	{NULL},
};
