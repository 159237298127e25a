// SPDX-License-Identifier: LGPL-2.1-or-later
/* cell-run: the main process of cell@NAME.service. */
#include <stdio.h>
#include <string.h>

#include "exit-status.h"
#include "log.h"
#include "name.h"
#include "reap.h"
#include "supervisor.h"

int main(int argc, char **argv)
{
	bool is_reap = argc == 3 && strcmp(argv[1], "--reap") == 0;
	const char *name = argv[argc - 1];

	if (argc != 2 && !is_reap) {
		fputs("usage: cell-run NAME\n       cell-run --reap NAME\n", stderr);
		return EXIT_USAGE;
	}
	if (!name_is_valid(name)) {
		log_error("\"%s\" is no cell name: up to 31 letters, digits, '.', '_' and '-', a "
			  "letter or digit first.",
			  name);
		return EXIT_BAD_CONFIG;
	}

	return is_reap ? reap(name) : supervisor_run(name);
}
