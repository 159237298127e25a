// SPDX-License-Identifier: LGPL-2.1-or-later
/* All links that anybody names, as compiling would have them, or as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "base/export.h"
#include "desc/link_group.h"
#include "driver/driver.h"
#include "driver/inventory.h"
#include "host/host.h"

/* One who names the link, and one who has it though nothing names it any more. */
#define PEERS_MAX (LINK_MEMBERS_MAX + CELLHV_LINK_PEERS)

struct names {
	char (*items)[CELLHV_NAME_SIZE];
	size_t n;
};

static int names_add(struct names *names, const char *name)
{
	char(*items)[CELLHV_NAME_SIZE];

	if (!*name)
		return 0;
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->items[i], name) == 0)
			return 0;

	items = reallocarray(names->items, names->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;

	names->items = items;
	memcpy(items[names->n++], name, strlen(name) + 1);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Everything that names links. */
struct sources {
	const struct settings *settings;
	struct desc_set set;
	struct inventory inventory;
};

static int collect_names(const struct sources *sources, struct names *names)
{
	int r = 0;

	for (size_t i = 0; i < sources->settings->n_links && r == 0; i++)
		r = names_add(names, sources->settings->links[i].name);
	for (size_t i = 0; i < sources->set.n; i++)
		for (size_t j = 0; j < sources->set.items[i]->n_links && r == 0; j++)
			r = names_add(names, sources->set.items[i]->links[j].end.name);
	for (size_t i = 0; i < sources->inventory.n; i++) {
		const struct cellhv_cell_config *config = sources->inventory.cells[i].config;

		for (uint32_t j = 0; j < config->links.count && r == 0; j++)
			r = names_add(names, blob_links(config)[j].shared.name);
	}
	return r;
}

/* Of a cell that exists. */
static const struct cellhv_link *link_of_cell(const struct inventory_cell *cell, const char *name)
{
	for (uint32_t i = 0; i < cell->config->links.count; i++)
		if (strcmp(blob_links(cell->config)[i].shared.name, name) == 0)
			return &blob_links(cell->config)[i];
	return NULL;
}

/* One link, while it is put together. */
struct listing {
	const struct sources *sources;
	const char *name;
	const struct cellhv_link *running; /* NULL: it does not exist */
	struct cell_link_peer peers[PEERS_MAX];
	size_t n_peers;
};

static struct cell_link_peer *find_peer(struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->n_peers; i++)
		if (strcmp(listing->peers[i].name, name) == 0)
			return &listing->peers[i];
	return NULL;
}

static struct cell_link_peer *add_peer(struct listing *listing, const char *name)
{
	struct cell_link_peer *peer = &listing->peers[listing->n_peers++];

	*peer = (struct cell_link_peer){.name = name};
	return peer;
}

static void add_member(struct listing *listing, const struct link_member *member)
{
	struct cell_link_peer *peer;
	uint64_t id = member->id;

	/* A description without a valid name is of no cell. */
	if (member->name && !*member->name)
		return;

	peer = add_peer(listing, member->name ?: "root");
	peer->is_described = true;
	if (listing->running && member->name)
		link_choose_id(&listing->sources->inventory, &listing->running->shared, member,
			       &id);
	peer->id = (unsigned)id;
}

static void mark_existing(struct listing *listing, const char *name, unsigned id)
{
	struct cell_link_peer *peer = find_peer(listing, name) ?: add_peer(listing, name);

	peer->exists = true;
	peer->id = id;
}

static void mark_all_existing(struct listing *listing)
{
	const struct inventory *inventory = &listing->sources->inventory;
	const struct cellhv_link_shared *shared = &listing->running->shared;

	if (shared->flags & CELLHV_LINK_ROOT)
		mark_existing(listing, "root", shared->root_id);
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_link *link = link_of_cell(&inventory->cells[i], listing->name);

		if (link)
			mark_existing(listing, inventory->cells[i].info.name, link->id);
	}
}

static int compare_peers(const void *a, const void *b)
{
	const struct cell_link_peer *x = a, *y = b;
	int order = (strcmp(y->name, "root") == 0) - (strcmp(x->name, "root") == 0);

	return order ?: strcmp(x->name, y->name);
}

static void fill_from_group(const struct link_group *group, struct cell_link_entry *entry)
{
	entry->protocol = link_protocols[group->value[LINK_PROTOCOL]].protocol;
	entry->variant = link_protocols[group->value[LINK_PROTOCOL]].variant;
	entry->common_size = group->value[LINK_SIZE];
	entry->output_size = group->value[LINK_OUTPUT];
	entry->max_peers = (unsigned)group->value[LINK_PEERS];
	entry->n_vectors = (unsigned)group->value[LINK_VECTORS];
	entry->class_protocol = (unsigned)group->value[LINK_CLASS];
}

static void fill_from_running(const struct cellhv_link_shared *shared,
			      struct cell_link_entry *entry)
{
	entry->exists = true;
	entry->protocol = shared->protocol;
	entry->variant = shared->variant;
	entry->common_size = shared->common_size;
	entry->output_size = shared->output_size;
	entry->max_peers = shared->max_peers;
	entry->n_vectors = shared->vectors;
	entry->class_protocol = shared->class_protocol;
}

static int tell(const struct sources *sources, const char *name, cell_link_fn fn, void *userdata)
{
	struct listing listing = {.sources = sources,
				  .name = name,
				  .running = link_running(&sources->inventory, name, "")};
	struct cell_link_entry entry = {.name = name, .peers = listing.peers};
	struct link_group group = {0};

	link_group_collect(&group, name, &sources->set, sources->settings);
	for (size_t i = 0; i < group.n; i++)
		add_member(&listing, &group.members[i]);
	fill_from_group(&group, &entry);
	if (listing.running) {
		mark_all_existing(&listing);
		fill_from_running(&listing.running->shared, &entry);
	}
	qsort(listing.peers, listing.n_peers, sizeof(*listing.peers), compare_peers);
	entry.n_peers = listing.n_peers;
	return fn(userdata, &entry);
}

/* Without a module there are no cells; whoever may not ask it cannot say that. */
static int read_inventory(cell_context *context, struct inventory *ret)
{
	int fd = driver_open(context), r;

	if (fd == -EACCES || fd == -EPERM)
		return context_fail(context, fd, "AccessDenied",
				    "Asking which links exist takes root.");

	r = inventory_read(context, fd, ret);
	if (fd >= 0)
		close(fd);
	return r;
}

static int tell_all(const struct sources *sources, cell_context *context, cell_link_fn fn,
		    void *userdata)
{
	struct names names = {0};
	int r = collect_names(sources, &names);

	if (r < 0) {
		free(names.items);
		return context_oom(context);
	}
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), compare_names);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = tell(sources, names.items[i], fn, userdata);
	free(names.items);
	return r;
}

LIBCELL_PUBLIC int cell_link_list(cell_host *host, cell_link_fn fn, void *userdata)
{
	struct sources sources = {.settings = &host->settings};
	int r;

	context_begin(host->context);
	r = desc_set_read(host->context, NULL, &sources.set);
	if (r < 0)
		return r;

	r = read_inventory(host->context, &sources.inventory);
	if (r == 0)
		r = tell_all(&sources, host->context, fn, userdata);
	inventory_clear(&sources.inventory);
	desc_set_clear(&sources.set);
	return r;
}
