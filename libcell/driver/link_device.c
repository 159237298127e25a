// SPDX-License-Identifier: LGPL-2.1-or-later
/* Linux's end of a link, through the device node that the module has for it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cellhv/driver.h>
#include <cellhv/link.h>

#include "base/cleanup.h"
#include "base/context.h"
#include "base/export.h"
#include "base/file.h"
#include "text/parse.h"

#define REGISTERS_SIZE 4096
#define PARTS (CELLHV_LINK_OUTPUT + 1)

struct cell_link {
	unsigned refs;
	cell_context *context;
	int fd;
	struct cellhv_link_info info;
	size_t size[PARTS];
	void *part[PARTS]; /* NULL where the size is 0 */
};

static int map_parts(cell_link *link)
{
	const struct cellhv_link_info *info = &link->info;

	link->size[CELLHV_LINK_REGISTERS] = REGISTERS_SIZE;
	link->size[CELLHV_LINK_STATES] = info->state_size;
	link->size[CELLHV_LINK_COMMON] = info->common_size;
	link->size[CELLHV_LINK_OUTPUTS] = info->max_peers * info->output_size;
	link->size[CELLHV_LINK_OUTPUT] = info->output_size;
	for (size_t i = 0; i < PARTS; i++) {
		bool read_only = i == CELLHV_LINK_STATES || i == CELLHV_LINK_OUTPUTS;
		void *address;

		if (!link->size[i])
			continue;

		address = mmap(NULL, link->size[i], PROT_READ | (read_only ? 0 : PROT_WRITE),
			       MAP_SHARED, link->fd, (off_t)i << CELLHV_LINK_PART_SHIFT);
		if (address == MAP_FAILED)
			return -errno;
		link->part[i] = address;
	}
	return 0;
}

/* Linux's end of a network is no device of programs. */
static bool is_interface(const cell_context *context, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/class/net/cell-%s", context->root, name);
	return access(path, F_OK) == 0;
}

static int fail_open(cell_context *context, int error, const char *name)
{
	if (error == -ENOENT && is_interface(context, name))
		return context_fail(context, -ENOENT, "NoSuchLink",
				    "Link %s is a network: Linux's end is the interface cell-%s.",
				    name, name);
	if (error == -ENOENT || error == -ENODEV)
		return context_fail(context, -ENOENT, "NoSuchLink",
				    "There is no link %s with Linux as a peer: add it to \"links\" "
				    "in /etc/cellmgr/host.json, then start a cell whose "
				    "description has it in \"links\".",
				    name);
	if (error == -EACCES || error == -EPERM)
		return context_fail(context, error, "AccessDenied",
				    "Opening the link %s takes root.", name);
	return context_fail(context, error, "Failed", "Cannot open the link %s: %s.", name,
			    strerror(-error));
}

LIBCELL_PUBLIC int cell_link_open(cell_context *context, const char *name, cell_link **ret)
{
	char path[PATH_MAX];
	cell_link *link;
	int r;

	context_begin(context);
	if (!parse_is_name(name))
		return context_fail(context, -EINVAL, "NoSuchLink", "\"%s\" is not a link's name.",
				    name);

	link = calloc(1, sizeof(*link));
	if (!link)
		return context_oom(context);

	link->refs = 1;
	link->context = cell_context_ref(context);
	snprintf(path, sizeof(path), "%s" CELLHV_LINK_DEVICE, context->root, name);
	link->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	r = link->fd < 0 || ioctl(link->fd, CELLHV_IOC_LINK_INFO, &link->info) < 0
		    ? -errno
		    : map_parts(link);
	if (r < 0) {
		cell_link_unref(link);
		return fail_open(context, r, name);
	}
	*ret = link;
	return 0;
}

LIBCELL_PUBLIC cell_link *cell_link_ref(cell_link *link)
{
	link->refs++;
	return link;
}

