// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel module for the tests: a kernel that lets a device reach, by Linux's own tables, whatever
 * it likes. edu's domain gets a page of this module's, whose first half is A5h, and the page at
 * `phys`, if that is not 0. `second` reads as the first 16 bytes of the page's second half.
 */
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>

#define EDU PCI_DEVFN(0x1c, 0)
#define OWN 0x10000000ul /* where the device sees them */
#define THEIRS 0x20000000ul
#define HALF (PAGE_SIZE / 2)

static unsigned long long phys;
module_param(phys, ullong, 0400);
MODULE_PARM_DESC(phys, "physical address of a page");

static u8 *page;
static struct pci_dev *edu;
static struct iommu_domain *domain;

static int second_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%*phN\n", 16, page + HALF);
}

static const struct kernel_param_ops second_ops = {.get = second_get};
module_param_cb(second, &second_ops, NULL, 0400);

static int map(unsigned long at, phys_addr_t to)
{
	const int access = IOMMU_READ | IOMMU_WRITE;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return iommu_map(domain, at, to, PAGE_SIZE, access, GFP_KERNEL);
#else
	return iommu_map(domain, at, to, PAGE_SIZE, access);
#endif
}

static int map_both(void)
{
	int err = map(OWN, virt_to_phys(page));

	if (!err && phys) {
		err = map(THEIRS, phys);
		if (err)
			iommu_unmap(domain, OWN, PAGE_SIZE);
	}
	return err;
}

static int __init mapping_init(void)
{
	int err = -ENODEV;

	edu = pci_get_domain_bus_and_slot(0, 0, EDU);
	domain = edu ? iommu_get_domain_for_dev(&edu->dev) : NULL;
	page = (u8 *)get_zeroed_page(GFP_KERNEL);
	if (domain && page) {
		memset(page, 0xa5, HALF);
		err = map_both();
	}
	if (err) {
		free_page((unsigned long)page);
		pci_dev_put(edu);
	}
	return err;
}
module_init(mapping_init);

static void __exit mapping_exit(void)
{
	iommu_unmap(domain, OWN, PAGE_SIZE);
	if (phys)
		iommu_unmap(domain, THEIRS, PAGE_SIZE);
	free_page((unsigned long)page);
	pci_dev_put(edu);
}
module_exit(mapping_exit);

MODULE_DESCRIPTION("A device of the tests reaches what it should not");
MODULE_LICENSE("GPL");
