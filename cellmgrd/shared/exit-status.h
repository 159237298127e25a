/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exit statuses of cellctl and cell-run; part of their interface. */
#ifndef CELLMGRD_EXIT_STATUS_H
#define CELLMGRD_EXIT_STATUS_H

enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,
	EXIT_NO_SUCH_CELL = 4,
	EXIT_BAD_CONFIG = 78, /* EX_CONFIG of sysexits.h; RestartPreventExitStatus= names it */
};

#endif
