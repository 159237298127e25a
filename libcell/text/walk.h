/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON text read strictly, as RFC 8259 has it, without making anything of it: to say exactly where
 * and why it is none, and where a value stands. json-c makes the objects.
 */
#ifndef LIBCELL_WALK_H
#define LIBCELL_WALK_H

#include <stddef.h>

#define WALK_DEPTH_MAX 16
#define WALK_NAME_MAX 64 /* bytes of a key */
/* Every level is a slash and a name, in which each character may become two. */
#define WALK_POINTER_MAX (WALK_DEPTH_MAX * (2 * WALK_NAME_MAX + 1) + 1)

#define WALK_NOWHERE ((size_t)-1)

struct walk_error {
	size_t offset;
	size_t opened; /* the bracket or quote that this is about, or WALK_NOWHERE */
	const char *message;
};

struct walk {
	const char *text;
	size_t size;
	size_t at;
	unsigned depth;
	char pointer[WALK_POINTER_MAX]; /* of the value that is read; RFC 6901 */
	struct walk_error error;
	/* Called before each value, with the offsets of its key (its own in a list). 1: enough. */
	int (*visit)(struct walk *walk, size_t key, size_t value);
	/* Called behind each number, with the offset of its first character and its length. */
	void (*number)(struct walk *walk, size_t start, size_t length);
	void *userdata;
};

/* 0: all of the text is one value. 1: visit had enough. -EINVAL: see error. */
int walk_text(struct walk *walk);

/* Appends "/" and the name, escaped as RFC 6901 says; cuts what does not fit. */
void walk_pointer_append(char pointer[WALK_POINTER_MAX], const char *name);

#endif
