// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "check.h"
#include "driver/explain.h"
#include "sysroot.h"

static void check_sentence(const cell_context *context)
{
	const char *sentence = cell_context_last_error(context);

	CHECK(*cell_context_last_error_name(context));
	CHECK(strncmp(sentence, "Cannot do this: ", 16) == 0);
	CHECK(strlen(sentence) > 20 && sentence[strlen(sentence) - 1] == '.');
	CHECK(!strchr(sentence, '%') && !strstr(sentence, "(null)"));
}

/* It knows of no cell, so sentences name it by its number. */
static int call_in_vain(int fd, unsigned long request, void *argument)
{
	(void)fd;
	(void)request;
	(void)argument;
	return -ENOENT;
}

TEST(every_check_has_a_sentence)
{
	static const struct driver_ops driver = {.call = call_in_vain};
	struct sysroot root;

	sysroot_make(&root);
	root.context->driver = &driver;
	for (uint32_t check = 1; check < CELLHV_DRIVER_CHECK_MAX; check++) {
		struct cellhv_error error = {.check = check, .object = 3};

		if (check == CELLHV_CHECK_MAX)
			check = CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION - 1;
		if (check == CELLHV_DRIVER_CHECK_NO_VIRTUALIZATION - 1)
			continue;
		/* An errno that has no sentence of its own: the check's has to be it. */
		explain_failure(root.context, -1, -EXDEV, &error, "do this");
		check_sentence(root.context);
		CHECK(!strstr(cell_context_last_error(root.context), strerror(EXDEV)));
	}
	sysroot_remove(&root);
}

/* The true state, and a name that fits it. */
TEST(states_that_do_not_allow_it_are_named)
{
	static const struct {
		uint32_t state;
		const char *name;
		const char *text;
	} cases[] = {
		{CELLHV_STATE_STOPPED, "CellNotRunning", "the cell is stopped: start it first."},
		{CELLHV_STATE_RUNNING, "CellRunning", "the cell is running: stop it first."},
		{CELLHV_STATE_LOCKED, "CellRunning", "running, and has locked"},
		{CELLHV_STATE_SHUT_DOWN, "CellNotRunning", "the cell is shut down: it answers"},
		{CELLHV_STATE_FAILED, "CellNotRunning", "the cell has failed: it answers"},
		{99, "Failed", "a state that this library does not know"},
	};
	struct sysroot root;

	sysroot_make(&root);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cellhv_error error = {.check = CELLHV_CHECK_CELL_STATE,
					     .object = cases[i].state};

		explain_failure(root.context, -1, -EBUSY, &error, "do this");
		CHECK_STR(cell_context_last_error_name(root.context), cases[i].name);
		CHECK(strstr(cell_context_last_error(root.context), cases[i].text));
	}
	sysroot_remove(&root);
}

TEST(every_errno_has_a_sentence)
{
	struct sysroot root;

	sysroot_make(&root);
	for (int error = 1; error < 130; error++) {
		explain_failure(root.context, -1, -error, NULL, "do this");
		check_sentence(root.context);
	}
	explain_failure(root.context, -1, -E2BIG, NULL, "do this");
	CHECK_STR(cell_context_last_error_name(root.context), "AbiMismatch");
	sysroot_remove(&root);
}

TEST(every_failure_of_a_guest_has_a_reason_and_a_sentence)
{
	for (uint32_t reason = 1; reason <= CELLHV_FAILURE_MAX; reason++) {
		struct cellhv_failure failure = {reason, 255, UINT64_MAX, UINT64_MAX, UINT64_MAX};
		char message[160];

		explain_guest_failure(&failure, message);
		CHECK(*explain_failure_reason(reason));
		CHECK(strncmp(message, "The guest ", 10) == 0);
		CHECK(strlen(message) < sizeof(message) - 1 && message[strlen(message) - 1] == '.');
	}
}

TEST(accesses_are_told_apart)
{
	static const struct {
		struct cellhv_failure failure;
		const char *text;
	} cases[] = {
		{{CELLHV_FAILURE_MEMORY, 1, 0, 0x8000, 1}, "read guest address 0x8000"},
		{{CELLHV_FAILURE_MEMORY, 1, 0, 0x8000, 2}, "wrote guest address 0x8000"},
		{{CELLHV_FAILURE_MEMORY, 1, 0, 0x8000, 4}, "executed guest address 0x8000"},
		{{CELLHV_FAILURE_PORT, 1, 0, 0x70, 1}, "read I/O port 0x70"},
		{{CELLHV_FAILURE_REVISION, 0, 0, 1, 0}, "\"comm-revision\""},
		{{CELLHV_FAILURE_STATE, 0, 0, 0x77, 0}, "to 0x77"},
		{{CELLHV_FAILURE_NONE, 1, 0, 0, 0}, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char message[160];

		explain_guest_failure(&cases[i].failure, message);
		CHECK(strstr(message, cases[i].text));
	}
	CHECK_STR(explain_failure_reason(0), "");
}
