// SPDX-License-Identifier: LGPL-2.1-or-later
#include "enable.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "log.h"
#include "marker.h"

static int enable(cell_hv *hv, cell_host *host)
{
	int r, marked = marker_set();

	/* Without /var/lib nothing outlives this boot, and there is nothing to protect. */
	if (marked < 0 && marked != -ENOENT)
		log_warning("Enabling without a boot marker, which cannot be written: %s",
			    strerror(-marked));

	r = cell_hv_enable(hv, host);
	if (marked >= 0)
		marker_remove();
	return r;
}

/* ^C in between would leave the marker of a machine that froze, for the next boot to see. */
int enable_marked(cell_hv *hv, cell_host *host)
{
	struct cell_hv_info info;
	sigset_t fatal, before;
	int r;

	/* What is enabled already cannot freeze the machine, and has not: the call only says so. */
	if (cell_hv_info(hv, &info) >= 0 && info.enabled) {
		marker_remove();
		return cell_hv_enable(hv, host);
	}

	sigemptyset(&fatal);
	sigaddset(&fatal, SIGINT);
	sigaddset(&fatal, SIGTERM);
	sigaddset(&fatal, SIGHUP);
	sigprocmask(SIG_BLOCK, &fatal, &before);
	r = enable(hv, host);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
