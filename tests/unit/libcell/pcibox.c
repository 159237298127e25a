// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pcibox.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acpi_fixture.h"
#include "host/pci_function.h"

#define DEVICES "/sys/bus/pci/devices/"

struct box_function {
	const char *name;
	unsigned vendor;
	unsigned device;
	unsigned class;
	enum pci_type type;
	unsigned header; /* type, 80: one of several functions */
	unsigned secondary;
	bool has_acs;
	bool has_msi;
	const char *driver;
	const char *resets;
	unsigned irq;
	const char *resources; /* of the file of that name */
	const char *above;     /* path of the bus that it is on */
};

#define MEMORY "0x0000000000040200\n"
#define PORTS "0x0000000000040101\n"
#define NO_BAR "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

static const struct box_function functions[] = {
	{"0000:00:00.0", 0x8086, 0x29c0, 0x060000, PCI_CONVENTIONAL, 0, 0, false, false, NULL, NULL,
	 0, NO_BAR, ""},
	{"0000:00:02.0", 0x1234, 0x1111, 0x030000, PCI_CONVENTIONAL, 0, 0, false, false,
	 "bochs-drm", NULL, 0,
	 "0x00000000fd000000 0x00000000fdffffff " MEMORY NO_BAR
	 "0x00000000febd0000 0x00000000febd0fff " MEMORY,
	 ""},
	{"0000:00:03.0", 0x8086, 0x10d3, 0x020000, PCI_ENDPOINT, 0, 0, false, true, "e1000e",
	 "flr pm", 11,
	 "0x00000000feb40000 0x00000000feb5ffff " MEMORY
	 "0x00000000feb60000 0x00000000feb7ffff " MEMORY
	 "0x000000000000c040 0x000000000000c05f " PORTS
	 "0x00000000febd4000 0x00000000febd7fff " MEMORY,
	 ""},
	{"0000:00:04.0", 0x1234, 0x11e8, 0x00ff00, PCI_CONVENTIONAL, 0, 0, false, true, NULL, NULL,
	 20, "0x00000000fea00000 0x00000000feafffff " MEMORY, ""},
	{"0000:00:05.0", 0x1b36, 0x000c, 0x060400, PCI_ROOT_PORT, 1, 1, true, true, "pcieport",
	 NULL, 0, NO_BAR, ""},
	{"0000:01:00.0", 0x1b36, 0x000e, 0x060400, PCI_TO_CONVENTIONAL, 1, 2, false, true, NULL,
	 NULL, 0, NO_BAR, "0000:00:05.0/"},
	{"0000:02:02.0", 0x1234, 0x11e8, 0x00ff00, PCI_CONVENTIONAL, 0, 0, false, true, NULL, "bus",
	 21, "0x00000000fe800000 0x00000000fe8fffff " MEMORY, "0000:00:05.0/0000:01:00.0/"},
	{"0000:00:06.0", 0x1b36, 0x000c, 0x060400, PCI_ROOT_PORT, 1, 3, false, true, "pcieport",
	 NULL, 0, NO_BAR, ""},
	{"0000:03:00.0", 0x1b36, 0x0010, 0x010802, PCI_ENDPOINT, 0, 0, false, true, "nvme", "flr",
	 22, "0x00000000fe600000 0x00000000fe603fff 0x0000000000140204\n" NO_BAR, "0000:00:06.0/"},
	{"0000:00:07.0", 0x1b36, 0x000c, 0x060400, PCI_ROOT_PORT, 1, 4, true, true, "pcieport",
	 NULL, 0, NO_BAR, ""},
	{"0000:04:00.0", 0x8086, 0x10c9, 0x020000, PCI_ENDPOINT, 0x80, 0, false, true, "igb",
	 "flr pm bus", 23, "0x00000000fe400000 0x00000000fe41ffff " MEMORY, "0000:00:07.0/"},
	{"0000:04:00.1", 0x8086, 0x10c9, 0x020000, PCI_ENDPOINT, 0x80, 0, false, true, "igb",
	 "flr pm bus", 23, "0x00000000fe420000 0x00000000fe43ffff " MEMORY, "0000:00:07.0/"},
	{"0000:00:08.0", 0x1af4, 0x1110, 0x0500ff, PCI_CONVENTIONAL, 0, 0, false, true, NULL, NULL,
	 0, "0x00000000febd8000 0x00000000febd80ff " MEMORY, ""},
	{"0000:00:09.0", 0x1af4, 0x1111, 0x0500ff, PCI_CONVENTIONAL, 0, 0, false, true, NULL, NULL,
	 0, "0x00000000febd8100 0x00000000febd81ff " MEMORY, ""},
	{"0000:00:0a.0", 0x103c, 0x3306, 0x088000, PCI_CONVENTIONAL, 0, 0, false, true, "hpilo",
	 "pm", 0, "0x00000000febda000 0x00000000febdafff " MEMORY, ""},
	{"0000:00:0b.0", 0x1af4, 0x1112, 0x0500ff, PCI_CONVENTIONAL, 0, 0, false, true, NULL, "pm",
	 0, "0x0000000000000000 0x00000000000fffff 0x0000000020040200\n", ""},
	{"0000:00:0c.0", 0x8086, 0x10ca, 0x020000, PCI_ENDPOINT, 0, 0, false, true, "igbvf", "flr",
	 0, "0x00000000febe0000 0x00000000febe3fff " MEMORY, ""},
	{"0000:00:0d.0", 0x1b36, 0x0002, 0x070002, PCI_CONVENTIONAL, 0, 0, false, false, "serial",
	 "pm", 19, "0x000000000000c080 0x000000000000c087 " PORTS, ""},
	{"0000:00:1f.0", 0x8086, 0x2918, 0x060100, PCI_CONVENTIONAL, 0x80, 0, false, false,
	 "lpc_ich", NULL, 0, NO_BAR, ""},
	{"0000:00:1f.2", 0x8086, 0x2922, 0x010601, PCI_CONVENTIONAL, 0x80, 0, false, true, "ahci",
	 NULL, 16,
	 NO_BAR NO_BAR NO_BAR NO_BAR "0x000000000000c060 0x000000000000c07f " PORTS
				     "0x00000000febdb000 0x00000000febdbfff " MEMORY,
	 ""},
	{"0000:00:1f.3", 0x8086, 0x2930, 0x0c0500, PCI_CONVENTIONAL, 0x80, 0, false, false,
	 "i801_smbus", NULL, 16, NO_BAR, ""},
	{"0001:00:01.0", 0x8086, 0x10d3, 0x020000, PCI_ENDPOINT, 0, 0, false, true, NULL, "flr", 0,
	 "0x00000000fe200000 0x00000000fe21ffff " MEMORY, ""},
};

