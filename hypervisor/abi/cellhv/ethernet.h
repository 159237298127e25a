/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ethernet over a link: ivshmem of version 2 whose peers talk protocol 1 (cellhv/link.h), two of
 * them, with output sections of one size. What both have to agree on, and the rings, for a kernel,
 * a guest or a program; little-endian, offsets and sizes in bytes.
 *
 * A section is a split virtqueue (virtio 1.0, 2.4, aligned to 64) and the frames behind it. In a
 * peer's own section, which nobody else writes, descriptors and available ring are of what it
 * sends, and the used ring is of what it has received: it returns the frames of the other's section
 * there, in order.
 *
 * All that is in the other's section is hostile: whatever is read there is read once, and checked.
 */
#ifndef CELLHV_ETHERNET_H
#define CELLHV_ETHERNET_H

#include "types.h"

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/stddef.h>
#define CELLHV_ETHERNET_ACQUIRE() virt_rmb()
#define CELLHV_ETHERNET_RELEASE() virt_mb() /* a frame is read, too, before it is returned */
#else
#include <stdbool.h>
#include <stddef.h>
#define CELLHV_ETHERNET_ACQUIRE() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define CELLHV_ETHERNET_RELEASE() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

#define CELLHV_ETHERNET_PROTOCOL 1 /* the class protocol */
#define CELLHV_ETHERNET_PEERS 2

/* States of a peer, in the link's state table. Each change interrupts the other, by vector 0. */
#define CELLHV_ETHERNET_RESET 0
#define CELLHV_ETHERNET_INIT 1
#define CELLHV_ETHERNET_READY 2 /* its rings are */
#define CELLHV_ETHERNET_RUN 3	/* its interface is up */

/*
 * What a peer's state becomes; by this alone is it changed. On the way to READY it begins its rings
 * anew; frames are sent and taken in RUN alone. Nobody leaves RESET while the other has not seen
 * it, so neither uses rings of an earlier time.
 */
static inline uint32_t cellhv_ethernet_next_state(uint32_t own, uint32_t other, bool is_up)
{
	bool is_there = other == CELLHV_ETHERNET_READY || other == CELLHV_ETHERNET_RUN;

	switch (own) {
	case CELLHV_ETHERNET_RESET:
		return other > CELLHV_ETHERNET_INIT ? CELLHV_ETHERNET_RESET : CELLHV_ETHERNET_INIT;
	case CELLHV_ETHERNET_INIT:
		return is_there || other == CELLHV_ETHERNET_INIT ? CELLHV_ETHERNET_READY
								 : CELLHV_ETHERNET_INIT;
	case CELLHV_ETHERNET_READY:
		if (is_there && is_up)
			return CELLHV_ETHERNET_RUN;
		return other == CELLHV_ETHERNET_RESET ? CELLHV_ETHERNET_RESET
						      : CELLHV_ETHERNET_READY;
	default:
		return other == CELLHV_ETHERNET_RESET || !is_up ? CELLHV_ETHERNET_RESET
								: CELLHV_ETHERNET_RUN;
	}
}

/* ---- the layout of a section, which follows from its size ---- */

#define CELLHV_ETHERNET_ALIGN 64u
#define CELLHV_ETHERNET_SECTION_MAX (1u << 30)
#define CELLHV_ETHERNET_DATA_MIN (4u * 68)
#define CELLHV_ETHERNET_SLOTS_MAX 4096u
#define CELLHV_ETHERNET_SLOTS_MIN 32u
#define CELLHV_ETHERNET_FRAME_MIN 14u	/* addresses and type */
#define CELLHV_ETHERNET_FRAME_EXTRA 18u /* of room that a frame takes, before it is rounded up */

struct cellhv_ethernet_layout {
	uint32_t slots; /* descriptors, a power of 2 */
	uint32_t available;
	uint32_t used;
	uint32_t data;
	uint32_t data_size;
};

static inline uint32_t cellhv_ethernet_align(uint32_t size)
{
	return (size + CELLHV_ETHERNET_ALIGN - 1) & ~(CELLHV_ETHERNET_ALIGN - 1);
}

/* Descriptors of 16 bytes; flags, index, a number for each, an event; the same with 8 for each. */
static inline void cellhv_ethernet_place(struct cellhv_ethernet_layout *layout, uint32_t slots)
{
	layout->slots = slots;
	layout->available = 16 * slots;
	layout->used = cellhv_ethernet_align(layout->available + 2 * (3 + slots));
	layout->data = cellhv_ethernet_align(layout->used + 2 * 3 + 8 * slots);
}

