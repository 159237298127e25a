// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "description-input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "worker.h"

#define SIZE_MAX_BYTES (1 << 20)

int description_input_require(int fd, sd_bus_error *error)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) ||
	    st.st_size > SIZE_MAX_BYTES)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"A description is handed over as a regular file or memfd, "
					"open for reading, of at most 1 MiB.");

	return 0;
}

int description_input_copy(int fd)
{
	CLEANUP_FD int copy = memfd_create("description", MFD_CLOEXEC);
	char buffer[65536];
	off_t offset = 0;
	ssize_t n;

	if (copy < 0)
		return -errno;

	while ((n = pread(fd, buffer, sizeof(buffer), offset)) > 0 && offset <= SIZE_MAX_BYTES) {
		if (write(copy, buffer, (size_t)n) != n)
			return -EIO;
		offset += n;
	}
	if (n < 0 || lseek(copy, 0, SEEK_SET) < 0)
		return -errno;

	return take_fd(&copy);
}

int description_input_read(cell_context *context, int fd, const char *label, cell_desc **ret)
{
	CLEANUP_FD int copy = description_input_copy(fd);

	return copy < 0 ? copy : cell_desc_new_from_fd(context, copy, label, ret);
}

int description_input_fail(FILE *result, int error, cell_context *context, const cell_desc *desc)
{
	const struct cell_diag *diag = diag_first_error(desc);
	const char *name = cell_context_last_error_name(context);

	/* Reading a bad description is no failure yet, so there is no name then. */
	if (diag)
		return worker_fail(result, error, *name ? name : "InvalidConfiguration",
				   "%s:%u:%u: %s: %s", diag->file, diag->line, diag->column,
				   diag->pointer ? diag->pointer : "", diag->message);

	return worker_fail(result, error, name, "%s", cell_context_last_error(context));
}
