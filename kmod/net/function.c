// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI function of a link's end, and the interface that it becomes. In the root the function has
 * the link's name as a property (link.c), and the interface is cell-NAME; in a cell it is numbered.
 */
#include <linux/dmi.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/property.h>

#include "net.h"

#define NET_PREFIX "cell-"
#define NET_CLASS (CELLHV_IVSHMEM2_CLASS << 16 | CELLHV_ETHERNET_PROTOCOL)

static irqreturn_t net_function_state(int irq, void *data)
{
	struct net_end *end = data;

	schedule_work(&end->work);
	if (end->vectors == 1)
		napi_schedule_irqoff(&end->napi);

	return IRQ_HANDLED;
}

/* Does nothing while the interface does not run. */
static irqreturn_t net_function_frames(int irq, void *data)
{
	struct net_end *end = data;

	napi_schedule_irqoff(&end->napi);

	return IRQ_HANDLED;
}

static int net_function_open(struct net_device *netdev)
{
	net_state_set_up(netdev_priv(netdev), true);

	return 0;
}

static int net_function_stop(struct net_device *netdev)
{
	net_state_set_up(netdev_priv(netdev), false);

	return 0;
}

static const struct net_device_ops net_function_operations = {
	.ndo_open = net_function_open,
	.ndo_stop = net_function_stop,
	.ndo_start_xmit = net_frame_send,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static const struct ethtool_ops net_function_ethtool = {
	.get_link = ethtool_op_get_link,
};

/* ---- what the function says of the link ---- */

static u64 net_function_read64(struct pci_dev *pdev, int offset)
{
	u32 low, high;

	pci_read_config_dword(pdev, offset, &low);
	pci_read_config_dword(pdev, offset + 4, &high);

	return (u64)high << 32 | low;
}

/* Where the memory is says the longer form of the capability alone. */
static bool net_function_is_known(struct net_end *end, u64 output_size)
{
	u32 peers = readl(end->registers + CELLHV_IVSHMEM2_MAX_PEERS);
	u8 id, length;

	pci_read_config_byte(end->pdev, CELLHV_IVSHMEM2_VENDOR_CAP, &id);
	pci_read_config_byte(end->pdev, CELLHV_IVSHMEM2_VENDOR_CAP + PCI_CAP_FLAGS, &length);
	end->id = readl(end->registers + CELLHV_IVSHMEM2_ID);

	return id == PCI_CAP_ID_VNDR && length >= CELLHV_IVSHMEM2_VENDOR_CAP_LENGTH &&
	       end->id < CELLHV_ETHERNET_PEERS &&
	       cellhv_ethernet_is(2, end->pdev->class & 0xffff, peers, output_size);
}

static int net_function_map(struct net_end *end)
{
	struct pci_dev *pdev = end->pdev;
	u64 output_size = net_function_read64(pdev, CELLHV_IVSHMEM2_OUTPUT_SIZE);
	u64 outputs = net_function_read64(pdev, CELLHV_IVSHMEM2_COMMON_SIZE);
	u32 state_size;
	u8 *memory;

	if (!net_function_is_known(end, output_size))
		return -ENODEV;

	pci_read_config_dword(pdev, CELLHV_IVSHMEM2_STATE_SIZE, &state_size);
	outputs += state_size;
	memory = devm_memremap(&pdev->dev, net_function_read64(pdev, CELLHV_IVSHMEM2_MEMORY),
			       outputs + CELLHV_ETHERNET_PEERS * output_size, MEMREMAP_WB);
	if (IS_ERR(memory))
		return PTR_ERR(memory);

	end->states = (const u32 *)memory;
	end->rings.own = memory + outputs + end->id * output_size;
	end->rings.other = memory + outputs + (1 - end->id) * output_size;
	cellhv_ethernet_lay_out(&end->rings.layout, output_size);

	return 0;
}

static int net_function_request_irqs(struct net_end *end)
{
	struct pci_dev *pdev = end->pdev;
	int ret = pci_alloc_irq_vectors(pdev, 1, NET_VECTORS, PCI_IRQ_MSIX);

	if (ret < 0)
		return ret;

	end->vectors = ret;
	ret = devm_request_irq(&pdev->dev, pci_irq_vector(pdev, NET_VECTOR_STATE),
			       net_function_state, 0, pci_name(pdev), end);
	if (!ret && end->vectors > 1)
		ret = devm_request_irq(&pdev->dev, pci_irq_vector(pdev, NET_VECTOR_FRAMES),
				       net_function_frames, 0, pci_name(pdev), end);

	return ret;
}

/* ---- the interface ---- */

/* A link that is longer than a name of an interface was not made as a network. */
static const char *net_function_link(struct pci_dev *pdev)
{
	const char *name;

	if (device_property_read_string(&pdev->dev, "cell-link", &name) ||
	    strlen(NET_PREFIX) + strlen(name) >= IFNAMSIZ)
		return NULL;

	return name;
}

/*
 * The same each time for a link of this machine, and another for one of the same name elsewhere:
 * both may be in bridges of one network. In a cell there is no name that is its own.
 */
static void net_function_set_address(struct net_end *end)
{
	const char *link = net_function_link(end->pdev);
	char text[IFNAMSIZ + 40];
	u8 address[ETH_ALEN];

	if (!link) {
		eth_hw_addr_random(end->netdev);
		return;
	}

	snprintf(text, sizeof(text), "%s %s", link, dmi_get_system_info(DMI_PRODUCT_UUID) ?: "");
	cellhv_ethernet_address(text, end->id, address);
	eth_hw_addr_set(end->netdev, address);
}

static struct net_device *net_function_new(struct pci_dev *pdev)
{
	const char *link = net_function_link(pdev);
	char name[IFNAMSIZ] = NET_PREFIX "net%d";
	struct net_device *netdev;
	struct net_end *end;

	if (link)
		snprintf(name, sizeof(name), NET_PREFIX "%s", link);
	netdev = alloc_netdev(sizeof(*end), name, link ? NET_NAME_PREDICTABLE : NET_NAME_ENUM,
			      ether_setup);
	if (!netdev)
		return NULL;

	end = netdev_priv(netdev);
	end->netdev = netdev;
	end->pdev = pdev;
	SET_NETDEV_DEV(netdev, &pdev->dev);
	netdev->netdev_ops = &net_function_operations;
	netdev->ethtool_ops = &net_function_ethtool;
	netdev->sysfs_groups[0] = &net_state_group;
	netdev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM; /* both while it is copied */
	netdev->features = netdev->hw_features;
	net_state_init(end);
	netif_napi_add(netdev, &end->napi, net_frame_poll);
	netif_carrier_off(netdev);
	netif_stop_queue(netdev);

	return netdev;
}

static void net_function_free(void *netdev)
{
	free_netdev(netdev);
}

static void net_function_cancel(void *end)
{
	cancel_work_sync(&((struct net_end *)end)->work);
}

/* All of it goes by itself, the last first: interrupts, the work, memory, the interface. */
static int net_function_start(struct net_end *end)
{
	struct pci_dev *pdev = end->pdev;
	int ret;

	ret = devm_add_action_or_reset(&pdev->dev, net_function_free, end->netdev);
	if (!ret)
		ret = pcim_enable_device(pdev);
	if (!ret)
		ret = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (ret)
		return ret;

	pci_set_master(pdev);
	end->registers = pcim_iomap_table(pdev)[0];
	ret = net_function_map(end);
	if (!ret)
		ret = devm_add_action_or_reset(&pdev->dev, net_function_cancel, end);
	if (!ret)
		ret = net_function_request_irqs(end);

	return ret;
}

static int net_function_register(struct net_end *end)
{
	int ret;

	net_function_set_address(end);
	net_frame_set_sizes(end->netdev);
	pci_set_drvdata(end->pdev, end);
	writel(CELLHV_ETHERNET_RESET, end->registers + CELLHV_IVSHMEM2_STATE);
	writel(1, end->registers + CELLHV_IVSHMEM2_INTERRUPT_CONTROL);
	ret = register_netdev(end->netdev);
	if (ret)
		net_state_leave(end);

	return ret;
}

static int net_function_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *netdev = net_function_new(pdev);
	int ret;

	if (!netdev)
		return -ENOMEM;

	ret = net_function_start(netdev_priv(netdev));
	if (!ret)
		ret = net_function_register(netdev_priv(netdev));
	if (ret)
		dev_err(&pdev->dev, "no interface comes of this link: %pe\n", ERR_PTR(ret));

	return ret;
}

static void net_function_remove(struct pci_dev *pdev)
{
	struct net_end *end = pci_get_drvdata(pdev);

	unregister_netdev(end->netdev);
	net_state_leave(end);
	writel(0, end->registers + CELLHV_IVSHMEM2_INTERRUPT_CONTROL);
}

static const struct pci_device_id net_function_ids[] = {
	{PCI_DEVICE(CELLHV_IVSHMEM2_VENDOR, CELLHV_IVSHMEM2_DEVICE), .class = NET_CLASS,
	 .class_mask = 0xffffff},
	{}};
MODULE_DEVICE_TABLE(pci, net_function_ids);

static struct pci_driver net_function_driver = {
	.name = "cell-net",
	.id_table = net_function_ids,
	.probe = net_function_probe,
	.remove = net_function_remove,
	.driver.probe_type = PROBE_FORCE_SYNCHRONOUS, /* who asks for the function wants to know */
};
module_pci_driver(net_function_driver);

MODULE_DESCRIPTION("Ethernet over links of cells (ivshmem 2)");
MODULE_LICENSE("GPL");
