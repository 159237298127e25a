// SPDX-License-Identifier: LGPL-2.1-or-later
/* The keys "platform", "signature" and "linux" of a description. */
#include <string.h>

#include "desc/keys.h"

void keys_platform(const struct value *value)
{
	if (strcmp(json_object_get_string(value->json), "pc") == 0)
		keys_desc(value)->flags |= CELLHV_CELL_PLATFORM_PC;
	else
		parse_error(value, "bad-platform",
			    "a platform is \"pc\": without one a cell has what it is given");
}

void keys_signature(const struct value *value)
{
	const char *signature = json_object_get_string(value->json);

	keys_desc(value)->has_signature = true;
	if (strcmp(signature, "kvm") == 0)
		keys_desc(value)->flags |= CELLHV_CELL_SIGNATURE_KVM;
	else if (strcmp(signature, "jailhouse") != 0)
		parse_error(value, "bad-signature",
			    "the signature of the hypervisor is \"jailhouse\", or \"kvm\"");
}

static char *file_name(const struct value *value)
{
	char *name = keys_copy_string(value);

	if (name && !*name)
		parse_error(value, "bad-file", "this is not the name of a file");
	return name;
}

static void key_kernel(const struct value *value)
{
	((struct desc_kernel *)value->target)->file = file_name(value);
}

static void key_initrd(const struct value *value)
{
	((struct desc_kernel *)value->target)->initrd = file_name(value);
}

static void key_command_line(const struct value *value)
{
	((struct desc_kernel *)value->target)->command_line = keys_copy_string(value);
}

static const struct key linux_keys[] = {
	{"kernel", PARSE_STRING, true, key_kernel},
	{"initrd", PARSE_STRING, false, key_initrd},
	{"command-line", PARSE_STRING, false, key_command_line},
	{0},
};

void keys_linux(const struct value *value)
{
	struct desc_kernel *kernel = &keys_desc(value)->kernel;

	kernel->wanted = true;
	parse_object(value, linux_keys, kernel);
}
