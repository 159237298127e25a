/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * How a PCI function is written, for those who print and parse: "00:1f.2". An address is
 * bus << 8 | device << 3 | function.
 */
#ifndef CORE_PCI_NAME_H
#define CORE_PCI_NAME_H

#define PCI_NAME "%02x:%02x.%x"
#define PCI_NAME_OF(address) \
	(unsigned)(address) >> 8 & 0xff, (unsigned)(address) >> 3 & 0x1f, (unsigned)(address)&7

#endif
