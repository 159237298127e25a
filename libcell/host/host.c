// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/manage.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"
#include "host/preparation.h"

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static void take_flags(cell_host *host, const char *flags)
{
	host->has_svm |= has_word(flags, "svm");
	host->has_vmx |= has_word(flags, "vmx");
	host->has_nested_paging |= has_word(flags, "npt") || has_word(flags, "ept");
	host->is_guest |= has_word(flags, "hypervisor");
	/* Linux shows what it uses; of SME only that it could. */
	if (has_word(flags, "fred"))
		host->cpu_mode = CELLHV_CPU_MODE_FRED;
	else if (has_word(flags, "tdx_guest"))
		host->cpu_mode = CELLHV_CPU_MODE_TDX_GUEST;
	else if (has_word(flags, "sme") && cmdline_has(host->cmdline, "mem_encrypt=on"))
		host->cpu_mode = CELLHV_CPU_MODE_SME;
}

/* The first processor stands for all: a machine of unlike ones is refused when it is enabled. */
static int read_cpuinfo(cell_host *host)
{
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	char path[PATH_MAX];
	size_t size = 0;
	int r;

	r = file_path(path, host->root, "/proc/cpuinfo");
	if (r < 0)
		return r;

	file = fopen(path, "re");
	if (!file)
		return -errno;

	errno = 0;
	while (getline(&line, &size, file) > 1) {
		char *value = strstr(line, ": ");

		if (!value)
			continue;

		value += 2;
		value[strcspn(value, "\n")] = '\0';
		if (strncmp(line, "vendor_id", 9) == 0)
			snprintf(host->vendor, sizeof(host->vendor), "%s", value);
		else if (strncmp(line, "model name", 10) == 0)
			snprintf(host->model, sizeof(host->model), "%s", value);
		else if (strncmp(line, "flags", 5) == 0 || strncmp(line, "vmx flags", 9) == 0)
			take_flags(host, value);
	}
	return errno == ENOMEM ? -ENOMEM : 0;
}

static int read_cpus(const char *root, const char *name, struct cpuset *ret, unsigned long *ret_n)
{
	char line[1024];
	int r;

	r = file_read_line(line, sizeof(line), root, "/sys/devices/system/cpu/%s", name);
	if (r < 0)
		return r;
	return cpuset_parse_all(line, ret, ret_n);
}

int host_refresh(cell_host *host)
{
	struct cpuset present, online, possible;
	unsigned long n = 0;
	struct topology topology;
	struct iomem iomem = {0};
	struct memory memory;
	int r;

	r = read_cpus(host->root, "present", &present, &n);
	if (r >= 0)
		r = read_cpus(host->root, "online", &online, &n);
	/* Kernels have it since 2.6.26; where it is not, there is nothing to refuse. */
	if (r >= 0 && read_cpus(host->root, "possible", &possible, &n) < 0)
		n = 0;
	if (r >= 0)
		r = topology_read(host->root, &online, &topology);
	if (r >= 0)
		r = iomem_read(host->root, &iomem);
	if (r >= 0)
		r = memory_read(host->root, &iomem, &memory);
	if (r < 0)
		iomem_clear(&iomem);
	if (r == -ENOMEM)
		return context_oom(host->context);
	if (r < 0)
		return context_fail(host->context, r, "Failed",
				    "Cannot read the CPUs and memory of this machine from /sys and "
				    "/proc: %s.",
				    strerror(-r));

	iomem_clear(&host->iomem);
	memory_clear(&host->memory);
	host->iomem = iomem;
	host->n_possible = n;
	host->present = present;
	host->online = online;
	host->topology = topology;
	host->memory = memory;
	return 0;
}

static int read_facts(cell_host *host)
{
	int r;

	file_read_line(host->cmdline, sizeof(host->cmdline), host->root, "/proc/cmdline");
	r = read_cpuinfo(host);
	if (r >= 0)
		r = file_read_line(host->kernel, sizeof(host->kernel), host->root,
				   "/proc/sys/kernel/osrelease");
	if (r == -ENOMEM)
		return context_oom(host->context);
	if (r < 0)
		return context_fail(host->context, r, "Failed",
				    "Cannot read /proc/cpuinfo and /proc/sys/kernel/osrelease: %s.",
				    strerror(-r));

	acpi_read(host->root, &host->acpi);
	r = settings_load(host->context, host->root, &host->settings);
	return r < 0 ? r : host_refresh(host);
}

static int new_host(cell_context *context, const char *root, int (*read)(cell_host *host),
		    cell_host **ret)
{
	cell_host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return context_oom(context);

	host->refs = 1;
	host->context = cell_context_ref(context);
	host->root = strdup(root ?: context->root);
	r = host->root ? read(host) : context_oom(context);
	if (r < 0) {
		cell_host_unref(host);
		return r;
	}
	*ret = host;
	return 0;
}

LIBCELL_PUBLIC int cell_host_new(cell_context *context, const char *root, cell_host **ret)
{
	context_begin(context);
	return new_host(context, root, read_facts, ret);
}

int host_new_of_memory(cell_context *context, cell_host **ret)
{
	return new_host(context, NULL, host_refresh, ret);
}

LIBCELL_PUBLIC cell_host *cell_host_ref(cell_host *host)
{
	host->refs++;
	return host;
}

LIBCELL_PUBLIC cell_host *cell_host_unref(cell_host *host)
{
	if (!host || --host->refs > 0)
		return NULL;

	iomem_clear(&host->iomem);
	memory_clear(&host->memory);
	settings_clear(&host->settings);
	preparation_free(host->preparation);
	cell_context_unref(host->context);
	free(host->root);
	free(host);
	return NULL;
}

LIBCELL_PUBLIC size_t cell_host_n_diags(const cell_host *host)
{
	return host->settings.document.diags.n;
}

LIBCELL_PUBLIC const struct cell_diag *cell_host_diag(const cell_host *host, size_t index)
{
	const struct diag_list *diags = &host->settings.document.diags;

	return index < diags->n ? &diags->items[index] : NULL;
}
