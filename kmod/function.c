// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions that move between Linux and cells: from the driver that has them to ours and back,
 * reset on both ways. A function is claimed before it is touched, so that two cells never both
 * think they were first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "function.h"
#include "link.h"

/* A driver that lacks memory often has it the next time, as with CPUs. */
#define FUNCTION_TRIES 5
#define FUNCTION_PAUSE_MS 20

#define FUNCTION_DEVFNS 256	    /* of a bus */
#define FUNCTION_CLASS_IOMMU 0x0806 /* PCI Code and ID Assignment, 1.9 */

static DEFINE_SPINLOCK(function_lock);
static LIST_HEAD(function_list);

static struct function *function_find_locked(const struct pci_dev *pdev)
{
	struct function *function;

	lockdep_assert_held(&function_lock);
	list_for_each_entry (function, &function_list, node)
		if (function->pdev == pdev)
			return function;

	return NULL;
}

struct function *function_find(const struct pci_dev *pdev)
{
	struct function *function;

	spin_lock(&function_lock);
	function = function_find_locked(pdev);
	spin_unlock(&function_lock);

	return function;
}

static int function_claim(struct function *function)
{
	int ret = -EBUSY;

	spin_lock(&function_lock);
	if (!function_find_locked(function->pdev)) {
		list_add_tail(&function->node, &function_list);
		ret = 0;
	}
	spin_unlock(&function_lock);

	return ret;
}

/* Probe and remove run under the device's lock: from here on they know nothing of it any more. */
static void function_unclaim(struct function *function)
{
	struct device *device = &function->pdev->dev;

	device_lock(device);
	spin_lock(&function_lock);
	list_del_init(&function->node);
	spin_unlock(&function_lock);
	if (function->bound)
		pci_set_drvdata(function->pdev, NULL);
	device_unlock(device);
}

static bool function_has_reset(const struct pci_dev *pdev)
{
	return pdev->reset_methods[0];
}

/* The upper half of a BAR of 64 bits is none to Linux either. */
static bool function_has_bars(const struct pci_dev *pdev, const struct cellhv_function *config)
{
	unsigned int i;

	for (i = 0; i < CELLHV_FUNCTION_BARS; i++)
		if (config->bars[i].size != pci_resource_len(pdev, i) ||
		    (config->bars[i].size && config->bars[i].phys != pci_resource_start(pdev, i)))
			return false;

	return true;
}

/* What makes up the machine has no driver that could let go of it. */
static bool function_is_device(const struct pci_dev *pdev)
{
	return pdev->hdr_type == PCI_HEADER_TYPE_NORMAL &&
	       pdev->class >> 16 != PCI_BASE_CLASS_BRIDGE &&
	       pdev->class >> 8 != FUNCTION_CLASS_IOMMU && !link_of_function(pdev);
}

/*
 * Some make requests by ids of functions that are not there, and some bridges do otherwise than
 * their registers say: Linux has a list of them, config space has not.
 */
static bool function_has_quirks(struct pci_dev *pdev)
{
	struct pci_dev *bridge = pci_upstream_bridge(pdev);
	unsigned int devfn;

	for (devfn = 0; pdev->dma_alias_mask && devfn < FUNCTION_DEVFNS; devfn++)
		if (devfn != pdev->devfn && test_bit(devfn, pdev->dma_alias_mask))
			return true;

	for (; bridge; bridge = pci_upstream_bridge(bridge))
		if (bridge->dev_flags & PCI_DEV_FLAG_PCIE_BRIDGE_ALIAS)
			return true;

	return false;
}

/* Before anybody is disturbed. */
static int function_check(struct pci_dev *pdev, const struct cellhv_function *config, u32 index,
			  struct cellhv_error *error)
{
	if (!function_is_device(pdev))
		return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_FUNCTION, index);
	if (!function_has_bars(pdev, config))
		return refuse(error, -EINVAL, CELLHV_CHECK_FUNCTION_DIFFERS, index);
	if (function_has_quirks(pdev))
		return refuse(error, -EOPNOTSUPP, CELLHV_DRIVER_CHECK_FUNCTION_ALIAS,
			      config->address);
	if (!function_has_reset(pdev) && !(config->flags & CELLHV_FUNCTION_NO_RESET))
		return refuse(error, -EOPNOTSUPP, CELLHV_DRIVER_CHECK_FUNCTION_RESET,
			      config->address);

	return 0;
}

