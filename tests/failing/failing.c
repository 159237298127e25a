// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel module for the tests: of the allocations that one task makes, the n-th fails. No kernel
 * option is needed, as probes at the entry of the allocators return in their place.
 *
 * Writing N to /dev/failing begins with the writer's next allocation (0: none fails, they are
 * counted, and the kernel's log has who makes each). Reading ends it, and returns "COUNT HIT": how
 * many there were, and whether the n-th was. poison=PHYS,SIZE fills struct pages as some kernels
 * (CONFIG_DEBUG_VM) do with those of memory that goes offline.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

static unsigned long long poison[2];
module_param_array(poison, ullong, NULL, 0400);
MODULE_PARM_DESC(poison, "physical address and size of memory that is offline");

static struct task_struct *failing_task; /* compared, never followed */
static unsigned int failing_count, failing_at;
static bool failing_hit;

struct failing_probe {
	struct kprobe kprobe;
	unsigned int gfp; /* the number of the argument that has the flags */
};

/* What an allocator returns that has failed. */
static noinline notrace void *failing_return(void)
{
	return NULL;
}

static int failing_enter(struct kprobe *kprobe, struct pt_regs *regs)
{
	const struct failing_probe *probe = container_of(kprobe, struct failing_probe, kprobe);

	if (READ_ONCE(failing_task) != current || !in_task() ||
	    regs_get_kernel_argument(regs, probe->gfp) & (__force unsigned long)__GFP_NOFAIL)
		return 0;
	if (++failing_count != failing_at && failing_at)
		return 0;

	pr_info("failing: allocation %u, by %ps\n", failing_count, (void *)*(long *)regs->sp);
	if (!failing_at)
		return 0;

	failing_hit = true;
	instruction_pointer_set(regs, (unsigned long)failing_return);
	return 1;
}

#define PROBE(name, argument)                                                                   \
	{                                                                                       \
		.kprobe = {.symbol_name = name, .pre_handler = failing_enter}, .gfp = argument, \
	}

/* Those of any version; what a kernel has not got is left out. */
static struct failing_probe failing_probes[] = {
	PROBE("__kmalloc", 1),
	PROBE("__kmalloc_node", 1),
	PROBE("__kmalloc_node_track_caller", 1),
	PROBE("kmalloc_trace", 1),
	PROBE("kmalloc_node_trace", 1),
	PROBE("kmalloc_large", 1),
	PROBE("kmem_cache_alloc", 1),
	PROBE("kmem_cache_alloc_lru", 2),
	PROBE("kmem_cache_alloc_node", 1),
	PROBE("__alloc_pages", 0),
	PROBE("pcpu_alloc", 3),
	PROBE("__kmalloc_noprof", 1),
	PROBE("__kmalloc_cache_noprof", 1),
	PROBE("__kmalloc_cache_node_noprof", 1),
	PROBE("__kmalloc_large_noprof", 1),
	PROBE("kmem_cache_alloc_noprof", 1),
	PROBE("kmem_cache_alloc_lru_noprof", 2),
	PROBE("kmem_cache_alloc_node_noprof", 1),
	PROBE("__alloc_pages_noprof", 0),
	PROBE("pcpu_alloc_noprof", 3),
};
#define FAILING_MIN 6 /* fewer probes than any version has allocators */

static ssize_t failing_write(struct file *file, const char __user *user, size_t size,
			     loff_t *offset)
{
	int ret = kstrtouint_from_user(user, size, 10, &failing_at);

	if (ret)
		return ret;

	failing_count = 0;
	failing_hit = false;
	WRITE_ONCE(failing_task, current);
	return size;
}

static ssize_t failing_read(struct file *file, char __user *user, size_t size, loff_t *offset)
{
	char text[32];
	int length;

	WRITE_ONCE(failing_task, NULL);
	length = scnprintf(text, sizeof(text), "%u %d\n", failing_count, failing_hit);
	if (size < length)
		return -EINVAL;
	return copy_to_user(user, text, length) ? -EFAULT : length;
}

static const struct file_operations failing_operations = {
	.owner = THIS_MODULE,
	.write = failing_write,
	.read = failing_read,
};

static struct miscdevice failing_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "failing",
	.fops = &failing_operations,
};

static int failing_register_probes(void)
{
	unsigned int i, registered = 0;

	for (i = 0; i < ARRAY_SIZE(failing_probes); i++)
		if (!register_kprobe(&failing_probes[i].kprobe))
			registered++;
	pr_info("failing: %u allocators\n", registered);
	return registered < FAILING_MIN ? -ENOENT : 0;
}

static void failing_unregister_probes(void)
{
	unsigned int i;

	/* Those that were not registered have no address. */
	for (i = 0; i < ARRAY_SIZE(failing_probes); i++)
		if (failing_probes[i].kprobe.addr)
			unregister_kprobe(&failing_probes[i].kprobe);
}

static int __init failing_init(void)
{
	int ret;

	if (poison[1])
		memset(pfn_to_page(PHYS_PFN(poison[0])), 0xff,
		       PHYS_PFN(poison[1]) * sizeof(struct page));

	ret = failing_register_probes();
	if (!ret)
		ret = misc_register(&failing_misc);
	if (ret)
		failing_unregister_probes();
	return ret;
}

static void __exit failing_exit(void)
{
	misc_deregister(&failing_misc);
	failing_unregister_probes();
}

module_init(failing_init);
module_exit(failing_exit);
MODULE_DESCRIPTION("Tests: the n-th allocation of a task fails");
MODULE_LICENSE("GPL");
