// SPDX-License-Identifier: LGPL-2.1-or-later
/* The keys "pci", "irqs" and "dma" of a description. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desc/keys.h"

/* "0000:00:05.0", or without the segment, which is 0 then. */
static bool parse_address(const char *text, struct desc_function *function)
{
	unsigned segment = 0, bus, device, number;
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text))
		return false;
	if ((sscanf(text, "%4x:%2x:%2x.%1x%n", &segment, &bus, &device, &number, &end) != 4 ||
	     text[end])) {
		segment = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &number, &end) != 3 || text[end])
			return false;
	}
	if (device > 31 || number > 7)
		return false;

	function->has_address = true;
	function->segment = (uint16_t)segment;
	function->address = (uint16_t)(bus << 8 | device << 3 | number);
	return true;
}

static void key_function_address(const struct value *value)
{
	if (!parse_address(json_object_get_string(value->json), value->target))
		parse_error(value, "bad-function",
			    "PCI functions are written as `lspci` does, \"00:05.0\" or "
			    "\"0000:00:05.0\"");
}

static void parse_id(const struct value *value, uint16_t *ret)
{
	const char *text = json_object_get_string(value->json);
	const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
	size_t length = strlen(digits);

	if (length < 1 || length > 4 || strspn(digits, "0123456789abcdefABCDEF") != length)
		parse_error(value, "bad-id",
			    "ids are up to four hexadecimal digits, as `lspci -n` has them: "
			    "\"8086\"");
	else
		*ret = (uint16_t)strtoul(digits, NULL, 16);
}

static void key_function_vendor(const struct value *value)
{
	parse_id(value, &((struct desc_function *)value->target)->vendor);
}

static void key_function_device(const struct value *value)
{
	parse_id(value, &((struct desc_function *)value->target)->device);
}

static void key_function_reset(const struct value *value)
{
	struct desc_function *function = value->target;
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "none") == 0)
		function->flags |= CELLHV_FUNCTION_NO_RESET;
	else if (strcmp(policy, "required") != 0)
		parse_error(value, "bad-policy",
			    "a reset is \"required\", or \"none\" is taken as well");
}

static void key_function_vendor_config(const struct value *value)
{
	if (json_object_get_boolean(value->json))
		((struct desc_function *)value->target)->flags |= CELLHV_FUNCTION_VENDOR_CONFIG;
}

static const struct key function_keys[] = {
	{"function", PARSE_STRING, false, key_function_address},
	{"vendor", PARSE_STRING, false, key_function_vendor},
	{"device", PARSE_STRING, false, key_function_device},
	{"reset", PARSE_STRING, false, key_function_reset},
	{"vendor-config", PARSE_BOOL, false, key_function_vendor_config},
	{0},
};

static bool has_key(const struct value *value, const char *name)
{
	return json_object_object_get_ex(value->json, name, NULL);
}

static void key_function(const struct value *value)
{
	bool by_address = has_key(value, "function"), vendor = has_key(value, "vendor"),
	     device = has_key(value, "device");

	parse_object(value, function_keys, &keys_desc(value)->functions[value->index]);
	if (by_address ? vendor || device : !vendor || !device)
		parse_error(value, "bad-function",
			    "a PCI function is named by \"function\", or by \"vendor\" and "
			    "\"device\"");
}

void keys_pci(const struct value *value)
{
	keys_desc(value)->n_functions =
		parse_list(value, PARSE_OBJECT, CELLHV_MAX_FUNCTIONS, key_function);
}

static void key_pin_ioapic(const struct value *value)
{
	parse_aligned(value, &((struct desc_irq *)value->target)->resolved.ioapic);
}

static void key_pin_number(const struct value *value)
{
	uint64_t pin;

	if (!parse_number(value, &pin))
		return;
	if (pin >= 240)
		parse_error(value, "out-of-range", "an I/O APIC has pins 0 to 239");
	else
		((struct desc_irq *)value->target)->resolved.pin = (uint32_t)pin;
}

static void key_pin_level(const struct value *value)
{
	if (json_object_get_boolean(value->json))
		((struct desc_irq *)value->target)->resolved.flags |= CELLHV_PIN_LEVEL;
}

static void key_pin_low(const struct value *value)
{
	if (json_object_get_boolean(value->json))
		((struct desc_irq *)value->target)->resolved.flags |= CELLHV_PIN_LOW;
}

static const struct key pin_keys[] = {
	{"ioapic", PARSE_NUMBER, true, key_pin_ioapic},
	{"pin", PARSE_NUMBER, true, key_pin_number},
	{"level", PARSE_BOOL, false, key_pin_level},
	{"low", PARSE_BOOL, false, key_pin_low},
	{0},
};

static void key_irq(const struct value *value)
{
	struct desc_irq *irq = &keys_desc(value)->irqs[value->index];
	uint64_t number;

	if (json_object_is_type(value->json, json_type_object)) {
		irq->has_pin = true;
		parse_object(value, pin_keys, irq);
	} else if (parse_number(value, &number)) {
		if (number > 4095)
			parse_error(value, "out-of-range",
				    "interrupts are 0 to 4095, as in /proc/interrupts");
		else
			irq->number = (uint32_t)number;
	}
}

void keys_irqs(const struct value *value)
{
	keys_desc(value)->n_irqs =
		parse_list(value, PARSE_INTEGER | PARSE_OBJECT, CELLHV_MAX_PINS, key_irq);
}

void keys_dma(const struct value *value)
{
	const char *policy = json_object_get_string(value->json);

	if (strcmp(policy, "trusted") == 0)
		keys_desc(value)->flags |= CELLHV_CELL_DMA_TRUSTED;
	else if (strcmp(policy, "confined") != 0)
		parse_error(value, "bad-policy",
			    "the DMA of a cell's devices is \"confined\" to its memory, or "
			    "\"trusted\"");
}
