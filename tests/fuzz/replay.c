/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzz target without a fuzzer: every file of the folders named on the command line, once. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_files;

static int replay(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	size_t size = (size_t)st->st_size;
	uint8_t *data;
	FILE *file;

	(void)walk;
	if (type != FTW_F)
		return 0;

	/* Where a target aborts, this is the last line. */
	printf("%s\n", path);
	fflush(stdout);
	file = fopen(path, "re");
	data = malloc(size ? size : 1);
	if (!file || !data || fread(data, 1, size, file) != size)
		abort();
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_files++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (nftw(argv[i], replay, 16, FTW_PHYS) != 0)
			n_files = 0;
	printf("%u files\n", n_files);
	return n_files == 0;
}
