// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/firmware.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* The kernel looks into the configured directory first, where there is one. */
bool firmware_read_header(const char *root, const char *kernel, struct cellhv_image_header *ret)
{
	char configured[PATH_MAX] = "", path[PATH_MAX];
	const char *const directories[][2] = {{configured, ""},
					      {"/lib/firmware/updates/", kernel},
					      {"/lib/firmware/updates", ""},
					      {"/lib/firmware/", kernel},
					      {"/lib/firmware", ""}};

	file_read_line(configured, sizeof(configured), root,
		       "/sys/module/firmware_class/parameters/path");
	for (size_t i = 0; i < ELEMENTS(directories); i++) {
		_cleanup_close_ int fd = -1;

		if (!*directories[i][0] || file_path(path, root, "%s%s/%s", directories[i][0],
						     directories[i][1], CELLHV_IMAGE_NAME) < 0)
			continue;

		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return read(fd, ret, sizeof(*ret)) == sizeof(*ret);
	}
	return false;
}
