// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

#define DIRECTORY "/run/cellmgr"

/* It keeps them apart from "lock" and "holds", which are names of cells, too. */
#define SUFFIX ".end"

const char *record_directory(void)
{
	const char *override = getenv("CELLMGR_RUN_DIR"); /* for tests: no root, no real /run */

	return override ? override : DIRECTORY;
}

bool record_is_of(const char *file, char *ret_name, size_t size)
{
	size_t length = strlen(file), suffix = strlen(SUFFIX);

	if (length <= suffix || length - suffix >= size ||
	    strcmp(file + length - suffix, SUFFIX) != 0)
		return false;

	snprintf(ret_name, size, "%.*s", (int)(length - suffix), file);
	return true;
}

static char *record_path(const char *name, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%s" SUFFIX "%s", record_directory(), name, suffix) < 0)
		return NULL;

	return path;
}

void record_clear(struct record *record)
{
	*record = (struct record){.result = "success"};
}

bool record_tells_failure(const struct record *record)
{
	return strcmp(record->result, "success") != 0 &&
	       strcmp(record->result, "guest-shutdown") != 0;
}

bool record_is_of_guest(const struct record *record)
{
	return strcmp(record->result, "access-violation") == 0 ||
	       strcmp(record->result, "guest-panic") == 0;
}

void record_from_refusal(struct record *record, const char *result, const char *name,
			 const char *sentence)
{
	record_clear(record);
	snprintf(record->result, sizeof(record->result), "%s", result);
	snprintf(record->reason, sizeof(record->reason), "%s", name);
	snprintf(record->message, sizeof(record->message), "%s", sentence);
}

/* Refused accesses are violations of the partition; the other faults are the guest's own affair. */
static const char *result_of_reason(const char *reason)
{
	size_t length = strlen(reason), suffix = strlen("-access");

	if (length > suffix && strcmp(reason + length - suffix, "-access") == 0)
		return "access-violation";

	return "guest-panic";
}

void record_from_failure(struct record *record, const struct cell_failure *failure)
{
	const char *reason = failure->reason ? failure->reason : "";

	record_clear(record);
	snprintf(record->result, sizeof(record->result), "%s", result_of_reason(reason));
	snprintf(record->reason, sizeof(record->reason), "%s", reason);
	snprintf(record->message, sizeof(record->message), "%s", failure->message);
	record->cpu = failure->cpu;
	record->rip = failure->rip;
	record->address = failure->address;
	record->detail = failure->detail;
}

static void read_line(struct record *record, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
		uint64_t *number;
	} fields[] = {
		{"RESULT", record->result, sizeof(record->result), NULL},
		{"REASON", record->reason, sizeof(record->reason), NULL},
		{"MESSAGE", record->message, sizeof(record->message), NULL},
		{"RIP", NULL, 0, &record->rip},
		{"ADDRESS", NULL, 0, &record->address},
		{"DETAIL", NULL, 0, &record->detail},
	};

	if (strcmp(key, "CPU") == 0)
		record->cpu = (unsigned)strtoul(value, NULL, 0);

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(key, fields[i].key) != 0)
			continue;
		if (fields[i].text)
			snprintf(fields[i].text, fields[i].size, "%s", value);
		else
			*fields[i].number = strtoull(value, NULL, 0);
	}
}

int record_read(const char *name, struct record *ret)
{
	CLEANUP_FREE char *path = record_path(name, "");
	CLEANUP_FCLOSE FILE *f = path ? fopen(path, "re") : NULL;
	struct record record;
	char line[RECORD_TEXT_SIZE + 32];

	if (!f)
		return path ? -errno : -ENOMEM;

	record_clear(&record);
	while (fgets(line, sizeof(line), f)) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		value[strcspn(value, "\n")] = '\0';
		read_line(&record, line, value);
	}

	*ret = record;
	return 0;
}

int record_write(const char *name, const struct record *record)
{
	CLEANUP_FREE char *path = record_path(name, ""), *next = record_path(name, "~");
	FILE *f;
	int r;

	if (!path || !next)
		return -ENOMEM;

	f = fopen(next, "we");
	if (!f)
		return -errno;

	fprintf(f, "RESULT=%s\nREASON=%s\nMESSAGE=%s\n", record->result, record->reason,
		record->message);
	fprintf(f, "CPU=%u\nRIP=0x%" PRIx64 "\nADDRESS=0x%" PRIx64 "\nDETAIL=0x%" PRIx64 "\n",
		record->cpu, record->rip, record->address, record->detail);
	r = ferror(f) ? -EIO : 0;
	if (fclose(f) != 0 && r == 0)
		r = -errno;
	if (r < 0) {
		unlink(next);
		return r;
	}

	/* A reader sees the old record or the new one, never half of one. */
	return rename(next, path) < 0 ? -errno : 0;
}

void record_remove(const char *name)
{
	CLEANUP_FREE char *path = record_path(name, "");

	if (path)
		unlink(path);
}
