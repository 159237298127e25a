// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/interrupts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (4u << 20)

/* Behind `n` words; NULL: there are not so many. */
static const char *skip_words(const char *line, unsigned n)
{
	while (n > 0) {
		line += strspn(line, " ");
		if (!*line)
			return NULL;
		line += strcspn(line, " ");
		n--;
	}
	return line + strspn(line, " ");
}

static unsigned count_words(const char *line)
{
	unsigned n = 0;

	for (const char *at = skip_words(line, 1); at; at = skip_words(at, 1))
		n++;
	return n;
}

/* " 4:  count for each CPU  IR-IO-APIC  4-edge  ttyS0, other" */
static bool read_line(const char *line, uint32_t number, unsigned n_cpus,
		      char ret[INTERRUPTS_HANDLERS])
{
	const char *handlers;
	uint32_t found;
	int length = 0;

	if (sscanf(line, " %u:%n", &found, &length) != 1 || !length || found != number)
		return false;

	handlers = skip_words(line + length, n_cpus + 2);
	if (!handlers || !*handlers)
		return false;

	snprintf(ret, INTERRUPTS_HANDLERS, "%.*s", INTERRUPTS_HANDLERS - 1, handlers);
	return true;
}

/* *ret: NULL where there is none. -ENOMEM */
static int load(const char *root, char **ret)
{
	char path[PATH_MAX];
	size_t size;
	int r;

	*ret = NULL;
	if (file_path(path, root, "/proc/interrupts") < 0)
		return 0;

	r = file_load(path, TEXT_MAX, ret, &size);
	return r == -ENOMEM ? r : 0;
}

/* Chips whose interrupts go by an IOMMU have names that begin so: "IR-IO-APIC", "IR-PCI-MSI". */
int interrupts_are_remapped(const char *root)
{
	_cleanup_free_ char *text = NULL;
	int r = load(root, &text);

	return r < 0 ? r : text && strstr(text, " IR-");
}

/* proc_interrupts(5): the first line names the CPUs. */
int interrupts_find(const char *root, uint32_t number, char ret[INTERRUPTS_HANDLERS])
{
	_cleanup_free_ char *text = NULL;
	char *line, *rest;
	unsigned n_cpus;
	int r = load(root, &text);

	if (r < 0 || !text)
		return r;

	line = strtok_r(text, "\n", &rest);
	n_cpus = line ? count_words(line) : 0;
	while ((line = strtok_r(NULL, "\n", &rest)))
		if (read_line(line, number, n_cpus, ret))
			return 1;
	return 0;
}