/* False: sections of this size are too small, or too large. */
static inline bool cellhv_ethernet_lay_out(struct cellhv_ethernet_layout *layout,
					   uint64_t section_size)
{
	uint32_t slots = CELLHV_ETHERNET_SLOTS_MAX;

	cellhv_ethernet_place(layout, slots);
	while (slots > CELLHV_ETHERNET_SLOTS_MIN && layout->data >= section_size / 8) {
		slots /= 2;
		cellhv_ethernet_place(layout, slots);
	}
	if (section_size > CELLHV_ETHERNET_SECTION_MAX ||
	    section_size < layout->data + CELLHV_ETHERNET_DATA_MIN)
		return false;

	layout->data_size = (uint32_t)section_size - layout->data;
	return true;
}

/* A link of ivshmem's `version` is of this kind: by all that says what a link is. */
static inline bool cellhv_ethernet_is(uint32_t version, uint32_t class_protocol, uint32_t max_peers,
				      uint64_t section_size)
{
	struct cellhv_ethernet_layout layout;

	return version == 2 && class_protocol == CELLHV_ETHERNET_PROTOCOL &&
	       max_peers == CELLHV_ETHERNET_PEERS && cellhv_ethernet_lay_out(&layout, section_size);
}

/* Of the data area; a multiple of 64, as is where it begins. */
static inline uint32_t cellhv_ethernet_room(uint32_t size)
{
	return cellhv_ethernet_align(CELLHV_ETHERNET_FRAME_EXTRA + size);
}

/* The largest frame that is sent: four of them have room. */
static inline uint32_t cellhv_ethernet_frame_max(const struct cellhv_ethernet_layout *layout)
{
	uint32_t room = layout->data_size / 4 & ~(CELLHV_ETHERNET_ALIGN - 1);

	return room < cellhv_ethernet_room(1) ? 0 : room - CELLHV_ETHERNET_FRAME_EXTRA;
}

/* An address that is the same each time: of peer `id` of the link that `name` tells from others. */
static inline void cellhv_ethernet_address(const char *name, uint32_t id, uint8_t address[6])
{
	uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a */
	unsigned int i;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3ull;
	hash = (hash ^ (0x100u + id)) * 0x100000001b3ull;
	hash ^= hash >> 40;
	for (i = 0; i < 6; i++)
		address[i] = (uint8_t)(hash >> 8 * i);
	address[0] = (uint8_t)((address[0] & 0xfcu) | 0x02u); /* locally administered, of one */
}

/* ---- the rings ---- */

struct cellhv_ethernet_descriptor {
	uint64_t address; /* of the frame, from the beginning of the section */
	uint32_t size;
	uint16_t flags; /* 0 */
	uint16_t next;	/* while nothing is sent by it */
};

struct cellhv_ethernet_used {
	uint32_t number;
	uint32_t size; /* 1 */
};

#define CELLHV_ETHERNET_INDEX 2 /* in both rings: the index, and where its entries begin */
#define CELLHV_ETHERNET_ENTRIES 4

/* An end. Who sends and who frees, and who takes and who returns, is one at a time each. */
struct cellhv_ethernet {
	struct cellhv_ethernet_layout layout;
	uint8_t *own;	      /* output sections */
	const uint8_t *other; /* hostile */
	uint16_t sent;	      /* indices of rings, as they are in memory */
	uint16_t freed;
	uint16_t received;
	uint32_t head; /* in the data area: behind the last frame, the first one not freed */
	uint32_t tail;
	uint32_t filled; /* bytes between the two, with those that were skipped at the end */
};

/* What a peer has done that none may. */
enum cellhv_ethernet_fault {
	CELLHV_ETHERNET_GOOD,
	CELLHV_ETHERNET_BAD_AVAILABLE,
	CELLHV_ETHERNET_BAD_NUMBER,
	CELLHV_ETHERNET_BAD_FLAGS,
	CELLHV_ETHERNET_BAD_SIZE,
	CELLHV_ETHERNET_BAD_PLACE,
	CELLHV_ETHERNET_BAD_USED,
	CELLHV_ETHERNET_BAD_ORDER,
	CELLHV_ETHERNET_FAULTS,
};

static inline const char *cellhv_ethernet_fault_text(enum cellhv_ethernet_fault fault)
{
	static const char *const texts[CELLHV_ETHERNET_FAULTS] = {
		"none",
		"it offers more frames than it has descriptors",
		"it offers a descriptor that there is not",
		"a descriptor has flags",
		"a frame has no header, or is larger than the section",
		"a frame is not within its section",
		"it returns more frames than were sent",
		"it returns frames in another order than they were sent",
	};

	return texts[fault];
}

