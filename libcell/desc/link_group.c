// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/link_group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "text/json.h"

static const struct {
	const char *key;
	uint64_t fallback[LINK_PROTOCOLS]; /* by protocol */
} attributes[LINK_ATTRIBUTES] = {
	[LINK_SIZE] = {"size", {0}},
	[LINK_OUTPUT] = {"output", {0}},
	[LINK_PROTOCOL] = {"protocol", {LINK_IVSHMEM_2}},
	[LINK_VECTORS] = {"vectors", {0, 1, 2, 1}},
	[LINK_CLASS] = {"class", {0}},
	[LINK_PEERS] = {"peers", {0}},
	[LINK_ID] = {"id", {0}},
	[LINK_FUNCTION] = {"function", {0}},
	[LINK_AT] = {"at", {0}},
	[LINK_PHYS] = {"phys", {0}},
};

const char *link_attribute_key(enum link_attribute attribute)
{
	return attributes[attribute].key;
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

static uint64_t fallback(const struct link_group *group, enum link_attribute attribute)
{
	return attributes[attribute].fallback[group->value[LINK_PROTOCOL]];
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
	static const enum link_attribute order[] = {LINK_PROTOCOL, LINK_SIZE,  LINK_OUTPUT,
						    LINK_VECTORS,  LINK_CLASS, LINK_PEERS};

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

/* What version 1 leaves no choice of: it is a memory, two peers, and one interrupt each. */
static const struct {
	enum link_attribute attribute;
	uint64_t value;
	bool with_states; /* in this variant, too */
} fixed[] = {{LINK_OUTPUT, 0, true},
	     {LINK_VECTORS, 1, true},
	     {LINK_CLASS, 0, false},
	     {LINK_PEERS, 2, true}};

static bool is_fixed(uint64_t protocol, size_t index)
{
	return protocol == LINK_IVSHMEM_1 ||
	       (protocol == LINK_IVSHMEM_1_1 && fixed[index].with_states);
}

/* One gives a protocol that has no place for what the other gives. */
static bool protocol_forbids(const struct link_end *end, const struct link_end *other)
{
	for (size_t i = 0; i < ELEMENTS(fixed) && link_gives(end, LINK_PROTOCOL); i++)
		if (is_fixed(end->value[LINK_PROTOCOL], i) &&
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
	return protocol_forbids(end, other) || protocol_forbids(other, end);
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
	places = is_version_1(group) ? 2 : group->value[LINK_PEERS] ?: CELLHV_LINK_PEERS;
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
		group->value[LINK_PEERS] = is_version_1(group) ? 2 : highest + 1;
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

static void check_protocol(struct link_group *group)
{
	const struct link_member *own = link_group_own(group);
	char pointer[DOCUMENT_POINTER_SIZE];

	if ((!giver(group, LINK_SIZE) &&
	     !desc_is_bad(group->own, "links", group->own_index, "size")) ||
	    (is_version_1(group) && !group->value[LINK_SIZE]))
		desc_report(group->own, CELL_ERROR, "link-size",
			    document_pointer(pointer, "links", group->own_index, "name"),
			    "nobody says how large the memory of link %s is: add \"size\"",
			    own->end->name);
	for (size_t i = 0; i < ELEMENTS(fixed); i++)
		if (is_fixed(group->value[LINK_PROTOCOL], i) &&
		    group->value[fixed[i].attribute] != fixed[i].value)
			desc_report(
				group->own, CELL_ERROR, "link-protocol",
				document_pointer(pointer, "links", group->own_index, "name"),
				"\"%s\" of link %s can only be %" PRIu64 " with protocol \"%s\"",
				link_attribute_key(fixed[i].attribute), own->end->name,
				fixed[i].value, link_protocols[group->value[LINK_PROTOCOL]].name);
}

void link_group_check(struct link_group *group)
{
	for (unsigned i = 0; i < LINK_SHARED_ATTRIBUTES; i++)
		check_attribute(group, i);
	check_protocol(group);
	check_ids(group);
}
