// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of an interface: each is copied once, into this end's section or out of the other's, and
 * what the rings of the other say goes through cellhv/ethernet.h alone.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

#include "net.h"

static void net_frame_ring(const struct net_end *end)
{
	net_ring(end, NET_VECTOR_FRAMES);
}

/* The largest that either side may hand over. */
static unsigned int net_frame_largest(const struct net_device *netdev)
{
	return READ_ONCE(netdev->mtu) + VLAN_ETH_HLEN;
}

void net_frame_set_sizes(struct net_device *netdev)
{
	const struct net_end *end = netdev_priv(netdev);

	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = min_t(u32, ETH_MAX_MTU,
				cellhv_ethernet_frame_max(&end->rings.layout) - VLAN_ETH_HLEN);
	netdev->mtu = min_t(u32, ETH_DATA_LEN, netdev->max_mtu);
}

/* ---- sending, under the lock of the queue ---- */

/* What the peer has returned can be sent into again. */
static bool net_frame_reclaim(struct net_end *end)
{
	enum cellhv_ethernet_fault fault = cellhv_ethernet_free(&end->rings);

	if (fault)
		net_state_fail(end, fault);

	return !fault && cellhv_ethernet_reserve(&end->rings, net_frame_largest(end->netdev));
}

/* Stopped while the next one might have no room: then the peer's doorbell goes on with it. */
static void net_frame_stop_queue(struct net_end *end)
{
	if (cellhv_ethernet_reserve(&end->rings, net_frame_largest(end->netdev)))
		return;

	netif_stop_queue(end->netdev);
	smp_mb(); /* or it has returned some meanwhile, before net_frame_wake_queue() could know */
	if (net_frame_reclaim(end))
		netif_start_queue(end->netdev);
}

static void net_frame_wake_queue(struct net_end *end)
{
	if (!netif_queue_stopped(end->netdev))
		return;

	netif_tx_lock(end->netdev);
	if (net_frame_reclaim(end))
		netif_wake_queue(end->netdev);
	netif_tx_unlock(end->netdev);
}

static void net_frame_put(struct net_end *end, struct sk_buff *skb, u8 *place)
{
	skb_copy_and_csum_dev(skb, place);
	cellhv_ethernet_send(&end->rings, skb->len);
	end->netdev->stats.tx_packets++;
	end->netdev->stats.tx_bytes += skb->len;
	dev_consume_skb_any(skb);
}

/* There is no room where the peer has failed, or the MTU has grown meanwhile. */
static void net_frame_drop(struct net_end *end, struct sk_buff *skb)
{
	end->netdev->stats.tx_dropped++;
	dev_kfree_skb_any(skb);
}

netdev_tx_t net_frame_send(struct sk_buff *skb, struct net_device *netdev)
{
	struct net_end *end = netdev_priv(netdev);
	u8 *place;

	net_frame_reclaim(end);
	place = cellhv_ethernet_reserve(&end->rings, skb->len);
	if (place)
		net_frame_put(end, skb, place);
	else
		net_frame_drop(end, skb);
	net_frame_stop_queue(end);
	if (!netdev_xmit_more() || netif_queue_stopped(netdev))
		net_frame_ring(end);

	return NETDEV_TX_OK;
}

/* ---- receiving, in the interface's NAPI ---- */

static void net_frame_deliver(struct net_end *end, const struct cellhv_ethernet_frame *frame)
{
	struct net_device *netdev = end->netdev;
	struct sk_buff *skb;

	if (frame->size > net_frame_largest(netdev)) {
		netdev->stats.rx_length_errors++;
		netdev->stats.rx_errors++;
		return;
	}

	skb = napi_alloc_skb(&end->napi, frame->size);
	if (!skb) {
		netdev->stats.rx_dropped++;
		return;
	}

	skb_put_data(skb, frame->data, frame->size);
	netdev->stats.rx_packets++;
	netdev->stats.rx_bytes += frame->size;
	skb->protocol = eth_type_trans(skb, netdev);
	napi_gro_receive(&end->napi, skb);
}

static bool net_frame_receive(struct net_end *end)
{
	struct cellhv_ethernet_frame frame;
	enum cellhv_ethernet_fault fault = cellhv_ethernet_take(&end->rings, &frame);

	if (fault)
		net_state_fail(end, fault);
	if (!frame.data)
		return false;

	net_frame_deliver(end, &frame);
	cellhv_ethernet_return(&end->rings, &frame);

	return true;
}

/* The peer hears once of all that was returned to it. */
int net_frame_poll(struct napi_struct *napi, int budget)
{
	struct net_end *end = container_of(napi, struct net_end, napi);
	int done = 0;

	while (done < budget && !READ_ONCE(end->fault) && net_frame_receive(end))
		done++;
	if (done)
		net_frame_ring(end);
	net_frame_wake_queue(end);
	if (done < budget)
		napi_complete_done(napi, done);

	return done;
}

/* ---- from the states ---- */

void net_frame_begin(struct net_end *end)
{
	napi_enable(&end->napi);
	netif_wake_queue(end->netdev);

	/* What has come before: its doorbell found nobody. */
	local_bh_disable();
	napi_schedule(&end->napi);
	local_bh_enable();
}

/* In this order: it is the poll that wakes the queue. */
void net_frame_end(struct net_end *end)
{
	napi_disable(&end->napi);
	netif_tx_disable(end->netdev);
}
