// SPDX-License-Identifier: BSD-2-Clause
#include "fill.h"

#define MADT_LENGTH 4
#define MADT_SUM 9
#define MADT_APIC 0
#define MADT_APIC_SIZE 8
#define MADT_X2APIC 9
#define MADT_X2APIC_SIZE 16
#define MADT_ENABLED 1
#define APIC_IDS 255 /* that the entry of an APIC can name */

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* ACPI 6.5, 5.2.12.2 and 5.2.12.12; returns its size. */
static uint32_t put_cpu(uint8_t *entry, uint32_t id, uint32_t uid)
{
	if (id < APIC_IDS) {
		entry[0] = MADT_APIC;
		entry[1] = MADT_APIC_SIZE;
		entry[2] = (uint8_t)uid;
		entry[3] = (uint8_t)id;
		put32(entry + 4, MADT_ENABLED);
		return MADT_APIC_SIZE;
	}
	entry[0] = MADT_X2APIC;
	entry[1] = MADT_X2APIC_SIZE;
	entry[2] = entry[3] = 0;
	put32(entry + 4, id);
	put32(entry + 8, MADT_ENABLED);
	put32(entry + 12, uid);
	return MADT_X2APIC_SIZE;
}

void fill_madt(uint8_t *madt, uint32_t room, const uint32_t *ids, uint32_t n)
{
	uint32_t size = get32(madt + MADT_LENGTH);
	uint8_t sum = 0;

	for (uint32_t i = 0; i < n && room - size >= MADT_X2APIC_SIZE; i++)
		size += put_cpu(madt + size, ids[i], i);
	put32(madt + MADT_LENGTH, size);
	madt[MADT_SUM] = 0;
	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + madt[i]);
	madt[MADT_SUM] = (uint8_t)-sum;
}

void fill_setup_data(struct linux_setup_data *data, const uint32_t *ids, uint32_t n,
		     uint32_t tsc_khz, uint32_t apic_khz)
{
	data->tsc_khz = tsc_khz;
	data->apic_khz = apic_khz;
	for (uint32_t i = 0; i < n; i++)
		data->cpu_ids[i] = (uint8_t)ids[i];
}

void fill_digits(char *text, uint32_t value)
{
	for (unsigned i = 0; i < 8; i++)
		text[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 0xf];
}

void fill_sort(uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 2; i < n; i++)
		for (uint32_t j = i; j > 1 && ids[j - 1] > ids[j]; j--) {
			uint32_t id = ids[j];

			ids[j] = ids[j - 1];
			ids[j - 1] = id;
		}
}
