// SPDX-License-Identifier: LGPL-2.1-or-later
/* The keys "ports", "console" and "links" of a description. */
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "base/cleanup.h"
#include "desc/keys.h"
#include "text/number.h"

#define MAX_PORTS 65536u
#define UART_REGISTERS 8

static bool is_port(const char *text, uint32_t *ret)
{
	uint64_t port;

	if (strpbrk(text, "KMGT") || number_parse(text, &port) < 0 || port >= MAX_PORTS)
		return false;

	*ret = (uint32_t)port;
	return true;
}

static void key_port_range(const struct value *value)
{
	_cleanup_free_ char *text = strdup(json_object_get_string(value->json));
	char *dash = text ? strchr(text, '-') : NULL;
	uint32_t first, last;

	if (dash && json_object_is_type(value->json, json_type_string))
		*dash++ = '\0';
	else
		dash = NULL;
	if (!text)
		value->document->diags.is_incomplete = true;
	else if (!is_port(text, &first) || !is_port(dash ?: text, &last))
		parse_error(value, "bad-port",
			    "I/O ports are 0 to 65535, or ranges such as \"0x2f8-0x2ff\"");
	else if (last < first)
		parse_error(value, "bad-port", "this range ends before it begins");
	else
		keys_desc(value)->ports[value->index] =
			(struct desc_ports){first, last - first + 1};
}

void keys_ports(const struct value *value)
{
	/* One range is kept for the ports that a UART console adds. */
	keys_desc(value)->n_ports =
		parse_list(value, PARSE_NUMBER, CELLHV_MAX_PORT_RANGES - 1, key_port_range);
}

static void key_console_uart(const struct value *value)
{
	struct cellhv_console *console = &keys_desc(value)->console;
	uint32_t port;

	console->type = CELLHV_CONSOLE_8250;
	if (!is_port(json_object_get_string(value->json), &port))
		parse_error(value, "bad-port",
			    "this has to be the first I/O port of a UART, such as \"0x2f8\"");
	else if (port > MAX_PORTS - UART_REGISTERS)
		parse_error(value, "bad-port", "the %d ports of a UART do not fit behind this",
			    UART_REGISTERS);
	else
		console->address = port;
}

static void key_console_mmio(const struct value *value)
{
	struct cellhv_console *console = &keys_desc(value)->console;

	console->type = CELLHV_CONSOLE_8250;
	console->flags |= CELLHV_CONSOLE_FLAG_MMIO;
	parse_number(value, &console->address);
}

static void key_console_distance(const struct value *value)
{
	uint64_t distance;

	if (!parse_number(value, &distance))
		return;

	if (distance == 4)
		keys_desc(value)->console.flags |= CELLHV_CONSOLE_FLAG_DISTANCE_4;
	else if (distance != 1)
		parse_error(value, "bad-distance",
			    "the registers of a UART are 1 or 4 bytes apart");
}

static void key_console_baud(const struct value *value)
{
	uint64_t baud;

	if (!parse_number(value, &baud))
		return;

	/* A 16550 divides 1.8432 MHz / 16; a divider of 0 leaves it as it is. */
	if (baud > 115200 || (baud && (115200 % baud || 115200 / baud > UINT16_MAX)))
		parse_error(value, "bad-baud",
			    "rates divide 115200, such as 9600; 0 leaves the UART as it is");
	else
		keys_desc(value)->console.divider = baud ? (uint32_t)(115200 / baud) : 0;
}

static const struct key console_keys[] = {
	{"uart", PARSE_NUMBER, false, key_console_uart},
	{"mmio", PARSE_NUMBER, false, key_console_mmio},
	{"register-distance", PARSE_NUMBER, false, key_console_distance},
	{"baud", PARSE_NUMBER, false, key_console_baud},
	{0},
};

static bool has_key(const struct value *value, const char *name)
{
	return json_object_object_get_ex(value->json, name, NULL);
}

static void key_console_object(const struct value *value)
{
	struct cellhv_console *console = &keys_desc(value)->console;

	keys_desc(value)->flags &= ~CELLHV_CELL_CONSOLE_VIRTUAL;
	console->divider = 1;
	parse_object(value, console_keys, NULL);
	if (has_key(value, "uart") == has_key(value, "mmio"))
		parse_error(value, "bad-console",
			    "a UART is at \"uart\", an I/O port, or at \"mmio\", an address: one "
			    "of them has to be here");
	else if (has_key(value, "uart") && has_key(value, "register-distance"))
		parse_error(value, "bad-console",
			    "\"register-distance\" goes with \"mmio\": ports are 1 apart");
	console->size = console->flags & CELLHV_CONSOLE_FLAG_DISTANCE_4 ? 4 * UART_REGISTERS
									: UART_REGISTERS;
}

void keys_console(const struct value *value)
{
	const char *kind = json_object_get_string(value->json);

	if (json_object_is_type(value->json, json_type_object))
		key_console_object(value);
	else if (strcmp(kind, "none") == 0)
		keys_desc(value)->flags &= ~CELLHV_CELL_CONSOLE_VIRTUAL;
	else if (strcmp(kind, "virtual") != 0)
		parse_error(value, "bad-console",
			    "a console is \"virtual\", \"none\" or { \"uart\": \"0x2f8\" }");
}

static void key_link(const struct value *value)
{
	struct desc_link *links = keys_desc(value)->links;
	struct link_end *end = &links[value->index].end;

	parse_object(value, link_end_keys, end);
	for (size_t i = 0; i < value->index && *end->name; i++)
		if (strcmp(links[i].end.name, end->name) == 0) {
			link_end_report_twice(value, end->name, i);
			break;
		}
}

void keys_links(const struct value *value)
{
	keys_desc(value)->n_links = parse_list(value, PARSE_OBJECT, CELLHV_MAX_LINKS, key_link);
}
