// SPDX-License-Identifier: LGPL-2.1-or-later
/* What hangs together with what, of functions that sysfs shows. */
#include "acpi_fixture.h"
#include "check.h"
#include "host/interrupts.h"
#include "host/pci_config.h"
#include "host/pci_function.h"
#include "pcibox.h"

static const struct pci_function *at(const struct pci *pci, unsigned bus, unsigned device,
				     unsigned number)
{
	const struct pci_function *function = pci_find(pci, 0, bus << 8 | device << 3 | number);

	CHECK(function);
	return function;
}

TEST(functions_are_read_in_order)
{
	const struct pci_function *nic;
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK_EQ(pci.n, 0);
	pcibox_plug(&root);
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK_EQ(pci.n, 22);
	for (size_t i = 1; i < pci.n; i++)
		CHECK(strcmp(pci.functions[i - 1].name, pci.functions[i].name) < 0);
	nic = at(&pci, 0, 3, 0);
	CHECK_EQ(nic->vendor, 0x8086);
	CHECK_EQ(nic->device, 0x10d3);
	CHECK_EQ(nic->class, 0x020000);
	CHECK_STR(nic->driver, "e1000e");
	CHECK_STR(nic->resets, "flr pm");
	CHECK_EQ(nic->bars[1].phys, 0xfeb60000);
	CHECK_EQ(nic->bars[1].size, 0x20000);
	CHECK(nic->bar_is_ports[2] && !nic->bar_is_ports[3]);
	CHECK(nic->has_msi && !nic->has_msix && nic->is_shown && !nic->is_hidden);
	pci_clear(&pci);
	sysroot_remove(&root);
}

TEST(requesters_are_what_units_see)
{
	const struct pci_function *function;
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	pcibox_plug(&root);
	CHECK_EQ(pci_read(root.path, &pci), 0);
	function = at(&pci, 2, 2, 0); /* behind a bridge to conventional PCI */
	CHECK_EQ(function->n_requesters, 2);
	CHECK_EQ(function->requesters[0], 0x200);
	CHECK_EQ(function->requesters[1], 0x210);
	CHECK_EQ(function->n_bridges, 2);
	CHECK_EQ(function->bridges[0], 0x100);
	CHECK_EQ(function->bridges[1], 0x28);
	function = at(&pci, 4, 0, 1);
	CHECK_EQ(function->n_requesters, 1);
	CHECK_EQ(function->requesters[0], 0x401);
	pci_clear(&pci);
	sysroot_remove(&root);
}

TEST(groups_follow_access_control)
{
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	pcibox_plug(&root);
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK_EQ(at(&pci, 2, 2, 0)->group, at(&pci, 1, 0, 0)->group); /* with its bridge */
	CHECK(at(&pci, 1, 0, 0)->group != at(&pci, 0, 5, 0)->group);  /* whose port can do it */
	CHECK_EQ(at(&pci, 3, 0, 0)->group, at(&pci, 0, 6, 0)->group); /* this one cannot */
	CHECK_EQ(at(&pci, 4, 0, 0)->group, at(&pci, 4, 0, 1)->group); /* nor this device */
	CHECK(at(&pci, 4, 0, 0)->group != at(&pci, 0, 7, 0)->group);
	CHECK_EQ(at(&pci, 0, 0x1f, 0)->group, at(&pci, 0, 0x1f, 3)->group);
	CHECK(at(&pci, 0, 3, 0)->group != at(&pci, 0, 4, 0)->group);
	pci_clear(&pci);
	sysroot_remove(&root);
}

TEST(linux_knows_better_what_is_a_group)
{
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	pcibox_plug(&root);
	sysroot_link(&root, "/sys/bus/pci/devices/0000:04:00.0/iommu_group",
		     "../../../../kernel/iommu_groups/7");
	sysroot_link(&root, "/sys/bus/pci/devices/0000:04:00.1/iommu_group",
		     "../../../../kernel/iommu_groups/8");
	sysroot_link(&root, "/sys/bus/pci/devices/0000:00:03.0/iommu_group",
		     "../../../../kernel/iommu_groups/8");
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK(at(&pci, 4, 0, 0)->group != at(&pci, 4, 0, 1)->group);
	CHECK_EQ(at(&pci, 0, 3, 0)->group, at(&pci, 4, 0, 1)->group);
	pci_clear(&pci);
	sysroot_remove(&root);
}

