// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/walk.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "text/utf8.h"

#define END (-1)

/* Blanks, then the next character or END. */
static int peek(struct walk *walk)
{
	walk->at += strspn(walk->text + walk->at, " \t\r\n");
	return walk->at < walk->size ? (unsigned char)walk->text[walk->at] : END;
}

static int fail_about(struct walk *walk, size_t offset, size_t opened, const char *message)
{
	walk->error = (struct walk_error){offset, opened, message};
	return -EINVAL;
}

static int fail(struct walk *walk, const char *message)
{
	return fail_about(walk, walk->at, WALK_NOWHERE, message);
}

void walk_pointer_append(char pointer[WALK_POINTER_MAX], const char *name)
{
	size_t used = strlen(pointer);

	if (used + 1 < WALK_POINTER_MAX)
		pointer[used++] = '/';
	for (; *name && used + 2 < WALK_POINTER_MAX; name++) {
		if (*name == '~' || *name == '/') {
			pointer[used++] = '~';
			pointer[used++] = *name == '~' ? '0' : '1';
		} else {
			pointer[used++] = *name;
		}
	}
	pointer[used] = '\0';
}

/* The four digits after "\u". */
static int read_hex(struct walk *walk, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t value = 0;

	for (size_t i = 2; i < 6; i++) {
		size_t at = walk->at + i;
		const char *digit =
			at < walk->size && walk->text[at] ? strchr(digits, walk->text[at]) : NULL;

		if (!digit)
			return fail(walk, "\\u needs four hexadecimal digits");
		value = value << 4 | (uint32_t)((digit - digits) % 16);
	}
	*ret = value;
	return 0;
}

static int read_unicode(struct walk *walk, uint32_t *ret)
{
	uint32_t first = 0, second = 0;
	int r;

	r = read_hex(walk, &first);
	if (r < 0)
		return r;
	if (first == 0)
		return fail(walk, "no text here can hold a zero character");
	if ((first & 0xf800) == 0xd800) {
		size_t start = walk->at;

		walk->at += 6;
		if (first & 0x400 || strncmp(walk->text + walk->at, "\\u", 2) != 0 ||
		    read_hex(walk, &second) < 0 || (second & 0xfc00) != 0xdc00)
			return fail_about(
				walk, start, WALK_NOWHERE,
				"this is one half of a surrogate pair, without the other");
		first = 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
	}
	walk->at += 6;
	*ret = first;
	return 0;
}

static int read_escape(struct walk *walk, uint32_t *ret)
{
	static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = walk->text[walk->at + 1];
	const char *letter = c ? strchr(letters, c) : NULL;

	if (c == 'u')
		return read_unicode(walk, ret);
	if (!letter)
		return fail(walk,
			    "after a \\ only \" \\ / b f n r t and u are possible: a \\ itself is "
			    "written \\\\");

	walk->at += 2;
	*ret = (unsigned char)values[letter - letters];
	return 0;
}

static int fail_control(struct walk *walk, size_t opened)
{
	switch (walk->text[walk->at]) {
	case '\0':
		return fail(walk, "a zero byte: this is no text");
	case '\r':
	case '\n':
		return fail_about(walk, walk->at, opened,
				  "the line ends within a string: is a quote missing? (A line "
				  "break is written \\n.)");
	default:
		return fail(walk, "a control character in a string is written \\t, or \\u and its "
				  "number");
	}
}

/* opened: the string's quote. */
static int read_character(struct walk *walk, size_t opened, uint32_t *ret)
{
	size_t length;

	if (walk->text[walk->at] == '\\')
		return read_escape(walk, ret);
	if ((unsigned char)walk->text[walk->at] < ' ')
		return fail_control(walk, opened);

	length = utf8_decode(walk->text + walk->at, walk->size - walk->at, ret);
	if (length == 0)
		return fail(walk, "this byte is not UTF-8: save the file in that encoding");

	walk->at += length;
	return 0;
}

