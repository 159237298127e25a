// SPDX-License-Identifier: LGPL-2.1-or-later
#include "enable.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "marker.h"

int enable_marked(cell_hv *hv, cell_host *host)
{
	struct cell_hv_info info;
	int marked, r;

	/* What is enabled already cannot freeze the machine: the call only says so. */
	if (cell_hv_info(hv, &info) >= 0 && info.enabled)
		return cell_hv_enable(hv, host);

	marked = marker_set();
	/* Without /var/lib nothing outlives this boot, and there is nothing to protect. */
	if (marked < 0 && marked != -ENOENT)
		log_warning("Enabling without a boot marker, which cannot be written: %s",
			    strerror(-marked));

	r = cell_hv_enable(hv, host);
	if (marked >= 0)
		marker_remove();
	return r;
}
