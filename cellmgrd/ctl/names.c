// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "names.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "exit-status.h"
#include "view.h"

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?[");
}

static int add(char ***names, int *n, const char *name)
{
	char **more = reallocarray(*names, (size_t)*n + 2, sizeof(*more));

	if (!more)
		return ctl_fail("Out of memory.");
	*names = more;
	more[*n] = strdup(name);
	more[++*n] = NULL;
	return more[*n - 1] ? EXIT_OK : ctl_fail("Out of memory.");
}

static int add_matching(const struct view *view, const char *pattern, char ***names, int *n)
{
	int before = *n, r = EXIT_OK;

	for (size_t i = 0; r == EXIT_OK && i < view->cells.n; i++)
		if (fnmatch(pattern, view->cells.items[i].name, 0) == 0)
			r = add(names, n, view->cells.items[i].name);
	if (r != EXIT_OK || *n > before)
		return r;

	ctl_fail("No cell is called as \"%s\" says.", pattern);
	return EXIT_NO_SUCH_CELL;
}

int names_expand(struct ctl *ctl, int argc, char **argv, char ***ret, int *ret_n)
{
	CLEANUP_STRV char **names = NULL;
	struct view view = {0};
	bool is_read = false;
	int n = 0, r = add(&names, &n, argv[0]);

	for (int i = 1; r == EXIT_OK && i < argc; i++) {
		if (is_pattern(argv[i]) && !is_read)
			r = view_read(ctl, &view);
		is_read |= is_pattern(argv[i]);
		if (r == EXIT_OK)
			r = is_pattern(argv[i]) ? add_matching(&view, argv[i], &names, &n)
						: add(&names, &n, argv[i]);
	}

	view_release(&view);
	if (r == EXIT_OK) {
		*ret = TAKE_PTR(names);
		*ret_n = n;
	}
	return r;
}

int names_each(struct ctl *ctl, ctl_verb_fn fn, int argc, char **argv)
{
	CLEANUP_STRV char **names = NULL;
	int n, first = EXIT_OK;
	int r = names_expand(ctl, argc, argv, &names, &n);

	if (r != EXIT_OK)
		return r;
	ctl->n_names = n - 1;
	/* What is wrong with the command is wrong for all. */
	for (int i = 1; i < n && first != EXIT_USAGE; i++) {
		r = fn(ctl, 2, (char *[]){names[0], names[i], NULL});
		if (first == EXIT_OK)
			first = r;
	}

	return first;
}

void names_section(struct ctl *ctl, const char *title)
{
	if (ctl->n_sections++ > 0)
		putchar('\n');
	if (title && ctl->n_names > 1)
		printf("==> %s <==\n", title);
}
