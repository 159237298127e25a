/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* MSI and MSI-X: PCI Local Bus Specification 3.0, 6.8.1 and 6.8.2. Offsets from the capability. */
#ifndef CORE_MESSAGE_REGISTERS_H
#define CORE_MESSAGE_REGISTERS_H

#include <stdint.h>

#define MESSAGE_CONTROL 2u

#define MSI_ENABLE 0x0001u
#define MSI_COUNT 0x0070u /* how many are on: its logarithm */
#define MSI_COUNT_SHIFT 4
#define MSI_64BIT 0x0080u
#define MSI_MASKABLE 0x0100u
#define MSI_ADDRESS 4u
#define MSI_ADDRESS_HIGH 8u /* with MSI_64BIT */
#define MSI_SIZE_MAX 24u

#define MSIX_ENTRIES(control) (((control)&0x7ffu) + 1)
#define MSIX_MASK_ALL 0x4000u
#define MSIX_ENABLE 0x8000u
#define MSIX_TABLE 4u
#define MSIX_PENDING 8u
#define MSIX_BAR 7u /* bits of these two that say where it is */

/* An entry of the table, by its words. */
#define MSIX_ENTRY_SIZE 16u
enum { ADDRESS_LOW, ADDRESS_HIGH, DATA, VECTOR_CONTROL, ENTRY_WORDS };
#define VECTOR_MASKED 1u

static inline unsigned msi_data(uint32_t control)
{
	return control & MSI_64BIT ? 12 : 8;
}

static inline unsigned msi_size(uint32_t control)
{
	return msi_data(control) + (control & MSI_MASKABLE ? 12 : 2);
}

#endif