/* name: room for WALK_NAME_MAX bytes and a zero, or NULL: the text does not matter. */
static int read_string(struct walk *walk, char *name)
{
	size_t opened = walk->at++, used = 0, n;
	char encoded[UTF8_MAX];

	while (walk->at < walk->size && walk->text[walk->at] != '"') {
		uint32_t character = 0;
		int r = read_character(walk, opened, &character);

		if (r < 0)
			return r;
		if (!name)
			continue;
		n = utf8_encode(character, encoded);
		if (used + n > WALK_NAME_MAX)
			return fail_about(walk, opened, WALK_NOWHERE, "no key is as long as this");
		memcpy(name + used, encoded, n);
		used += n;
	}
	if (walk->at == walk->size)
		return fail_about(walk, walk->at, opened, "the text ends within a string");

	walk->at++;
	if (name)
		name[used] = '\0';
	return 0;
}

static size_t skip_digits(struct walk *walk)
{
	size_t n = strspn(walk->text + walk->at, "0123456789");

	walk->at += n;
	return n;
}

/* The integer part: what people write that is none, in the words that help. */
static int read_integer(struct walk *walk)
{
	size_t start = walk->at, n;
	char next;

	if (walk->text[walk->at] == '-')
		walk->at++;
	n = skip_digits(walk);
	next = walk->text[walk->at];
	if (n == 0)
		return fail(walk, "a digit has to follow the minus sign");
	if (n == 1 && (next == 'x' || next == 'X'))
		return fail_about(walk, start, WALK_NOWHERE,
				  "a hexadecimal number is written in quotes: \"0x1000\"");
	if (n > 1 && walk->text[walk->at - n] == '0')
		return fail_about(walk, start, WALK_NOWHERE,
				  "a number does not begin with 0, and there is no octal");
	if (next && strchr("KMGTkmgt", next))
		return fail_about(walk, start, WALK_NOWHERE,
				  "a number with a suffix is written in quotes: \"64M\"");
	return 0;
}

static int read_number(struct walk *walk)
{
	size_t start = walk->at;
	int r;

	r = read_integer(walk);
	if (r < 0)
		return r;

	if (walk->text[walk->at] == '.') {
		walk->at++;
		if (skip_digits(walk) == 0)
			return fail(walk, "a digit has to follow the decimal point");
	}
	if (walk->text[walk->at] == 'e' || walk->text[walk->at] == 'E') {
		walk->at++;
		walk->at += walk->text[walk->at] == '+' || walk->text[walk->at] == '-';
		if (skip_digits(walk) == 0)
			return fail(walk, "a digit has to follow the exponent");
	}
	if (walk->number)
		walk->number(walk, start, walk->at - start);
	return 0;
}

static int read_word(struct walk *walk)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t length = strspn(walk->text + walk->at,
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	for (size_t i = 0; i < ELEMENTS(words); i++) {
		if (strlen(words[i]) != length ||
		    strncmp(walk->text + walk->at, words[i], length) != 0)
			continue;

		walk->at += length;
		return 0;
	}
	return fail(walk,
		    "a value is wanted here: text is written in double quotes, and only true, "
		    "false and null without");
}

/* What stands where a value or a key should, but can begin neither. */
static int fail_character(struct walk *walk, int c, const char *wanted)
{
	static const struct {
		const char *characters;
		const char *message;
	} mistakes[] = {
		{"'`", "strings and keys are written in double quotes"},
		{"/#", "JSON has no comments: \"description\" is for people"},
		{"+", "a number does not begin with +"},
		{".", "a digit has to stand before the decimal point"},
	};

	for (size_t i = 0; c > 0 && i < ELEMENTS(mistakes); i++)
		if (strchr(mistakes[i].characters, c))
			return fail(walk, mistakes[i].message);
	if (c == 0)
		return fail(walk, "a zero byte: this is no text");
	if (strncmp(walk->text + walk->at, "\xe2\x80", 2) == 0)
		return fail(walk, "only plain double quotes (\") are quotes");
	if (c >= 0x80)
		return fail(walk, "this character can stand only between double quotes");
	return fail(walk, wanted);
}

static int walk_value(struct walk *walk, size_t key);

