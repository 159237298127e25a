/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files of the fake libcell only. */
#ifndef FAKE_LIBCELL_H
#define FAKE_LIBCELL_H

#include "cell.h"

#define FAKE_PATH_SIZE 512
#define FAKE_CPUS_MAX 16

struct cell_context {
	unsigned refs;
	char name[64];
	char sentence[512];
};

struct cell_host {
	unsigned refs;
	cell_context *context;
	char path[FAKE_PATH_SIZE];
	char *error; /* of the one diagnostic, or NULL */
	struct cell_diag diag;
};

struct cell_desc {
	unsigned refs;
	cell_context *context;
	char *name;
	char *path;
	char *description;
	uint64_t memory;
	char *error; /* of the one diagnostic, or NULL */
	char *error_name;
	bool misses_image; /* that only lay beside the file it is from */
	unsigned column;   /* of the diagnostic */
	unsigned cpus[FAKE_CPUS_MAX];
	size_t n_cpus;
	unsigned timeout_ms;
	bool destroy;
	struct cell_diag diag;
};

struct cell_hv {
	unsigned refs;
	cell_context *context;
	int fd;
};

struct cell_link {
	unsigned refs;
	cell_context *context;
	char name[32];
	int bell;
	struct cell_link_info info;
	uint32_t counts[CELL_LINK_N_VECTORS_MAX];
	uint32_t states[FAKE_CPUS_MAX];
};

struct cell_cell {
	unsigned refs;
	cell_hv *hv;
	char name[32];
	unsigned id;
	unsigned cpus[FAKE_CPUS_MAX];
	size_t n_cpus;
};

#define FAKE_REFS(type, release)           \
	void release(type *p);             \
	type *type##_ref(type *p)          \
	{                                  \
		p->refs++;                 \
		return p;                  \
	}                                  \
	type *type##_unref(type *p)        \
	{                                  \
		if (p && --p->refs == 0) { \
			release(p);        \
			free(p);           \
		}                          \
		return NULL;               \
	}

/* buffer: FAKE_PATH_SIZE bytes. */
int fake_path(char *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fake_exists(const char *path);
int fake_read(const char *path, char *buffer, size_t size); /* the first line */
void fake_write(const char *path, const char *text, const char *mode);

/* Sleeps for as many milliseconds as the file says, where it is there. */
void fake_delay(const char *file);

/* Notes the call in `calls` and wakes every hv_fd. */
void fake_changed(const char *format, ...) __attribute__((format(printf, 1, 2)));

void fake_set_error(cell_context *context, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Has the value of error; a macro, so that analyzers see it at each place. */
#define fake_fail(context, error, name, ...) (fake_set_error((context), name, __VA_ARGS__), (error))

int fake_ok(cell_context *context);
int fake_ordered_failure(cell_context *context);

#endif
