// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/link_group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cellhv/ethernet.h>

#include "base/cleanup.h"
#include "text/json.h"

#define NETWORK_OUTPUT (1u << 20)

static const struct {
	const char *key;
	uint64_t fallback[LINK_KINDS]; /* by kind */
} attributes[LINK_ATTRIBUTES] = {
	[LINK_SIZE] = {"size", {0}},
	[LINK_OUTPUT] = {"output", {0, NETWORK_OUTPUT}},
	[LINK_PROTOCOL] = {"protocol", {LINK_IVSHMEM_2, LINK_IVSHMEM_2}},
	[LINK_VECTORS] = {"vectors", {2, 2}},
	[LINK_CLASS] = {"class", {0}},
	[LINK_PEERS] = {"peers", {0}},
	[LINK_KIND] = {"kind", {0}},
	[LINK_ID] = {"id", {0}},
	[LINK_FUNCTION] = {"function", {0}},
	[LINK_AT] = {"at", {0}},
	[LINK_PHYS] = {"phys", {0}},
};

const char *link_attribute_key(enum link_attribute attribute)
{
	return attributes[attribute].key;
}

const char *link_value_text(enum link_attribute attribute, uint64_t value, char text[32])
{
	if (attribute == LINK_PROTOCOL)
		snprintf(text, 32, "\"%s\"", link_protocols[value].name);
	else if (attribute == LINK_KIND)
		snprintf(text, 32, "\"%s\"", link_kinds[value]);
	else
		snprintf(text, 32, "%" PRIu64, value);
	return text;
}

const struct link_member *link_group_own(const struct link_group *group)
{
	return &group->members[group->own_at];
}

const struct link_member *link_group_root(const struct link_group *group)
{
	return group->n && !group->members[0].name ? &group->members[0] : NULL;
}

/* One too many is enough to refuse them all; the one at hand is always there. */
static void add(struct link_group *group, const char *name, cell_desc *desc, size_t index,
		const struct link_end *end)
{
	bool is_own = desc && desc == group->own;

	if (group->n == LINK_MEMBERS_MAX) {
		if (!is_own)
			return;
		group->n--;
	}
	if (is_own)
		group->own_at = group->n;
	group->members[group->n++] = (struct link_member){name, desc, index, end, 0};
}

/* Where the description names the link. */
static void add_desc(struct link_group *group, cell_desc *desc, const char *name)
{
	for (size_t i = 0; i < desc->n_links; i++)
		if (strcmp(desc->links[i].end.name, name) == 0)
			add(group, desc->name, desc, i, &desc->links[i].end);
}

/* What a kind or a protocol leaves no choice of: version 1 is a memory, and one interrupt each. */
static const struct {
	enum link_attribute by;
	uint64_t with;
	enum link_attribute attribute;
	uint64_t value;
} fixed[] = {
	{LINK_KIND, LINK_NETWORK, LINK_PROTOCOL, LINK_IVSHMEM_2},
	{LINK_KIND, LINK_NETWORK, LINK_CLASS, CELLHV_ETHERNET_PROTOCOL},
	{LINK_KIND, LINK_NETWORK, LINK_PEERS, CELLHV_ETHERNET_PEERS},
	{LINK_PROTOCOL, LINK_IVSHMEM_1, LINK_OUTPUT, 0},
	{LINK_PROTOCOL, LINK_IVSHMEM_1, LINK_VECTORS, 1},
	{LINK_PROTOCOL, LINK_IVSHMEM_1, LINK_CLASS, 0},
	{LINK_PROTOCOL, LINK_IVSHMEM_1, LINK_PEERS, 2},
	{LINK_PROTOCOL, LINK_IVSHMEM_1_1, LINK_OUTPUT, 0},
	{LINK_PROTOCOL, LINK_IVSHMEM_1_1, LINK_VECTORS, 1},
	{LINK_PROTOCOL, LINK_IVSHMEM_1_1, LINK_PEERS, 2},
};

/* By what is known of the group so far. */
static uint64_t fallback(const struct link_group *group, enum link_attribute attribute)
{
	for (size_t i = 0; i < ELEMENTS(fixed); i++)
		if (fixed[i].attribute == attribute && group->value[fixed[i].by] == fixed[i].with)
			return fixed[i].value;
	return attributes[attribute].fallback[group->value[LINK_KIND]];
}

static const struct link_member *giver(const struct link_group *group,
				       enum link_attribute attribute)
{
	if (group->own && link_gives(link_group_own(group)->end, attribute))
		return link_group_own(group);
	for (size_t i = 0; i < group->n; i++)
		if (link_gives(group->members[i].end, attribute))
			return &group->members[i];
	return NULL;
}

static void join_values(struct link_group *group)
{
	static const enum link_attribute order[] = {LINK_KIND,	 LINK_PROTOCOL, LINK_SIZE,
						    LINK_OUTPUT, LINK_VECTORS,	LINK_CLASS,
						    LINK_PEERS};

	memset(group->value, 0, sizeof(group->value));
	for (size_t i = 0; i < ELEMENTS(order); i++) {
		const struct link_member *member = giver(group, order[i]);

		group->value[order[i]] =
			member ? member->end->value[order[i]] : fallback(group, order[i]);
	}
}

