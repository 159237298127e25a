/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To be preloaded: while one kind of ioctl() is under way, the n-th allocation of the kernel fails
 * (failing.c). FAIL_IOCTL: its name; FAIL_N: n; the outcome goes to the file FAIL_RESULT. With
 * FAIL_NO_LOCK set flock() always succeeds, so that what libcell keeps apart meets in the kernel.
 */
#include <cellhv/driver.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned long request;
} names[] = {
	{"INFO", CELLHV_IOC_INFO},
	{"ENABLE", CELLHV_IOC_ENABLE},
	{"DISABLE", CELLHV_IOC_DISABLE},
	{"CELL_CREATE", CELLHV_IOC_CELL_CREATE},
	{"CELL_LOAD", CELLHV_IOC_CELL_LOAD},
	{"CELL_START", CELLHV_IOC_CELL_START},
	{"CELL_STOP", CELLHV_IOC_CELL_STOP},
	{"CELL_DESTROY", CELLHV_IOC_CELL_DESTROY},
	{"CELL_MESSAGE", CELLHV_IOC_CELL_MESSAGE},
	{"CELL_INFO", CELLHV_IOC_CELL_INFO},
	{"CELL_CONFIG", CELLHV_IOC_CELL_CONFIG},
	{"CPU_STATS", CELLHV_IOC_CPU_STATS},
	{"CONSOLE_OPEN", CELLHV_IOC_CONSOLE_OPEN},
	{"LINK_INFO", CELLHV_IOC_LINK_INFO},
};

static int is_wanted(unsigned long request)
{
	const char *wanted = getenv("FAIL_IOCTL");

	for (size_t i = 0; wanted && i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			return strcmp(names[i].name, wanted) == 0;
	return 0;
}

static int failing_ioctl(int fd, unsigned long request, void *argument, char outcome[32])
{
	int control = open("/dev/failing", O_RDWR | O_CLOEXEC), saved, result;
	const char *n = getenv("FAIL_N");
	ssize_t length;

	if (control < 0 || !n || write(control, n, strlen(n)) < 0)
		abort();
	result = (int)syscall(SYS_ioctl, fd, request, argument);
	saved = errno;
	length = read(control, outcome, 31);
	outcome[length > 0 ? length : 0] = '\0';
	close(control);
	errno = saved;
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	char outcome[32];
	void *argument;
	va_list args;
	FILE *log;
	int result, saved;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!is_wanted(request))
		return (int)syscall(SYS_ioctl, fd, request, argument);

	result = failing_ioctl(fd, request, argument, outcome);
	saved = errno;
	log = fopen(getenv("FAIL_RESULT"), "a");
	if (!log)
		abort();
	fprintf(log, "%d %s", result < 0 ? -saved : 0, outcome);
	fclose(log);
	errno = saved;
	return result;
}

int flock(int fd, int operation)
{
	return getenv("FAIL_NO_LOCK") ? 0 : (int)syscall(SYS_flock, fd, operation);
}
