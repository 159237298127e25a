// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "desc/claims.h"
#include "desc/desc.h"
#include "desc/device.h"
#include "desc/link_group.h"
#include "driver/inventory.h"
#include "host/host.h"
#include "host/pci.h"

#define FIRST_ADDRESS 0x80000000ull /* where nothing of a cell's is by default */
#define ADDRESS_STEP (2ull << 20)
#define PAGE 4096
#define FIRST_DEVICE 0x0e /* of a cell */

const struct cellhv_link *link_running(const struct inventory *inventory, const char *name,
				       const char *except)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;

		if (strcmp(inventory->cells[i].info.name, except) == 0)
			continue;
		for (uint32_t j = 0; j < config->links.count; j++)
			if (strcmp(blob_links(config)[j].shared.name, name) == 0)
				return &blob_links(config)[j];
	}
	return NULL;
}

/* The cell that has a link under this name and id; NULL: none of those that exist. */
static const char *running_peer(const struct inventory *inventory, const char *name, uint64_t id,
				const char *except)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;

		for (uint32_t j = 0; j < config->links.count; j++) {
			const struct cellhv_link *link = &blob_links(config)[j];

			if (strcmp(link->shared.name, name) == 0 && link->id == id &&
			    strcmp(inventory->cells[i].info.name, except) != 0)
				return inventory->cells[i].info.name;
		}
	}
	return NULL;
}

/* One link of a description, while it is resolved. */
struct resolving {
	cell_desc *desc;
	size_t index;
	const cell_host *host;
	const struct inventory *inventory;
	const struct link_group *group;
	const struct cellhv_link *running; /* of another cell, or NULL */
};

static struct desc_link *link_of(const struct resolving *now)
{
	return &now->desc->links[now->index];
}

static void fill_shared(const struct resolving *now)
{
	const uint64_t *value = now->group->value;
	struct cellhv_link_shared *shared = &link_of(now)->resolved.shared;

	*shared = (struct cellhv_link_shared){
		.common_size = value[LINK_SIZE],
		.output_size = value[LINK_OUTPUT],
		.protocol = link_protocols[value[LINK_PROTOCOL]].protocol,
		.max_peers = (uint16_t)value[LINK_PEERS],
		.vectors = (uint16_t)value[LINK_VECTORS],
		.class_protocol = (uint16_t)value[LINK_CLASS],
		.variant = link_protocols[value[LINK_PROTOCOL]].variant,
	};
	memcpy(shared->name, link_of(now)->end.name, sizeof(shared->name));
	if (link_gives(&link_of(now)->end, LINK_PHYS))
		shared->phys = link_of(now)->end.value[LINK_PHYS];
}

/* Of a link whose end in Linux is on bus 0. */
static uint32_t device_of(const struct cellhv_link_shared *link)
{
	return link->flags & CELLHV_LINK_ROOT && link->root_function >> 8 == 0
		       ? 1u << (link->root_function >> 3)
		       : 0;
}

/* By links that exist, and by earlier ones of this description. */
static uint32_t taken_devices(const struct resolving *now)
{
	uint32_t taken = 0;

	for (size_t i = 0; i < now->inventory->n; i++) {
		const struct cellhv_cell_config *config = now->inventory->cells[i].config;

		for (uint32_t j = 0; j < config->links.count; j++)
			taken |= device_of(&blob_links(config)[j].shared);
	}
	for (size_t i = 0; i < now->index; i++)
		taken |= device_of(&now->desc->links[i].resolved.shared);
	return taken;
}

/* Its place beside the physical functions: given, or the highest free one of bus 0. */
static void fill_root(const struct resolving *now)
{
	const struct link_member *root = link_group_root(now->group);
	struct cellhv_link_shared *shared = &link_of(now)->resolved.shared;
	char pointer[DOCUMENT_POINTER_SIZE];
	int function;

	if (!root)
		return;

	shared->flags = CELLHV_LINK_ROOT;
	shared->root_id = (uint16_t)root->id;
	function = link_gives(root->end, LINK_FUNCTION)
			   ? (int)root->end->value[LINK_FUNCTION]
			   : pci_free_function(now->host, taken_devices(now));
	if (function < 0 || pci_has_function(now->host, (unsigned)function))
		desc_report(now->desc, CELL_ERROR, "link-function-taken",
			    document_pointer(pointer, "links", now->index, "name"),
			    "Linux has no free PCI function for its end of link %s%s", shared->name,
			    function < 0 ? "" : ": host.json pins one that is in use");
	else
		shared->root_function = (uint16_t)function;
}

static uint64_t running_value(const struct cellhv_link_shared *shared, enum link_attribute which)
{
	const uint64_t values[LINK_SHARED_ATTRIBUTES] = {
		[LINK_SIZE] = shared->common_size,	    [LINK_OUTPUT] = shared->output_size,
		[LINK_PROTOCOL] = link_protocol_of(shared), [LINK_VECTORS] = shared->vectors,
		[LINK_CLASS] = shared->class_protocol,	    [LINK_PEERS] = shared->max_peers,
		[LINK_KIND] = link_kind_of(shared),
	};

	return values[which];
}

