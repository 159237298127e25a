// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver of Linux's ends of links: /dev/cell-link-NAME, with the sections to be mapped and the
 * interrupts to be read. When the link ends, mappings are taken away and readers see end of file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include <cellhv/link.h>

#include "link.h"

struct link_vector {
	struct link_device *device;
	atomic_t count; /* interrupts since the function appeared */
};

struct link_device {
	struct kref ref; /* one of the driver, one of each open file */
	struct miscdevice misc;
	char node[sizeof("cell-link-") + CELLHV_NAME_SIZE];
	struct cellhv_link_shared shared;
	phys_addr_t registers_phys;
	void __iomem *registers;
	struct link_vector vectors[CELLHV_LINK_VECTORS];
	wait_queue_head_t queue;
	struct mutex lock; /* below */
	bool gone;
	struct inode *inode; /* whose mapping all files share, so that it can be taken away */
};

struct link_file {
	struct link_device *device;
	u32 first[CELLHV_LINK_VECTORS]; /* counts when it was opened */
	u32 seen[CELLHV_LINK_VECTORS];	/* and when it was last read */
};

static void link_device_free(struct kref *ref)
{
	struct link_device *device = container_of(ref, struct link_device, ref);

	if (device->inode)
		iput(device->inode);
	kfree(device);
}

static irqreturn_t link_device_interrupt(int irq, void *data)
{
	struct link_vector *vector = data;

	atomic_inc(&vector->count);
	wake_up_all(&vector->device->queue);

	return IRQ_HANDLED;
}

static bool link_device_is_new(const struct link_file *file)
{
	const struct link_device *device = file->device;
	unsigned int i;

	for (i = 0; i < device->shared.vectors; i++)
		if (file->seen[i] != (u32)atomic_read(&device->vectors[i].count))
			return true;

	return READ_ONCE(device->gone);
}

/* miscdevice puts itself into private_data, and opens under the lock that deregisters it. */
static int link_device_open(struct inode *inode, struct file *file)
{
	struct link_device *device = container_of(file->private_data, struct link_device, misc);
	struct link_file *own = kzalloc(sizeof(*own), GFP_KERNEL);
	unsigned int i;

	if (!own)
		return -ENOMEM;

	for (i = 0; i < device->shared.vectors; i++)
		own->seen[i] = own->first[i] = atomic_read(&device->vectors[i].count);
	mutex_lock(&device->lock);
	if (!device->inode) {
		ihold(inode);
		device->inode = inode;
	}
	file->f_mapping = device->inode->i_mapping;
	mutex_unlock(&device->lock);
	kref_get(&device->ref);
	own->device = device;
	file->private_data = own;

	return stream_open(inode, file);
}

static int link_device_release(struct inode *inode, struct file *file)
{
	struct link_file *own = file->private_data;

	kref_put(&own->device->ref, link_device_free);
	kfree(own);

	return 0;
}

/* The count of each vector, as many as fit; 0 bytes when the link has ended. */
static ssize_t link_device_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	struct link_file *own = file->private_data;
	struct link_device *device = own->device;
	unsigned int i, count = min_t(size_t, size / sizeof(u32), device->shared.vectors);
	u32 counts[CELLHV_LINK_VECTORS];
	int ret;

	if (!count)
		return -EINVAL;
	if (!link_device_is_new(own) && file->f_flags & O_NONBLOCK)
		return -EAGAIN;

	ret = wait_event_interruptible(device->queue, link_device_is_new(own));
	if (ret)
		return ret;
	if (READ_ONCE(device->gone))
		return 0;

	for (i = 0; i < device->shared.vectors; i++) {
		own->seen[i] = atomic_read(&device->vectors[i].count);
		counts[i] = own->seen[i] - own->first[i];
	}
	if (copy_to_user(buffer, counts, count * sizeof(u32)))
		return -EFAULT;

	return count * sizeof(u32);
}

