// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellctl link read, write: sections of a link's memory, for scripts. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "exit-status.h"
#include "link.h"

struct section {
	cell_link *end;
	const char *name; /* "common", "output", or who writes it */
	const char *bytes;
	size_t size;
};

static int find_input(void *userdata, const struct cell_link_entry *link)
{
	struct section *section = userdata;
	const struct cell_link_peer *peer = link_peer(link, section->name);

	if (!peer) {
		ctl_fail("%s is neither \"common\" nor \"output\" nor at the link \"%s\".",
			 section->name, link->name);
		return EXIT_NOT_RUNNING;
	}
	section->bytes = cell_link_input(section->end, peer->id, &section->size);
	return EXIT_OK;
}

static void *find_writable(const struct section *section, size_t *ret_size)
{
	if (strcmp(section->name, "common") == 0)
		return cell_link_common(section->end, ret_size);
	if (strcmp(section->name, "output") == 0)
		return cell_link_output(section->end, ret_size);
	return NULL;
}

static bool is_writable(const char *name)
{
	return strcmp(name, "common") == 0 || strcmp(name, "output") == 0;
}

static int fail_no_section(const char *link, const char *name)
{
	return ctl_fail("The link \"%s\" has no such section: %s is empty.", link, name);
}

static int fail_copy(int error)
{
	/* A page that is gone: the kernel notices it in our stead. */
	return error == EFAULT ? link_fail_ended()
			       : ctl_fail("Cannot copy the bytes: %s.", strerror(error));
}

static int copy_out(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_copy(errno);
		bytes += n;
		size -= (size_t)n;
	}
	return EXIT_OK;
}

int link_read(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_LINK cell_link *end = NULL;
	struct section section = {.name = argv[2]};
	uint64_t offset = 0, length;
	int r;

	if (isatty(STDOUT_FILENO)) {
		ctl_fail("These are bytes and no text: `cellctl link read %s %s | xxd` shows them.",
			 argv[1], argv[2]);
		return EXIT_USAGE;
	}
	r = link_open(ctl, argv[1], &end);
	if (r != EXIT_OK)
		return r;

	section.end = end;
	if (is_writable(section.name))
		section.bytes = find_writable(&section, &section.size);
	else
		r = link_find(ctl, argv[1], find_input, &section);
	if (r != EXIT_OK)
		return r;
	if (!section.bytes)
		return fail_no_section(argv[1], section.name);

	if (argc > 3 && !link_parse(argv[3], section.size, &offset))
		return EXIT_USAGE;
	length = section.size - offset;
	if (argc > 4 && !link_parse(argv[4], length, &length))
		return EXIT_USAGE;
	return copy_out(section.bytes + offset, length);
}

/* Until the end of input, which may not be longer than what is left of the section. */
static int copy_in(char *bytes, size_t size)
{
	for (;;) {
		char more;
		ssize_t n = read(STDIN_FILENO, size > 0 ? bytes : &more, size > 0 ? size : 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_copy(errno);
		if (n == 0)
			return EXIT_OK;
		if (size == 0)
			return ctl_fail("The section is full; the rest was not written.");
		bytes += n;
		size -= (size_t)n;
	}
}

int link_write(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_LINK cell_link *end = NULL;
	struct section section = {.name = argv[2]};
	uint64_t offset = 0;
	char *bytes;
	int r;

	if (!is_writable(section.name)) {
		ctl_fail("Linux writes the sections common and output, not %s.", section.name);
		return EXIT_USAGE;
	}
	r = link_open(ctl, argv[1], &end);
	if (r != EXIT_OK)
		return r;

	section.end = end;
	bytes = find_writable(&section, &section.size);
	if (!bytes)
		return fail_no_section(argv[1], section.name);
	if (argc > 3 && !link_parse(argv[3], section.size, &offset))
		return EXIT_USAGE;
	return copy_in(bytes + offset, section.size - offset);
}
