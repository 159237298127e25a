// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver_override of a PCI function, which decides alone what driver may have it. It is exchanged,
 * not set: the kernel's own call allocates, and giving back must not depend on memory.
 */
#include <linux/device.h>
#include <linux/string.h>

#include "function.h"

/* Both strings are from kmalloc(), whoever has made them. `expected`: NULL: any. */
static bool function_override_exchange(const char **override, const char *expected, char **name)
{
	char *old = (char *)*override;

	if (expected && (!old || strcmp(old, expected)))
		return false;

	*override = *name;
	*name = old;
	return true;
}

/* Kernels have it in struct pci_dev, later ones in struct device (Kbuild looks which). */
#ifdef FUNCTION_OVERRIDE_IN_DEVICE
bool function_override_swap(struct pci_dev *pdev, const char *expected, char **name)
{
	bool done;

	spin_lock(&pdev->dev.driver_override.lock);
	done = function_override_exchange(&pdev->dev.driver_override.name, expected, name);
	spin_unlock(&pdev->dev.driver_override.lock);

	return done;
}
#else
bool function_override_swap(struct pci_dev *pdev, const char *expected, char **name)
{
	bool done;

	device_lock(&pdev->dev);
	done = function_override_exchange(&pdev->driver_override, expected, name);
	device_unlock(&pdev->dev);

	return done;
}
#endif
