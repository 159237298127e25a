/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as host.json, and as a description on a machine of 4 CPUs with 256 MiB set aside. What
 * json-c makes of them is what the walker lets pass; every diagnostic stands in the text and is fit
 * to be shown; what compiles is valid, and its dump compiles to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/blob.h"
#include "desc/compile.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cell_context *context;
static cell_host host;

static void require(int condition)
{
	if (!condition)
		abort();
}

static void set_up(void)
{
	require(cell_context_new(&context) == 0);
	context->root = "/nonexistent";
	host.context = context;
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		cpuset_add(&host.present, cpu);
		cpuset_add(&host.online, cpu);
	}
	require(ranges_add(&host.memory.reserved, 0x30000000, 0x10000000) == 0);
}

static cell_desc *read_desc(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC), r;
	cell_desc *desc = NULL;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	r = cell_desc_new_from_fd(context, fd, "fuzz.json", &desc);
	require(r == 0 || (size > DOCUMENT_SIZE_MAX && r == -EFBIG));
	close(fd);
	return desc;
}

static void parse_both(const cell_desc *desc)
{
	struct walk walk = {.text = desc->doc.text, .size = desc->doc.size};
	struct json_object *object = NULL;
	struct walk_error error;
	int r = walk_text(&walk);

	require(json_parse(desc->doc.text, desc->doc.size, &object, &error) == r);
	require(r == 0 || walk.error.offset <= desc->doc.size);
	json_object_put(object);
}

static void require_harmless(const char *text)
{
	for (; *text; text++)
		require((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_diags(const struct document *document)
{
	struct json_position end = json_position_of(document->text, document->size);

	require(document->diags.n <= 4 * DIAG_ERRORS_MAX + 1);
	for (size_t i = 0; i < document->diags.n; i++) {
		const struct cell_diag *diag = &document->diags.items[i];

		require(diag->line > 0 || strcmp(diag->code, "too-many-errors") == 0);
		require(diag->line <= end.line && *diag->message);
		require(diag->line < end.line || diag->column <= end.column);
		require_harmless(diag->pointer);
		require_harmless(diag->message);
	}
}

/* NULL: it is bad, and says why. */
static cell_blob *compile(cell_desc *desc)
{
	struct inventory nobody = {0};
	struct cpuset cpus;
	struct place place;
	cell_blob *blob = NULL;
	int r = compile_check(desc, &host, &nobody, &cpus, &place);

	check_diags(&desc->doc);
	require((r < 0) == (diag_first_error(&desc->doc.diags) != NULL));
	if (r == 0)
		require(compile_blob(desc, &cpus, &place, &blob) == 0);
	return blob;
}

static void go_round(cell_blob *blob)
{
	cell_desc *desc;
	cell_blob *again;
	char *json;

	require(blob_is_valid(blob->config, blob->size));
	require(cell_blob_dump_json(blob, &json) == 0);
	desc = read_desc(json, strlen(json));
	again = compile(desc);
	require(again && again->size == blob->size);
	require(memcmp(again->config, blob->config, blob->size) == 0);
	cell_blob_unref(again);
	cell_desc_unref(desc);
	free(json);
}

/* What is wrong in part is not used at all. */
static void read_settings(const uint8_t *data, size_t size)
{
	struct settings settings;
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	require(settings_parse(context, text, size, &settings) == 0);
	check_diags(&settings.document);
	require(!settings_are_bad(&settings) || (!settings.n_links && !settings.debug_port));
	settings_clear(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cell_desc *desc;
	cell_blob *blob;

	if (!context)
		set_up();
	read_settings(data, size);
	desc = read_desc(data, size);
	if (!desc)
		return 0;

	parse_both(desc);
	blob = compile(desc);
	if (blob)
		go_round(blob);
	cell_blob_unref(blob);
	cell_desc_unref(desc);
	return 0;
}
