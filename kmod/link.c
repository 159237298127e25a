// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual PCI functions that Linux has as a peer of links: the hypervisor makes them with the
 * first cell of a link, and here Linux is told to look; before the last cell goes it lets go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "link.h"

static DEFINE_MUTEX(link_mutex);   /* changes of the list; outside of the PCI rescan lock */
static DEFINE_SPINLOCK(link_lock); /* the list itself, for readers without the mutex */
static LIST_HEAD(link_list);

static struct link *link_find(const char *name)
{
	struct link *link;

	list_for_each_entry (link, &link_list, node)
		if (!strncmp(link->shared.name, name, CELLHV_NAME_SIZE))
			return link;

	return NULL;
}

/* For the driver's probe, below link_appear() with its mutex, or whoever binds or rescans. */
const struct link *link_of_function(const struct pci_dev *pdev)
{
	const struct link *link, *found = NULL;

	if (pci_domain_nr(pdev->bus))
		return NULL;

	spin_lock(&link_lock);
	list_for_each_entry (link, &link_list, node)
		if (link->shared.root_function == (pdev->bus->number << 8 | pdev->devfn))
			found = link;
	spin_unlock(&link_lock);

	return found;
}

static int link_assign(struct pci_dev *pdev)
{
	int bar, ret;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!pci_resource_len(pdev, bar))
			continue;
		ret = pci_assign_resource(pdev, bar);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * Firmware that lists the devices of a remapping unit one by one does not know this one, which then
 * has no domain for its interrupts: it gets that of its neighbours.
 */
static void link_set_domain(struct pci_dev *pdev)
{
	struct pci_dev *other;

	list_for_each_entry (other, &pdev->bus->devices, bus_list)
		if (!dev_get_msi_domain(&pdev->dev))
			dev_set_msi_domain(&pdev->dev, dev_get_msi_domain(&other->dev));
}

/* Only this one function is looked for: nobody else on the bus is disturbed. */
static int link_appear(struct link *link)
{
	struct pci_bus *bus = pci_find_bus(0, link->shared.root_function >> 8);
	unsigned int devfn = link->shared.root_function & 0xff;
	struct pci_dev *pdev;
	int ret;

	if (!bus)
		return -ENODEV;

	pdev = pci_get_slot(bus, devfn);
	if (pdev) {
		pci_dev_put(pdev);
		return -EBUSY;
	}

	pci_lock_rescan_remove();
	pdev = pci_scan_single_device(bus, devfn);
	ret = pdev ? link_assign(pdev) : -ENODEV;
	if (!ret) {
		link_set_domain(pdev);
		pci_bus_add_device(pdev);
	}
	pci_unlock_rescan_remove();
	if (pdev && ret)
		pci_stop_and_remove_bus_device_locked(pdev);
	if (!ret)
		link->pdev = pci_dev_get(pdev);

	return ret;
}

static void link_disappear(struct link *link)
{
	if (link->pdev) {
		pci_stop_and_remove_bus_device_locked(link->pdev);
		pci_dev_put(link->pdev);
	}
	spin_lock(&link_lock);
	list_del(&link->node);
	spin_unlock(&link_lock);
	kfree(link);
}

static int link_join(const struct cellhv_link_shared *shared)
{
	struct link *link = link_find(shared->name);
	int ret;

	if (link) {
		link->cells++;
		return 0;
	}

	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;

	link->shared = *shared;
	link->cells = 1;
	spin_lock(&link_lock);
	list_add_tail(&link->node, &link_list);
	spin_unlock(&link_lock);
	ret = link_appear(link);
	if (ret)
		link_disappear(link);

	return ret;
}

static void link_leave(const struct cellhv_link_shared *shared)
{
	struct link *link = link_find(shared->name);

	if (!WARN_ON(!link) && !--link->cells)
		link_disappear(link);
}

/* Those of the first `count` links of a configuration that Linux is a peer of. */
static void link_leave_some(const struct cellhv_cell_config *config, u32 count)
{
	const struct cellhv_link *links = config_links(config);

	while (count--)
		if (links[count].shared.flags & CELLHV_LINK_ROOT)
			link_leave(&links[count].shared);
}

int link_join_all(struct cell *cell, struct cellhv_error *error)
{
	const struct cellhv_link *links = config_links(cell->config);
	int ret = 0;
	u32 i;

	mutex_lock(&link_mutex);
	for (i = 0; i < cell->config->links.count && !ret; i++)
		if (links[i].shared.flags & CELLHV_LINK_ROOT)
			ret = link_join(&links[i].shared);
	if (ret) {
		link_leave_some(cell->config, i - 1);
		refuse(error, ret, CELLHV_CHECK_LINK_FUNCTION, i - 1);
	}
	mutex_unlock(&link_mutex);

	cell->linked = !ret;
	return ret;
}

void link_leave_all(struct cell *cell)
{
	if (!cell->linked)
		return;

	mutex_lock(&link_mutex);
	link_leave_some(cell->config, cell->config->links.count);
	mutex_unlock(&link_mutex);
	cell->linked = false;
}

int link_init(void)
{
	return pci_register_driver(&link_device_driver);
}

void link_exit(void)
{
	pci_unregister_driver(&link_device_driver);
}
