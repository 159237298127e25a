// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel module for the tests: a root that turns its IOMMU against a cell, while all of its CPUs
 * stand still. It writes to the unit's registers, to Linux's own tables for it and to its queue,
 * and lets edu (00:1c.0) profit from that: a write to `cell`, a read of `secret`, which `found` has
 * afterwards, a message to `cpu`; a transfer takes a tenth of a second. Then Linux has its unit
 * back as it was. Without an attack there is the page of `found` alone, at `where`, which is zero.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/stop_machine.h>

#include "tamper.h"

#define PATIENCE_US 10000
#define STEP_US 10

static char *name;
module_param_named(attack, name, charp, 0400);
MODULE_PARM_DESC(attack, "which: vtd_attacks[], amdvi_attacks[]");

unsigned long long cell;
module_param(cell, ullong, 0400);
MODULE_PARM_DESC(cell, "physical address of memory that is not to be written; 0: none");

static unsigned long long secret;
module_param(secret, ullong, 0400);
MODULE_PARM_DESC(secret, "physical address of memory that is not to be read; 0: none");

unsigned int tamper_cpu;
module_param_named(cpu, tamper_cpu, uint, 0400);
MODULE_PARM_DESC(cpu, "APIC id of a CPU that is not to be interrupted");

unsigned int tamper_mode;
module_param_named(mode, tamper_mode, uint, 0400);
MODULE_PARM_DESC(mode, "delivery mode: 0 fixed, 4 NMI, 5 INIT");

static u8 *pages;

static int found_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%*phN\n", 16, tamper_page(PAGE_RESULT));
}

static int where_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "0x%llx\n", tamper_phys(PAGE_RESULT));
}

static const struct kernel_param_ops where_ops = {.get = where_get};
module_param_cb(where, &where_ops, NULL, 0400);

static const struct kernel_param_ops found_ops = {.get = found_get};
module_param_cb(found, &found_ops, NULL, 0400);

void *tamper_page(unsigned int n)
{
	return pages + n * PAGE_SIZE;
}

u64 tamper_phys(unsigned int n)
{
	return virt_to_phys(tamper_page(n));
}

void tamper_await(const void __iomem *reg, u32 bits, u32 value)
{
	for (int us = 0; us < PATIENCE_US && (readl(reg) & bits) != value; us += STEP_US)
		udelay(STEP_US);
}

static const struct attack *find(const struct attack *attack)
{
	while (attack->name && strcmp(attack->name, name) != 0)
		attack++;
	return attack->name ? attack : NULL;
}

static int perform(void *data)
{
	const struct attack *attack = data;

	attack->begin();
	if (cell && attack->writes)
		edu_write(cell);
	if (secret && attack->reads)
		edu_copy(secret, tamper_phys(PAGE_RESULT));
	edu_raise();
	attack->end();
	return 0;
}

static int attack_with(const struct attack *attack, int (*open)(void), void (*close)(void))
{
	int err = edu_open();

	if (err)
		return err;
	err = open();
	if (!err) {
		err = stop_machine(perform, (void *)attack, NULL);
		close();
	}
	edu_close();
	return err;
}

static int __init tamper_init(void)
{
	const struct attack *vtd = name ? find(vtd_attacks) : NULL;
	const struct attack *amdvi = name ? find(amdvi_attacks) : NULL;
	int err = name ? -EINVAL : 0;

	pages = (u8 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 3);
	if (!pages)
		return -ENOMEM;
	if (vtd)
		err = attack_with(vtd, vtd_open, vtd_close);
	else if (amdvi)
		err = attack_with(amdvi, amdvi_open, amdvi_close);
	if (err)
		free_pages((unsigned long)pages, 3);
	return err;
}
module_init(tamper_init);

static void __exit tamper_exit(void)
{
	free_pages((unsigned long)pages, 3);
}
module_exit(tamper_exit);

MODULE_DESCRIPTION("A root of the tests turns its IOMMU against a cell");
MODULE_LICENSE("GPL");
