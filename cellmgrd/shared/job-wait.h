/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting, without anything else to do, for the end of a job of systemd. */
#ifndef CELLMGRD_JOB_WAIT_H
#define CELLMGRD_JOB_WAIT_H

#include <systemd/sd-bus.h>

struct job_wait {
	sd_bus_slot *match;
	char *path;   /* the job's, set by who asks for it; NULL until systemd has answered */
	char *result; /* systemd's word for how it ended; NULL until then */
};

/* Has systemd tell of the ends of jobs; to be called before one is asked for. 0 or -errno. */
int job_wait_begin(struct job_wait *job, sd_bus *bus);

/* Until the job has a result. 0 or -errno. */
int job_wait_end(struct job_wait *job, sd_bus *bus);

void job_wait_clear(struct job_wait *job);

#endif