static int function_look_up(struct function *function, const struct cellhv_function *config,
			    u32 index, struct cellhv_error *error)
{
	INIT_LIST_HEAD(&function->node);
	function->pdev =
		pci_get_domain_bus_and_slot(0, config->address >> 8, config->address & 0xff);
	if (!function->pdev)
		return refuse(error, -ENODEV, CELLHV_DRIVER_CHECK_FUNCTION_ABSENT, config->address);

	function->override = kstrdup(function_driver.name, GFP_KERNEL);
	if (!function->override)
		return -ENOMEM;

	return function_check(function->pdev, config, index, error);
}

/* Which driver is to have it again. */
static int function_note_driver(struct function *function)
{
	struct device *device = &function->pdev->dev;
	int ret = 0;

	device_lock(device);
	if (device->driver) {
		function->driver = kstrdup(device->driver->name, GFP_KERNEL);
		function->rebind = kstrdup(device->driver->name, GFP_KERNEL);
		ret = function->driver && function->rebind ? 0 : -ENOMEM;
	}
	device_unlock(device);

	return ret;
}

/* As a user would unbind it. Nobody else binds to it between the two drivers: the override is set.
 */
static int function_hold(struct function *function)
{
	struct device *device = &function->pdev->dev;
	int ret = function_note_driver(function);

	if (ret)
		return ret;

	function_override_swap(function->pdev, NULL, &function->override);
	device_release_driver(device);
	ret = device_driver_attach(&function_driver.driver, device);

	return READ_ONCE(function->bound) ? 0 : ret ?: -ENODEV;
}

/*
 * Linux removes a device only when its driver has let it go, and that takes the device's lock: so
 * who has that, and finds it still bound to ours, resets no device that has another owner since.
 * The lock of the bridge above comes first, as kernels have it that reset by the bridge.
 */
static bool function_lock_bound(struct function *function)
{
	struct pci_dev *bridge = pci_upstream_bridge(function->pdev);

	if (bridge)
		pci_dev_lock(bridge);
	pci_dev_lock(function->pdev);

	return READ_ONCE(function->bound);
}

static void function_unlock_bound(struct function *function)
{
	struct pci_dev *bridge = pci_upstream_bridge(function->pdev);

	pci_dev_unlock(function->pdev);
	if (bridge)
		pci_dev_unlock(bridge);
}

/*
 * With those locks. Linux's list of resets is as old as its knowledge of the function: that of the
 * bus is in it still when another function has come to the bus. What it has begun may come at any
 * time: then it is nobody else's yet.
 */
static int function_reset(struct pci_dev *pdev, bool needs_one)
{
	int ret = function_has_reset(pdev) ? pci_reset_function_locked(pdev) : 0;

	if (ret)
		pci_warn(pdev, "cannot be reset: %pe\n", ERR_PTR(ret));
	if (ret && needs_one)
		return ret;

	return pci_wait_for_pending_transaction(pdev) ? 0 : -ETIMEDOUT;
}

static int function_reset_bound(struct function *function, bool needs_one)
{
	int ret = -ENODEV;

	if (function_lock_bound(function))
		ret = function_reset(function->pdev, needs_one);
	function_unlock_bound(function);

	return ret;
}

static int function_refuse(struct cellhv_error *error, int ret, u16 address)
{
	if (ret == -ENOMEM)
		return ret;
	if (ret == -ENODEV)
		return refuse(error, ret, CELLHV_DRIVER_CHECK_FUNCTION_ABSENT, address);

	return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_FUNCTION_BUSY, address);
}

static int function_take(struct function *function, const struct cellhv_function *config, u32 index,
			 struct cellhv_error *error)
{
	int ret;

	if (function_claim(function))
		return refuse(error, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, index);

	ret = function_hold(function);
	if (ret)
		return function_refuse(error, ret, config->address);

	ret = function_reset_bound(function, !(config->flags & CELLHV_FUNCTION_NO_RESET));
	if (ret == -ENODEV)
		return function_refuse(error, ret, config->address);
	if (ret)
		return refuse(error, -EIO, CELLHV_DRIVER_CHECK_FUNCTION_RESET, config->address);

	return 0;
}

int function_look_up_all(struct cell *cell, struct cellhv_error *error)
{
	const struct cellhv_function *config = config_functions(cell->config);
	u32 i, count = cell->config->functions.count;
	int ret;

	if (!count)
		return 0;

	cell->functions = kcalloc(count, sizeof(*cell->functions), GFP_KERNEL);
	if (!cell->functions)
		return -ENOMEM;

	for (i = 0; i < count; i++) {
		cell->num_functions++;
		ret = function_look_up(&cell->functions[i], &config[i], i, error);
		if (ret)
			return ret;
	}

	return 0;
}