/* A link that exists stays as it is: whoever comes later has to fit. */
static void follow_running(const struct resolving *now)
{
	const struct link_end *end = &link_of(now)->end;
	char pointer[DOCUMENT_POINTER_SIZE], there[32], here[32];

	link_of(now)->resolved.shared = now->running->shared;
	for (unsigned i = 0; i < LINK_SHARED_ATTRIBUTES; i++) {
		uint64_t running = running_value(&now->running->shared, i);

		if (!link_gives(end, i) || end->value[i] == running)
			continue;
		desc_report(now->desc, CELL_ERROR, "link-differs",
			    document_pointer(pointer, "links", now->index, link_attribute_key(i)),
			    "link %s exists with %s here, not %s"
			    ": destroy the cells that are its peers, or say the same",
			    end->name, link_value_text(i, running, there),
			    link_value_text(i, end->value[i], here));
	}
}

static bool id_is_free(const struct inventory *inventory, const struct cellhv_link_shared *shared,
		       uint64_t id, const char *except)
{
	return id < shared->max_peers &&
	       !(shared->flags & CELLHV_LINK_ROOT && shared->root_id == id) &&
	       !running_peer(inventory, shared->name, id, except);
}

bool link_choose_id(const struct inventory *inventory, const struct cellhv_link_shared *shared,
		    const struct link_member *member, uint64_t *ret)
{
	bool pinned = link_gives(member->end, LINK_ID);
	uint64_t id = member->id;

	for (uint64_t i = 0; !pinned && i <= shared->max_peers; i++) {
		if (id_is_free(inventory, shared, id, member->name))
			break;
		id = i;
	}
	*ret = id;
	return id_is_free(inventory, shared, id, member->name);
}

static void fill_id(const struct resolving *now)
{
	struct desc_link *link = link_of(now);
	char pointer[DOCUMENT_POINTER_SIZE];
	const char *other;
	uint64_t id;
	bool is_free = link_choose_id(now->inventory, &link->resolved.shared,
				      link_group_own(now->group), &id);

	link->resolved.id = (uint16_t)id;
	if (is_free)
		return;

	other = running_peer(now->inventory, link->end.name, id, now->desc->name);
	document_pointer(pointer, "links", now->index,
			 link_gives(&link->end, LINK_ID) ? "id" : "name");
	if (id >= link->resolved.shared.max_peers)
		desc_report(now->desc, CELL_ERROR, "link-peers", pointer,
			    "link %s has %u peers, and no place for this one", link->end.name,
			    link->resolved.shared.max_peers);
	else
		desc_report(now->desc, CELL_ERROR, "link-id-taken", pointer,
			    "id %" PRIu64 " of link %s belongs to %s%s", id, link->end.name,
			    other ? "cell " : "Linux", other ?: "");
}

static bool is_of_device(const cell_desc *desc, uint64_t function)
{
	for (size_t i = 0; i < desc->n_functions; i++)
		if (desc->functions[i].resolved.num_requesters &&
		    desc->functions[i].resolved.address == function)
			return true;
	return false;
}

static bool function_is_free(const struct resolving *now, uint64_t function)
{
	if (is_of_device(now->desc, function))
		return false;

	for (size_t i = 0; i < now->desc->n_links; i++) {
		const struct desc_link *other = &now->desc->links[i];

		if (i < now->index ? other->resolved.function == function
				   : i > now->index && link_gives(&other->end, LINK_FUNCTION) &&
					     other->end.value[LINK_FUNCTION] == function)
			return false;
	}
	return true;
}

/* Where another peer has its own, if that is free here: version 1 wants both in one place. */
static void fill_function(const struct resolving *now)
{
	struct desc_link *link = link_of(now);
	uint64_t function = now->running ? now->running->function : FIRST_DEVICE << 3;
	char pointer[DOCUMENT_POINTER_SIZE];

	if (link_gives(&link->end, LINK_FUNCTION))
		function = link->end.value[LINK_FUNCTION];
	for (uint64_t device = FIRST_DEVICE;
	     !function_is_free(now, function) && !link_gives(&link->end, LINK_FUNCTION); device++)
		function = device << 3;
	link->resolved.function = (uint16_t)function;
	if (!function_is_free(now, function))
		desc_report(now->desc, CELL_ERROR, "link-function-taken",
			    document_pointer(pointer, "links", now->index, "function"),
			    "%s of this cell is at this function",
			    is_of_device(now->desc, function) ? "a device" : "another link");
}

