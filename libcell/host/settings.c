// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "text/number.h"
#include "text/parse.h"

static void key_strict(const struct value *value)
{
	((struct settings *)value->whole)->strict = json_object_get_boolean(value->json);
}

static void key_debug_port(const struct value *value)
{
	struct settings *settings = value->whole;
	const char *text = json_object_get_string(value->json);
	uint64_t port;

	if (strpbrk(text, "KMGT") || number_parse(text, &port) < 0 || port == 0 ||
	    port > UINT16_MAX + 1 - SETTINGS_DEBUG_PORTS)
		parse_error(value, "bad-port",
			    "this has to be the first I/O port of a 16550, such as \"0x2f8\"");
	else
		settings->debug_port = (uint16_t)port;
}

static void key_nothing(const struct value *value)
{
	(void)value;
}

static void check_functions(const struct value *value, const struct link_end *links)
{
	const struct link_end *end = &links[value->index];
	char pointer[DOCUMENT_POINTER_SIZE];

	for (size_t i = 0; i < value->index && link_gives(end, LINK_FUNCTION); i++) {
		if (!link_gives(&links[i], LINK_FUNCTION) ||
		    links[i].value[LINK_FUNCTION] != end->value[LINK_FUNCTION])
			continue;
		document_report(value->document, CELL_ERROR, "function-twice",
				document_pointer(pointer, "links", value->index, "function"),
				"another link is at this PCI function");
		document_report(value->document, CELL_NOTE, "function-twice",
				document_pointer(pointer, "links", i, "function"), "it is here");
		break;
	}
}

static void key_link(const struct value *value)
{
	struct link_end *links = ((struct settings *)value->whole)->links;
	struct link_end *end = &links[value->index];
	struct value named = *value;

	named.target = end;
	if (json_object_is_type(value->json, json_type_string))
		link_end_key_name(&named);
	else
		parse_object(value, link_end_keys_settings, end);
	for (size_t i = 0; i < value->index && *end->name; i++)
		if (strcmp(links[i].name, end->name) == 0) {
			link_end_report_twice(value, end->name, i);
			break;
		}
	check_functions(value, links);
}

static void key_links(const struct value *value)
{
	((struct settings *)value->whole)->n_links =
		parse_list(value, PARSE_STRING | PARSE_OBJECT, CELLHV_MAX_LINKS, key_link);
}

static const struct key settings_keys[] = {
	{PARSE_SCHEMA, PARSE_STRING, false, key_nothing},
	{"description", PARSE_STRING, false, key_nothing},
	{"strict", PARSE_BOOL, false, key_strict},
	{"debug-port", PARSE_STRING, false, key_debug_port},
	{"links", PARSE_ARRAY, false, key_links},
	{0},
};

bool settings_are_bad(const struct settings *settings)
{
	return settings->document.diags.n_errors;
}

int settings_parse(cell_context *context, char *text, size_t size, struct settings *ret)
{
	struct settings settings = {0};

	if (document_init(&settings.document, SETTINGS_PATH, text, size) < 0 ||
	    parse_document(&settings.document, settings_keys, &settings) < 0) {
		settings_clear(&settings);
		return context_oom(context);
	}

	diag_finish(&settings.document.diags, true);
	*ret = (struct settings){.document = settings.document};
	if (!settings_are_bad(&settings))
		*ret = settings;
	return 0;
}

int settings_load(cell_context *context, const char *root, struct settings *ret)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	int r;

	*ret = (struct settings){0};
	r = file_path(path, root, SETTINGS_PATH);
	if (r == 0)
		r = file_load(path, DOCUMENT_SIZE_MAX, &text, &size);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		return settings_parse(context, text, size, ret);

	/* It says nothing, but was meant to say something. */
	if (r != -ENOMEM)
		r = document_init_unreadable(&ret->document, SETTINGS_PATH, r);
	return r == -ENOMEM ? context_oom(context) : r;
}

void settings_clear(struct settings *settings)
{
	document_clear(&settings->document);
	*settings = (struct settings){0};
}
