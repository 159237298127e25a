// SPDX-License-Identifier: LGPL-2.1-or-later
/* /etc/cellmgr/host.json: what is said about each file of corpus/host, and who minds mistakes. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "check.h"
#include "desc/desc.h"
#include "expected.h"
#include "host/host.h"
#include "mock.h"
#include "sysroot.h"

#define EXPECT(steps) mock_expect(steps, sizeof(steps) / sizeof((steps)[0]))
#define BAD_FILES 50 /* at least */
#define BAD "{\n  \"strict\": 1,\n  \"debug_port\": \"0x2f8\",\n  \"links\": true\n}\n"
#define FIRST "/etc/cellmgr/host.json:2:13: /strict: this has to be true or false, not an integer"
#define BLOCK6 "/sys/devices/system/memory/memory6/state"

static struct sysroot root;
static cell_host *host;

static void write_end(FILE *out, const struct link_end *end)
{
	fprintf(out, "link %s", end->name);
	if (link_gives(end, LINK_ID))
		fprintf(out, ", id %u", (unsigned)end->value[LINK_ID]);
	if (link_gives(end, LINK_FUNCTION))
		fprintf(out, ", function 0x%x", (unsigned)end->value[LINK_FUNCTION]);
	fputc('\n', out);
}

static void check_good(const char *path, const struct settings *settings)
{
	struct expected text;

	expected_begin(&text);
	fprintf(text.stream, "strict %d\ndebug port 0x%x\n", settings->strict,
		settings->debug_port);
	for (size_t i = 0; i < settings->n_links; i++)
		write_end(text.stream, &settings->links[i]);
	expected_compare(&text, path, ".golden");
}

/* What is wrong in part is as if it were not there: half of what was meant may be harmful. */
static void check_defaults(const struct settings *settings)
{
	CHECK(!settings->strict && !settings->debug_port && !settings->n_links);
}

static bool check_file(struct sysroot *machine, const char *path)
{
	struct expected text;
	size_t size, n;
	char *data;

	CHECK_EQ(file_load(path, 1 << 20, &data, &size), 0);
	sysroot_write_bytes(machine, SETTINGS_PATH, data, size);
	free(data);
	CHECK_EQ(cell_host_new(machine->context, NULL, &host), 0);
	n = cell_host_n_diags(host);
	CHECK(!cell_host_diag(host, n));
	expected_begin(&text);
	for (size_t i = 0; i < n; i++)
		expected_write_diag(&text, machine, cell_host_diag(host, i));
	expected_compare(&text, path, ".expected");
	if (n)
		check_defaults(&host->settings);
	else
		check_good(path, &host->settings);
	host = cell_host_unref(host);
	return n > 0;
}

TEST(settings_corpus_gives_the_expected_diagnostics)
{
	sysroot_make(&root);
	CHECK(expected_count(CORPUS "/host/*/*.json", &root, check_file) >= BAD_FILES);
	sysroot_remove(&root);
}

struct check_seen {
	enum cell_check_result result;
	char message[768];
};

static int note_settings(void *userdata, enum cell_check_result result, const char *name,
			 const char *message, const char *remedy)
{
	struct check_seen *seen = userdata;

	if (strcmp(name, "settings") != 0)
		return 0;

	CHECK_EQ(!*remedy, result == CELL_CHECK_OK);
	seen->result = result;
	snprintf(seen->message, sizeof(seen->message), "%s", message);
	return 0;
}

/* The number of failed checks; settings: what that one says. */
static int preflight(const char *text, struct check_seen *settings)
{
	int failed;

	if (text)
		sysroot_write(&root, SETTINGS_PATH, "%s", text);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	failed = cell_host_preflight(host, note_settings, settings);
	host = cell_host_unref(host);
	return failed;
}

TEST(settings_are_a_check_of_the_preflight)
{
	struct check_seen seen;

	sysroot_make_ready(&root);
	CHECK_EQ(preflight(NULL, &seen), 0);
	CHECK_EQ(seen.result, CELL_CHECK_OK);
	CHECK(strstr(seen.message, "there is no /etc/cellmgr/host.json"));
	CHECK_EQ(preflight("{ \"strict\": true }", &seen), 0);
	CHECK_STR(seen.message, "/etc/cellmgr/host.json is right");
	CHECK_EQ(preflight("{ \"strict\": \"yes\" }", &seen), 1);
	CHECK_EQ(seen.result, CELL_CHECK_FAILED);
	CHECK_STR(seen.message, "/etc/cellmgr/host.json:1:13: /strict: this has to be true or "
				"false, not a string");
	CHECK_EQ(preflight("{ \"strict\": 1, \"x\": 1 }", &seen), 1);
	CHECK(strstr(seen.message, "(and 1 more error)"));
	CHECK_EQ(preflight(BAD, &seen), 1);
	CHECK_STR(seen.message, FIRST " (and 2 more errors)");
	sysroot_remove(&root);
}

