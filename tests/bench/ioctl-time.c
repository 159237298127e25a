/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linked into a program, this stands before the C library's ioctl() and prints, in nanoseconds of
 * CLOCK_MONOTONIC_RAW, "TIME CALL NS" after each call to the module, CALL being its number, and
 * "TIME whole NS" at the end of the program. The clock is virtual on a machine that counts
 * instructions.
 */
#include <cellhv/driver.h>

#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long begin;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int ioctl(int fd, unsigned long request, ...)
{
	long long start;
	va_list arguments;
	void *argument;
	long result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);

	start = now();
	result = syscall(SYS_ioctl, fd, request, argument);
	start = now() - start;
	if (_IOC_TYPE(request) == 'H')
		printf("TIME %#lx %lld\n", (unsigned long)_IOC_NR(request), start);
	return (int)result;
}

__attribute__((constructor)) static void on_begin(void)
{
	begin = now();
}

__attribute__((destructor)) static void on_end(void)
{
	printf("TIME whole %lld\n", now() - begin);
}
