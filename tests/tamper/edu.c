// SPDX-License-Identifier: LGPL-2.1-or-later
/* QEMU's edu (its documentation: specs/edu), by hand, while nothing else runs. */
#include <linux/delay.h>

#include "tamper.h"

#define RAISE 0x60
#define ACKNOWLEDGE 0x64
#define SOURCE 0x80
#define TARGET 0x88
#define SIZE 0x90
#define START 0x98
#define FROM_DEVICE 2
#define BUFFER 0x40000

static struct pci_dev *edu;
static u8 __iomem *registers;

int edu_open(void)
{
	edu = pci_get_domain_bus_and_slot(0, 0, EDU);
	if (edu)
		registers = pci_ioremap_bar(edu, 0);
	if (!registers)
		edu_close();
	return registers ? 0 : -ENODEV;
}

void edu_close(void)
{
	if (registers) {
		pci_write_config_word(edu, edu->msi_cap + PCI_MSI_FLAGS, 0);
		iounmap(registers);
	}
	pci_dev_put(edu);
}

void edu_aim(u32 address, u32 data)
{
	int at = edu->msi_cap;

	pci_write_config_dword(edu, at + PCI_MSI_ADDRESS_LO, address);
	pci_write_config_dword(edu, at + PCI_MSI_ADDRESS_HI, 0);
	pci_write_config_word(edu, at + PCI_MSI_DATA_64, (u16)data);
	pci_write_config_word(edu, at + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
}

void edu_raise(void)
{
	writel(1, registers + RAISE);
	writel(1, registers + ACKNOWLEDGE);
}

static void transfer(u64 from, u64 to, u32 direction)
{
	writeq(from, registers + SOURCE);
	writeq(to, registers + TARGET);
	writeq(COMMAND, registers + SIZE);
	writel(1 | direction, registers + START);
	while (readl(registers + START) & 1)
		udelay(100);
}

void edu_write(u64 to)
{
	transfer(BUFFER, to, FROM_DEVICE);
}

void edu_copy(u64 from, u64 to)
{
	transfer(from, BUFFER, 0);
	transfer(BUFFER, to, FROM_DEVICE);
}
