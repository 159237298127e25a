// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "number.h"
#include "parse.h"

#define SETTINGS_SIZE_MAX 65536
#define UART_PORTS 8

static void key_strict(const struct value *value)
{
	((struct settings *)value->target)->strict = json_object_get_boolean(value->json);
}

static void key_debug_port(const struct value *value)
{
	struct settings *settings = value->target;
	uint64_t port;

	if (number_parse(json_object_get_string(value->json), &port) < 0 || port == 0 ||
	    port > UINT16_MAX + 1 - UART_PORTS)
		parse_error(value, "bad-port",
			    "this is the first I/O port of a 16550, such as \"0x2f8\"");
	else
		settings->debug_port = (uint16_t)port;
}

static const struct key settings_keys[] = {
	{"strict", PARSE_BOOL, false, key_strict},
	{"debug-port", PARSE_STRING, false, key_debug_port},
	{"links", PARSE_ARRAY, false, link_key_settings},
	{0},
};

int settings_load(cell_context *context, const char *root, struct settings *ret)
{
	struct settings settings = {0};
	cell_desc *desc;
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	int r;

	r = file_path(path, root, SETTINGS_PATH);
	if (r == 0)
		r = file_load(path, SETTINGS_SIZE_MAX, &text, &size);
	if (r == -ENOENT) {
		*ret = settings;
		return 0;
	}
	if (r < 0)
		return context_fail(context, r, "Failed", "Cannot read %s: %s.", SETTINGS_PATH,
				    strerror(-r));

	r = desc_new(context, SETTINGS_PATH, text, size, settings_keys, &settings, &desc);
	if (r < 0)
		return r;

	r = desc_verdict(desc);
	cell_desc_unref(desc);
	if (r == 0)
		*ret = settings;
	return r;
}
