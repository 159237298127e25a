// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cpulist.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"

#define ONLINE "/sys/devices/system/cpu/online"

char *cpulist_format(const unsigned *cpus, size_t n)
{
	char *text = NULL;
	size_t size, last;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;

	for (size_t first = 0; first < n; first = last + 1) {
		last = first;
		while (last + 1 < n && cpus[last + 1] == cpus[last] + 1)
			last++;

		fprintf(f, "%s%u", first ? "," : "", cpus[first]);
		if (last > first)
			fprintf(f, "-%u", cpus[last]);
	}

	fclose(f);
	return text;
}

char *cpulist_online(void)
{
	CLEANUP_FCLOSE FILE *f = fopen(ONLINE, "re");
	char line[256];

	if (!f || !fgets(line, sizeof(line), f))
		return strdup("?");

	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}
