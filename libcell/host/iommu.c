// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/iommu.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* *ret: NULL where the folder is not there. -ENOMEM. */
static int open_folder(const char *path, DIR **ret)
{
	*ret = opendir(path);
	return *ret || errno != ENOMEM ? 0 : -ENOMEM;
}

/* Alphabetically first entry, so that the answer is the same each time. 0: none. */
static int first_entry(const char *path, char name[64])
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;

	if (open_folder(path, &dir) < 0)
		return -ENOMEM;

	name[0] = '\0';
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && (!*name || strcmp(entry->d_name, name) < 0))
			snprintf(name, 64, "%.63s", entry->d_name);
	return *name != 0;
}

/* Group types: "DMA" and "DMA-FQ" translate; "identity" does not. */
static bool group_translates(const char *root, const char *group)
{
	char type[32];

	return file_read_line(type, sizeof(type), root, "/sys/kernel/iommu_groups/%s/type",
			      group) == 0 &&
	       strncmp(type, "DMA", 3) == 0;
}

/* /sys/class/iommu/UNIT/devices/ has a link for each device the unit serves. */
static int find_unit(const char *root, struct iommu_finding *finding)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX];
	struct dirent *entry;

	snprintf(finding->unit, sizeof(finding->unit), "(unnamed)");
	if (file_path(path, root, "/sys/class/iommu") < 0)
		return 0;
	if (open_folder(path, &dir) < 0)
		return -ENOMEM;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    file_path(path, root, "/sys/class/iommu/%s/devices/%s", entry->d_name,
			      finding->device) < 0 ||
		    access(path, F_OK) < 0)
			continue;

		snprintf(finding->unit, sizeof(finding->unit), "%.63s", entry->d_name);
		break;
	}
	return 0;
}

int iommu_find_translating(const char *root, struct iommu_finding *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], group[64] = "";
	struct iommu_finding finding;
	struct dirent *entry;
	int r;

	if (file_path(path, root, "/sys/kernel/iommu_groups") < 0)
		return 0;
	if (open_folder(path, &dir) < 0)
		return -ENOMEM;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && group_translates(root, entry->d_name) &&
		    (!*group || strtoul(entry->d_name, NULL, 10) < strtoul(group, NULL, 10)))
			snprintf(group, sizeof(group), "%.63s", entry->d_name);
	if (!*group || file_path(path, root, "/sys/kernel/iommu_groups/%s/devices", group) < 0)
		return 0;

	r = first_entry(path, finding.device);
	if (r > 0 && find_unit(root, &finding) < 0)
		r = -ENOMEM;
	if (r <= 0)
		return r;

	finding.is_carried = strncmp(finding.unit, "ivhd", 4) == 0;
	finding.off_option = finding.is_carried ? "amd_iommu=off" : "intel_iommu=off";
	*ret = finding;
	return 1;
}
