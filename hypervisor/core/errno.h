/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error numbers, returned negative: those of Linux, spelled the same so that a host build may
 * include <errno.h> as well.
 */
#ifndef CORE_ERRNO_H
#define CORE_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define EIO 5
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34
#define ENOSYS 38
#define ENODATA 61
#define EILSEQ 84
#define ETIMEDOUT 110

#endif
