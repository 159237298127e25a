// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellctl link: Linux's end of a link from a shell. */
#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-status.h"

#define CLASS_ETHERNET 1 /* of links, between two peers */

#define ENDED "The link has ended with its last cell."

int link_fail_ended(void)
{
	ctl_fail("%s", ENDED);
	return EXIT_NOT_RUNNING;
}

/* Who looks at a link that ends just then gets a sentence. */
static void on_bus_error(int number)
{
	static const char sentence[] = "cellctl: " ENDED "\n";
	ssize_t n = write(STDERR_FILENO, sentence, sizeof(sentence) - 1);

	(void)number, (void)n;
	_exit(EXIT_NOT_RUNNING);
}

bool link_parse(const char *text, uint64_t most, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end || *text == '-' || errno || value > most) {
		ctl_fail("%s is no number from 0 to %" PRIu64 ".", text, most);
		return false;
	}
	*ret = value;
	return true;
}

const struct cell_link_peer *link_peer(const struct cell_link_entry *link, const char *name)
{
	for (size_t i = 0; i < link->n_peers; i++)
		if (strcmp(link->peers[i].name, name) == 0)
			return link->peers[i].exists ? &link->peers[i] : NULL;
	for (size_t i = 0; i < link->n_peers; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", link->peers[i].id);
		if (link->peers[i].exists && strcmp(id, name) == 0)
			return &link->peers[i];
	}
	return NULL;
}

/* One that is no device but an interface. */
static bool is_network(const struct cell_link_entry *link)
{
	return link->protocol == 2 && link->class_protocol == CLASS_ETHERNET &&
	       link->max_peers == 2;
}

/* Why Linux has no end of a link that somebody names. */
static int explain_absence(void *userdata, const struct cell_link_entry *link)
{
	const struct cell_link_peer *root = link->n_peers > 0 ? &link->peers[0] : NULL;

	(void)userdata;
	if (!root || strcmp(root->name, "root") != 0) {
		ctl_fail("Linux is no peer of the link \"%s\": add it to \"links\" in "
			 "/etc/cellmgr/host.json, { \"links\": [ \"%s\" ] }, and start its cells "
			 "anew.",
			 link->name, link->name);
		return EXIT_NO_SUCH_CELL;
	}
	if (link->exists && !root->exists)
		ctl_fail("The link \"%s\" was made before /etc/cellmgr/host.json listed it: stop "
			 "all cells that are its peers, then start them.",
			 link->name);
	else if (link->exists && is_network(link))
		ctl_fail("The link \"%s\" is a network: Linux's end is the interface cell-%s.",
			 link->name, link->name);
	else if (link->exists)
		ctl_fail("The link \"%s\" is just coming or going; try again.", link->name);
	else if (link->n_peers > 1)
		ctl_fail("The link \"%s\" is not there, as no cell that has it is; `cellctl start "
			 "%s` starts one.",
			 link->name, link->peers[1].name);
	else
		ctl_fail("The link \"%s\" is not there: no description of a cell has it under "
			 "\"links\".",
			 link->name);
	return EXIT_NOT_RUNNING;
}

int link_open(struct ctl *ctl, const char *name, cell_link **ret)
{
	int r = ctl_require_local(ctl, "link");

	if (r != EXIT_OK)
		return r;
	r = cell_link_open(ctl->context, name, ret);
	if (r == -ENOENT)
		return link_find(ctl, name, explain_absence, NULL);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}

static void print_counts(const struct ctl *ctl, const cell_link *link, const uint32_t *counts)
{
	static const struct table_column columns[] = {
		{"Vector", "vector", true, false},
		{"Count", "count", true, false},
	};
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	struct cell_link_info info;

	cell_link_info(link, &info);
	for (unsigned i = 0; i < info.n_vectors; i++) {
		table_add(&table, "%u", i);
		table_add(&table, "%" PRIu32, counts[i]);
	}
	table_print(&table, ctl->format, ctl->legend, ctl->full);
	table_release(&table);
}

static int wait_and_print(struct ctl *ctl, cell_link *link)
{
	uint32_t counts[CELL_LINK_N_VECTORS_MAX];
	double ms = ctl->timeout * 1000;
	int r = cell_link_wait(link, ctl->timeout > 0 ? (int)(ms < INT32_MAX ? ms : INT32_MAX) : -1,
			       counts);

	if (r == -ENOTCONN)
		return link_fail_ended();
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	print_counts(ctl, link, counts);
	return EXIT_OK;
}

