// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/iomem.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define RAM "System RAM"

void iomem_clear(struct iomem *iomem)
{
	ranges_clear(&iomem->ram);
	ranges_clear(&iomem->managed);
}

/*
 * Lines are "00100000-bfffffff : System RAM"; what lies within another resource is indented, as RAM
 * does that virtio-mem or kmem (pmem, CXL) have added: "System RAM (virtio_mem)".
 */
static int add_line(const char *line, struct iomem *iomem)
{
	uint64_t first, last;
	int at = 0, r;

	if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %n", &first, &last, &at) != 2 || !at ||
	    last <= first || strncmp(line + at, RAM, strlen(RAM)) != 0)
		return 0;

	r = ranges_add(&iomem->ram, first, last - first + 1);
	if (r == 0 && line[at + (int)strlen(RAM)] == ' ')
		r = ranges_add(&iomem->managed, first, last - first + 1);
	return r;
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

	while (r == 0 && fgets(line, sizeof(line), file))
		r = add_line(line, &iomem);
	if (r < 0) {
		iomem_clear(&iomem);
		return r;
	}
	*ret = iomem;
	return 0;
}
