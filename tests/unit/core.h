/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Management calls on the fake architecture, as unit tests make them, and what becomes of them. */
#ifndef TESTS_CORE_H
#define TESTS_CORE_H

#include "check.h"
#include "fake-arch/fake.h"

/* Calls of CPU 0; all that owns is checked after each. Their error; the whole answer is `answer`.
 */
extern struct cellhv_call answer;
int op(uint32_t operation);
int op_cell(uint32_t operation, uint32_t cell);
int create(const struct wanted *wanted); /* answer.create.id */
int load(uint32_t cell, uint64_t guest, const void *data, uint32_t length);
int scrub_all(uint32_t cell); /* until nothing remains */
int console_read(uint32_t cell, uint64_t *position, char *buffer, uint32_t size);

/* The answer as it is, but for size; without any check afterwards. */
int raw_call(void);

/* Units of IOMMUs, and a machine that has taken its three. */
int take(void);
int leave(void);
void boot_taken(void);
#define FUNCTION 0x0058u /* no physical function of fake-arch: there requesters alone count */

/* Those that must succeed. */
uint32_t make(const struct wanted *wanted);	  /* id */
uint32_t make_clean(const struct wanted *wanted); /* scrubbed, too */
uint32_t run(const struct wanted *wanted);	  /* and started */
void end(uint32_t cell);			  /* stop, scrub, destroy */

enum cellhv_cell_state state_of(uint32_t cell);

/* A cell with one CPU, two pages of RAM and a region of registers; and beside it. */
extern const struct wanted plain, other;

/* Two cells with a link that the root is at as well, and one that it is not. */
extern const struct wanted rich, peer;

/* Error, check and object of the last answer. */
#define EXPECT(call, error_, check_, object_)                  \
	do {                                                   \
		CHECK_EQ(call, error_);                        \
		CHECK_EQ(answer.error, error_);                \
		CHECK_EQ(answer.check, CELLHV_CHECK_##check_); \
		CHECK_EQ(answer.object, object_);              \
	} while (0)

/* All that a call may change, but the pool's choice of pages. */
struct snapshot;
struct snapshot *snapshot_take(void);
void snapshot_expect(const struct snapshot *snapshot); /* that nothing is otherwise */

#endif
