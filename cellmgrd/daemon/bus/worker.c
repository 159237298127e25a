// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "cleanup.h"
#include "job.h"
#include "log.h"
#include "service.h"
#include "systemd-call.h"

#define WORKERS_MAX 32
#define RESULT_MAX (4u << 20)

struct worker {
	struct service *service;
	sd_bus_message *call;
	struct worker_task task;
	int result_fd; /* a memfd that the child writes and the daemon reads when it has ended */
};

/*
 * What the child leaves: on failure the error's name, a NUL, its sentence and a NUL; on success
 * what the task wrote. The exit status is the positive errno.
 */
int worker_fail(FILE *result, int error, const char *name, const char *format, ...)
{
	va_list ap;

	rewind(result);
	fprintf(result, "%s%c", name, '\0');
	va_start(ap, format);
	vfprintf(result, format, ap);
	va_end(ap);
	fputc('\0', result);
	return error;
}

static int run(const struct worker_task *task, FILE *result)
{
	CLEANUP_CONTEXT cell_context *context = NULL;
	int r = cell_context_new(&context);

	if (r < 0)
		return r;

	cell_context_set_log_fn(context, log_from_libcell, NULL);
	r = task->run(context, task, result);
	if (r < 0 && ftell(result) <= 0)
		worker_fail(result, r, cell_context_last_error_name(context), "%s",
			    cell_context_last_error(context));
	return r;
}

static void child(struct worker *worker)
{
	/* Still found at exit(), where a compiler need not keep it: what is not found is a leak. */
	static struct worker *volatile own;
	FILE *result = fdopen(worker->result_fd, "w");
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	own = worker;
	alarm(own->task.timeout_s);

	r = result ? run(&own->task, result) : -errno;
	if (result && fclose(result) != 0 && r >= 0)
		r = -EIO;
	/* Not _exit(): the daemon keeps nothing in stdio, and tests measure what has run. */
	exit(r < 0 ? -r : 0);
}

static struct worker *worker_free(struct worker *worker)
{
	struct service *service = worker->service;
	void (*done)(struct service * service) = worker->task.done;

	service->n_workers--;
	if (worker->result_fd >= 0)
		close(worker->result_fd);
	sd_bus_message_unref(worker->call);
	free(worker);
	if (done)
		done(service);
	return NULL;
}

/* All that the child wrote and a NUL. */
static char *read_result(int fd, size_t *ret_size)
{
	struct stat st;
	char *data;

	if (fstat(fd, &st) < 0 || st.st_size > RESULT_MAX)
		return NULL;
	data = calloc(1, (size_t)st.st_size + 2);
	if (!data || pread(fd, data, (size_t)st.st_size, 0) != st.st_size) {
		free(data);
		return NULL;
	}

	*ret_size = (size_t)st.st_size;
	return data;
}

/* result: two strings, each with its NUL, or nothing. */
static int reply_failure(struct worker *worker, int error, const char *result)
{
	CLEANUP_BUS_ERROR sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	const char *sentence = result + strlen(result) + 1;

	if (*result)
		bus_error_set_named(&bus_error, result, sentence);

	return bus_error_reply(worker->call, error, &bus_error);
}

static int reply_success(struct worker *worker, const char *result, size_t size)
{
	const struct worker_task *task = &worker->task;

	if (task->reply)
		return task->reply(worker->service, worker->call, task, result, size);

	return sd_bus_reply_method_return(worker->call, "");
}

static void on_noted(void *userdata)
{
	struct worker *worker = userdata;

	manager_refresh(worker->service->manager);
	sd_bus_reply_method_return(worker->call, "");
	worker_free(worker);
}

/*
 * The unit finds its work done and only takes note. The answer waits for that: a job that still
 * stops the unit would undo what its reader asks for next.
 */
static bool is_noted_first(struct worker *worker)
{
	return worker->task.unit_method && job_run(worker->service->bus, worker->task.unit_method,
						   HYPERVISOR_UNIT, on_noted, worker) >= 0;
}

static void reply(struct worker *worker, const siginfo_t *si)
{
	CLEANUP_FREE char *result = NULL;
	size_t size = 0;
	int r;

	if (si->si_code == CLD_EXITED)
		result = read_result(worker->result_fd, &size);

	if (!result)
		r = reply_failure(worker, -EIO,
				  "Failed\0The worker process died or took too long; see the "
				  "journal of cellmgrd.service.");
	else if (si->si_status != 0)
		r = reply_failure(worker, -si->si_status, result);
	else
		r = reply_success(worker, result, size);
	if (r < 0)
		bus_error_reply(worker->call, r, NULL);
}

static int on_child_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct worker *worker = userdata;
	bool succeeded = si->si_code == CLD_EXITED && si->si_status == 0;

	sd_event_source_unref(source);
	manager_refresh(worker->service->manager);
	if (succeeded && is_noted_first(worker))
		return 0;

	reply(worker, si);
	worker_free(worker);
	return 0;
}

static int start(struct worker *worker)
{
	pid_t pid;

	worker->result_fd = memfd_create("result", MFD_CLOEXEC);
	if (worker->result_fd < 0)
		return -errno;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(worker);

	return sd_event_add_child(worker->service->manager->event, &(sd_event_source *){NULL}, pid,
				  WEXITED, on_child_exit, worker);
}

int worker_start(struct service *service, sd_bus_message *call, const struct worker_task *task,
		 sd_bus_error *error)
{
	unsigned limit = task->for_anyone ? WORKERS_MAX / 2 : WORKERS_MAX;
	struct worker *worker;
	int r;

	if (service->n_workers >= limit)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%u operations are under way; try again.",
					 service->n_workers);
	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	*worker = (struct worker){service, sd_bus_message_ref(call), *task, -1};
	service->n_workers++;

	r = start(worker);
	if (r < 0) {
		worker->task.done = NULL;
		worker_free(worker);
		return r;
	}

	return 1;
}
