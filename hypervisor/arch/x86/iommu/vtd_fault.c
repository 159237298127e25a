/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit has refused (11.4.14). Its event, a message, is masked: Linux's handler may leave a
 * record standing, and then no event comes any more. So records are read by POLL; those that come
 * faster than it looks are lost, and a storm costs nobody anything.
 */
#include "arch/x86/iommu/vtd.h"

#define RECORD 16u
#define RECORD_SOURCE 8u
#define RECORD_LAST 12u /* its upper dword, where its flag is cleared by writing 1 */
#define FAULT (1u << 31)
#define TYPE_READ (1u << 30)
#define REASON(dword) ((dword)&0xff)
#define FIRST_OF_INTERRUPTS 0x20u /* 7.1.3: reasons of remapping, up to 2Fh */
#define LAST_OF_INTERRUPTS 0x2fu
#define INDEX_SHIFT 48

static void report(struct cpu *self, const struct iommu *unit, uint32_t offset, uint32_t last)
{
	uint16_t source = (uint16_t)vtd_read(self, unit, offset + RECORD_SOURCE);
	uint64_t address = vtd_read64(self, unit, offset);
	uint32_t reason = REASON(last);

	if (reason >= FIRST_OF_INTERRUPTS && reason <= LAST_OF_INTERRUPTS)
		iommu_fault(unit, source, address >> INDEX_SHIFT, CELLHV_FAILURE_DMA_INTERRUPT);
	else
		iommu_fault(unit, source, address, last & TYPE_READ ? 0 : CELLHV_FAILURE_DMA_WRITE);
}

void vtd_report_faults(struct cpu *self, struct iommu *unit)
{
	const struct vtd *vtd = vtd_of(unit);
	uint32_t first = (uint32_t)VTD_CAP_FRO(vtd->cap);
	uint32_t end = first + (uint32_t)VTD_CAP_NFR(vtd->cap) * RECORD;

	for (uint32_t offset = first; offset < end; offset += RECORD) {
		uint32_t last = vtd_read(self, unit, offset + RECORD_LAST);

		if (!(last & FAULT))
			continue;
		report(self, unit, offset, last);
		vtd_write(self, unit, offset + RECORD_LAST, FAULT);
	}
	if (vtd_read(self, unit, VTD_FSTS) & VTD_FSTS_OVERFLOW)
		vtd_write(self, unit, VTD_FSTS, VTD_FSTS_OVERFLOW);
}