/* A chain at 40: MSI, PCI Express; and ACS at 100. */
static void make_config(const struct box_function *function, unsigned char config[4096])
{
	memset(config, 0, 4096);
	put(config, 0x00, function->vendor, 2);
	put(config, 0x02, function->device, 2);
	put(config, 0x06, 0x10, 2);
	put(config, 0x0e, function->header, 1);
	put(config, 0x19, function->secondary, 1);
	put(config, 0x1a, function->secondary, 1);
	put(config, 0x34, 0x40, 1);
	put(config, 0x3d, function->irq ? 1 : 0, 1);
	put(config, 0x40, function->has_msi ? 0x05 : 0x09, 1);
	if (function->type != PCI_CONVENTIONAL) {
		put(config, 0x41, 0x60, 1);
		put(config, 0x60, 0x10, 1);
		put(config, 0x62, function->type << 4 | 2, 2);
	}
	if (function->has_acs) {
		put(config, 0x100, 0x0001000d, 4);
		put(config, 0x104, 0x5f, 2);
		put(config, 0x106, 0x1d, 2);
	}
}

static void write_file(struct sysroot *root, const struct box_function *function, const char *file,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

static void write_file(struct sysroot *root, const struct box_function *function, const char *file,
		       const char *format, ...)
{
	char path[128], text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(path, sizeof(path), DEVICES "%s/%s", function->name, file);
	sysroot_write(root, path, "%s", text);
}

static void write_config(struct sysroot *root, const struct box_function *function, unsigned line)
{
	unsigned char config[4096];
	char path[128];

	make_config(function, config);
	put(config, 0x3c, line, 1);
	snprintf(path, sizeof(path), DEVICES "%s/config", function->name);
	sysroot_write_bytes(root, path, config,
			    function->type == PCI_CONVENTIONAL ? 256 : sizeof(config));
}

static void plug(struct sysroot *root, const struct box_function *function)
{
	char path[128], target[128];

	write_config(root, function, 0);
	write_file(root, function, "vendor", "0x%04x\n", function->vendor);
	write_file(root, function, "device", "0x%04x\n", function->device);
	write_file(root, function, "class", "0x%06x\n", function->class);
	write_file(root, function, "irq", "%u\n", function->irq);
	write_file(root, function, "resource", "%s", function->resources);
	if (function->resets)
		write_file(root, function, "reset_method", "%s\n", function->resets);
	if (function->class == 0x030000)
		write_file(root, function, "boot_vga", "1\n");
	if (function->device == 0x10ca)
		write_file(root, function, "physfn", "\n");
	if (!function->driver)
		return;
	snprintf(path, sizeof(path), DEVICES "%s/driver", function->name);
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", function->driver);
	sysroot_link(root, path, target);
}

/* The root file system is on NVMe, by LVM; /srv on AHCI; the default route by e1000e. */
static void use(struct sysroot *root)
{
	sysroot_write(root, "/proc/self/mountinfo",
		      "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/mapper/root rw\n"
		      "23 22 0:5 / /dev rw - devtmpfs udev rw\n"
		      "24 22 0:40 / /srv rw - btrfs /dev/sda1 rw\n");
	sysroot_link(root, "/sys/dev/block/254:0", "../../devices/virtual/block/dm-0");
	sysroot_write(root, "/sys/class/block/dm-0/slaves/nvme0n1p2/dev", "259:2\n");
	sysroot_link(
		root, "/sys/class/block/nvme0n1p2",
		"../../devices/pci0000:00/0000:00:06.0/0000:03:00.0/nvme/nvme0/nvme0n1/nvme0n1p2");
	sysroot_link(root, "/sys/class/block/sda1",
		     "../../devices/pci0000:00/0000:00:1f.2/ata1/host0/block/sda/sda1");
	sysroot_write(root, "/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	sysroot_write(root, "/proc/net/route",
		      "Iface\tDestination\tGateway\neth1\t0000FEA9\t00000000\n"
		      "eth0\t00000000\t0202000A\n");
	sysroot_link(root, "/sys/class/net/eth0", "../../devices/pci0000:00/0000:00:03.0/net/eth0");
	sysroot_link(root, "/sys/class/net/eth1",
		     "../../devices/pci0000:00/0000:00:07.0/0000:04:00.0/net/eth1");
	sysroot_write(root, "/sys/class/tty/console/active", "tty0 ttyS4\n");
	sysroot_link(root, "/sys/class/tty/tty0", "../../devices/virtual/tty/tty0");
	sysroot_link(root, "/sys/class/tty/ttyS4",
		     "../../devices/pci0000:00/0000:00:0d.0/tty/ttyS4");
	sysroot_write(
		root, "/proc/interrupts",
		"            CPU0       CPU1       CPU2       CPU3       \n"
		"   0:         46          0          0          0  IR-IO-APIC    2-edge      "
		"timer\n"
		"   4:          3          0        112          0  IR-IO-APIC    4-edge      "
		"ttyS0\n"
		"   9:          0          0          0          0  IR-IO-APIC    9-fasteoi   "
		"acpi\n"
		"  16:          0          0          0          0  IR-IO-APIC   16-fasteoi   "
		"i801_smbus\n"
		" NMI:          0          0          0          0   Non-maskable interrupts\n");
}

/* A unit for all, and memory that firmware uses by 00:0a.0; pins 0-23, 9 level. */
static void write_tables(struct sysroot *root)
{
	unsigned char dmar[48 + 16 + 32] = {0}, madt[44 + 12 + 2 * 10] = {0};

	put_unit(dmar, 48, 1, 0, 0xfed90000);
	put(dmar, 64, 1, 2);
	put(dmar, 66, 32, 2);
	put(dmar, 72, 0x7c000000, 8);
	put(dmar, 80, 0x7c00ffff, 8);
	put(dmar, 88, 1, 1);
	put(dmar, 89, 8, 1);
	put(dmar, 94, 0x0a, 1);
	write_table(root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	put(madt, 44, 1, 1);
	put(madt, 45, 12, 1);
	put(madt, 48, 0xfec00000, 4);
	put(madt, 56, 2, 1);
	put(madt, 57, 10, 1);
	put(madt, 60, 2, 4);
	put(madt, 66, 2, 1);
	put(madt, 67, 10, 1);
	put(madt, 69, 9, 1);
	put(madt, 70, 9, 4);
	put(madt, 74, 0xd, 2); /* high, level */
	write_table(root, "APIC", madt, sizeof(madt), sizeof(madt));
}

static void plug_all(struct sysroot *root, const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!name || strcmp(functions[i].name, name) == 0)
			plug(root, &functions[i]);
	use(root);
	write_tables(root);
}

void pcibox_plug(struct sysroot *root)
{
	plug_all(root, NULL);
}

void pcibox_plug_one(struct sysroot *root, const char *name)
{
	plug_all(root, name);
}

void pcibox_unroute(struct sysroot *root)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, "0000:00:0d.0") != 0)
			continue;
		write_config(root, &functions[i], 10);
		write_file(root, &functions[i], "irq", "10\n");
		write_file(root, &functions[i], "enable", "0\n");
	}
}

void pcibox_open(struct sysroot *root)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/firmware/acpi/tables/DMAR", root->path);
	unlink(path);
}