LIBCELL_PUBLIC cell_link *cell_link_unref(cell_link *link)
{
	if (!link || --link->refs > 0)
		return NULL;

	for (size_t i = 0; i < PARTS; i++)
		if (link->part[i])
			munmap(link->part[i], link->size[i]);
	if (link->fd >= 0)
		close(link->fd);
	cell_context_unref(link->context);
	free(link);
	return NULL;
}

LIBCELL_PUBLIC void cell_link_info(const cell_link *link, struct cell_link_info *ret)
{
	*ret = (struct cell_link_info){
		.protocol = link->info.protocol,
		.id = link->info.id,
		.n_peers = link->info.max_peers,
		.n_vectors = link->info.vectors,
		.class_protocol = link->info.class_protocol,
	};
}

LIBCELL_PUBLIC void *cell_link_common(const cell_link *link, size_t *ret_size)
{
	*ret_size = link->size[CELLHV_LINK_COMMON];
	return link->part[CELLHV_LINK_COMMON];
}

LIBCELL_PUBLIC void *cell_link_output(const cell_link *link, size_t *ret_size)
{
	*ret_size = link->size[CELLHV_LINK_OUTPUT];
	return link->part[CELLHV_LINK_OUTPUT];
}

LIBCELL_PUBLIC const void *cell_link_input(const cell_link *link, unsigned peer, size_t *ret_size)
{
	if (peer >= link->info.max_peers || !link->info.output_size)
		return NULL;

	*ret_size = link->info.output_size;
	return (const char *)link->part[CELLHV_LINK_OUTPUTS] + peer * link->info.output_size;
}

LIBCELL_PUBLIC uint32_t cell_link_state(const cell_link *link, unsigned peer)
{
	const volatile uint32_t *states = link->part[CELLHV_LINK_STATES];

	return states && peer < link->info.max_peers ? states[peer] : 0;
}

static void write_register(const cell_link *link, size_t offset, uint32_t value)
{
	volatile uint32_t *registers = link->part[CELLHV_LINK_REGISTERS];

	registers[offset / sizeof(*registers)] = value;
}

LIBCELL_PUBLIC void cell_link_set_state(cell_link *link, uint32_t state)
{
	if (link->info.protocol == 2)
		write_register(link, CELLHV_IVSHMEM2_STATE, state);
}

LIBCELL_PUBLIC void cell_link_ring(cell_link *link, unsigned peer, unsigned vector)
{
	if (link->info.protocol == 1)
		write_register(link, CELLHV_IVSHMEM1_DOORBELL, 1);
	else if (peer < link->info.max_peers && vector < link->info.vectors)
		write_register(link, CELLHV_IVSHMEM2_DOORBELL, peer << 16 | vector);
}

LIBCELL_PUBLIC int cell_link_fd(const cell_link *link)
{
	return link->fd;
}

LIBCELL_PUBLIC int cell_link_wait(cell_link *link, int timeout_ms,
				  uint32_t ret_counts[CELL_LINK_N_VECTORS_MAX])
{
	struct pollfd ready = {.fd = link->fd, .events = POLLIN};
	uint32_t counts[CELL_LINK_N_VECTORS_MAX] = {0};
	ssize_t size;
	int n;

	context_begin(link->context);
	n = poll(&ready, 1, timeout_ms);
	if (n == 0)
		return context_fail(link->context, -ETIMEDOUT, "TimedOut",
				    "No interrupt came over the link within %d ms.", timeout_ms);

	size = n < 0 ? -1 : read(link->fd, counts, sizeof(counts));
	if (size == 0)
		return context_fail(link->context, -ENOTCONN, "NoSuchLink",
				    "The link has ended with its last cell: open it again when a "
				    "cell is back.");
	if (size < 0)
		return context_fail(link->context, -errno, "Failed",
				    "Cannot wait for the link: %s.", strerror(errno));
	memcpy(ret_counts, counts, sizeof(counts));
	return 0;
}
