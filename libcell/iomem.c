// SPDX-License-Identifier: LGPL-2.1-or-later
#include "iomem.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"

/* Lines are "00100000-bfffffff : System RAM"; what lies within another resource is indented. */
static int add_line(const char *line, struct iomem *iomem)
{
	uint64_t first, last;
	int at = 0;

	if (*line == ' ' || sscanf(line, "%" SCNx64 "-%" SCNx64 " : %n", &first, &last, &at) != 2 ||
	    !at || last <= first)
		return 0;

	if (strncmp(line + at, "System RAM", 10) == 0)
		return ranges_add(&iomem->ram, first, last - first + 1);
	if (strncmp(line + at, "Reserved", 8) == 0)
		return ranges_add(&iomem->reserved, first, last - first + 1);
	return 0;
}

int iomem_read(const char *root, struct iomem *ret)
{
	_cleanup_fclose_ FILE *file = NULL;
	struct iomem iomem = {0};
	char path[PATH_MAX], line[256];
	int r;

	r = file_path(path, root, "/proc/iomem");
	if (r < 0)
		return r;

	file = fopen(path, "re");
	if (!file)
		return -errno;

	while (fgets(line, sizeof(line), file)) {
		r = add_line(line, &iomem);
		if (r < 0)
			return r;
	}
	*ret = iomem;
	return 0;
}
