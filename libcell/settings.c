// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"
#include "json.h"
#include "number.h"

#define SETTINGS_SIZE_MAX 65536
#define UART_PORTS 8

/* A sentence about the wrong value, or NULL. */
typedef const char *settings_parser(struct json_object *value, struct settings *settings);

static const char *parse_strict(struct json_object *value, struct settings *settings)
{
	if (!json_object_is_type(value, json_type_boolean))
		return "strict is true or false";
	settings->strict = json_object_get_boolean(value);
	return NULL;
}

static const char *parse_debug_port(struct json_object *value, struct settings *settings)
{
	uint64_t port;

	if (!json_object_is_type(value, json_type_string) ||
	    number_parse(json_object_get_string(value), &port) < 0 || port == 0 ||
	    port > UINT16_MAX + 1 - UART_PORTS)
		return "debug-port is the first I/O port of a 16550, such as \"0x2f8\"";
	settings->debug_port = (uint16_t)port;
	return NULL;
}

static const struct {
	const char *name;
	settings_parser *parse;
} settings_keys[] = {
	{"strict", parse_strict},
	{"debug-port", parse_debug_port},
	{"links", link_parse_settings},
};

static const char *parse_key(const char *name, struct json_object *value, struct settings *settings)
{
	for (size_t i = 0; i < ELEMENTS(settings_keys); i++)
		if (strcmp(settings_keys[i].name, name) == 0)
			return settings_keys[i].parse(value, settings);
	return "there is no such key; there are \"strict\", \"debug-port\" and "
	       "\"links\"";
}

static int fail_at(cell_context *context, struct json_position position, const char *message)
{
	return context_fail(context, -EINVAL, "InvalidConfiguration", "%s:%u:%u: error: %s.",
			    SETTINGS_PATH, position.line, position.column, message);
}

static int parse_settings(cell_context *context, const char *text, struct json_object *root,
			  struct settings *settings)
{
	if (!json_object_is_type(root, json_type_object))
		return fail_at(context, (struct json_position){1, 1}, "this is no JSON object");

	json_object_object_foreach(root, name, value)
	{
		const char *message = parse_key(name, value, settings);
		char pointer[JSON_POINTER_MAX] = "";
		struct json_position position = {0, 0};

		if (!message)
			continue;
		json_pointer_append(pointer, name);
		json_locate(text, pointer, true, &position);
		return fail_at(context, position, message);
	}
	return 0;
}

int settings_load(cell_context *context, const char *root, struct settings *ret)
{
	struct settings settings = {0};
	struct json_object *object = NULL;
	const char *message = NULL;
	char path[PATH_MAX], *text = NULL;
	size_t size = 0, offset = 0;
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

	r = json_parse(text, size, &object, &offset, &message);
	if (r < 0) {
		fail_at(context, json_position_of(text, offset), message);
	} else {
		r = parse_settings(context, text, object, &settings);
		json_object_put(object);
	}
	free(text);
	if (r == 0)
		*ret = settings;
	return r;
}
