/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/pc_ioapic.h"

#define VERSION (0x11u | (CELLHV_PC_IOAPIC_LINES - 1) << 16)

void pc_ioapic_reset(struct pc_ioapic *ioapic)
{
	*ioapic = (struct pc_ioapic){0};
	for (unsigned i = 0; i < CELLHV_PC_IOAPIC_LINES; i++)
		ioapic->entries[i] = IOAPIC_MASKED;
}

/* The one with the register that is selected; NULL: that is no entry's. */
static uint64_t *selected(struct pc_ioapic *ioapic)
{
	unsigned index = ioapic->index;

	if (index < IOAPIC_ENTRY(0) || index >= IOAPIC_ENTRY(CELLHV_PC_IOAPIC_LINES))
		return NULL;
	return &ioapic->entries[(index - IOAPIC_ENTRY(0)) / 2];
}

static uint32_t read_data(struct pc_ioapic *ioapic)
{
	const uint64_t *entry = selected(ioapic);

	if (entry)
		return (uint32_t)(ioapic->index & 1 ? *entry >> 32 : *entry);
	if (ioapic->index == IOAPIC_VERSION)
		return VERSION;
	if (ioapic->index == IOAPIC_ID || ioapic->index == IOAPIC_ARBITRATION)
		return (uint32_t)ioapic->id << IOAPIC_ID_SHIFT;
	return 0;
}

static void write_data(struct pc_ioapic *ioapic, uint32_t value)
{
	uint64_t *entry = selected(ioapic);
	unsigned shift = ioapic->index & 1 ? 32 : 0;

	if (ioapic->index == IOAPIC_ID)
		ioapic->id = value >> IOAPIC_ID_SHIFT & IOAPIC_ID_MASK;
	if (entry)
		*entry = ((*entry & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift) &
			 IOAPIC_WRITABLE;
}

/* Registers are of 32 bits; to others nothing answers. */
void pc_ioapic_access(struct pc_ioapic *ioapic, struct ioapic_access *access)
{
	bool fits = access->size == 4;

	if (!access->write) {
		access->value = UINT64_MAX;
		if (fits && access->offset == IOAPIC_INDEX)
			access->value = ioapic->index;
		else if (fits && access->offset == IOAPIC_DATA)
			access->value = read_data(ioapic);
		return;
	}
	if (fits && access->offset == IOAPIC_INDEX)
		ioapic->index = (uint8_t)access->value;
	else if (fits && access->offset == IOAPIC_DATA)
		write_data(ioapic, (uint32_t)access->value);
}

bool pc_ioapic_message(const struct pc_ioapic *ioapic, unsigned pin, uint64_t *ret_address,
		       uint32_t *ret_data)
{
	uint64_t entry = ioapic->entries[pin];

	*ret_address = ioapic_message_address(entry);
	*ret_data = entry & IOAPIC_DELIVERY;
	return !(entry & IOAPIC_MASKED);
}
