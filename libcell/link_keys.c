// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "link.h"
#include "parse.h"
#include "settings.h"

#define SECTION_MAX (1ull << 40)
#define ADDRESS_MAX ((1ull << 47) - 4096) /* the end of no link is beyond four levels of tables */

/* Up to so many digits, then end. sscanf would take blanks and signs before them. */
static bool take_hex(const char **text, size_t max, char end, unsigned *ret)
{
	size_t n = strspn(*text, "0123456789abcdefABCDEF");

	if (n == 0 || n > max || (*text)[n] != end)
		return false;

	*ret = (unsigned)strtoul(*text, NULL, 16);
	*text += n + 1;
	return true;
}

bool link_parse_function(const char *text, uint64_t *ret)
{
	unsigned bus, device, function;

	if (!take_hex(&text, 2, ':', &bus) || !take_hex(&text, 2, '.', &device) ||
	    !take_hex(&text, 1, '\0', &function) || device > 31 || function > 7)
		return false;
	*ret = bus << 8 | device << 3 | function;
	return true;
}

static void give(const struct value *value, enum link_attribute attribute, uint64_t number)
{
	struct link_end *end = value->target;

	end->given |= 1u << attribute;
	end->value[attribute] = number;
}

static void give_aligned(const struct value *value, enum link_attribute attribute, uint64_t most)
{
	uint64_t number;

	if (!parse_aligned(value, &number))
		return;
	if (number > most)
		parse_error(value, "out-of-range", "this is more than 0x%" PRIx64, most);
	else
		give(value, attribute, number);
}

static void give_below(const struct value *value, enum link_attribute attribute, uint64_t least,
		       uint64_t most)
{
	uint64_t number;

	if (!parse_number(value, &number))
		return;
	if (number < least || number > most)
		parse_error(value, "out-of-range", "this is a number from %" PRIu64 " to %" PRIu64,
			    least, most);
	else
		give(value, attribute, number);
}

static void key_name(const struct value *value)
{
	const char *name = json_object_get_string(value->json);
	struct link_end *end = value->target;

	if (parse_is_name(name))
		strcpy(end->name, name);
	else if (strcmp(name, "root") == 0)
		parse_error(value, "bad-name", "no link can have this name: it is Linux's");
	else
		parse_error(value, "bad-name",
			    "a link's name has up to 31 letters, digits and ._- and begins with a "
			    "letter or digit");
}

static void key_size(const struct value *value)
{
	give_aligned(value, LINK_SIZE, SECTION_MAX);
}

static void key_output(const struct value *value)
{
	give_aligned(value, LINK_OUTPUT, SECTION_MAX);
}

static void key_protocol(const struct value *value)
{
	enum link_protocol protocol = link_protocol_by_name(json_object_get_string(value->json));

	if (protocol)
		give(value, LINK_PROTOCOL, protocol);
	else
		parse_error(value, "bad-protocol",
			    "a link's protocol is \"ivshmem-1\", \"ivshmem-1.1\" or \"ivshmem-2\"");
}

static void key_vectors(const struct value *value)
{
	give_below(value, LINK_VECTORS, 1, CELLHV_LINK_VECTORS);
}

static void key_class(const struct value *value)
{
	give_below(value, LINK_CLASS, 0, UINT16_MAX);
}

static void key_peers(const struct value *value)
{
	give_below(value, LINK_PEERS, 2, CELLHV_LINK_PEERS);
}

static void key_id(const struct value *value)
{
	give_below(value, LINK_ID, 0, CELLHV_LINK_PEERS - 1);
}

static void key_function(const struct value *value)
{
	uint64_t function;

	if (link_parse_function(json_object_get_string(value->json), &function))
		give(value, LINK_FUNCTION, function);
	else
		parse_error(value, "bad-function",
			    "a PCI function is bus:device.function, such as \"00:0e.0\"");
}

static void key_at(const struct value *value)
{
	give_aligned(value, LINK_AT, ADDRESS_MAX);
}

static void key_phys(const struct value *value)
{
	give_aligned(value, LINK_PHYS, ADDRESS_MAX);
}

static const struct key keys_link[] = {
	{"name", PARSE_STRING, true, key_name},
	{"size", PARSE_NUMBER, false, key_size},
	{"output", PARSE_NUMBER, false, key_output},
	{"protocol", PARSE_STRING, false, key_protocol},
	{"vectors", PARSE_NUMBER, false, key_vectors},
	{"class", PARSE_NUMBER, false, key_class},
	{"peers", PARSE_NUMBER, false, key_peers},
	{"id", PARSE_NUMBER, false, key_id},
	{"function", PARSE_STRING, false, key_function},
	{"at", PARSE_NUMBER, false, key_at},
	{"phys", PARSE_NUMBER, false, key_phys},
	{0},
};

static void report_twice(const struct value *value, const char *name, size_t first)
{
	char pointer[DESC_POINTER_SIZE];

	parse_error(value, "link-twice", "link %s is listed twice", name);
	desc_report(value->desc, CELL_NOTE, "link-twice", desc_pointer(pointer, "links", first, ""),
		    "the first time is here");
}

static void key_link(const struct value *value)
{
	struct desc_link *links = value->desc->links;
	struct link_end *end = &links[value->index].end;

	parse_object(value, keys_link, end);
	for (size_t i = 0; i < value->index && *end->name; i++)
		if (strcmp(links[i].end.name, end->name) == 0) {
			report_twice(value, end->name, i);
			break;
		}
}

void link_key(const struct value *value)
{
	value->desc->n_links = parse_list(value, PARSE_OBJECT, CELLHV_MAX_LINKS, key_link);
}

/* What host.json says of Linux's own end; all else is for the cells to say. */
static const struct key keys_settings_link[] = {
	{"name", PARSE_STRING, true, key_name},
	{"id", PARSE_NUMBER, false, key_id},
	{"function", PARSE_STRING, false, key_function},
	{0},
};

static void check_functions(const struct value *value, const struct link_end *links)
{
	const struct link_end *end = &links[value->index];
	char pointer[DESC_POINTER_SIZE];

	for (size_t i = 0; i < value->index && link_gives(end, LINK_FUNCTION); i++) {
		if (!link_gives(&links[i], LINK_FUNCTION) ||
		    links[i].value[LINK_FUNCTION] != end->value[LINK_FUNCTION])
			continue;
		desc_report(value->desc, CELL_ERROR, "function-twice",
			    desc_pointer(pointer, "links", value->index, "function"),
			    "another link is at this PCI function");
		desc_report(value->desc, CELL_NOTE, "function-twice",
			    desc_pointer(pointer, "links", i, "function"), "it is here");
		break;
	}
}

static void key_settings_link(const struct value *value)
{
	struct link_end *links = ((struct settings *)value->target)->links;
	struct link_end *end = &links[value->index];
	struct value named = *value;

	named.target = end;
	if (json_object_is_type(value->json, json_type_string))
		key_name(&named);
	else
		parse_object(value, keys_settings_link, end);
	for (size_t i = 0; i < value->index && *end->name; i++)
		if (strcmp(links[i].name, end->name) == 0) {
			report_twice(value, end->name, i);
			break;
		}
	check_functions(value, links);
}

void link_key_settings(const struct value *value)
{
	((struct settings *)value->target)->n_links =
		parse_list(value, PARSE_STRING | PARSE_OBJECT, CELLHV_MAX_LINKS, key_settings_link);
}
