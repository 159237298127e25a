/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job of systemd, and its end. */
#ifndef CELLMGRD_JOB_H
#define CELLMGRD_JOB_H

#include <systemd/sd-bus.h>

/* How it went is for the caller to find out: whatever happened, there is no job any more. */
typedef void (*job_fn)(void *userdata);

/* Calls fn once, later: when the job has ended, or systemd did not take it. method: "StartUnit". */
int job_run(sd_bus *bus, const char *method, const char *unit, job_fn fn, void *userdata);

#endif
