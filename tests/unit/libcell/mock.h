/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A driver that follows a script: each step is the call that has to come, and what it answers. */
#ifndef TESTS_MOCK_H
#define TESTS_MOCK_H

#include "driver/driver.h"

struct mock_step {
	unsigned long request;
	int result;
	void (*act)(void *argument); /* may be NULL: checks the argument, fills outputs in */
};

extern const struct driver_ops mock_driver;

/* Without steps the device is not there. */
void mock_expect(const struct mock_step *steps, size_t n);

/* How many steps have not been reached. */
size_t mock_left(void);

/* Ready-made acts. */
void mock_info_enabled(void *argument);
void mock_info_disabled(void *argument);

#endif
