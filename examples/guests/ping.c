/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who answers pings: ARP (RFC 826) and ICMP echo (RFC 792), by whatever adapter there is and by
 * interrupts alone.
 */
#include "ping.h"

#define ETHERNET_ARP 0x0806
#define ETHERNET_IP 0x0800
#define ARP_ETHERNET_IP 0x0001080006040000ull /* kinds and sizes of addresses; then what it is */
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define IP_VERSION_SIZE 0x45 /* version 4, a header without options */
#define IP_FRAGMENT 0x3fff   /* offset, and whether more of them come */
#define IP_DONT_FRAGMENT 0x4000
#define IP_TTL 64
#define IP_ICMP 1
#define ICMP_ECHO 8
#define ICMP_ECHO_REPLY 0

#define SECOND_US 1000000
#define DEFAULT_STATISTICS 60

/* All fields of more than a byte are big-endian. */
struct ethernet {
	uint8_t to[ETHERNET_ADDRESS];
	uint8_t from[ETHERNET_ADDRESS];
	uint16_t type;
};

struct arp {
	uint64_t kind; /* ARP_ETHERNET_IP, and in the last two bytes request or reply */
	uint8_t sender[ETHERNET_ADDRESS];
	uint8_t sender_ip[4];
	uint8_t target[ETHERNET_ADDRESS];
	uint8_t target_ip[4];
} __attribute__((packed));

struct ip {
	uint8_t version_size;
	uint8_t service;
	uint16_t size; /* of all of it */
	uint16_t id;
	uint16_t fragment;
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	uint8_t from[4];
	uint8_t to[4];
} __attribute__((packed));

struct icmp {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint32_t echo; /* id and number, the sender's own */
} __attribute__((packed));

struct frame {
	struct ethernet ethernet;
	union {
		struct arp arp;
		struct {
			struct ip ip;
			struct icmp icmp;
		} __attribute__((packed));
		uint8_t bytes[ETHERNET_FRAME_MAX - sizeof(struct ethernet)];
	};
} __attribute__((packed, aligned(2)));

static const struct ping_adapter *nic;
static uint8_t own_ip[4];
static struct frame frame; /* what has come, and is made the answer */
static struct {
	uint32_t frames, arps, pings, ignored, unsent;
} count;

static uint64_t second; /* in clocks */
static volatile uint32_t seconds;

static uint16_t big(uint16_t value)
{
	return __builtin_bswap16(value);
}

static bool same(const void *a, const void *b, size_t size)
{
	return __builtin_memcmp(a, b, size) == 0;
}

