// SPDX-License-Identifier: LGPL-2.1-or-later
/* AMD's unit. Sections are those of "AMD I/O Virtualization Technology Specification", 48882. */
#include "tamper.h"

#define UNIT 0xfed80000u /* where QEMU has it */

/* 3.4 */
#define DEVICES 0x00
#define COMMANDS 0x08
#define EVENTS 0x10
#define CONTROL 0x18
#define EXCLUSION 0x20
#define EXCLUSION_LIMIT 0x28
#define COMMAND_HEAD 0x2000
#define COMMAND_TAIL 0x2008
#define EVENT_HEAD 0x2010
#define EVENT_TAIL 0x2018

#define ENABLE (1ull << 0)
#define LOGS (1ull << 2)
#define DOES_COMMANDS (1ull << 12)
#define WIDE (1ull << 17)	 /* entries of 128 bits for interrupts */
#define ENTRIES_256 (8ull << 56) /* of a buffer */
#define ENTRIES(base) (1u << ((base) >> 56 & 15))
#define ADDRESS 0x000ffffffffff000ull
#define EXCLUDED 3ull		   /* and all may read and write there */
#define TABLE_SIZE (2 * PAGE_SIZE) /* for the requesters of a bus */
#define TABLE_LENGTH 1ull	   /* the same, in the register */

/* 2.4 */
#define WAIT (1ull << 60 | 1) /* with a store */
#define FORGET_DEVICE (2ull << 60)
#define FORGET_INTERRUPTS (5ull << 60)

#define DEVICE_WORDS 4			      /* 2.2.2.1 */
#define REMAPPED (2ull << 60 | 8ull << 1 | 1) /* word 2: 256 entries */

static u8 __iomem *unit;

/* In the order in which they are put back, while the unit is off. */
static const u16 kept[] = {DEVICES,    COMMANDS,   EVENTS,    COMMAND_HEAD,   COMMAND_TAIL,
			   EVENT_HEAD, EVENT_TAIL, EXCLUSION, EXCLUSION_LIMIT};
static u64 linux_has[ARRAY_SIZE(kept)], control, device[DEVICE_WORDS];

int amdvi_open(void)
{
	unit = ioremap(UNIT, 0x4000);
	if (!unit)
		return -ENOMEM;
	for (int i = 0; i < ARRAY_SIZE(kept); i++)
		linux_has[i] = readq(unit + kept[i]);
	control = readq(unit + CONTROL);
	edu_aim(MESSAGES | tamper_cpu << 12, VECTOR | tamper_mode << 8);
	return linux_has[0] && linux_has[1] ? 0 : -ENODEV;
}

void amdvi_close(void)
{
	iounmap(unit);
}

static void forget_edu(void)
{
	static const u64 commands[][2] = {{FORGET_DEVICE | EDU, 0}, {FORGET_INTERRUPTS | EDU, 0}};
	const u64 base = linux_has[1];
	const struct ring ring = {
		.commands = phys_to_virt(base & ADDRESS),
		.count = ENTRIES(base),
		.head = unit + COMMAND_HEAD,
		.tail = unit + COMMAND_TAIL,
		.wait = {WAIT | tamper_phys(PAGE_STATUS), 1},
	};

	ring_do(&ring, commands, ARRAY_SIZE(commands));
}

/* Linux's commands wait where they are, whatever was done. */
static void put_back(void)
{
	writeq(0, unit + CONTROL);
	for (int i = 0; i < ARRAY_SIZE(kept); i++)
		writeq(linux_has[i], unit + kept[i]);
	writeq(control, unit + CONTROL);
	forget_edu();
}

/* ---- A table of requesters in which edu passes ---- */

static void devices_begin(void)
{
	u64 *table = tamper_page(PAGE_TABLE);

	memcpy(table, phys_to_virt(linux_has[0] & ADDRESS), TABLE_SIZE);
	memset(&table[EDU * DEVICE_WORDS], 0, sizeof(device));
	writeq(tamper_phys(PAGE_TABLE) | TABLE_LENGTH, unit + DEVICES);
	forget_edu();
}

/* ---- Nothing is translated any more, least of all the cell's memory ---- */

static void off_begin(void)
{
	writeq(cell | EXCLUDED, unit + EXCLUSION);
	writeq(cell, unit + EXCLUSION_LIMIT);
	forget_edu();
	writeq(0, unit + CONTROL);
}

/* ---- Its own commands, whose waits store to the cell, and a log there ---- */

static void buffers_begin(void)
{
	u64 *commands = tamper_page(PAGE_RING);

	commands[0] = WAIT | cell;
	writeq(control & ~(LOGS | DOES_COMMANDS), unit + CONTROL);
	writeq(tamper_phys(PAGE_RING) | ENTRIES_256, unit + COMMANDS);
	writeq((cell & ADDRESS) | ENTRIES_256, unit + EVENTS);
	writeq(0, unit + COMMAND_HEAD);
	writeq(0, unit + EVENT_HEAD);
	writeq(0, unit + EVENT_TAIL);
	writeq(control | ENABLE | LOGS | DOES_COMMANDS, unit + CONTROL);
	writel(COMMAND, unit + COMMAND_TAIL);
	tamper_await(unit + COMMAND_HEAD, ~0u, COMMAND);
}

/* ---- Linux's entry of edu: it passes, and its interrupts go by a table that names the CPU ---- */

static u64 *linux_entry(void)
{
	return (u64 *)phys_to_virt(linux_has[0] & ADDRESS) + EDU * DEVICE_WORDS;
}

/* 2.2.5.2 */
static void make_interrupt(void)
{
	u64 *entries = tamper_page(PAGE_ENTRIES);
	u64 low = 1 | tamper_mode << 2 | tamper_cpu << 8;

	if (control & WIDE) {
		entries[VECTOR * 2] = low;
		entries[VECTOR * 2 + 1] = VECTOR;
	} else {
		((u32 *)entries)[VECTOR] = (u32)low | VECTOR << 16;
	}
	edu_aim(MESSAGES, VECTOR);
}

static void entry_begin(void)
{
	u64 *entry = linux_entry();

	make_interrupt();
	memcpy(device, entry, sizeof(device));
	entry[0] = entry[1] = 0;
	entry[2] = tamper_phys(PAGE_ENTRIES) | REMAPPED;
	forget_edu();
}

static void entry_end(void)
{
	memcpy(linux_entry(), device, sizeof(device));
	forget_edu();
}

const struct attack amdvi_attacks[] = {
	{"amdvi-devices", devices_begin, put_back, true, true},
	{"amdvi-off", off_begin, put_back, true, true},
	{"amdvi-buffers", buffers_begin, put_back},
	{"amdvi-entry", entry_begin, entry_end, true, true},
	{NULL},
};
