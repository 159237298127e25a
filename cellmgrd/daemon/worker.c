// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "cleanup.h"
#include "log.h"
#include "manager.h"
#include "systemd-call.h"

struct worker {
	struct manager *manager;
	sd_bus_message *call;
	const char *unit_method;
	int result_fd;
};

/* Crosses the pipe in one write: it is shorter than PIPE_BUF. */
struct worker_result {
	int error; /* 0 or negative errno */
	char name[64];
	char sentence[1024];
};

int worker_enable_hypervisor(cell_context *context, const struct worker_task *task)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	int r = cell_hv_open(context, true, &hv);

	(void)task;
	if (r < 0)
		return r;
	r = cell_host_new(context, NULL, &host);
	if (r < 0)
		return r;

	return cell_hv_enable(hv, host);
}

int worker_disable_hypervisor(cell_context *context, const struct worker_task *task)
{
	CLEANUP_HV cell_hv *hv = NULL;
	int r = cell_hv_open(context, false, &hv);

	(void)task;
	return r < 0 ? r : cell_hv_disable(hv);
}

int worker_destroy_cell(cell_context *context, const struct worker_task *task)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int r = cell_hv_open(context, false, &hv);

	if (r < 0)
		return r;
	r = cell_cell_by_name(hv, task->name, &cell);
	if (r < 0)
		return r;

	return cell_cell_destroy(cell, task->force);
}

static void child_run(const struct worker_task *task, int fd)
{
	struct worker_result result = {0};
	cell_context *context = NULL;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	result.error = cell_context_new(&context);
	if (result.error >= 0) {
		cell_context_set_log_fn(context, log_from_libcell, NULL);
		result.error = task->run(context, task);
		snprintf(result.name, sizeof(result.name), "%s",
			 cell_context_last_error_name(context));
		snprintf(result.sentence, sizeof(result.sentence), "%s",
			 cell_context_last_error(context));
	}

	if (write(fd, &result, sizeof(result)) != (ssize_t)sizeof(result))
		_exit(1);
	_exit(0);
}

static struct worker *worker_free(struct worker *worker)
{
	if (worker->result_fd >= 0)
		close(worker->result_fd);
	sd_bus_message_unref(worker->call);
	free(worker);
	return NULL;
}

static int reply_failure(struct worker *worker, const struct worker_result *result)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;

	if (*result->name)
		bus_error_set_named(&error, result->name, result->sentence);
	else
		sd_bus_error_set_errno(&error, result->error);

	return sd_bus_reply_method_error(worker->call, &error);
}

static int on_child_exit(sd_event_source *source, const siginfo_t *si, void *userdata)
{
	struct worker *worker = userdata;
	struct worker_result result = {0};
	ssize_t n = read(worker->result_fd, &result, sizeof(result));

	if (n != (ssize_t)sizeof(result) || si->si_code != CLD_EXITED)
		result = (struct worker_result){-EIO, "Failed",
						"The worker process died; see the journal of "
						"cellmgrd.service."};
	result.name[sizeof(result.name) - 1] = '\0';
	result.sentence[sizeof(result.sentence) - 1] = '\0';

	manager_refresh(worker->manager);
	if (result.error < 0) {
		reply_failure(worker, &result);
	} else {
		/* The unit finds its work done and only takes note. */
		if (worker->unit_method)
			sd_bus_call_method_async(worker->manager->bus, NULL, SYSTEMD_NAME,
						 SYSTEMD_PATH, SYSTEMD_MANAGER, worker->unit_method,
						 NULL, NULL, "ss", HYPERVISOR_UNIT, "replace");
		sd_bus_reply_method_return(worker->call, "");
	}

	sd_event_source_unref(source);
	worker_free(worker);
	return 0;
}

int worker_start(struct manager *manager, sd_bus_message *call, const struct worker_task *task)
{
	struct worker *worker;
	int fds[2], r;
	pid_t pid;

	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	*worker = (struct worker){manager, sd_bus_message_ref(call), task->unit_method, -1};

	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = -errno;
		worker_free(worker);
		return r;
	}
	worker->result_fd = fds[0];

	pid = fork();
	r = pid < 0 ? -errno : 0;
	if (pid == 0)
		child_run(task, fds[1]);
	close(fds[1]);

	if (r >= 0)
		r = sd_event_add_child(manager->event, &(sd_event_source *){NULL}, pid, WEXITED,
				       on_child_exit, worker);
	if (r < 0) {
		worker_free(worker);
		return r;
	}

	return 1;
}
