/* SPDX-License-Identifier: GPL-2.0-only */
/* cell-net.ko: an end of a link of kind "network" as an interface, in the root and in a cell. */
#ifndef CELL_NET_H
#define CELL_NET_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include <cellhv/ethernet.h>
#include <cellhv/link.h>

#define NET_VECTOR_STATE 0
#define NET_VECTOR_FRAMES 1 /* where there are two */
#define NET_VECTORS 2

struct net_end {
	struct net_device *netdev;
	struct pci_dev *pdev;
	void __iomem *registers;
	const u32 *states; /* of both peers; the hypervisor writes it */
	u32 id;
	unsigned int vectors;
	struct cellhv_ethernet rings; /* in use in RUN alone: by xmit and poll */
	struct napi_struct napi;
	struct work_struct work;
	struct mutex lock; /* of what follows; inside of rtnl */
	bool is_up;	   /* the interface is */
	bool is_gone;	   /* the function goes: it stays in RESET */
	u32 state;
	enum cellhv_ethernet_fault fault; /* first one of the peer since the interface went up */
};

static inline void net_ring(const struct net_end *end, unsigned int vector)
{
	writel((1 - end->id) << 16 | min(vector, end->vectors - 1),
	       end->registers + CELLHV_IVSHMEM2_DOORBELL);
}

/* ---- frame.c ---- */

/* Frames go both ways from then on; from then on none do. */
void net_frame_begin(struct net_end *end);
void net_frame_end(struct net_end *end);

netdev_tx_t net_frame_send(struct sk_buff *skb, struct net_device *netdev);
int net_frame_poll(struct napi_struct *napi, int budget);
void net_frame_set_sizes(struct net_device *netdev);

/* ---- state.c ---- */

void net_state_init(struct net_end *end);
void net_state_set_up(struct net_end *end, bool is_up);
void net_state_leave(struct net_end *end);

/* From any context: the peer has done what none may, and the link ends. */
void net_state_fail(struct net_end *end, enum cellhv_ethernet_fault fault);

extern const struct attribute_group net_state_group; /* cell_link of the interface, in sysfs */

#endif