static int walk_member(struct walk *walk, bool in_object, size_t opened, unsigned index)
{
	size_t length = strlen(walk->pointer), key = walk->at;
	char name[WALK_NAME_MAX + 1];
	int r, c;

	if (in_object) {
		if (walk->text[walk->at] != '"')
			return fail_character(walk, (unsigned char)walk->text[walk->at],
					      "a key in double quotes is wanted here");
		r = read_string(walk, name);
		if (r < 0)
			return r;
		c = peek(walk);
		if (c == END)
			return fail_about(walk, walk->at, opened, "the text ends within an object");
		if (c != ':')
			return fail(walk, "a : is missing before this");
		walk->at++;
	} else {
		snprintf(name, sizeof(name), "%u", index);
	}
	walk_pointer_append(walk->pointer, name);
	r = walk_value(walk, key);
	walk->pointer[length] = '\0';
	return r;
}

static int fail_separator(struct walk *walk, bool in_object, size_t opened, int c)
{
	if (in_object && c == ']')
		return fail_about(walk, walk->at, opened, "a ] cannot close what a { has opened");
	if (!in_object && c == '}')
		return fail_about(walk, walk->at, opened, "a } cannot close what a [ has opened");
	return fail_character(walk, c,
			      in_object ? "a , or } is missing before this"
					: "a , or ] is missing before this");
}

/* After a member: the comma; returns what follows it. */
static int walk_comma(struct walk *walk, bool in_object, size_t opened, int c)
{
	const char closing = in_object ? '}' : ']';
	size_t comma = walk->at;

	if (c != ',')
		return fail_separator(walk, in_object, opened, c);

	walk->at++;
	c = peek(walk);
	if (c == closing)
		return fail_about(walk, comma, WALK_NOWHERE,
				  in_object ? "no comma may stand before the closing }"
					    : "no comma may stand before the closing ]");
	return c;
}

static int walk_members(struct walk *walk)
{
	bool in_object = walk->text[walk->at] == '{';
	const char closing = in_object ? '}' : ']';
	size_t opened = walk->at++;
	int c = peek(walk), r;

	if (++walk->depth > WALK_DEPTH_MAX)
		return fail_about(walk, opened, WALK_NOWHERE,
				  "nothing here is nested as deep as this");

	for (unsigned index = 0; c != closing; index++) {
		if (index > 0 && c != END) {
			c = walk_comma(walk, in_object, opened, c);
			if (c == -EINVAL)
				return c;
		}
		if (c == END)
			break;
		r = walk_member(walk, in_object, opened, index);
		if (r != 0)
			return r;
		c = peek(walk);
	}
	if (c == END)
		return fail_about(walk, walk->at, opened,
				  in_object ? "the text ends within an object"
					    : "the text ends within a list");
	walk->at++;
	walk->depth--;
	return 0;
}

/* key: offset of the key, of the value itself in a list or at the top. */
static int walk_value(struct walk *walk, size_t key)
{
	int c = peek(walk);

	if (walk->visit && c != END && walk->visit(walk, key, walk->at))
		return 1;
	if (c == '{' || c == '[')
		return walk_members(walk);
	if (c == '"')
		return read_string(walk, NULL);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(walk);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return read_word(walk);
	if (c == END)
		return fail(walk, "the text ends where a value is wanted");
	return fail_character(walk, c, "a value is missing before this");
}

/* Encodings that editors choose for their user, by their first bytes. */
static const char *foreign_encoding(const struct walk *walk)
{
	if (strncmp(walk->text, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark stands before the text: save it as UTF-8 without one";
	if (walk->size > 1 &&
	    (memcmp(walk->text, "\xff\xfe", 2) == 0 || memcmp(walk->text, "\xfe\xff", 2) == 0 ||
	     memcmp(walk->text, "{", 2) == 0 || memcmp(walk->text, "\0{", 2) == 0))
		return "this is UTF-16: save it as UTF-8";
	return NULL;
}

int walk_text(struct walk *walk)
{
	const char *foreign = foreign_encoding(walk);
	int c, r;

	if (foreign)
		return fail(walk, foreign);
	if (peek(walk) == END)
		return fail(walk, "there is nothing in this file");

	r = walk_value(walk, walk->at);
	if (r != 0)
		return r;

	c = peek(walk);
	if (c != END)
		return fail(walk, c == 0 ? "a zero byte: this is no text"
					 : "nothing may follow the end of the object");
	return 0;
}