static int wait_for_doorbell(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_LINK cell_link *link = NULL;
	int r = link_open(ctl, argv[1], &link);

	(void)argc;
	return r == EXIT_OK ? wait_and_print(ctl, link) : r;
}

struct choice {
	const char *peer; /* NULL: the only one besides Linux */
	unsigned id;
};

static int choose_only(const struct cell_link_entry *link, struct choice *choice)
{
	size_t n = 0;

	for (size_t i = 0; i < link->n_peers; i++) {
		if (!link->peers[i].exists || strcmp(link->peers[i].name, "root") == 0)
			continue;
		choice->id = link->peers[i].id;
		n++;
	}
	if (n == 1)
		return EXIT_OK;
	if (n == 0)
		return link_fail_ended();

	ctl_fail(
		"%zu cells are at the link \"%s\": say which; `cellctl link status %s` names them.",
		n, link->name, link->name);
	return EXIT_USAGE;
}

static int choose_peer(void *userdata, const struct cell_link_entry *link)
{
	struct choice *choice = userdata;
	const struct cell_link_peer *peer;

	if (!choice->peer)
		return choose_only(link, choice);

	peer = link_peer(link, choice->peer);
	if (!peer) {
		ctl_fail("%s is not at the link \"%s\"; `cellctl link status %s` says who is.",
			 choice->peer, link->name, link->name);
		return EXIT_NOT_RUNNING;
	}
	if (strcmp(peer->name, "root") == 0) {
		ctl_fail("%s is Linux itself, which cannot ring itself.", choice->peer);
		return EXIT_USAGE;
	}
	choice->id = peer->id;
	return EXIT_OK;
}

/* Of several vectors the first tells of states. */
static int ring(struct ctl *ctl, int argc, char **argv)
{
	struct choice choice = {.peer = argc > 2 ? argv[2] : NULL};
	CLEANUP_LINK cell_link *link = NULL;
	struct cell_link_info info;
	uint64_t vector;
	int r = link_open(ctl, argv[1], &link);

	if (r == EXIT_OK)
		r = link_find(ctl, argv[1], choose_peer, &choice);
	if (r != EXIT_OK)
		return r;

	cell_link_info(link, &info);
	vector = info.n_vectors > 1 ? 1 : 0;
	if (argc > 3 && !link_parse(argv[3], info.n_vectors - 1, &vector))
		return EXIT_USAGE;

	cell_link_ring(link, choice.id, (unsigned)vector);
	return ctl->wait ? wait_and_print(ctl, link) : EXIT_OK;
}

static int set_state(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_LINK cell_link *link = NULL;
	struct cell_link_info info;
	uint64_t state;
	int r;

	(void)argc;
	if (!link_parse(argv[2], UINT32_MAX, &state))
		return EXIT_USAGE;
	r = link_open(ctl, argv[1], &link);
	if (r != EXIT_OK)
		return r;

	cell_link_info(link, &info);
	if (info.protocol != 2)
		return ctl_fail("The link \"%s\" is of protocol ivshmem-%u, which has no states.",
				argv[1], info.protocol);

	cell_link_set_state(link, (uint32_t)state);
	return EXIT_OK;
}

int ctl_link(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int min_args, max_args;
		int (*run)(struct ctl *ctl, int argc, char **argv);
		const char *arguments;
	} actions[] = {
		{"list", 0, 0, link_list, ""},
		{"status", 1, 1, link_status, " NAME"},
		{"ring", 1, 3, ring, " NAME [PEER [VECTOR]]"},
		{"wait", 1, 1, wait_for_doorbell, " NAME"},
		{"set-state", 2, 2, set_state, " NAME STATE"},
		{"read", 2, 4, link_read, " NAME SECTION [OFFSET [LENGTH]]"},
		{"write", 2, 3, link_write, " NAME SECTION [OFFSET]"},
	};
	const char *action = argc > 1 ? argv[1] : "list";

	signal(SIGBUS, on_bus_error);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		int n = argc - 2;

		if (strcmp(actions[i].name, action) != 0)
			continue;
		if (argc == 1)
			return link_list(ctl, argc, argv);
		if (n >= actions[i].min_args && n <= actions[i].max_args)
			return actions[i].run(ctl, argc - 1, argv + 1);
		ctl_fail("It is: cellctl link %s%s", action, actions[i].arguments);
		return EXIT_USAGE;
	}
	ctl_fail("link takes list, status, ring, wait, set-state, read or write, not \"%s\".",
		 action);
	return EXIT_USAGE;
}