static bool is_version_1(const struct link_group *group)
{
	return link_protocols[group->value[LINK_PROTOCOL]].protocol == 1;
}

/* What one gives has no place for what the other gives. */
static bool forbids(const struct link_end *end, const struct link_end *other)
{
	for (size_t i = 0; i < ELEMENTS(fixed); i++)
		if (link_gives(end, fixed[i].by) && end->value[fixed[i].by] == fixed[i].with &&
		    link_gives(other, fixed[i].attribute) &&
		    other->value[fixed[i].attribute] != fixed[i].value)
			return true;
	return false;
}

static bool contradict(const struct link_end *end, const struct link_end *other)
{
	for (unsigned i = 0; i < LINK_SHARED_ATTRIBUTES; i++)
		if (link_gives(end, i) && link_gives(other, i) && end->value[i] != other->value[i])
			return true;
	if (link_gives(end, LINK_ID) && link_gives(other, LINK_ID) &&
	    end->value[LINK_ID] == other->value[LINK_ID])
		return true;
	return forbids(end, other) || forbids(other, end);
}

static bool is_offer(const struct link_group *group, const struct link_member *member)
{
	return member->desc && member->desc != group->own && member->desc->is_shipped;
}

static bool fits(const struct link_group *group, const struct link_member *offer)
{
	for (size_t i = 0; i < group->n; i++)
		if (!is_offer(group, &group->members[i]) &&
		    contradict(offer->end, group->members[i].end))
			return false;
	return true;
}

static void drop(struct link_group *group, size_t index)
{
	struct link_member *member = &group->members[index];

	if (index < group->own_at)
		group->own_at--;
	memmove(member, member + 1, (--group->n - index) * sizeof(*member));
}

/*
 * What a package has brought claims nothing from who does not run it: it is a peer where that fits
 * with what all others say, and where there is a place. (If its cell existed, so would the link,
 * which is followed as it is.)
 */
static void drop_offers(struct link_group *group)
{
	uint64_t places;

	for (size_t i = group->n; i-- > 0;)
		if (is_offer(group, &group->members[i]) && !fits(group, &group->members[i]))
			drop(group, i);

	join_values(group);
	places = group->value[LINK_PEERS] ?: CELLHV_LINK_PEERS;
	for (size_t i = group->n; i-- > 0 && group->n > places;)
		if (is_offer(group, &group->members[i]))
			drop(group, i);
}

/* Given ids first, the others take the lowest that are left, in order. */
static void assign_ids(struct link_group *group)
{
	uint64_t highest = 1;
	uint32_t used = 0;

	for (size_t i = 0; i < group->n; i++)
		if (link_gives(group->members[i].end, LINK_ID)) {
			group->members[i].id = group->members[i].end->value[LINK_ID];
			used |= 1u << group->members[i].id;
		}
	for (size_t i = 0; i < group->n; i++) {
		struct link_member *member = &group->members[i];

		if (!link_gives(member->end, LINK_ID)) {
			while (used >> member->id & 1)
				member->id++;
			used |= 1u << member->id;
		}
		if (member->id > highest)
			highest = member->id;
	}
	if (!group->value[LINK_PEERS])
		group->value[LINK_PEERS] = highest + 1;
}

/* A network has two ends: where one cell alone names it, Linux is the other. */
static void add_other_end(struct link_group *group)
{
	static const struct link_end linux_end;

	if (group->value[LINK_KIND] != LINK_NETWORK || group->n != 1 || link_group_root(group))
		return;

	group->members[1] = group->members[0];
	group->members[0] = (struct link_member){.end = &linux_end};
	group->own_at = 1;
	group->n = 2;
}

void link_group_collect(struct link_group *group, const char *name, const struct desc_set *set,
			const struct settings *settings)
{
	for (size_t i = 0; i < settings->n_links; i++)
		if (strcmp(settings->links[i].name, name) == 0)
			add(group, NULL, NULL, i, &settings->links[i]);
	for (size_t i = 0; i < set->n; i++)
		add_desc(group, set->items[i], name);
	if (group->own)
		drop_offers(group);
	else
		join_values(group);
	add_other_end(group);
	assign_ids(group);
}

/* A note at the other side of a conflict, in its own file. */
static void note(struct link_group *group, const struct link_member *other, const char *key)
{
	struct json_position position = {0, 0};
	char pointer[DOCUMENT_POINTER_SIZE], message[128];

	document_pointer(pointer, "links", other->index, key);
	if (other->desc)
		json_locate(other->desc->doc.text, pointer, false, &position);
	snprintf(message, sizeof(message), "%s%s says otherwise here",
		 other->name ? "cell " : "Linux", other->name ?: "");
	diag_add(&group->own->doc.diags,
		 &(struct cell_diag){.severity = CELL_NOTE,
				     .code = "other-side",
				     .file = other->desc ? other->desc->doc.path : SETTINGS_PATH,
				     .pointer = pointer,
				     .line = position.line,
				     .column = position.column,
				     .message = message});
}

