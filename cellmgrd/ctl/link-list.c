// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellctl link list, status: all links that anybody names, and one of them. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "exit-status.h"
#include "link.h"
#include "term.h"

static int each(struct ctl *ctl, cell_link_fn fn, void *userdata)
{
	CLEANUP_HOST cell_host *host = NULL;
	int r = ctl_require_local(ctl, "link");

	if (r != EXIT_OK)
		return r;
	r = cell_host_new(ctl->context, NULL, &host);
	if (r >= 0)
		r = cell_link_list(host, fn, userdata);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}

struct search {
	const char *name;
	int (*fn)(void *userdata, const struct cell_link_entry *link);
	void *userdata;
	int status;
};

static int compare_name(void *userdata, const struct cell_link_entry *link)
{
	struct search *search = userdata;

	if (strcmp(link->name, search->name) != 0)
		return 0;
	search->status = search->fn(search->userdata, link);
	return 1;
}

int link_find(struct ctl *ctl, const char *name,
	      int (*fn)(void *userdata, const struct cell_link_entry *link), void *userdata)
{
	struct search search = {name, fn, userdata, -1};
	int r = each(ctl, compare_name, &search);

	if (r != EXIT_OK || search.status >= 0)
		return r != EXIT_OK ? r : search.status;

	ctl_fail("There is no link \"%s\": neither a description in /etc/cells, /run/cells or "
		 "/usr/lib/cells nor /etc/cellmgr/host.json has it under \"links\".",
		 name);
	return EXIT_NO_SUCH_CELL;
}

/* Linux's end, to look into the state table; NULL where there is none to look into. */
static cell_link *open_states(struct ctl *ctl, const struct cell_link_entry *link)
{
	cell_link *end = NULL;

	for (size_t i = 0; i < link->n_peers; i++)
		if (strcmp(link->peers[i].name, "root") == 0 && link->peers[i].exists &&
		    link->protocol == 2)
			cell_link_open(ctl->context, link->name, &end);
	return end;
}

static const char *format_size(char text[32], uint64_t size)
{
	static const char units[] = "\0KMGT";
	size_t unit = 0;

	for (; size && size % 1024 == 0 && units[unit + 1]; size /= 1024)
		unit++;
	snprintf(text, 32, "%" PRIu64 "%.1s", size, &units[unit]);
	return size ? text : "-";
}

static const char *state_of(const struct cell_link_entry *link)
{
	return link->exists ? "exists" : "defined";
}

static char *format_peers(const struct cell_link_entry *link, const cell_link *end)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < link->n_peers; i++) {
		const struct cell_link_peer *peer = &link->peers[i];

		fprintf(f, "%s%s%u %s", i > 0 ? ", " : "", peer->exists ? "" : "(", peer->id,
			peer->name);
		if (end && peer->exists)
			fprintf(f, "=%" PRIu32, cell_link_state(end, peer->id));
		if (!peer->exists)
			fputc(')', f);
	}
	fclose(f);
	return text;
}

static json_object *peer_to_json(const struct cell_link_peer *peer, const cell_link *end)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(peer->name));
	json_object_object_add(object, "id", json_object_new_int((int)peer->id));
	json_object_object_add(object, "described", json_object_new_boolean(peer->is_described));
	json_object_object_add(object, "exists", json_object_new_boolean(peer->exists));
	if (end && peer->exists)
		json_object_object_add(object, "state",
				       json_object_new_int64(cell_link_state(end, peer->id)));
	return object;
}

static json_object *to_json(const struct cell_link_entry *link, const cell_link *end)
{
	json_object *object = json_object_new_object(), *peers = json_object_new_array();
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"protocol", link->protocol},	   {"commonSize", link->common_size},
		{"outputSize", link->output_size}, {"maxPeers", link->max_peers},
		{"vectors", link->n_vectors},	   {"class", link->class_protocol},
	};

	json_object_object_add(object, "name", json_object_new_string(link->name));
	json_object_object_add(object, "state", json_object_new_string(state_of(link)));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_object_object_add(object, numbers[i].key,
				       json_object_new_uint64(numbers[i].value));
	for (size_t i = 0; i < link->n_peers; i++)
		json_object_array_add(peers, peer_to_json(&link->peers[i], end));
	json_object_object_add(object, "peers", peers);
	return object;
}

struct list {
	struct ctl *ctl;
	struct table table;
	json_object *array;
};

static int add_link(void *userdata, const struct cell_link_entry *link)
{
	struct list *list = userdata;
	cell_link *end = open_states(list->ctl, link);
	CLEANUP_FREE char *peers = format_peers(link, end);
	char common[32], output[32];

	json_object_array_add(list->array, to_json(link, end));
	table_add(&list->table, "%s", link->name);
	table_add(&list->table, "ivshmem-%u%s", link->protocol, link->variant ? ".1" : "");
	table_add(&list->table, "%s", format_size(common, link->common_size));
	table_add(&list->table, "%s", format_size(output, link->output_size));
	table_add(&list->table, "%s", state_of(link));
	table_add(&list->table, "%s", peers ? peers : "?");
	cell_link_unref(end);
	return 0;
}

int link_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{"Name", "name", false, false},	   {"Protocol", "protocol", false, false},
		{"Common", "common", true, false}, {"Output", "output", true, false},
		{"State", "state", false, true},   {"Peers", "peers", false, false},
	};
	CLEANUP_JSON json_object *array = json_object_new_array();
	struct list list = {ctl, {.columns = columns, .n_columns = ARRAY_SIZE(columns)}, array};
	int r = each(ctl, add_link, &list);

	(void)argc, (void)argv;
	if (r == EXIT_OK && ctl->format != TABLE_TEXT)
		puts(json_object_to_json_string_ext(array, ctl_json_flags(ctl)));
	else if (r == EXIT_OK)
		table_print(&list.table, ctl->format, ctl->legend, ctl->full);
	table_release(&list.table);
	return r;
}

static void print_text(const struct cell_link_entry *link, const cell_link *end)
{
	char common[32], output[32];

	printf("%s\n", link->name);
	printf("    State: %s%s%s\n", term_state_color(state_of(link)), state_of(link),
	       term_normal());
	printf(" Protocol: ivshmem-%u, class 0x%04x\n", link->protocol, link->class_protocol);
	printf("   Common: %s\n", format_size(common, link->common_size));
	printf("   Output: %s%s\n", format_size(output, link->output_size),
	       link->output_size ? " of each peer" : "");
	printf("  Vectors: %u\n", link->n_vectors);
	for (size_t i = 0; i < link->n_peers; i++) {
		const struct cell_link_peer *peer = &link->peers[i];

		printf("%9s%c %u %s, %s", i == 0 ? "Peers" : "", i == 0 ? ':' : ' ', peer->id,
		       peer->name, peer->exists ? "there" : "not there");
		if (end && peer->exists)
			printf(", state %" PRIu32, cell_link_state(end, peer->id));
		puts(peer->is_described ? "" : ", no longer described");
	}
	printf("           of %u at most\n", link->max_peers);
}

static int print_one(void *userdata, const struct cell_link_entry *link)
{
	struct ctl *ctl = userdata;
	cell_link *end = open_states(ctl, link);

	if (ctl->format == TABLE_TEXT) {
		print_text(link, end);
	} else {
		CLEANUP_JSON json_object *object = to_json(link, end);

		puts(json_object_to_json_string_ext(object, ctl_json_flags(ctl)));
	}
	cell_link_unref(end);
	return link->exists ? EXIT_OK : EXIT_NOT_RUNNING;
}

int link_status(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return link_find(ctl, argv[1], print_one, ctl);
}
