// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A libcell without a hypervisor: the cells are files below $FAKE_CELL_DIR, so that a test can read
 * and change "the kernel's truth" from outside, from several processes at once.
 *
 *   module               exists: the driver is loaded
 *   enabled              exists: the hypervisor is enabled
 *   changed              touched on every change; hv_fd watches it
 *   calls                one line per call that changes something
 *   parsed               one line per description that was read
 *   etc/NAME.json        descriptions; "fake-error": TEXT makes a diagnostic of line 1, column 2
 *   desc/NAME.json       the same, found after those
 *   host.json            exists: the host has a diagnostic of line 1, column 2
 *   prepare              state of the preparation, and arguments: "2 iommu=pt"; "2-..." without
 *                        commands
 *   cells/NAME/id cpus state console(FIFO)
 *   cells/NAME/refusals  how many shutdown requests the guest still refuses
 *   cells/NAME/silent    exists: it never answers
 *   links/NAME.json      a link: "exists", "protocol", "common", "output", "max", "vectors",
 * "states", "peers": [[NAME, ID, DESCRIBED, EXISTS], ...] links/NAME.bell      FIFO: Linux's end is
 * there; a digit is an interrupt of that vector, e the end links/NAME.common    and NAME.output,
 * NAME.ID: sections, of 4 KiB start-state          the state that starting leads to, where it is
 * not running delay-destroy        milliseconds that destroying takes; delay-check: that checking
 * takes fail                 "NAME SENTENCE": the next call that changes something fails so
 */
#define _GNU_SOURCE
#include "fake_libcell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fake_path(char *buffer, const char *format, ...)
{
	const char *directory = getenv("FAKE_CELL_DIR");
	int n = snprintf(buffer, FAKE_PATH_SIZE, "%s/", directory ? directory : "/nonexistent");
	va_list ap;

	va_start(ap, format);
	vsnprintf(buffer + n, FAKE_PATH_SIZE - (size_t)n, format, ap);
	va_end(ap);
	return 0;
}

bool fake_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int fake_read(const char *path, char *buffer, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return -errno;

	n = fread(buffer, 1, size - 1, f);
	fclose(f);
	buffer[n] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return 0;
}

void fake_write(const char *path, const char *text, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

void fake_changed(const char *format, ...)
{
	char path[FAKE_PATH_SIZE], line[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	strcat(line, "\n");

	fake_path(path, "calls");
	fake_write(path, line, "ae");
	fake_path(path, "changed");
	fake_write(path, "", "we");
}

void fake_delay(const char *file)
{
	char path[FAKE_PATH_SIZE], text[32];

	fake_path(path, "%s", file);
	if (fake_read(path, text, sizeof(text)) >= 0)
		usleep((useconds_t)atoi(text) * 1000);
}

void fake_set_error(cell_context *context, const char *name, const char *format, ...)
{
	va_list ap;

	snprintf(context->name, sizeof(context->name), "%s", name);
	va_start(ap, format);
	vsnprintf(context->sentence, sizeof(context->sentence), format, ap);
	va_end(ap);
}

int fake_ok(cell_context *context)
{
	context->name[0] = context->sentence[0] = '\0';
	return 0;
}

int fake_ordered_failure(cell_context *context)
{
	char path[FAKE_PATH_SIZE], line[512], *sentence;

	fake_path(path, "fail");
	if (fake_read(path, line, sizeof(line)) < 0)
		return fake_ok(context);

	unlink(path);
	sentence = strchr(line, ' ');
	if (sentence)
		*sentence++ = '\0';
	return fake_fail(context, -EINVAL, line, "%s", sentence ? sentence : "");
}

int cell_context_new(cell_context **ret)
{
	cell_context *context = calloc(1, sizeof(*context));

	if (!context)
		return -ENOMEM;
	context->refs = 1;
	*ret = context;
	return 0;
}

FAKE_REFS(cell_context, fake_context_release)

void fake_context_release(cell_context *context)
{
	(void)context;
}

void cell_context_set_log_fn(cell_context *context, cell_log_fn fn, void *userdata)
{
	(void)context, (void)fn, (void)userdata;
}

const char *cell_context_last_error_name(const cell_context *context)
{
	return context->name;
}

const char *cell_context_last_error(const cell_context *context)
{
	return context->sentence;
}

char **cell_strv_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}

int cell_host_new(cell_context *context, const char *root, cell_host **ret)
{
	cell_host *host = calloc(1, sizeof(*host));

	(void)root;
	if (!host)
		return -ENOMEM;
	host->refs = 1;
	host->context = context;
	fake_path(host->path, "host.json");
	if (fake_exists(host->path))
		host->error = strdup("wrong in host.json");
	host->diag = (struct cell_diag){CELL_ERROR, "fake", host->path, "/x", 1, 2, host->error};
	*ret = host;
	return fake_ok(context);
}

FAKE_REFS(cell_host, fake_host_release)

void fake_host_release(cell_host *host)
{
	free(host->error);
}

size_t cell_host_n_diags(const cell_host *host)
{
	return host->error ? 1 : 0;
}

const struct cell_diag *cell_host_diag(const cell_host *host, size_t index)
{
	return index == 0 && host->error ? &host->diag : NULL;
}

int cell_host_preflight(cell_host *host, cell_check_fn fn, void *userdata)
{
	bool svm = !getenv("FAKE_NO_SVM");

	fake_ok(host->context);
	fn(userdata, svm ? CELL_CHECK_OK : CELL_CHECK_FAILED, "virtualization",
	   svm ? "AMD SVM is there" : "no SVM and no VMX", svm ? "" : "enable it in the firmware");
	fn(userdata, host->error ? CELL_CHECK_FAILED : CELL_CHECK_OK, "settings",
	   host->error ? host->error : "host.json is right", host->error ? "correct it" : "");
	fn(userdata, CELL_CHECK_WARNING, "x2apic", "the machine is in xAPIC mode",
	   "choose x2APIC in the firmware");
	return !svm + !!host->error;
}

int cell_host_prepare(cell_host *host, bool dry_run, const struct cell_preparation **ret)
{
	static const char *const checks[] = {"virtualization", NULL}, *const none[] = {NULL};
	static const char *const commands[] = {"update-grub", NULL};
	static struct cell_preparation preparation;
	static char text[128] = "0";
	char path[FAKE_PATH_SIZE];
	bool wanted;
	int r = fake_ordered_failure(host->context);

	if (r < 0)
		return r;

	fake_path(path, "prepare");
	fake_read(path, text, sizeof(text));
	wanted = *text != '0';
	preparation = (struct cell_preparation){
		.state = (enum cell_preparation_state)(*text - '0'),
		.arguments = wanted ? text + 2 : "",
		.checks = wanted ? checks : none,
		.loader = wanted ? "grub" : "",
		.path = wanted ? "/etc/default/grub.d/50-cellmgr.cfg" : "",
		.content = wanted ? "GRUB_CMDLINE_LINUX=x\n" : "",
		.commands = wanted && text[1] != '-' ? commands : none,
	};
	if (preparation.state == CELL_PREPARATION_WRITTEN && !dry_run)
		fake_changed("prepare %s", preparation.arguments);
	*ret = &preparation;
	return 0;
}

int cell_host_describe(cell_host *host, char **ret_json)
{
	*ret_json = strdup("{ \"cpus\": 4 }");
	return fake_ok(host->context);
}