/* RFC 1071; size: bytes. Zero where the data has its own, right, checksum in it. */
static uint16_t checksum(const void *data, unsigned int size)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (unsigned int i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8;
	if (size & 1)
		sum += bytes[size - 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* To whom it came from. */
static void send(unsigned int size)
{
	__builtin_memcpy(frame.ethernet.to, frame.ethernet.from, ETHERNET_ADDRESS);
	__builtin_memcpy(frame.ethernet.from, nic->address, ETHERNET_ADDRESS);
	if (size < ETHERNET_FRAME_MIN) {
		__builtin_memset((uint8_t *)&frame + size, 0, ETHERNET_FRAME_MIN - size);
		size = ETHERNET_FRAME_MIN;
	}
	if (!nic->send(&frame, size))
		count.unsent++;
}

static bool answer_arp(unsigned int size)
{
	struct arp *arp = &frame.arp;

	if (size < sizeof(*arp) ||
	    __builtin_bswap64(arp->kind) != (ARP_ETHERNET_IP | ARP_REQUEST) ||
	    !same(arp->target_ip, own_ip, sizeof(own_ip)))
		return false;

	arp->kind = __builtin_bswap64(ARP_ETHERNET_IP | ARP_REPLY);
	__builtin_memcpy(arp->target, arp->sender, sizeof(arp->target));
	__builtin_memcpy(arp->target_ip, arp->sender_ip, sizeof(arp->target_ip));
	__builtin_memcpy(arp->sender, nic->address, sizeof(arp->sender));
	__builtin_memcpy(arp->sender_ip, own_ip, sizeof(own_ip));
	send(sizeof(frame.ethernet) + sizeof(*arp));
	count.arps++;
	return true;
}

/* A whole packet for this cell, without options. size: the bytes there are, so many at least. */
static bool ip_is_valid(const struct ip *ip, unsigned int size)
{
	return big(ip->size) >= sizeof(*ip) + sizeof(struct icmp) && big(ip->size) <= size &&
	       ip->version_size == IP_VERSION_SIZE && !(big(ip->fragment) & IP_FRAGMENT) &&
	       checksum(ip, sizeof(*ip)) == 0 && same(ip->to, own_ip, sizeof(own_ip)) &&
	       same(frame.ethernet.to, nic->address, ETHERNET_ADDRESS);
}

static void tell_first(const uint8_t to[4])
{
	if (count.pings == 1)
		printk("Answered the first ping, from %u.%u.%u.%u\n", to[0], to[1], to[2], to[3]);
}

static bool answer_ping(unsigned int size)
{
	struct ip *ip = &frame.ip;
	struct icmp *icmp = &frame.icmp;
	unsigned int icmp_size;

	if (!ip_is_valid(ip, size) || ip->protocol != IP_ICMP)
		return false;
	icmp_size = big(ip->size) - (unsigned int)sizeof(*ip);
	if (icmp->type != ICMP_ECHO || icmp->code || checksum(icmp, icmp_size))
		return false;

	icmp->type = ICMP_ECHO_REPLY;
	icmp->checksum = 0;
	icmp->checksum = checksum(icmp, icmp_size);
	__builtin_memcpy(ip->to, ip->from, sizeof(ip->to));
	__builtin_memcpy(ip->from, own_ip, sizeof(own_ip));
	ip->fragment = big(IP_DONT_FRAGMENT);
	ip->ttl = IP_TTL;
	ip->checksum = 0;
	ip->checksum = checksum(ip, sizeof(*ip));
	send((unsigned int)sizeof(frame.ethernet) + big(ip->size));
	count.pings++;
	tell_first(ip->to);
	return true;
}

static bool answer(unsigned int size)
{
	if (size < sizeof(frame.ethernet))
		return false;
	size -= (unsigned int)sizeof(frame.ethernet);
	switch (big(frame.ethernet.type)) {
	case ETHERNET_ARP:
		return answer_arp(size);
	case ETHERNET_IP:
		return answer_ping(size);
	default:
		return false;
	}
}

static void on_timer(struct interrupt_frame *interrupted)
{
	(void)interrupted;
	seconds++;
	timer_arm(second);
	interrupts_done();
}

static bool parse_address(const char *text, uint8_t address[4])
{
	uint64_t value;

	for (unsigned int i = 0; i < 4; i++) {
		text = parse_number(text, &value);
		if (!text || value > 255 || (i < 3 && *text++ != '.'))
			return false;
		address[i] = (uint8_t)value;
	}
	return !*text || *text == ' ';
}

static void tell_link(void)
{
	static bool was_up;
	bool is_up = nic->link_is_up();

	if (is_up != was_up)
		printk("Link is %s\n", is_up ? "up" : "down");
	was_up = is_up;
}

static void tell_statistics(uint32_t interval)
{
	static uint32_t told;

	if (seconds - told < interval)
		return;
	told = seconds;
	printk("%u interrupts, %u frames: %u ARP requests and %u pings answered, %u ignored, "
	       "%u refused, %u not sent\n",
	       *nic->interrupts, count.frames, count.arps, count.pings, count.ignored,
	       *nic->refused, count.unsent);
}

static bool answer_next(void)
{
	unsigned int size = nic->receive(&frame);

	if (!size)
		return false;
	count.frames++;
	if (!answer(size))
		count.ignored++;
	return true;
}

static bool open(void)
{
	const char *ip = command_line_find("ip"), *why;

	if (!parse_address(ip ? ip : nic->default_ip, own_ip)) {
		printk("ip= is no address such as %s\n", nic->default_ip);
		return false;
	}
	interrupts_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	why = nic->open(own_ip);
	if (why) {
		printk("No network: %s\n", why);
		return false;
	}
	printk("Answering pings to %u.%u.%u.%u\n", own_ip[0], own_ip[1], own_ip[2], own_ip[3]);
	return true;
}

void ping_answer_all(const struct ping_adapter *adapter)
{
	uint64_t interval;

	nic = adapter;
	if (!command_line_number("stats", DEFAULT_STATISTICS, &interval)) {
		printk("stats= is no number of seconds\n");
		comm_finish(CELLHV_COMM_FAILED);
	}
	if (!open())
		comm_finish(CELLHV_COMM_FAILED);

	second = clock_from_us(SECOND_US);
	timer_init();
	timer_arm(second);
	while (!comm_shutdown_requested()) {
		tell_link();
		tell_statistics((uint32_t)interval);
		if (!answer_next())
			cpu_idle();
	}
	timer_stop();
	nic->close();
}
