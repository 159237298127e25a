// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/link_end.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

static bool take_function(const char *text, uint64_t *ret)
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

void link_end_key_name(const struct value *value)
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

static void key_kind(const struct value *value)
{
	if (strcmp(json_object_get_string(value->json), link_kinds[LINK_NETWORK]) == 0)
		give(value, LINK_KIND, LINK_NETWORK);
	else
		parse_error(value, "bad-kind",
			    "a link's kind is \"network\"; without one it is memory");
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

	if (take_function(json_object_get_string(value->json), &function))
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

const struct key link_end_keys[] = {
	{"name", PARSE_STRING, true, link_end_key_name},
	{"kind", PARSE_STRING, false, key_kind},
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

void link_end_report_twice(const struct value *value, const char *name, size_t first)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	parse_error(value, "link-twice", "link %s is listed twice", name);
	document_report(value->document, CELL_NOTE, "link-twice",
			document_pointer(pointer, "links", first, ""), "the first time is here");
}

/* What host.json says of Linux's own end; all else is for the cells to say. */
const struct key link_end_keys_settings[] = {
	{"name", PARSE_STRING, true, link_end_key_name},
	{"id", PARSE_NUMBER, false, key_id},
	{"function", PARSE_STRING, false, key_function},
	{0},
};
