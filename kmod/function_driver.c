// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver that has a cell's PCI function as far as Linux is concerned: nobody else binds to it,
 * and the PCI core keeps it and the ports above it in D0, as with any driver that does not say
 * otherwise. It has no ids: driver_override leads to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/pci.h>

#include "function.h"

static void function_clear_flag(struct pci_dev *pdev, int position, u16 flag)
{
	u16 value;

	if (!pci_read_config_word(pdev, position, &value) && value & flag)
		pci_write_config_word(pdev, position, value & ~flag);
}

void function_silence(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	pci_intx(pdev, 0);
	if (pdev->msi_cap)
		function_clear_flag(pdev, pdev->msi_cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	if (pdev->msix_cap)
		function_clear_flag(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}

/* Its decoders on, as the hypervisor leaves them, all else off; nobody has its BARs in use. */
static int function_driver_start(struct pci_dev *pdev)
{
	int ret;

	ret = pci_enable_device(pdev);
	if (ret)
		return ret;

	ret = pci_request_regions(pdev, KBUILD_MODNAME);
	if (ret) {
		pci_disable_device(pdev);
		return ret;
	}

	function_silence(pdev);
	return 0;
}

/* Whoever binds or rescans may call this: only what a cell is about to have is taken. */
static int function_driver_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct function *function = function_find(pdev);
	int ret;

	if (!function)
		return -ENODEV;
	if (pci_num_vf(pdev)) /* which would end with its reset, under their users */
		return -EBUSY;

	pci_save_state(pdev);
	function->state = pci_store_saved_state(pdev);
	if (!function->state)
		return -ENOMEM;

	ret = function_driver_start(pdev);
	if (ret) {
		pci_load_and_free_saved_state(pdev, &function->state);
		pci_restore_state(pdev);
		return ret;
	}

	pci_set_drvdata(pdev, function);
	WRITE_ONCE(function->bound, true);

	return 0;
}

/*
 * Given back, or removed by Linux: for good (the device is unplugged) or by hand. Then there is
 * nothing that could be refused. The cell keeps what the hypervisor has given it, which Linux
 * cannot reach, and DESTROY tells what is lost.
 */
static void function_driver_remove(struct pci_dev *pdev)
{
	struct function *function = pci_get_drvdata(pdev);

	if (function) {
		WRITE_ONCE(function->bound, false);
		WRITE_ONCE(function->gone, true);
		pci_warn(pdev, "removed while a cell has it\n");
	}
	pci_release_regions(pdev);
	pci_disable_device(pdev);
}

struct pci_driver function_driver = {
	.name = KBUILD_MODNAME,
	.probe = function_driver_probe,
	.remove = function_driver_remove,
	.driver =
		{
			.probe_type = PROBE_FORCE_SYNCHRONOUS,
			.suppress_bind_attrs = true, /* nobody unbinds what a cell has */
		},
};