int function_take_all(struct cell *cell, struct cellhv_error *error)
{
	const struct cellhv_function *config = config_functions(cell->config);
	u32 i;
	int ret;

	for (i = 0; i < cell->num_functions; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;

		ret = function_take(&cell->functions[i], &config[i], i, error);
		if (ret)
			return ret;
	}

	return 0;
}

/* Nothing of what the cell has made of it is left, then it is as the last driver left it. */
static void function_restore(struct function *function)
{
	struct pci_dev *pdev = function->pdev;

	if (function_lock_bound(function)) {
		function_silence(pdev);
		function_reset(pdev, false);
		pci_load_saved_state(pdev, function->state);
		/* Without a reset it may hold addresses of the guest's: not even for a moment. */
		pdev->saved_config_space[PCI_COMMAND / 4] &= ~PCI_COMMAND_MASTER;
		pci_restore_state(pdev);
	}
	function_unlock_bound(function);
}

struct function_attach {
	const struct function *function;
	int ret;
};

/* While this runs the driver cannot go: its unregistration waits for whoever walks the list. */
static int function_attach_named(struct device_driver *driver, void *data)
{
	struct function_attach *attach = data;

	if (strcmp(driver->name, attach->function->driver))
		return 0;

	attach->ret = device_driver_attach(driver, &attach->function->pdev->dev);
	return 1;
}

/* A driver that has been unloaded meanwhile is not missed. */
static int function_attach_once(const struct function *function)
{
	struct function_attach attach = {.function = function};

	bus_for_each_drv(&pci_bus_type, NULL, &attach, function_attach_named);
	return attach.ret;
}

static int function_attach(const struct function *function)
{
	unsigned int tries = 0;
	int ret;

	while ((ret = function_attach_once(function)) == -ENOMEM && ++tries < FUNCTION_TRIES)
		msleep(FUNCTION_PAUSE_MS);

	/* A user who has written another driver_override meanwhile means it. */
	if (ret && device_attach(&function->pdev->dev) > 0)
		ret = 0;

	return ret;
}

/* From our driver to the one that had it, with none between them, then the user's override. */
static int function_return(struct function *function)
{
	struct pci_dev *pdev = function->pdev;
	bool bound = READ_ONCE(function->bound), ours;
	int ret = 0;

	ours = function_override_swap(pdev, function_driver.name,
				      function->driver ? &function->rebind : &function->override);
	function_unclaim(function);
	if (bound)
		device_release_driver(&pdev->dev);
	if (function->driver)
		ret = function_attach(function);
	if (function->driver && ours)
		function_override_swap(pdev, function->driver, &function->override);

	return READ_ONCE(function->gone) ? -ENODEV : ret;
}

/* In any state that the ways above leave it in. Not rebound, it stays with our driver, at rest. */
static int function_give_back(struct function *function, bool rebind)
{
	int ret = 0;

	if (!function->pdev)
		return 0;

	if (!list_empty(&function->node)) {
		function_restore(function);
		if (rebind)
			ret = function_return(function);
		else
			function_unclaim(function);
	}
	kfree(function->state);
	kfree(function->override);
	kfree(function->driver);
	kfree(function->rebind);
	pci_dev_put(function->pdev);

	return ret;
}

int function_give_back_all(struct cell *cell, bool rebind, struct cellhv_error *error)
{
	const struct cellhv_function *config = config_functions(cell->config);
	u32 i = cell->num_functions, lost = i;
	int ret;

	while (i--) {
		ret = function_give_back(&cell->functions[i], rebind);
		if (!ret)
			continue;
		pr_warn("function %04x of cell %s does not come back to its driver: %pe\n",
			config[i].address, cell->config->name, ERR_PTR(ret));
		lost = i;
	}
	i = cell->num_functions;
	cell->num_functions = 0;
	kfree(cell->functions);
	cell->functions = NULL;
	if (lost < i)
		return refuse(error, -EIO, CELLHV_DRIVER_CHECK_FUNCTION_LOST, config[lost].address);

	return 0;
}

int function_init(void)
{
	return pci_register_driver(&function_driver);
}

/* What a shutdown has left with our driver is let go here. */
void function_exit(void)
{
	pci_unregister_driver(&function_driver);
}
