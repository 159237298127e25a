// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "number.h"
#include "parse.h"

static void key_strict(const struct value *value)
{
	((struct settings *)value->target)->strict = json_object_get_boolean(value->json);
}

static void key_debug_port(const struct value *value)
{
	struct settings *settings = value->target;
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

static const struct key settings_keys[] = {
	{PARSE_SCHEMA, PARSE_STRING, false, key_nothing},
	{"description", PARSE_STRING, false, key_nothing},
	{"strict", PARSE_BOOL, false, key_strict},
	{"debug-port", PARSE_STRING, false, key_debug_port},
	{"links", PARSE_ARRAY, false, link_key_settings},
	{0},
};

bool settings_are_bad(const struct settings *settings)
{
	return settings->desc && settings->desc->diags.n_errors;
}

int settings_parse(cell_context *context, char *text, size_t size, struct settings *ret)
{
	struct settings settings = {0};
	int r;

	r = desc_new(context, SETTINGS_PATH, text, size, settings_keys, &settings, &settings.desc);
	if (r < 0)
		return r;

	diag_finish(&settings.desc->diags, true);
	*ret = (struct settings){.desc = settings.desc};
	if (!settings_are_bad(&settings))
		*ret = settings;
	return 0;
}

int settings_load(cell_context *context, const char *root, struct settings *ret)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	int r;

	r = file_path(path, root, SETTINGS_PATH);
	if (r == 0)
		r = file_load(path, DESC_FILE_MAX, &text, &size);
	if (r == -ENOMEM)
		return context_oom(context);
	if (r == -ENOENT) {
		*ret = (struct settings){0};
		return 0;
	}
	if (r == 0)
		return settings_parse(context, text, size, ret);

	/* It says nothing, but was meant to say something. */
	*ret = (struct settings){0};
	return desc_new_unreadable(context, SETTINGS_PATH, r, &ret->desc);
}

void settings_clear(struct settings *settings)
{
	cell_desc_unref(settings->desc);
	*settings = (struct settings){0};
}