static __poll_t link_device_poll(struct file *file, poll_table *table)
{
	const struct link_file *own = file->private_data;

	poll_wait(file, &own->device->queue, table);
	if (READ_ONCE(own->device->gone))
		return EPOLLIN | EPOLLHUP;
	return link_device_is_new(own) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* One part of what can be mapped. */
struct link_part {
	u64 phys;
	u64 size;
	bool writable;
};

static bool link_device_part(const struct link_device *device, u64 index, struct link_part *part)
{
	const struct cellhv_link_shared *shared = &device->shared;
	u64 common = shared->phys + cellhv_link_state_size(shared);
	u64 outputs = common + shared->common_size;

	switch (index) {
	case CELLHV_LINK_REGISTERS:
		*part = (struct link_part){device->registers_phys, PAGE_SIZE, true};
		return true;
	case CELLHV_LINK_STATES:
		*part = (struct link_part){shared->phys, cellhv_link_state_size(shared), false};
		return true;
	case CELLHV_LINK_COMMON:
		*part = (struct link_part){common, shared->common_size, true};
		return true;
	case CELLHV_LINK_OUTPUTS:
		*part = (struct link_part){outputs, shared->max_peers * shared->output_size, false};
		return true;
	case CELLHV_LINK_OUTPUT:
		*part = (struct link_part){outputs + shared->root_id * shared->output_size,
					   shared->output_size, true};
		return true;
	default:
		return false;
	}
}

/* For mprotect() too. */
static void link_device_forbid_write(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags &= ~VM_MAYWRITE;
#else
	vm_flags_clear(vma, VM_MAYWRITE);
#endif
}

/*
 * Of memory that was System RAM Linux keeps the type in its struct pages, and they are filled with
 * nonsense (poisoned) when it goes offline. What they say is write-back, as the machine has it,
 * before it is asked; memory that was never Linux's has no such record.
 */
static void link_device_set_type(const struct link_part *part)
{
	if (region_intersects(part->phys, part->size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
	    REGION_INTERSECTS)
		arch_io_free_memtype_wc(part->phys, part->size);
}

static int link_device_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct link_file *own = file->private_data;
	u64 position = (u64)vma->vm_pgoff << PAGE_SHIFT, size = vma->vm_end - vma->vm_start;
	u64 index = position >> CELLHV_LINK_PART_SHIFT;
	struct link_part part;
	int ret = -ENODEV;

	position -= index << CELLHV_LINK_PART_SHIFT;
	if (!link_device_part(own->device, index, &part) || position > part.size ||
	    size > part.size - position || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!part.writable && vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (!part.writable)
		link_device_forbid_write(vma);
	if (index == CELLHV_LINK_REGISTERS)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	else
		link_device_set_type(&part);

	mutex_lock(&own->device->lock);
	if (!own->device->gone)
		ret = remap_pfn_range(vma, vma->vm_start, PHYS_PFN(part.phys + position), size,
				      vma->vm_page_prot);
	mutex_unlock(&own->device->lock);

	return ret;
}

static long link_device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct link_file *own = file->private_data;
	const struct cellhv_link_shared *shared = &own->device->shared;
	struct cellhv_link_info info = {
		.size = sizeof(info),
		.protocol = shared->protocol,
		.id = shared->root_id,
		.max_peers = shared->max_peers,
		.vectors = shared->vectors,
		.class_protocol = shared->class_protocol,
		.state_size = cellhv_link_state_size(shared),
		.common_size = shared->common_size,
		.output_size = shared->output_size,
	};

	if (cmd != CELLHV_IOC_LINK_INFO)
		return -ENOTTY;
	return copy_to_user((void __user *)arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static const struct file_operations link_device_operations = {
	.owner = THIS_MODULE,
	.open = link_device_open,
	.release = link_device_release,
	.read = link_device_read,
	.poll = link_device_poll,
	.mmap = link_device_mmap,
	.unlocked_ioctl = link_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct link_device *link_device_new(const struct link *link)
{
	struct link_device *device = kzalloc(sizeof(*device), GFP_KERNEL);
	unsigned int i;

	if (!device)
		return NULL;

	kref_init(&device->ref);
	mutex_init(&device->lock);
	init_waitqueue_head(&device->queue);
	device->shared = link->shared;
	for (i = 0; i < CELLHV_LINK_VECTORS; i++)
		device->vectors[i].device = device;
	snprintf(device->node, sizeof(device->node), "cell-link-%s", link->shared.name);
	device->misc = (struct miscdevice){.minor = MISC_DYNAMIC_MINOR,
					   .name = device->node,
					   .fops = &link_device_operations,
					   .mode = 0600};

	return device;
}

static int link_device_request_irqs(struct link_device *device, struct pci_dev *pdev)
{
	unsigned int vectors = device->shared.vectors, i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, vectors, vectors, PCI_IRQ_MSIX);
	for (i = 0; i < vectors && ret >= 0; i++)
		ret = devm_request_irq(&pdev->dev, pci_irq_vector(pdev, i), link_device_interrupt,
				       0, device->node, &device->vectors[i]);

	return ret < 0 ? ret : 0;
}

static void link_device_set(struct link_device *device, unsigned int offset, u32 value)
{
	if (device->shared.protocol == 2)
		writel(value, device->registers + offset);
}

static void link_device_put(void *device)
{
	kref_put(&((struct link_device *)device)->ref, link_device_free);
}

/* All that is managed goes by itself, the last first: interrupts, registers, then the reference. */
static int link_device_start(struct link_device *device, struct pci_dev *pdev)
{
	int ret;

	ret = devm_add_action_or_reset(&pdev->dev, link_device_put, device);
	if (!ret)
		ret = pcim_enable_device(pdev);
	if (!ret)
		ret = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (ret)
		return ret;

	pci_set_master(pdev);
	device->registers = pcim_iomap_table(pdev)[0];
	device->registers_phys = pci_resource_start(pdev, 0);
	ret = link_device_request_irqs(device, pdev);
	if (ret)
		return ret;

	link_device_set(device, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 1);
	pci_set_drvdata(pdev, device);
	ret = misc_register(&device->misc);
	if (ret)
		link_device_set(device, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 0);

	return ret;
}

static int link_device_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct link *link = link_of_function(pdev);
	struct link_device *device;
	int ret = -ENOMEM;

	if (!link || link_is_network(link))
		return -ENODEV;

	device = link_device_new(link);
	if (device)
		ret = link_device_start(device, pdev);
	if (ret)
		dev_err(&pdev->dev, "link %s cannot be used: %pe\n", link->shared.name,
			ERR_PTR(ret));
	link->probe_error = ret;

	return ret;
}

/* No interrupt comes any more; open files keep the rest. */
static void link_device_remove(struct pci_dev *pdev)
{
	struct link_device *device = pci_get_drvdata(pdev);
	unsigned int i;

	misc_deregister(&device->misc);
	link_device_set(device, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 0);
	link_device_set(device, CELLHV_IVSHMEM2_STATE, 0);
	for (i = 0; i < device->shared.vectors; i++)
		devm_free_irq(&pdev->dev, pci_irq_vector(pdev, i), &device->vectors[i]);
	pci_free_irq_vectors(pdev);

	mutex_lock(&device->lock);
	WRITE_ONCE(device->gone, true);
	if (device->inode)
		unmap_mapping_range(device->inode->i_mapping, 0, 0, 1);
	mutex_unlock(&device->lock);
	wake_up_all(&device->queue);
}

static const struct pci_device_id link_device_ids[] = {
	{PCI_DEVICE(CELLHV_IVSHMEM1_VENDOR, CELLHV_IVSHMEM1_DEVICE)},
	{PCI_DEVICE(CELLHV_IVSHMEM2_VENDOR, CELLHV_IVSHMEM2_DEVICE)},
	{}};

struct pci_driver link_device_driver = {
	.name = KBUILD_MODNAME "-link",
	.id_table = link_device_ids,
	.probe = link_device_probe,
	.remove = link_device_remove,
	.driver.probe_type = PROBE_FORCE_SYNCHRONOUS, /* who asks for the function wants to know */
};