/* Bridges whose buses make a ring, and capabilities that do. */
TEST(rings_are_gone_round_once)
{
	unsigned char config[256] = {0};
	struct pci_config read;
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	write_bridge(&root, "0000:01:00.0", 2, 2);
	write_bridge(&root, "0000:02:00.0", 1, 1);
	write_bridge(&root, "0000:03:00.0", 3, 3);
	put(config, 0x06, 0x10, 2);
	put(config, 0x34, 0x40, 1);
	put(config, 0x40, 0x09, 1);
	put(config, 0x41, 0x48, 1);
	put(config, 0x48, 0x09, 1);
	put(config, 0x49, 0x40, 1);
	sysroot_write_bytes(&root, "/sys/bus/pci/devices/0000:01:01.0/config", config,
			    sizeof(config));
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK_EQ(pci.n, 4);
	CHECK(at(&pci, 1, 0, 0)->too_deep && at(&pci, 1, 1, 0)->too_deep);
	CHECK(!at(&pci, 3, 0, 0)->too_deep);
	pci_clear(&pci);
	CHECK(pci_config_read(root.path, 0, 0x108, &read));
	CHECK_EQ(pci_config_capability(&read, 0x05), 0);
	CHECK_EQ(pci_config_capability(&read, 0x09), 0x40);
	CHECK_EQ(pci_config_extended(&read, 0x0d), 0);
	CHECK_EQ(pci_config_field(&read, 255, 2), 0xffff);
	sysroot_remove(&root);
}

TEST(a_function_of_a_cell_is_hidden_from_linux)
{
	unsigned char ones[256];
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	pcibox_plug(&root);
	memset(ones, 0xff, sizeof(ones));
	sysroot_write_bytes(&root, "/sys/bus/pci/devices/0000:02:02.0/config", ones, sizeof(ones));
	CHECK_EQ(pci_read(root.path, &pci), 0);
	CHECK(at(&pci, 2, 2, 0)->is_hidden);
	CHECK_EQ(at(&pci, 2, 2, 0)->device, 0x11e8);
	CHECK_EQ(at(&pci, 2, 2, 0)->requesters[0], 0x200);
	pci_clear(&pci);
	sysroot_remove(&root);
}

TEST(handlers_of_interrupts)
{
	char handlers[INTERRUPTS_HANDLERS];
	struct sysroot root;

	sysroot_make(&root);
	CHECK_EQ(interrupts_find(root.path, 4, handlers), 0);
	pcibox_plug(&root);
	CHECK_EQ(interrupts_find(root.path, 4, handlers), 1);
	CHECK_STR(handlers, "ttyS0");
	CHECK_EQ(interrupts_find(root.path, 3, handlers), 0);
	CHECK_EQ(interrupts_find(root.path, 46, handlers), 0);
	sysroot_write(
		&root, "/proc/interrupts",
		"  CPU0 CPU2\n  4:  1  2  IO-APIC  4-edge\n  5:\n  6: 1 2 IO-APIC 6-edge a, b\n");
	CHECK_EQ(interrupts_find(root.path, 4, handlers), 0);
	CHECK_EQ(interrupts_find(root.path, 5, handlers), 0);
	CHECK_EQ(interrupts_find(root.path, 6, handlers), 1);
	CHECK_STR(handlers, "a, b");
	sysroot_remove(&root);
}

/* What the firmware has left in config space is no interrupt of Linux's, until it says another. */
TEST(pins_that_linux_has_not_looked_for)
{
	struct sysroot root;
	struct pci pci;

	sysroot_make(&root);
	pcibox_plug(&root);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(pci_read(root.path, &pci), 0);
		CHECK(at(&pci, 0, 0xd, 0)->uses_pin);
		CHECK_EQ(at(&pci, 0, 0xd, 0)->irq, i == 0 ? 19 : i == 1 ? 0 : i == 2 ? 10 : 21);
		pci_clear(&pci);
		if (i == 0)
			pcibox_unroute(&root);
		if (i == 1)
			sysroot_write(&root, "/sys/bus/pci/devices/0000:00:0d.0/enable", "1\n");
		if (i == 2) {
			sysroot_write(&root, "/sys/bus/pci/devices/0000:00:0d.0/enable", "0\n");
			sysroot_write(&root, "/sys/bus/pci/devices/0000:00:0d.0/irq", "21\n");
		}
	}
	sysroot_remove(&root);
}
