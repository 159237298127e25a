// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fake libcell's links. */
#define _GNU_SOURCE
#include "fake_libcell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTION_SIZE 4096

static json_object *read_link(const char *name)
{
	char path[FAKE_PATH_SIZE];

	fake_path(path, "links/%s.json", name);
	return json_object_from_file(path);
}

static unsigned number(json_object *object, const char *key)
{
	return (unsigned)json_object_get_int(json_object_object_get(object, key));
}

static int tell(const char *name, cell_link_fn fn, void *userdata)
{
	json_object *object = read_link(name), *peers = json_object_object_get(object, "peers");
	struct cell_link_peer items[FAKE_CPUS_MAX];
	struct cell_link_entry entry = {
		.name = name,
		.exists = number(object, "exists"),
		.protocol = number(object, "protocol"),
		.common_size = number(object, "common"),
		.output_size = number(object, "output"),
		.max_peers = number(object, "max"),
		.n_vectors = number(object, "vectors"),
		.peers = items,
	};
	int r;

	for (; entry.n_peers < json_object_array_length(peers); entry.n_peers++) {
		json_object *peer = json_object_array_get_idx(peers, entry.n_peers);

		items[entry.n_peers] = (struct cell_link_peer){
			json_object_get_string(json_object_array_get_idx(peer, 0)),
			(unsigned)json_object_get_int(json_object_array_get_idx(peer, 1)),
			json_object_get_boolean(json_object_array_get_idx(peer, 2)),
			json_object_get_boolean(json_object_array_get_idx(peer, 3)),
		};
	}
	r = fn(userdata, &entry);
	json_object_put(object);
	return r;
}

/* One that a cell may have and one that it may not. */
int cell_device_list(cell_host *host, cell_device_fn fn, void *userdata)
{
	static const struct cell_device devices[] = {
		{"0000:00:03.0", 0x8086, 0x10d3, 0x020000, "Ethernet controller", "e1000e",
		 "0000:00:03.0", "flr pm", "", true, ""},
		{"0000:00:05.0", 0x1b36, 0x000c, 0x060400, "PCI bridge", "pcieport", "0000:00:05.0",
		 "", "", false, "0000:00:05.0 is a bridge: give the cell what is behind it"},
		{"0000:00:06.0", 0x1234, 0x11e8, 0x00ff00, "device", "cellhv", "0000:00:06.0", "",
		 "pump", false, "it belongs to cell pump"},
	};
	int r = fake_ordered_failure(host->context);

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]) && r == 0; i++)
		r = fn(userdata, &devices[i]);
	return r;
}

int cell_link_list(cell_host *host, cell_link_fn fn, void *userdata)
{
	char path[FAKE_PATH_SIZE];
	struct dirent **entries = NULL;
	int n, r = fake_ordered_failure(host->context);

	if (r < 0)
		return r;
	fake_path(path, "links");
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char *dot = strstr(entries[i]->d_name, ".json");

		if (dot && r == 0) {
			*dot = '\0';
			r = tell(entries[i]->d_name, fn, userdata);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

int cell_link_open(cell_context *context, const char *name, cell_link **ret)
{
	char path[FAKE_PATH_SIZE];
	json_object *object, *states;
	cell_link *link;
	int bell;

	fake_path(path, "links/%s.bell", name);
	bell = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (bell < 0)
		return fake_fail(context, -ENOENT, "NoSuchLink", "There is no link %s.", name);

	link = calloc(1, sizeof(*link));
	link->refs = 1;
	link->context = context;
	link->bell = bell;
	snprintf(link->name, sizeof(link->name), "%s", name);
	object = read_link(name);
	link->info.protocol = number(object, "protocol");
	link->info.n_peers = number(object, "max");
	link->info.n_vectors = number(object, "vectors");
	states = json_object_object_get(object, "states");
	for (size_t i = 0; i < json_object_array_length(states); i++)
		link->states[i] =
			(uint32_t)json_object_get_int(json_object_array_get_idx(states, i));
	json_object_put(object);
	*ret = link;
	return fake_ok(context);
}

FAKE_REFS(cell_link, fake_link_release)

void fake_link_release(cell_link *link)
{
	close(link->bell);
}

void cell_link_info(const cell_link *link, struct cell_link_info *ret)
{
	*ret = link->info;
}

/* Mapped, as the real ones are; for the short life of the process. */
static void *map(const cell_link *link, const char *section, size_t *ret_size)
{
	char path[FAKE_PATH_SIZE];
	void *address;
	int fd;

	fake_path(path, "links/%s.%s", link->name, section);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	address = mmap(NULL, SECTION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	*ret_size = SECTION_SIZE;
	return address;
}

void *cell_link_common(const cell_link *link, size_t *ret_size)
{
	return map(link, "common", ret_size);
}

void *cell_link_output(const cell_link *link, size_t *ret_size)
{
	return map(link, "output", ret_size);
}

const void *cell_link_input(const cell_link *link, unsigned peer, size_t *ret_size)
{
	char section[16];

	snprintf(section, sizeof(section), "%u", peer);
	return map(link, section, ret_size);
}

uint32_t cell_link_state(const cell_link *link, unsigned peer)
{
	return link->states[peer];
}

void cell_link_set_state(cell_link *link, uint32_t state)
{
	fake_changed("set-state %s %u", link->name, state);
}

void cell_link_ring(cell_link *link, unsigned peer, unsigned vector)
{
	fake_changed("ring %s %u %u", link->name, peer, vector);
}

int cell_link_fd(const cell_link *link)
{
	return link->bell;
}

int cell_link_wait(cell_link *link, int timeout_ms, uint32_t ret_counts[CELL_LINK_N_VECTORS_MAX])
{
	struct pollfd ready = {.fd = link->bell, .events = POLLIN};
	char bytes[64];
	ssize_t n;

	if (poll(&ready, 1, timeout_ms) == 0)
		return fake_fail(link->context, -ETIMEDOUT, "TimedOut", "No interrupt came.");

	n = read(link->bell, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == 'e')
			return fake_fail(link->context, -ENOTCONN, "NoSuchLink", "It has ended.");
		link->counts[(bytes[i] - '0') % CELL_LINK_N_VECTORS_MAX]++;
	}
	memcpy(ret_counts, link->counts, sizeof(link->counts));
	return fake_ok(link->context);
}