static void check_attribute(struct link_group *group, enum link_attribute attribute)
{
	const struct link_member *own = link_group_own(group);
	const char *key = link_attribute_key(attribute);
	char pointer[DOCUMENT_POINTER_SIZE];

	if (!link_gives(own->end, attribute))
		return;
	for (size_t i = 0; i < group->n; i++) {
		const struct link_member *other = &group->members[i];

		if (!link_gives(other->end, attribute) ||
		    other->end->value[attribute] == own->end->value[attribute])
			continue;
		desc_report(group->own, CELL_ERROR, "link-differs",
			    document_pointer(pointer, "links", group->own_index, key),
			    "%s is another for link %s in %s", key, own->end->name,
			    other->desc ? other->desc->doc.path : SETTINGS_PATH);
		note(group, other, key);
	}
}

static void check_ids(struct link_group *group)
{
	const struct link_member *own = link_group_own(group);
	char pointer[DOCUMENT_POINTER_SIZE];

	document_pointer(pointer, "links", group->own_index,
			 link_gives(own->end, LINK_ID) ? "id" : "name");
	for (size_t i = 0; i < group->n; i++) {
		const struct link_member *other = &group->members[i];

		if (other == own || other->id != own->id)
			continue;
		desc_report(group->own, CELL_ERROR, "link-id-taken", pointer,
			    "id %" PRIu64 " of link %s is taken in %s", own->id, own->end->name,
			    other->desc ? other->desc->doc.path : SETTINGS_PATH);
		note(group, other, "id");
	}
	if (group->n > group->value[LINK_PEERS] || own->id >= group->value[LINK_PEERS])
		desc_report(group->own, CELL_ERROR, "link-peers", pointer,
			    "link %s is for %" PRIu64 " peers, with ids from 0; %zu name it",
			    own->end->name, group->value[LINK_PEERS], group->n);
}

static void check_size(struct link_group *group)
{
	const struct link_member *own = link_group_own(group);
	char pointer[DOCUMENT_POINTER_SIZE];
	bool is_said = giver(group, LINK_SIZE) ||
		       desc_is_bad(group->own, "links", group->own_index, "size") ||
		       desc_is_bad(group->own, "links", group->own_index, "kind");

	if (group->value[LINK_KIND] == LINK_NETWORK ||
	    (is_said && (!is_version_1(group) || group->value[LINK_SIZE])))
		return;
	desc_report(group->own, CELL_ERROR, "link-size",
		    document_pointer(pointer, "links", group->own_index, "name"),
		    "nobody says how large the memory of link %s is: add \"size\"", own->end->name);
}

static bool is_broken(const struct link_group *group, size_t index)
{
	return group->value[fixed[index].by] == fixed[index].with &&
	       group->value[fixed[index].attribute] != fixed[index].value;
}

/* What follows from a protocol that cannot be is not told. */
static void check_fixed(struct link_group *group)
{
	char pointer[DOCUMENT_POINTER_SIZE], value[32], with[32];
	bool is_last = false;

	document_pointer(pointer, "links", group->own_index, "name");
	for (size_t i = 0; i < ELEMENTS(fixed) && !is_last; i++) {
		is_last = is_broken(group, i) && fixed[i].attribute == LINK_PROTOCOL;
		if (is_broken(group, i))
			desc_report(group->own, CELL_ERROR, "link-protocol", pointer,
				    "\"%s\" of link %s can only be %s with %s %s",
				    link_attribute_key(fixed[i].attribute),
				    link_group_own(group)->end->name,
				    link_value_text(fixed[i].attribute, fixed[i].value, value),
				    link_attribute_key(fixed[i].by),
				    link_value_text(fixed[i].by, fixed[i].with, with));
	}
}

static void check_network(struct link_group *group)
{
	const char *name = link_group_own(group)->end->name;
	struct cellhv_ethernet_layout layout;
	char pointer[DOCUMENT_POINTER_SIZE];

	if (group->value[LINK_KIND] != LINK_NETWORK)
		return;

	document_pointer(pointer, "links", group->own_index, "name");
	if (strlen(name) > LINK_NETWORK_NAME_MAX)
		desc_report(group->own, CELL_ERROR, "bad-name", pointer,
			    "the name of a network link has up to %d characters: Linux's end is "
			    "interface cell-NAME",
			    LINK_NETWORK_NAME_MAX);
	if (group->value[LINK_PROTOCOL] == LINK_IVSHMEM_2 &&
	    !cellhv_ethernet_lay_out(&layout, group->value[LINK_OUTPUT]))
		desc_report(
			group->own, CELL_ERROR, "link-size", pointer,
			"\"output\" of network link %s is 4K to 1G: frames on their way are there",
			name);
}

void link_group_check(struct link_group *group)
{
	for (unsigned i = 0; i < LINK_SHARED_ATTRIBUTES; i++)
		check_attribute(group, i);
	check_size(group);
	check_fixed(group);
	check_network(group);
	check_ids(group);
}
