// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a link's two ends, one step at a time: each change interrupts the other, and the
 * carrier is there while both run. A fault of the peer is kept until the interface goes up anew.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "net.h"

static u32 net_state_peer(const struct net_end *end)
{
	u32 state = READ_ONCE(end->states[1 - end->id]);

	CELLHV_ETHERNET_ACQUIRE(); /* its rings are as they are said to be */
	return state;
}

static u32 net_state_next(const struct net_end *end)
{
	if (end->is_gone || READ_ONCE(end->fault))
		return CELLHV_ETHERNET_RESET;
	return cellhv_ethernet_next_state(end->state, net_state_peer(end), end->is_up);
}

static void net_state_enter(struct net_end *end, u32 state)
{
	if (end->state == CELLHV_ETHERNET_RUN)
		net_frame_end(end);
	if (state == CELLHV_ETHERNET_READY)
		cellhv_ethernet_begin(&end->rings);
	end->state = state;
	writel(state, end->registers + CELLHV_IVSHMEM2_STATE);
	if (state == CELLHV_ETHERNET_RUN)
		net_frame_begin(end);
}

static bool net_state_runs(const struct net_end *end)
{
	return end->state == CELLHV_ETHERNET_RUN && net_state_peer(end) == CELLHV_ETHERNET_RUN;
}

/*
 * One step, with the lock held. A peer that changes its own state as quickly as it can keeps the
 * work busy, not the lock.
 */
static void net_state_step(struct net_end *end)
{
	u32 next = net_state_next(end);

	if (next == CELLHV_ETHERNET_RESET)
		netif_carrier_off(end->netdev);
	if (next != end->state) {
		net_state_enter(end, next);
		schedule_work(&end->work);
	}
	if (net_state_runs(end))
		netif_carrier_on(end->netdev);
	else
		netif_carrier_off(end->netdev);
}

static void net_state_work(struct work_struct *work)
{
	struct net_end *end = container_of(work, struct net_end, work);

	mutex_lock(&end->lock);
	net_state_step(end);
	mutex_unlock(&end->lock);
}

void net_state_init(struct net_end *end)
{
	mutex_init(&end->lock);
	INIT_WORK(&end->work, net_state_work);
}

/* Down: no frame is on its way in the driver when this returns. */
void net_state_set_up(struct net_end *end, bool is_up)
{
	mutex_lock(&end->lock);
	end->is_up = is_up;
	if (is_up)
		WRITE_ONCE(end->fault, CELLHV_ETHERNET_GOOD);
	net_state_step(end);
	mutex_unlock(&end->lock);
}

void net_state_leave(struct net_end *end)
{
	mutex_lock(&end->lock);
	end->is_gone = true;
	net_state_step(end);
	mutex_unlock(&end->lock);
}

void net_state_fail(struct net_end *end, enum cellhv_ethernet_fault fault)
{
	if (cmpxchg(&end->fault, CELLHV_ETHERNET_GOOD, fault) != CELLHV_ETHERNET_GOOD)
		return;

	if (net_ratelimit())
		netdev_err(end->netdev,
			   "no carrier until the interface is set down and up: a fault of the "
			   "peer, %s\n",
			   cellhv_ethernet_fault_text(fault));
	schedule_work(&end->work);
}

/* ---- in sysfs ---- */

static const char *net_state_name(u32 state)
{
	static const char *const names[] = {
		[CELLHV_ETHERNET_RESET] = "reset",
		[CELLHV_ETHERNET_INIT] = "init",
		[CELLHV_ETHERNET_READY] = "ready",
		[CELLHV_ETHERNET_RUN] = "run",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static const char *net_state_reason(const struct net_end *end)
{
	if (READ_ONCE(end->fault))
		return cellhv_ethernet_fault_text(READ_ONCE(end->fault));
	if (!READ_ONCE(end->is_up))
		return "the interface is down";
	if (netif_carrier_ok(end->netdev))
		return "none";
	return net_state_peer(end) ? "the peer's interface is down" : "the peer does not run";
}

static const struct net_end *net_state_of(const struct device *dev)
{
	return netdev_priv(container_of(dev, struct net_device, dev));
}

static ssize_t state_show(struct device *dev, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", net_state_name(READ_ONCE(net_state_of(dev)->state)));
}

static ssize_t peer_show(struct device *dev, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", net_state_name(net_state_peer(net_state_of(dev))));
}

/* Why there is no carrier. */
static ssize_t reason_show(struct device *dev, struct device_attribute *attribute, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", net_state_reason(net_state_of(dev)));
}

static DEVICE_ATTR_RO(state);
static DEVICE_ATTR_RO(peer);
static DEVICE_ATTR_RO(reason);

static struct attribute *net_state_attributes[] = {
	&dev_attr_state.attr,
	&dev_attr_peer.attr,
	&dev_attr_reason.attr,
	NULL,
};

const struct attribute_group net_state_group = {
	.name = "cell_link",
	.attrs = net_state_attributes,
};