static inline uint16_t cellhv_ethernet_read16(const uint8_t *section, uint32_t offset)
{
	return *(const volatile uint16_t *)(const volatile void *)(section + offset);
}

static inline void cellhv_ethernet_write16(uint8_t *section, uint32_t offset, uint16_t value)
{
	*(volatile uint16_t *)(volatile void *)(section + offset) = value;
}

/* What is before the index in the program is in memory when the other sees the index. */
static inline void cellhv_ethernet_publish(uint8_t *section, uint32_t ring, uint16_t index)
{
	CELLHV_ETHERNET_RELEASE();
	cellhv_ethernet_write16(section, ring + CELLHV_ETHERNET_INDEX, index);
}

static inline uint16_t cellhv_ethernet_look(const uint8_t *section, uint32_t ring)
{
	uint16_t index = cellhv_ethernet_read16(section, ring + CELLHV_ETHERNET_INDEX);

	CELLHV_ETHERNET_ACQUIRE();
	return index;
}

static inline struct cellhv_ethernet_descriptor *
cellhv_ethernet_own_descriptor(const struct cellhv_ethernet *end, uint32_t index)
{
	void *descriptors = end->own;

	return (struct cellhv_ethernet_descriptor *)descriptors + index % end->layout.slots;
}

/* Before READY; the layout and both sections are set. */
static inline void cellhv_ethernet_begin(struct cellhv_ethernet *end)
{
	uint32_t i;

	for (i = 0; i < end->layout.data; i++)
		((volatile uint8_t *)end->own)[i] = 0;
	for (i = 0; i + 1 < end->layout.slots; i++)
		cellhv_ethernet_own_descriptor(end, i)->next = (uint16_t)(i + 1);
	end->sent = end->freed = end->received = 0;
	end->head = end->tail = end->filled = 0;
}

/* ---- sending ---- */

/* In the data area: behind the last frame, or at its beginning where that is too near the end. */
static inline uint32_t cellhv_ethernet_next_place(const struct cellhv_ethernet *end, uint32_t room)
{
	return room <= end->layout.data_size - end->head ? end->head : 0;
}

/* What of the data area is gone with a frame there. */
static inline uint32_t cellhv_ethernet_taken(const struct cellhv_ethernet *end, uint32_t place,
					     uint32_t room)
{
	return room + (place == end->head ? 0 : end->layout.data_size - end->head);
}

/* Where the next frame goes, of at most _frame_max bytes; NULL: no room until more is freed. */
static inline uint8_t *cellhv_ethernet_reserve(const struct cellhv_ethernet *end, uint32_t size)
{
	uint32_t room = cellhv_ethernet_room(size), place = cellhv_ethernet_next_place(end, room);

	if (size > cellhv_ethernet_frame_max(&end->layout) ||
	    (uint16_t)(end->sent - end->freed) >= end->layout.slots ||
	    cellhv_ethernet_taken(end, place, room) > end->layout.data_size - end->filled)
		return NULL;
	return end->own + end->layout.data + place;
}

/* The frame is where _reserve said. The other is to be rung then. */
static inline void cellhv_ethernet_send(struct cellhv_ethernet *end, uint32_t size)
{
	uint32_t room = cellhv_ethernet_room(size), place = cellhv_ethernet_next_place(end, room);
	uint32_t slot = end->sent % end->layout.slots;
	uint32_t entry = end->layout.available + CELLHV_ETHERNET_ENTRIES + 2 * slot;
	struct cellhv_ethernet_descriptor *descriptor = cellhv_ethernet_own_descriptor(end, slot);

	descriptor->address = end->layout.data + place;
	descriptor->size = size;
	descriptor->flags = 0;
	cellhv_ethernet_write16(end->own, entry, (uint16_t)slot);
	end->filled += cellhv_ethernet_taken(end, place, room);
	end->head = place + room;
	end->sent++;
	cellhv_ethernet_publish(end->own, end->layout.available, end->sent);
}

/* The oldest frame that is not freed. Its descriptor is this end's own. */
static inline void cellhv_ethernet_free_one(struct cellhv_ethernet *end)
{
	const struct cellhv_ethernet_descriptor *descriptor =
		cellhv_ethernet_own_descriptor(end, end->freed);
	uint32_t place = (uint32_t)descriptor->address - end->layout.data;
	uint32_t room = cellhv_ethernet_room(descriptor->size);

	if (place != end->tail)
		end->filled -= end->layout.data_size - end->tail;
	end->filled -= room;
	end->tail = place + room;
	end->freed++;
}

