// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define LINE_SIZE 1024

static void join(struct topology *topology, const char *list)
{
	unsigned lowest = CELLHV_MAX_CPUS;
	struct cpuset threads;

	if (cpuset_parse(list, &threads) < 0)
		return;
	for (unsigned cpu = CELLHV_MAX_CPUS; cpu-- > 0;)
		if (cpuset_has(&threads, cpu) && topology->core[cpu] < lowest)
			lowest = topology->core[cpu];
	for (unsigned cpu = 0; cpu < CELLHV_MAX_CPUS; cpu++)
		if (cpuset_has(&threads, cpu))
			topology->core[cpu] = (uint16_t)lowest;
}

static int read_record(const char *root, struct topology *topology)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[PATH_MAX], line[LINE_SIZE];

	if (file_path(path, root, TOPOLOGY_RECORD) < 0)
		return 0;

	file = fopen(path, "re");
	if (!file)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (fgets(line, sizeof(line), file))
		join(topology, line);
	return 0;
}

int topology_read(const char *root, const struct cpuset *online, struct topology *ret)
{
	char line[LINE_SIZE];
	int r;

	for (unsigned cpu = 0; cpu < CELLHV_MAX_CPUS; cpu++)
		ret->core[cpu] = (uint16_t)cpu;
	r = read_record(root, ret);
	if (r < 0)
		return r;

	for (unsigned cpu = 0; cpu < CELLHV_MAX_CPUS; cpu++)
		if (cpuset_has(online, cpu) &&
		    file_read_line(line, sizeof(line), root,
				   "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
				   cpu) >= 0)
			join(ret, line);
	return 0;
}

void topology_threads(const struct topology *topology, uint32_t cpu, struct cpuset *ret)
{
	*ret = (struct cpuset){0};
	for (unsigned other = 0; other < CELLHV_MAX_CPUS; other++)
		if (topology->core[other] == topology->core[cpu])
			cpuset_add(ret, other);
}

int topology_record(const char *root, const struct topology *topology)
{
	_cleanup_free_ char *text = calloc(CELLHV_MAX_CPUS, LINE_SIZE);
	char path[PATH_MAX], line[LINE_SIZE];
	struct cpuset threads;
	size_t used = 0;
	int r;

	if (!text)
		return -ENOMEM;

	for (uint32_t cpu = 0; cpu < CELLHV_MAX_CPUS; cpu++) {
		topology_threads(topology, cpu, &threads);
		if (topology->core[cpu] != cpu || cpuset_count(&threads) < 2)
			continue;
		cpuset_format(&threads, line, sizeof(line));
		used += (size_t)sprintf(text + used, "%s\n", line);
	}
	r = file_path(path, root, TOPOLOGY_RECORD);
	return r < 0 ? r : file_replace(path, text);
}

void topology_forget(const char *root)
{
	char path[PATH_MAX];

	if (file_path(path, root, TOPOLOGY_RECORD) >= 0)
		unlink(path);
}
