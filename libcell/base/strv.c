// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of strings with NULL at the end. */
#include <stdlib.h>

#include "base/export.h"
#include "cell.h"

LIBCELL_PUBLIC char **cell_strv_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}