/* Frees what the other has returned. */
static inline enum cellhv_ethernet_fault cellhv_ethernet_free(struct cellhv_ethernet *end)
{
	uint16_t used = cellhv_ethernet_look(end->other, end->layout.used);
	uint32_t entries = end->layout.used + CELLHV_ETHERNET_ENTRIES;

	if ((uint16_t)(used - end->freed) > (uint16_t)(end->sent - end->freed))
		return CELLHV_ETHERNET_BAD_USED;

	while (end->freed != used) {
		uint32_t slot = end->freed % end->layout.slots;
		const volatile void *entry = end->other + entries + 8 * slot;

		if (((const volatile struct cellhv_ethernet_used *)entry)->number != slot)
			return CELLHV_ETHERNET_BAD_ORDER;
		cellhv_ethernet_free_one(end);
	}
	return CELLHV_ETHERNET_GOOD;
}

/* ---- receiving ---- */

/* data: in the other's section, which may write it at any time; NULL: none has come. */
struct cellhv_ethernet_frame {
	const uint8_t *data;
	uint32_t size;
	uint32_t number; /* of its descriptor */
};

static inline enum cellhv_ethernet_fault
cellhv_ethernet_check_place(const struct cellhv_ethernet_layout *layout, uint64_t address,
			    uint32_t size)
{
	if (size < CELLHV_ETHERNET_FRAME_MIN || size > layout->data_size)
		return CELLHV_ETHERNET_BAD_SIZE;
	if (address < layout->data || address > layout->data + (layout->data_size - size))
		return CELLHV_ETHERNET_BAD_PLACE;
	return CELLHV_ETHERNET_GOOD;
}

static inline enum cellhv_ethernet_fault
cellhv_ethernet_read_frame(const struct cellhv_ethernet *end, struct cellhv_ethernet_frame *ret)
{
	const struct cellhv_ethernet_layout *layout = &end->layout;
	uint32_t entry = 2 * (end->received % layout->slots);
	uint32_t number = cellhv_ethernet_read16(
		end->other, layout->available + CELLHV_ETHERNET_ENTRIES + entry);
	const volatile struct cellhv_ethernet_descriptor *descriptor;
	enum cellhv_ethernet_fault fault;
	const volatile void *descriptors = end->other;
	uint64_t address;
	uint32_t size;

	if (number >= layout->slots)
		return CELLHV_ETHERNET_BAD_NUMBER;

	descriptor = (const volatile struct cellhv_ethernet_descriptor *)descriptors + number;
	address = descriptor->address;
	size = descriptor->size;
	if (descriptor->flags)
		return CELLHV_ETHERNET_BAD_FLAGS;

	fault = cellhv_ethernet_check_place(layout, address, size);
	if (fault == CELLHV_ETHERNET_GOOD) {
		ret->data = end->other + address;
		ret->size = size;
		ret->number = number;
	}
	return fault;
}

/* The next frame that has come; it has to be returned before the one after it is asked for. */
static inline enum cellhv_ethernet_fault cellhv_ethernet_take(const struct cellhv_ethernet *end,
							      struct cellhv_ethernet_frame *ret)
{
	uint16_t available = cellhv_ethernet_look(end->other, end->layout.available);
	uint16_t waiting = (uint16_t)(available - end->received);

	ret->data = NULL;
	if (!waiting)
		return CELLHV_ETHERNET_GOOD;
	if (waiting > end->layout.slots)
		return CELLHV_ETHERNET_BAD_AVAILABLE;

	return cellhv_ethernet_read_frame(end, ret);
}

/* Its sender may overwrite it. It is to be rung then, for one frame or for many. */
static inline void cellhv_ethernet_return(struct cellhv_ethernet *end,
					  const struct cellhv_ethernet_frame *frame)
{
	const struct cellhv_ethernet_layout *layout = &end->layout;
	uint32_t entries = layout->used + CELLHV_ETHERNET_ENTRIES;
	volatile void *entry = end->own + entries + 8 * (end->received % layout->slots);

	((volatile struct cellhv_ethernet_used *)entry)->number = frame->number;
	((volatile struct cellhv_ethernet_used *)entry)->size = 1;
	end->received++;
	cellhv_ethernet_write16(end->own, entries + 8 * layout->slots, end->received);
	cellhv_ethernet_publish(end->own, layout->used, end->received);
}

#endif