/* Of what is in the way of a link at this address the end; 0: nothing is. */
static uint64_t address_in_the_way(const struct resolving *now, uint64_t address)
{
	const cell_desc *desc = now->desc;
	uint64_t size = cellhv_link_size(&link_of(now)->resolved.shared), end;

	for (size_t i = 0; i < desc->n_memory; i++)
		if (range_overlaps(address, size, desc->memory[i].guest, desc->memory[i].size))
			return desc->memory[i].guest + desc->memory[i].size;
	for (size_t i = 0; i < desc->n_links; i++) {
		const struct desc_link *other = &desc->links[i];
		bool given = link_gives(&other->end, LINK_AT);
		uint64_t at = i < now->index ? other->resolved.guest : other->end.value[LINK_AT];
		uint64_t other_size = cellhv_link_size(&other->resolved.shared);

		if (i != now->index && (i < now->index || given) &&
		    range_overlaps(address, size, at, other_size))
			return at + other_size;
	}
	end = device_bar_end(desc, address, size);
	if (end)
		return end;
	return range_overlaps(address, size, desc->comm, PAGE) ? desc->comm + PAGE : 0;
}

static void fill_address(const struct resolving *now)
{
	struct desc_link *link = link_of(now);
	uint64_t address = FIRST_ADDRESS, end;
	char pointer[DOCUMENT_POINTER_SIZE];

	if (link_gives(&link->end, LINK_AT))
		address = link->end.value[LINK_AT];
	else
		while ((end = address_in_the_way(now, address)))
			address = (end + ADDRESS_STEP - 1) & ~(ADDRESS_STEP - 1);
	link->resolved.guest = address;
	if (address_in_the_way(now, address))
		desc_report(now->desc, CELL_ERROR, "overlap",
			    document_pointer(pointer, "links", now->index, "at"),
			    "at 0x%" PRIx64 " the cell has other memory already", address);
}

/* Physical memory that the description pins and other parts of it do not. */
static void check_phys(const struct resolving *now)
{
	const cell_desc *desc = now->desc;
	const struct cellhv_link_shared *shared = &link_of(now)->resolved.shared;
	uint64_t size = cellhv_link_size(shared);
	char pointer[DOCUMENT_POINTER_SIZE];
	bool twice = false;

	if (!link_gives(&link_of(now)->end, LINK_PHYS))
		return;

	for (size_t i = 0; i < desc->n_memory; i++)
		twice |= desc->memory[i].pinned &&
			 range_overlaps(shared->phys, size, desc->memory[i].phys,
					desc->memory[i].size);
	for (size_t i = 0; i < now->index; i++)
		twice |= link_gives(&desc->links[i].end, LINK_PHYS) &&
			 range_overlaps(shared->phys, size, desc->links[i].resolved.shared.phys,
					cellhv_link_size(&desc->links[i].resolved.shared));
	document_pointer(pointer, "links", now->index, "phys");
	if (twice)
		desc_report(now->desc, CELL_ERROR, "overlap", pointer,
			    "the cell has this physical memory already");
	else
		claims_check_ram(now->desc, &now->host->memory, pointer, shared->phys, size);
}

static void resolve(const struct resolving *now)
{
	if (now->running) {
		follow_running(now);
	} else {
		fill_shared(now);
		fill_root(now);
		check_phys(now);
	}
	fill_id(now);
	fill_function(now);
	fill_address(now);
}

/*
 * Any of the links may be one that Linux is a peer of. What the cells say of them is checked all
 * the same: whatever is wrong among them, Linux's end could not make it right.
 */
static void report_bad_settings(cell_desc *desc, const struct settings *settings)
{
	const struct cell_diag *error = diag_first_error(&settings->document.diags);
	struct cell_diag note;

	desc_report(desc, CELL_ERROR, "bad-settings", "/links",
		    "which of these links Linux is a peer of is not known: there are errors in %s, "
		    "all of which `cellctl host check` shows",
		    SETTINGS_PATH);
	if (!error)
		return;

	note = *error;
	note.severity = CELL_NOTE;
	note.code = "bad-settings";
	diag_add(&desc->doc.diags, &note);
}

static void resolve_one(cell_desc *desc, size_t index, const struct desc_set *set,
			const cell_host *host, const struct inventory *inventory)
{
	struct link_group group = {.own = desc, .own_index = index};
	const char *name = desc->links[index].end.name;
	struct resolving now = {desc, index, host, inventory, &group, NULL};
	size_t errors = desc->doc.diags.n_errors;

	/* Without a name there is nothing to look for; that has been said. */
	if (!*name)
		return;

	link_group_collect(&group, name, set, &host->settings);
	now.running = link_running(inventory, name, desc->name);
	if (!now.running)
		link_group_check(&group);
	if (desc->doc.diags.n_errors == errors)
		resolve(&now);
}

int link_resolve(cell_desc *desc, const cell_host *host, const struct inventory *inventory)
{
	struct desc_set set;
	int r;

	if (!desc->n_links)
		return 0;

	if (settings_are_bad(&host->settings))
		report_bad_settings(desc, &host->settings);
	r = desc_set_read(desc->context, desc, &set);
	if (r < 0)
		return r;

	for (size_t i = 0; i < desc->n_links; i++)
		resolve_one(desc, i, &set, host, inventory);
	desc_set_clear(&set);
	return 0;
}
