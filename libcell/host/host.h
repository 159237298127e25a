/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This machine, read once. */
#ifndef LIBCELL_HOST_H
#define LIBCELL_HOST_H

#include <cellhv/config.h>

#include "base/context.h"
#include "host/acpi.h"
#include "host/cmdline.h"
#include "host/cpuset.h"
#include "host/iomem.h"
#include "host/memory.h"
#include "host/settings.h"
#include "host/topology.h"

struct cell_host {
	unsigned refs;
	cell_context *context;
	char *root;
	char kernel[128]; /* release */
	char cmdline[CMDLINE_SIZE];
	char vendor[16]; /* "AuthenticAMD" */
	char model[80];
	bool has_svm;
	bool has_vmx;
	bool has_nested_paging;	  /* NPT or EPT */
	uint32_t cpu_mode;	  /* enum cellhv_cpu_mode, as far as Linux shows it */
	bool is_guest;		  /* CPUID says a hypervisor is there */
	unsigned long n_possible; /* one more than the highest number, as the kernel counts */
	struct cpuset present;
	struct cpuset online;
	struct topology topology;
	struct iomem iomem;
	struct memory memory;
	struct acpi acpi;
	struct settings settings;
	struct preparation *preparation; /* of the last cell_host_prepare(), or NULL */
};

/* Reads what changes while the machine runs: CPUs and memory. */
int host_refresh(cell_host *host);

/*
 * Without facts and settings: for giving memory back, which a mistake in host.json shall not keep
 * with the cells. -ENOMEM, or what host_refresh() says.
 */
int host_new_of_memory(cell_context *context, cell_host **ret);

/* What the hypervisor has to be told of the machine. */
union host_system_config {
	struct cellhv_system_config config; /* config.header.total_size bytes in all */
	uint64_t words[CELLHV_SYSTEM_MAX_SIZE / 8];
};

void host_system_config(const cell_host *host, union host_system_config *ret);

#endif
