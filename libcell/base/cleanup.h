/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope-bound release of what a function owns until it hands it on. */
#ifndef LIBCELL_CLEANUP_H
#define LIBCELL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

#define TAKE_PTR(pointer)                            \
	({                                           \
		__typeof__(pointer) taken = pointer; \
		(pointer) = NULL;                    \
		taken;                               \
	})

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#endif
