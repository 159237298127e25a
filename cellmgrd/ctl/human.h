/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Amounts as people read them. */
#ifndef CELLMGRD_HUMAN_H
#define CELLMGRD_HUMAN_H

#include <stdint.h>

#define HUMAN_MAX 48

/* Bytes: "64 KiB", "1.5 GiB". */
const char *human_size(uint64_t bytes, char text[HUMAN_MAX]);

/* Microseconds: "12 s", "5 min 3 s", "2 h 5 min", "3 d 2 h". */
const char *human_duration(uint64_t usec, char text[HUMAN_MAX]);

/* Microseconds since 1970, as this machine's time zone has it: "Sat 2026-11-28 16:12:06 UTC". */
const char *human_time(uint64_t usec, char text[HUMAN_MAX]);

/* Microseconds since then; 0 where the clock has been set back behind it. */
uint64_t human_since(uint64_t usec);

#endif
