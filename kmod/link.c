// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual PCI functions that Linux has as a peer of links: the hypervisor makes them with the
 * first cell of a link, and here Linux is told to look; before the last cell goes it lets go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernfs.h>
#include <linux/kmod.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/version.h>

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
struct link *link_of_function(const struct pci_dev *pdev)
{
	struct link *link, *found = NULL;

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
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!pci_resource_len(pdev, bar))
			continue;
		if (pci_assign_resource(pdev, bar))
			return -ENOSPC; /* which the core calls lack of memory */
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

/*
 * The PCI core returns a function even where memory for its device was lacking, which nobody may
 * use then, nor remove. So it is registered now, from the reserves, or taken out of the bus again;
 * the core does both under the rescan lock.
 */
static int link_register(struct pci_dev *pdev)
{
	unsigned int flags;
	int ret;

	if (device_is_registered(&pdev->dev))
		return 0;

	/* Even the name may be lacking. */
	flags = memalloc_noreclaim_save();
	if (!dev_name(&pdev->dev))
		dev_set_name(&pdev->dev, "%04x:%02x:%02x.%d", pci_domain_nr(pdev->bus),
			     pdev->bus->number, PCI_SLOT(pdev->devfn), PCI_FUNC(pdev->devfn));
	ret = device_add(&pdev->dev);
	memalloc_noreclaim_restore(flags);
	if (ret) {
		list_del(&pdev->bus_list);
		pci_dev_put(pdev);
	}

	return ret;
}

/* The core finds no function where there is none, and where it lacks memory. */
static int link_scan(struct pci_bus *bus, unsigned int devfn, struct pci_dev **ret)
{
	u32 vendor;

	*ret = pci_scan_single_device(bus, devfn);
	if (*ret)
		return link_register(*ret);
	if (pci_bus_read_config_dword(bus, devfn, PCI_VENDOR_ID, &vendor) || vendor == U32_MAX)
		return -ENODEV;

	return -ENOMEM;
}

/* Its driver has to be there when the function appears; udev would come too late. */
static void link_load_driver(const struct link *link)
{
	if (link_is_network(link) && request_module("cell-net"))
		pr_err("link %s is a network, and the module cell-net cannot be loaded\n",
		       link->shared.name);
}

/* What the interface is called after. The property goes with the function. */
static int link_set_name(const struct link *link, struct pci_dev *pdev)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("cell-link", link->shared.name), {}};

	if (!link_is_network(link))
		return 0;
	return device_create_managed_software_node(&pdev->dev, properties, NULL);
}

/* Ours, or another that somebody has given this function to; the probe's own error where it failed.
 */
static int link_check_driver(struct link *link, struct pci_dev *pdev)
{
	bool bound;

	device_lock(&pdev->dev);
	bound = pdev->dev.driver;
	device_unlock(&pdev->dev);
	if (bound)
		return 0;

	return link->probe_error ?: -ENXIO;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0) /* newer ones need not have these pointers */
static bool link_has_file(struct pci_dev *pdev, int bar)
{
	struct kernfs_node *file;
	char name[16];

	snprintf(name, sizeof(name), "resource%d", bar);
	file = kernfs_find_and_get(pdev->dev.kobj.sd, name);
	kernfs_put(file);

	return file;
}

/*
 * Where the core lacked memory for the files of the BARs it has freed what it had of them, and
 * would do so again when the function goes: it forgets them here.
 */
static void link_forget_files(struct pci_dev *pdev)
{
	bool complete = true;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (pci_resource_len(pdev, bar) && !link_has_file(pdev, bar))
			complete = false;
	if (complete)
		return;

	memset(pdev->res_attr, 0, sizeof(pdev->res_attr));
	memset(pdev->res_attr_wc, 0, sizeof(pdev->res_attr_wc));
}
#else
static void link_forget_files(struct pci_dev *pdev)
{
}
#endif

/* A registered function becomes of use, or goes again. */
static int link_add(struct link *link, struct pci_dev *pdev)
{
	int ret = link_assign(pdev);

	if (!ret)
		ret = link_set_name(link, pdev);
	if (!ret) {
		link_set_domain(pdev);
		pci_bus_add_device(pdev);
		link_forget_files(pdev);
		ret = link_check_driver(link, pdev);
	}
	if (ret)
		pci_stop_and_remove_bus_device(pdev);
	else
		link->pdev = pci_dev_get(pdev);

	return ret;
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
		return -EEXIST;
	}

	link_load_driver(link);
	pci_lock_rescan_remove();
	ret = link_scan(bus, devfn, &pdev);
	if (!ret)
		ret = link_add(link, pdev);
	pci_unlock_rescan_remove();

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

/* Lack of memory says what it is. */
static int link_refuse(struct cellhv_error *error, int ret, u32 link)
{
	if (ret == -ENOMEM)
		return ret;
	if (ret == -EEXIST)
		return refuse(error, -EBUSY, CELLHV_CHECK_LINK_FUNCTION, link);

	return refuse(error, ret, CELLHV_DRIVER_CHECK_LINK_UNUSABLE, link);
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
		ret = link_refuse(error, ret, i - 1);
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
