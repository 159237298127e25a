// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/preparation.h"

#include <stdlib.h>

void preparation_free(struct preparation *preparation)
{
	if (!preparation)
		return;

	cell_strv_free(preparation->commands);
	free(preparation->content);
	free(preparation->arguments);
	free(preparation);
}
