// SPDX-License-Identifier: GPL-2.0-only
/* Memory of cells must not be Linux's when they get it, nor become so while they have it. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/sched/signal.h>

#include "cellhv.h"

/*
 * A page that Linux has a struct page for and works with. A hole within online memory (a memmap=
 * reservation, device registers) has one as well, but reserved, and is not called System RAM.
 */
static bool memory_page_in_use(unsigned long pfn, struct page *page)
{
	return !PageReserved(page) ||
	       region_intersects(PFN_PHYS(pfn), PAGE_SIZE, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

static int memory_check_pages(const struct cellhv_memory_region *region, struct cellhv_error *error)
{
	unsigned long pfn = PHYS_PFN(region->phys);
	unsigned long end = PHYS_PFN(region->phys + region->size);
	struct page *page;

	while (pfn < end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();

		/* Whether there are pages at all is the same for a whole subsection. */
		page = pfn_to_online_page(pfn);
		if (!page) {
			pfn = ALIGN(pfn + 1, PAGES_PER_SUBSECTION);
			continue;
		}

		if (memory_page_in_use(pfn, page))
			return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_MEMORY_IN_USE,
				      PFN_PHYS(pfn));
		pfn++;
	}

	return 0;
}

/* Firmware tables are not System RAM, but Linux reads them whenever it likes. */
static int memory_check_tables(const struct cellhv_memory_region *region,
			       struct cellhv_error *error)
{
	static const unsigned long kinds[] = {IORES_DESC_ACPI_TABLES, IORES_DESC_ACPI_NV_STORAGE};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (region_intersects(region->phys, region->size, IORESOURCE_MEM, kinds[i]) !=
		    REGION_DISJOINT)
			return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_MEMORY_IN_USE,
				      region->phys);

	return 0;
}

/* Device regions too: calling RAM a device must not be a way to get at Linux's. */
int memory_check(const struct cellhv_cell_config *config, struct cellhv_error *error)
{
	struct cellhv_memory_region region;
	u32 i;
	int ret;

	for (i = 0; config_memory(config, i, &region); i++) {
		ret = memory_check_tables(&region, error);
		if (ret)
			return ret;

		ret = memory_check_pages(&region, error);
		if (ret)
			return ret;
	}

	return 0;
}

/* Called with the memory hotplug lock held: only the roster's spinlock may be taken. */
static int memory_notify_owner(struct notifier_block *block, unsigned long action, void *data)
{
	const struct memory_notify *range = data;
	char name[CELLHV_NAME_SIZE];

	if (action != MEM_GOING_ONLINE ||
	    !roster_owns_memory(PFN_PHYS(range->start_pfn), PFN_PHYS(range->nr_pages), name))
		return NOTIFY_OK;

	pr_warn_ratelimited("memory at %#llx stays offline: cell %s has some of it\n",
			    (u64)PFN_PHYS(range->start_pfn), name);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block memory_notifier = {.notifier_call = memory_notify_owner};

int memory_init(void)
{
	return register_memory_notifier(&memory_notifier);
}

void memory_exit(void)
{
	unregister_memory_notifier(&memory_notifier);
}
