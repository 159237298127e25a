// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GRUB as Debian and its descendants have it: grub-mkconfig reads /etc/default/grub and then, in
 * order, /etc/default/grub.d/[*].cfg, all of them shell scripts. GRUB_CMDLINE_LINUX is for every
 * entry of Linux, those for recovery among them, so that a kernel is the same in both; files such
 * as 50-cloudimg-settings.cfg set GRUB_CMDLINE_LINUX_DEFAULT, and drop what was in it.
 *
 * What the variable holds becomes a line of grub.cfg as it is, where a $ that is none of GRUB's
 * variables is written \$; and within the double quotes of the shell that is \\\$.
 */
#include "host/bootloader_loaders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cell.h"

#define VARIABLE "GRUB_CMDLINE_LINUX"
#define BEGINNING VARIABLE "=\"$" VARIABLE " "
#define DOLLAR "\\\\\\$"
#define FOLDER "/default/grub.d/"

/* Other distributions' programs have other names, and do not read the folder. */
static bool reads_folder(const char *root)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX], part[4096];
	size_t kept = 0, overlap = strlen(FOLDER) - 1;
	uint64_t size;
	ssize_t n;

	if (file_path(path, root, "/usr/sbin/grub-mkconfig") < 0)
		return false;

	fd = file_open(path, &size);
	while (fd >= 0 && (n = read(fd, part + kept, sizeof(part) - kept)) > 0) {
		size_t all = kept + (size_t)n;

		if (memmem(part, all, FOLDER, strlen(FOLDER)))
			return true;
		kept = all < overlap ? all : overlap;
		memmove(part, part + all - kept, kept);
	}
	return false;
}

static bool is_used(const char *root)
{
	return file_exists(root, "/boot/grub/grub.cfg") &&
	       file_exists(root, "/usr/sbin/update-grub") && reads_folder(root);
}

static char *initial_text(const char *root)
{
	(void)root;
	return strdup(
		"# What the kernel of this machine needs for cells. `cellctl host prepare` adds to "
		"the line\n"
		"# below, and leaves all others as they are.\n"
		"#\n"
		"# To undo it, remove this file, run `update-grub`, and reboot.\n");
}

/* Our line, from its first argument on; NULL: there is none. */
static const char *find_arguments(const char *text, size_t *ret_length)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n"), before = strlen(BEGINNING);

		if (length <= before || strncmp(line, BEGINNING, before) != 0 ||
		    line[length - 1] != '"')
			continue;

		*ret_length = length - before - 1;
		return line + before;
	}
	return NULL;
}

static char *unescape(const char *text, size_t length)
{
	char *plain = strndup(text, length), *to = plain;

	for (const char *from = plain; from && *from; to++) {
		if (strncmp(from, DOLLAR, strlen(DOLLAR)) == 0)
			from += strlen(DOLLAR) - 1;
		*to = *from++;
	}
	if (to)
		*to = '\0';
	return plain;
}

static char *arguments(const char *text)
{
	size_t length;
	const char *found = find_arguments(text, &length);

	return found ? unescape(found, length) : strdup("");
}

static char *escape(const char *text)
{
	char *escaped = malloc(strlen(text) * strlen(DOLLAR) + 1), *to = escaped;

	for (; to && *text; text++)
		to = *text == '$' ? stpcpy(to, DOLLAR) : stpncpy(to, text, 1);
	if (to)
		*to = '\0';
	return escaped;
}

static char *add(const char *text, const char *new_arguments)
{
	_cleanup_free_ char *escaped = escape(new_arguments);
	size_t length, size = strlen(text);
	const char *found = find_arguments(text, &length);
	char *result;
	int r;

	if (!escaped)
		return NULL;

	if (found)
		r = asprintf(&result, "%.*s %s%s", (int)(found + length - text), text, escaped,
			     found + length);
	else
		r = asprintf(&result, "%s%s" BEGINNING "%s\"\n", text,
			     size && text[size - 1] != '\n' ? "\n" : "", escaped);
	return r < 0 ? NULL : result;
}

static char **commands(const char *root)
{
	char **list = calloc(2, sizeof(*list));

	(void)root;
	if (list)
		list[0] = strdup("update-grub");
	return list && list[0] ? list : cell_strv_free(list);
}

const struct bootloader bootloader_grub = {
	"grub",	  "/etc/default/grub.d/50-cellmgr.cfg", is_used, initial_text, arguments, add,
	commands,
};
