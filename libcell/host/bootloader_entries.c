// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * systemd-boot's entries and unified kernel images, which kernel-install(8) makes: the command line
 * of both is that of /etc/kernel/cmdline, else that of /usr/lib/kernel/cmdline, else the one of the
 * running kernel. Ends of lines are blanks there.
 *
 * Each kernel is added anew by `kernel-install add`. `kernel-install add-all` is younger than the
 * oldest systemd that is supported, and looks for kernels in /usr/lib/modules only, where Debian
 * has none.
 */
#include "host/bootloader_loaders.h"

#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cell.h"
#include "host/cmdline.h"

#define CMDLINE "/etc/kernel/cmdline"
#define RELEASE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-"

static bool is_used(const char *root)
{
	return file_exists(root, "/usr/bin/kernel-install") &&
	       (file_exists(root, CMDLINE) || file_exists(root, "/boot/loader/entries") ||
		file_exists(root, "/efi/loader/entries") ||
		file_exists(root, "/boot/efi/loader/entries"));
}

/* Words that the boot loader gave the running kernel of itself are not the next one's. */
static bool is_boot_loaders(const char *word)
{
	return strncmp(word, "BOOT_IMAGE=", 11) == 0 || strncmp(word, "initrd=", 7) == 0;
}

static char *running_cmdline(const char *root)
{
	char line[CMDLINE_SIZE], *text = calloc(1, CMDLINE_SIZE + 2), *to = text;
	const char *at = line, *word;
	size_t length;

	if (!text || file_read_line(line, sizeof(line), root, "/proc/cmdline") < 0)
		return text;

	while ((word = cmdline_next(&at, &length), length))
		if (!is_boot_loaders(word)) {
			to += to > text ? strlen(strcpy(to, " ")) : 0;
			to = mempcpy(to, word, length);
		}
	strcpy(to, "\n");
	return text;
}

static char *initial_text(const char *root)
{
	char path[PATH_MAX], *text = NULL;
	size_t size;
	int r;

	r = file_path(path, root, "/usr/lib/kernel/cmdline");
	if (r == 0)
		r = file_load(path, CMDLINE_SIZE, &text, &size);
	return r == 0 || r == -ENOMEM ? text : running_cmdline(root);
}

static bool is_comment(const char *line)
{
	return line[strspn(line, " \t")] == '#';
}

/* What is not one of the lines of comment, which younger versions skip. */
static char *arguments(const char *text)
{
	char *words = malloc(strlen(text) + 1), *to = words;

	for (; words && *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!is_comment(text)) {
			to = mempcpy(to, text, strcspn(text, "\n"));
			*to++ = ' ';
		}
	if (!words)
		return NULL;

	to[to > words ? -1 : 0] = '\0';
	return words;
}

/* Behind the last word there is: a comment at the end stays one. */
static char *add(const char *text, const char *new_arguments)
{
	const char *end = text;
	char *result;
	int r;

	for (const char *line = text; *line; line += *line == '\n') {
		const char *next = line + strcspn(line, "\n");

		if (!is_comment(line))
			for (const char *at = line; at < next; at++)
				if (*at != ' ' && *at != '\t' && *at != '\r')
					end = at + 1;
		line = next;
	}
	if (end > text)
		r = asprintf(&result, "%.*s %s%s", (int)(end - text), text, new_arguments,
			     *end ? end : "\n");
	else
		r = asprintf(&result, "%s%s\n", text, new_arguments);
	return r < 0 ? NULL : result;
}

/* "kernel-install add VERSION IMAGE"; NULL: there is no image of this version. -ENOMEM. */
static int add_command(const char *root, const char *version, char **ret)
{
	char image[PATH_MAX];

	*ret = NULL;
	snprintf(image, sizeof(image), "/usr/lib/modules/%s/vmlinuz", version);
	if (!file_exists(root, "%s", image))
		snprintf(image, sizeof(image), "/boot/vmlinuz-%s", version);
	if (!file_exists(root, "%s", image))
		return 0;
	return asprintf(ret, "kernel-install add %s %s", version, image) < 0 ? -ENOMEM : 0;
}

static int is_release(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '.' && strspn(name, RELEASE_CHARACTERS) == strlen(name);
}

/* For every kernel: which one is booted next is not known. */
static char **commands(const char *root)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX], **list;
	int n = 0, used = 0, r;

	if (file_path(path, root, "/lib/modules") == 0)
		n = scandir(path, &entries, is_release, versionsort);
	if (n < 0 && errno == ENOMEM)
		return NULL;
	if (n < 0)
		n = 0;
	list = calloc((size_t)n + 1, sizeof(*list));
	r = list ? 0 : -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_command(root, entries[i]->d_name, &list[used]);
		used += r == 0 && list[used];
		free(entries[i]);
	}
	free(entries);
	if (r == 0)
		return list;

	if (list)
		list[used] = NULL; /* where asprintf() failed, anything is */
	return cell_strv_free(list);
}

const struct bootloader bootloader_entries = {
	"kernel-install", CMDLINE, is_used, initial_text, arguments, add, commands,
};
