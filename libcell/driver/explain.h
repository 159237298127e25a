/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_EXPLAIN_H
#define LIBCELL_EXPLAIN_H

#include "driver/driver.h"

/* Turns errno, check and object of a failed call into the context's error name and sentence. */
void explain_failure(cell_context *context, int fd, int result, const struct cellhv_error *error,
		     const char *what);

/*
 * "what is wrong: what to do" of a check about a number, for who finds it before the driver does.
 * False: there is no such check.
 */
#define EXPLAIN_SIZE 512
bool explain_number(uint32_t check, uint64_t number, char text[EXPLAIN_SIZE]);

/* The same of why IOMMUs are not used; "" where nothing is said. */
void explain_iommu(const struct cellhv_error *error, char text[EXPLAIN_SIZE]);

/* The stable name of a failure reason, and one sentence about it. */
const char *explain_failure_reason(uint32_t reason);
void explain_guest_failure(const struct cellhv_failure *failure, char message[160]);

/* One of enum cellhv_cpu_mode: what is wrong, and what to do. */
void explain_cpu_mode(uint64_t mode, const char **what, const char **remedy);

/* The same of the object of CELLHV_DRIVER_CHECK_NO_ROOM. */
#define EXPLAIN_ROOM_SIZE 160
void explain_no_room(uint64_t object, char what[EXPLAIN_ROOM_SIZE], char remedy[EXPLAIN_ROOM_SIZE]);

#endif
