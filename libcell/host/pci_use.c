// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/pci_use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (1u << 20)
#define STACK_DEPTH 6 /* of block devices upon each other, such as LVM upon RAID */

struct search {
	const char *root;
	char part[PCI_NAME_SIZE + 2]; /* that a device's path has, "/0000:00:05.0/" */
};

/* Links of sysfs name the whole way to a device, by all that it is below. */
static bool leads_to(const struct search *search, const char *link, char target[PATH_MAX])
{
	char path[PATH_MAX];
	ssize_t n;

	target[0] = '\0';
	if (file_path(path, search->root, "%s", link) < 0)
		return false;

	n = readlink(path, target, PATH_MAX - 1);
	target[n > 0 ? n : 0] = '\0';
	return strstr(target, search->part);
}

static int slaves_are_below(const struct search *search, const char *name, unsigned depth);

/* link: /sys/dev/block/8:1 or /sys/class/block/sda1 */
static int block_is_below(const struct search *search, const char *link, unsigned depth)
{
	char target[PATH_MAX];
	const char *name;

	if (leads_to(search, link, target))
		return 1;

	name = strrchr(target, '/');
	return name && depth < STACK_DEPTH ? slaves_are_below(search, name + 1, depth + 1) : 0;
}

static int slaves_are_below(const struct search *search, const char *name, unsigned depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], link[320];
	struct dirent *entry;
	int r = 0;

	if (file_path(path, search->root, "/sys/class/block/%s/slaves", name) < 0)
		return 0;

	dir = opendir(path);
	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;

	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			snprintf(link, sizeof(link), "/sys/class/block/%s", entry->d_name);
			r = block_is_below(search, link, depth);
		}
	return r;
}

/* A file as it is named in /proc: /dev/sda1 */
static int file_is_below(const struct search *search, const char *file)
{
	const char *name = strrchr(file, '/');
	char link[320];

	if (!name || strncmp(file, "/dev/", 5) != 0)
		return 0;
	snprintf(link, sizeof(link), "/sys/class/block/%.255s", name + 1);
	return block_is_below(search, link, 0);
}

/* proc_pid_mountinfo(5): number, parent, major:minor, root, mount point ... - type, source */
static int mount_is_below(const struct search *search, const char *line, char point[128])
{
	char number[32], link[64], source[256] = "";
	const char *rest = strstr(line, " - ");
	int r;

	if (sscanf(line, "%*s %*s %31s %*s %127s", number, point) != 2)
		return 0;

	snprintf(link, sizeof(link), "/sys/dev/block/%s", number);
	r = block_is_below(search, link, 0);
	/* Btrfs has numbers of no device. */
	if (r == 0 && rest && sscanf(rest, " - %*s %255s", source) == 1)
		r = file_is_below(search, source);
	return r;
}

/* proc_swaps(5): the file first, below a line of titles. */
static int swap_is_below(const struct search *search, const char *line, char point[128])
{
	char file[256];

	strcpy(point, "swap");
	return sscanf(line, "%255s", file) == 1 ? file_is_below(search, file) : 0;
}

/* proc_pid_net(5): the interface first, then where to, in hex. */
static int route_is_below(const struct search *search, const char *line, char interface[128])
{
	char destination[16], link[192], target[PATH_MAX];

	if (sscanf(line, "%31s %15s", interface, destination) != 2 ||
	    strcmp(destination, "00000000") != 0)
		return 0;
	snprintf(link, sizeof(link), "/sys/class/net/%.31s", interface);
	return leads_to(search, link, target);
}

/* The kernel's terminals, with blanks between them, in one line. */
static int console_is_below(const struct search *search, const char *line, char name[128])
{
	char link[192], target[PATH_MAX];
	int length;

	for (; sscanf(line, "%31s%n", name, &length) == 1; line += length) {
		snprintf(link, sizeof(link), "/sys/class/tty/%.31s", name);
		if (leads_to(search, link, target))
			return 1;
	}
	return 0;
}

/* 1: a line of the file is of such a one, *what is of it. */
static int find_line(const struct search *search, const char *file,
		     int (*is_below)(const struct search *search, const char *line, char what[128]),
		     char *ret, size_t size)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX], what[128], *line, *rest;
	size_t unused;
	int r;

	if (*ret || file_path(path, search->root, "%s", file) < 0)
		return 0;

	r = file_load(path, TEXT_MAX, &text, &unused);
	if (r < 0)
		return r == -ENOMEM ? r : 0;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		r = is_below(search, line, what);
		if (r < 0)
			return r;
		if (r > 0) {
			snprintf(ret, size, "%.*s", (int)size - 1, what);
			return 0;
		}
	}
	return 0;
}

int pci_use_read(const char *root, const struct pci_function *function, struct pci_use *ret)
{
	struct search search = {.root = root};
	int r;

	*ret = (struct pci_use){0};
	snprintf(search.part, sizeof(search.part), "/%s/", function->name);
	r = find_line(&search, "/proc/self/mountinfo", mount_is_below, ret->mount,
		      sizeof(ret->mount));
	if (r == 0)
		r = find_line(&search, "/proc/swaps", swap_is_below, ret->mount,
			      sizeof(ret->mount));
	if (r == 0)
		r = find_line(&search, "/proc/net/route", route_is_below, ret->interface,
			      sizeof(ret->interface));
	if (r == 0)
		r = find_line(&search, "/sys/class/tty/console/active", console_is_below,
			      ret->console, sizeof(ret->console));
	return r;
}
