// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "description.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "authorize.h"
#include "bus-error.h"
#include "cleanup.h"
#include "definition.h"
#include "description-input.h"
#include "diag.h"
#include "hold-bus.h"
#include "service.h"
#include "name.h"
#include "call.h"
#include "cell-path.h"
#include "worker.h"

#define DEFINE_REPLACE 1u
#define CHECK_SECONDS 30

/* Six strings for each. */
static void write_diags(FILE *result, const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++) {
		const struct cell_diag *diag = cell_desc_diag(desc, i);

		fprintf(result, "%s%c%s%c%s%c%u%c%u%c%s%c", diag_severity(diag), 0, diag->code, 0,
			diag->pointer ? diag->pointer : "", 0, diag->line, 0, diag->column, 0,
			diag->message, 0);
	}
}

static int run_check(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	int r = description_input_read(context, task, result, &desc);

	if (r >= 0)
		r = cell_host_new(context, NULL, &host);
	if (r < 0)
		return r;

	r = cell_desc_check(desc, host);
	if (r < 0 && cell_desc_n_diags(desc) == 0)
		return r;

	write_diags(result, desc);
	return 0;
}

static const char *next_string(const char **cursor)
{
	const char *text = *cursor;

	*cursor += strlen(text) + 1;
	return text;
}

static int reply_diags(struct service *service, sd_bus_message *call,
		       const struct worker_task *task, const char *result, size_t size)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *end = result + size;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)service, (void)task;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sssuus)");
	while (r >= 0 && result < end) {
		const char *severity = next_string(&result), *code = next_string(&result);
		const char *pointer = next_string(&result);
		unsigned line = (unsigned)strtoul(next_string(&result), NULL, 10);
		unsigned column = (unsigned)strtoul(next_string(&result), NULL, 10);

		r = sd_bus_message_append(reply, "(sssuus)", severity, code, pointer, line, column,
					  next_string(&result));
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);

	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int run_compile(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	CLEANUP_BLOB cell_blob *blob = NULL;
	const void *data;
	size_t size;
	int r = description_input_read(context, task, result, &desc);

	if (r >= 0)
		r = cell_host_new(context, NULL, &host);
	if (r >= 0)
		r = cell_desc_compile(desc, host, &blob);
	if (r < 0)
		return desc ? description_input_fail(result, r, context, desc) : r;

	data = cell_blob_data(blob, &size);
	return fwrite(data, 1, size, result) == size ? 0 : -EIO;
}

/* A memfd of its own, which nobody can change any more. */
static int reply_blob(struct service *service, sd_bus_message *call, const struct worker_task *task,
		      const char *result, size_t size)
{
	CLEANUP_FD int fd = memfd_create("configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)service, (void)task;
	if (fd < 0 || write(fd, result, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;

	return sd_bus_reply_method_return(call, "h", fd);
}

static int read_input(sd_bus_message *call, struct worker_task *task, sd_bus_error *error)
{
	const char *label;
	int r = sd_bus_message_read(call, "hs", &task->fd, &label);

	task->timeout_s = CHECK_SECONDS;
	task->for_anyone = true;
	if (r >= 0)
		r = call_read_flags(call, 0, &task->flags, error);
	if (r >= 0)
		r = description_input_require(task->fd, error);
	if (r >= 0)
		r = authorize_sender(call, &task->uid);

	if (r >= 0)
		snprintf(task->label, sizeof(task->label), "%s", *label ? label : "description");
	return r;
}

int description_check(sd_bus_message *call, void *service, sd_bus_error *error)
{
	struct worker_task task = {.run = run_check, .reply = reply_diags};
	int r = read_input(call, &task, error);

	if (r >= 0)
		r = worker_start(service, call, &task, error);
	return bus_error_complete(error, r, call);
}

int description_compile(sd_bus_message *call, void *service, sd_bus_error *error)
{
	struct worker_task task = {.run = run_compile, .reply = reply_blob};
	int r = read_input(call, &task, error);

	if (r >= 0)
		r = worker_start(service, call, &task, error);
	return bus_error_complete(error, r, call);
}

static int run_define(cell_context *context, const struct worker_task *task, FILE *result)
{
	return definition_write(context, task->name, task->fd, task->flags & DEFINE_REPLACE,
				result);
}

static int reply_path(struct service *service, sd_bus_message *call, const struct worker_task *task,
		      const char *result, size_t size)
{
	struct cell_object *cell = manager_find(service->manager, task->name);

	(void)result, (void)size;
	CLEANUP_FREE char *path = NULL;
	int r = cell ? cell_path(cell, &path) : -ENOENT;

	return r < 0 ? r : sd_bus_reply_method_return(call, "o", path);
}

int description_define(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	struct worker_task task = {
		.run = run_define, .reply = reply_path, .timeout_s = CHECK_SECONDS};
	const char *name;
	int r = sd_bus_message_read(call, "sh", &name, &task.fd);

	if (r >= 0)
		r = call_read_flags(call, DEFINE_REPLACE, &task.flags, error);
	if (r >= 0)
		r = description_input_require(task.fd, error);
	if (r < 0)
		return r;
	if (!name_is_valid(name))
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"A cell's name is up to 31 letters, digits, '.', '_' and "
					"'-', a letter or digit first.");

	strcpy(task.name, name);
	return worker_start(service, call, &task, error);
}

static int run_undefine(cell_context *context, const struct worker_task *task, FILE *result)
{
	return definition_remove(context, task->name, result);
}

int description_undefine(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	struct worker_task task = {.run = run_undefine, .timeout_s = CHECK_SECONDS, .fd = -1};
	struct cell_object *cell;
	int r = call_target(service, call, &cell, error);

	if (r >= 0)
		r = call_read_flags(call, 0, &task.flags, error);
	if (r >= 0)
		r = hold_bus_check(service, cell->facts.name, error);
	if (r < 0)
		return r;
	if (cell->facts.exists)
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "CellRunning",
					 "The cell \"%s\" exists: stop it before it is undefined.",
					 cell->facts.name);

	strcpy(task.name, cell->facts.name);
	return worker_start(service, call, &task, error);
}