TEST(settings_that_cannot_be_read)
{
	char path[PATH_MAX], *large;
	const struct cell_diag *diag;
	struct check_seen seen;

	sysroot_make_ready(&root);
	CHECK_EQ(file_path(path, root.path, SETTINGS_PATH "/folder"), 0);
	sysroot_write(&root, SETTINGS_PATH "/folder/file", "x");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_host_n_diags(host), 1);
	diag = cell_host_diag(host, 0);
	CHECK_STR(diag->code, "not-readable");
	CHECK_EQ(diag->line, 0);
	CHECK_EQ(diag->severity, CELL_ERROR);
	host = cell_host_unref(host);
	CHECK_EQ(preflight(NULL, &seen), 1);
	CHECK_STR(seen.message,
		  "/etc/cellmgr/host.json: this file cannot be read: it is not a regular file");
	sysroot_remove(&root);

	sysroot_make_ready(&root);
	large = calloc(1, DOCUMENT_SIZE_MAX + 1);
	sysroot_write_bytes(&root, SETTINGS_PATH, large, DOCUMENT_SIZE_MAX + 1);
	free(large);
	CHECK_EQ(preflight(NULL, &seen), 1);
	CHECK_STR(seen.message, "/etc/cellmgr/host.json: this file is larger than 65536 bytes");
	sysroot_remove(&root);
}

TEST(settings_with_mistakes_are_not_enabled)
{
	static const struct mock_step steps[] = {
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
		{CELLHV_IOC_INFO, 0, mock_info_disabled},
	};
	cell_hv *hv;

	sysroot_make_ready(&root);
	EXPECT(steps);
	sysroot_write(&root, SETTINGS_PATH, BAD);
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_hv_enable(hv, host), -EINVAL);
	CHECK_STR(cell_context_last_error_name(root.context), "InvalidConfiguration");
	CHECK_STR(cell_context_last_error(root.context),
		  "Cannot enable the hypervisor: " FIRST " (and 2 more errors): correct the file; "
		  "`cellctl host check` shows every error.");
	CHECK_EQ(mock_left(), 0);
	cell_hv_unref(hv);
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

/* A mistake made while the hypervisor was enabled must not keep memory from Linux. */
TEST(settings_with_mistakes_do_not_keep_memory)
{
	static const struct mock_step steps[] = {
		{CELLHV_IOC_INFO, 0, mock_info_enabled},
		{CELLHV_IOC_INFO, 0, mock_info_enabled},
		{CELLHV_IOC_CELL_INFO, -ENOENT, NULL},
		{CELLHV_IOC_DISABLE, 0, NULL},
	};
	cell_hv *hv;

	sysroot_make_ready(&root);
	EXPECT(steps);
	sysroot_write(&root, SETTINGS_PATH, BAD);
	sysroot_write(&root, BLOCK6, "offline\n");
	sysroot_write(&root, "/run/cellmgr/memory-blocks", "6\n");
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
	CHECK_EQ(cell_hv_disable(hv), 0);
	CHECK_STR(sysroot_read(&root, BLOCK6), "online");
	CHECK_EQ(mock_left(), 0);
	cell_hv_unref(hv);
	sysroot_remove(&root);
}

static cell_desc *describe(const char *links)
{
	cell_desc *desc;

	sysroot_write(
		&root, "/etc/cells/a.json",
		"{ \"name\": \"a\", \"cpus\": [2], \"memory\": [ { \"size\": \"1M\", \"at\": 0 } "
		"],\n  \"comm\": { \"at\": \"3G\" }%s }\n",
		links);
	CHECK_EQ(cell_desc_find(root.context, "a", &desc), 0);
	return desc;
}

TEST(settings_with_mistakes_concern_links_only)
{
	const struct cell_diag *error, *note;
	cell_blob *blob;
	cell_desc *desc;

	sysroot_make(&root);
	sysroot_write(&root, SETTINGS_PATH, BAD);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	desc = describe("");
	CHECK_EQ(cell_desc_check(desc, host), 0);
	CHECK_EQ(cell_desc_compile(desc, host, &blob), 0);
	cell_blob_unref(blob);
	cell_desc_unref(desc);

	desc = describe(
		", \"links\": [ { \"name\": \"x\", \"size\": \"4K\" }, { \"name\": \"y\" } ]");
	CHECK_EQ(cell_desc_check(desc, host), -EINVAL);
	CHECK_STR(cell_context_last_error_name(root.context), "InvalidConfiguration");
	CHECK(strstr(cell_context_last_error(root.context), "`cellctl host check`"));
	CHECK_EQ(cell_desc_compile(desc, host, &blob), -EINVAL);

	/* Its own mistakes are shown all the same, here that nobody gives the size of y. */
	CHECK_EQ(cell_desc_n_diags(desc), 3);
	error = cell_desc_diag(desc, 0);
	note = cell_desc_diag(desc, 1);
	CHECK_STR(error->code, "bad-settings");
	CHECK_STR(error->pointer, "/links");
	CHECK_EQ(note->severity, CELL_NOTE);
	CHECK_STR(note->file, SETTINGS_PATH);
	CHECK_EQ(note->line, 2);
	CHECK_STR(cell_desc_diag(desc, 2)->code, "link-size");
	cell_desc_unref(desc);
	host = cell_host_unref(host);
	sysroot_remove(&root);
}
