/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one check of the preflight has found. */
#ifndef LIBCELL_FINDING_H
#define LIBCELL_FINDING_H

#include "host/host.h"
#include "text/document.h"

struct finding {
	enum cell_check_result result;
	char message[DOCUMENT_ERROR_SIZE];
	char remedy[384];
	char argument[CMDLINE_RESERVE_SIZE]; /* for the kernel, that is the remedy; "": none is */
	bool out_of_memory;		     /* nothing is found */
};

void finding_set(struct finding *finding, enum cell_check_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_remedy(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Those of preflight.c's table that have files of their own. */
void preflight_check_cpus(const cell_host *host, struct finding *finding);

#endif
