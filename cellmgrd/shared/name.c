// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define PREFIX "cell@"
#define SUFFIX ".service"
#define LENGTH_MAX 31

bool name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= LENGTH_MAX && strchr(ALNUM, name[0]) &&
	       strspn(name, ALNUM "._-") == length;
}

char *name_to_unit(const char *name)
{
	char *unit;

	return asprintf(&unit, PREFIX "%s" SUFFIX, name) < 0 ? NULL : unit;
}

char *name_from_unit(const char *unit)
{
	size_t length = strlen(unit);
	char *name;

	if (length <= strlen(PREFIX SUFFIX) || strncmp(unit, PREFIX, strlen(PREFIX)) != 0 ||
	    strcmp(unit + length - strlen(SUFFIX), SUFFIX) != 0)
		return NULL;

	name = strndup(unit + strlen(PREFIX), length - strlen(PREFIX SUFFIX));
	if (name && !name_is_valid(name)) {
		free(name);
		return NULL;
	}

	return name;
}
