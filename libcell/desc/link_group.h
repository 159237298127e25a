/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All descriptions that name one link: its members, and what they say together. */
#ifndef LIBCELL_LINK_GROUP_H
#define LIBCELL_LINK_GROUP_H

#include "desc/desc_set.h"
#include "desc/link.h"
#include "host/settings.h"

#define LINK_MEMBERS_MAX (CELLHV_LINK_PEERS + 1) /* one more is seen, and refused */

struct link_member {
	const char *name; /* of the cell; NULL: Linux */
	cell_desc *desc;  /* NULL: Linux, described by host.json */
	size_t index;	  /* of the link there */
	const struct link_end *end;
	uint64_t id;
};

/* Linux first, then cells by name. */
struct link_group {
	cell_desc *own; /* gets the diagnostics; NULL: nobody does */
	size_t own_index;
	size_t own_at; /* in members */
	size_t n;
	struct link_member members[LINK_MEMBERS_MAX];
	uint64_t value[LINK_SHARED_ATTRIBUTES]; /* given by somebody, or the default */
};

/*
 * group: with `own` and `own_index`, or without. All who name the link, out of the set, which has
 * to last as long as the group does; with `own`, without shipped descriptions that do not fit.
 */
void link_group_collect(struct link_group *group, const char *name, const struct desc_set *set,
			const struct settings *settings);

/* Reports what does not fit together, to who is at hand. */
void link_group_check(struct link_group *group);

const struct link_member *link_group_own(const struct link_group *group);
const struct link_member *link_group_root(const struct link_group *group); /* NULL: no peer */

/* The key of an attribute in a description, and a value as it is there. */
const char *link_attribute_key(enum link_attribute attribute);
const char *link_value_text(enum link_attribute attribute, uint64_t value, char text[32]);

#endif
