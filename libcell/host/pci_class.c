// SPDX-License-Identifier: LGPL-2.1-or-later
/* PCI Code and ID Assignment Specification 1.11, chapter 1: base class and sub-class. */
#include "base/cleanup.h"
#include "host/pci_judge.h"

static const struct {
	uint8_t base;
	uint8_t sub;
	const char *name;
} classes[] = {
	{0x01, 0x00, "SCSI controller"},     {0x01, 0x01, "IDE controller"},
	{0x01, 0x04, "RAID controller"},     {0x01, 0x06, "SATA controller"},
	{0x01, 0x07, "SAS controller"},	     {0x01, 0x08, "NVMe controller"},
	{0x02, 0x00, "Ethernet controller"}, {0x03, 0x00, "VGA controller"},
	{0x04, 0x03, "audio device"},	     {0x06, 0x00, "host bridge"},
	{0x06, 0x01, "ISA bridge"},	     {0x06, 0x04, "PCI bridge"},
	{0x07, 0x00, "serial controller"},   {0x08, 0x06, "IOMMU"},
	{0x0c, 0x03, "USB controller"},	     {0x0c, 0x05, "SMBus controller"},
};

static const char *const bases[] = {
	[0x01] = "storage controller",
	[0x02] = "network controller",
	[0x03] = "display controller",
	[0x04] = "multimedia device",
	[0x05] = "memory controller",
	[0x06] = "bridge",
	[0x07] = "communication controller",
	[0x08] = "system peripheral",
	[0x09] = "input device",
	[0x0b] = "processor",
	[0x0c] = "serial bus controller",
	[0x0d] = "wireless controller",
	[0x10] = "encryption controller",
	[0x11] = "signal processing controller",
	[0x12] = "processing accelerator",
};

const char *pci_class_name(uint32_t class)
{
	uint32_t base = class >> 16 & 0xff, sub = class >> 8 & 0xff;

	for (size_t i = 0; i < ELEMENTS(classes); i++)
		if (classes[i].base == base && classes[i].sub == sub)
			return classes[i].name;
	return base < ELEMENTS(bases) && bases[base] ? bases[base] : "device";
}
