// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/hv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/export.h"
#include "driver/driver.h"
#include "driver/explain.h"
#include "driver/inventory.h"
#include "driver/lock.h"
#include "driver/module.h"
#include "driver/preflight.h"
#include "host/host.h"
#include "host/pool.h"

/* Without the module there is no node, or a node without a driver. */
static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENXIO || error == -ENODEV;
}

/* udev makes the node a moment after the module is in. */
static int open_patiently(cell_context *context)
{
	int fd = -ENOENT;

	for (int i = 0; i < 50 && is_missing(fd); i++) {
		fd = driver_open(context);
		if (is_missing(fd))
			poll(NULL, 0, 20);
	}
	return fd;
}

static int fail_open(cell_context *context, int error)
{
	if (error == -EACCES || error == -EPERM)
		return context_fail(context, error, "AccessDenied",
				    "Opening %s takes root: run this as root, or ask the daemon.",
				    CELLHV_DEVICE);
	if (is_missing(error))
		return context_fail(context, error, "ModuleMissing",
				    "There is no %s: load the module with `modprobe " MODULE_NAME
				    "`, or start cell-hypervisor.service.",
				    CELLHV_DEVICE);
	return context_fail(context, error, "Failed", "Cannot open %s: %s.", CELLHV_DEVICE,
			    strerror(-error));
}

static int read_info(cell_context *context, int fd, struct cellhv_info *ret)
{
	*ret = (struct cellhv_info){.size = sizeof(*ret)};
	return driver_call(context, fd, CELLHV_IOC_INFO, ret, NULL, "ask the module what it is");
}

static int check_version(cell_context *context, int fd)
{
	struct cellhv_info info;
	int r;

	r = read_info(context, fd, &info);
	if (r < 0)
		return r;
	if (info.driver_version != CELLHV_DRIVER_VERSION || info.abi_version != CELLHV_ABI_VERSION)
		return context_fail(context, -EPROTO, "AbiMismatch",
				    "The loaded module has interface %u.%u, this library %d.%d: "
				    "install both from the same build and load the module again.",
				    info.driver_version, info.abi_version, CELLHV_DRIVER_VERSION,
				    CELLHV_ABI_VERSION);
	return 0;
}

LIBCELL_PUBLIC int cell_hv_open(cell_context *context, bool load_module, cell_hv **ret)
{
	cell_hv *hv;
	int fd, r;

	context_begin(context);
	fd = driver_open(context);
	if (is_missing(fd) && load_module) {
		r = module_load(context);
		if (r < 0)
			return r;
		fd = open_patiently(context);
	}
	if (fd < 0)
		return fail_open(context, fd);

	r = check_version(context, fd);
	if (r < 0) {
		close(fd);
		return r;
	}

	hv = calloc(1, sizeof(*hv));
	if (!hv) {
		close(fd);
		return context_oom(context);
	}
	hv->refs = 1;
	hv->context = cell_context_ref(context);
	hv->fd = fd;
	*ret = hv;
	return 0;
}

LIBCELL_PUBLIC cell_hv *cell_hv_ref(cell_hv *hv)
{
	hv->refs++;
	return hv;
}

LIBCELL_PUBLIC cell_hv *cell_hv_unref(cell_hv *hv)
{
	if (!hv || --hv->refs > 0)
		return NULL;

	close(hv->fd);
	cell_context_unref(hv->context);
	free(hv);
	return NULL;
}

LIBCELL_PUBLIC int cell_hv_info(cell_hv *hv, struct cell_hv_info *ret)
{
	struct cellhv_info info;
	int r;

	context_begin(hv->context);
	r = read_info(hv->context, hv->fd, &info);
	if (r < 0)
		return r;

	*ret = (struct cell_hv_info){
		.enabled = info.state == CELLHV_HYPERVISOR_ENABLED,
		.x2apic = info.x2apic,
		.pages_total = info.pages_total,
		.pages_used = info.pages_used,
		.n_cpus = info.num_cpus,
		.n_cells = info.num_cells,
		.memory_phys = info.memory_phys,
		.memory_size = info.memory_size,
	};
	memcpy(ret->version, info.version, sizeof(ret->version));
	ret->version[sizeof(ret->version) - 1] = '\0';
	return 0;
}

static enum cell_dma dma_of(uint32_t dma)
{
	static const enum cell_dma states[] = {
		[CELLHV_DMA_OPEN] = CELL_DMA_OPEN,
		[CELLHV_DMA_ISOLATED] = CELL_DMA_ISOLATED,
		[CELLHV_DMA_BY_LINUX] = CELL_DMA_BY_LINUX,
	};

	return dma < sizeof(states) / sizeof(states[0]) ? states[dma] : CELL_DMA_OPEN;
}

static enum cell_interrupts interrupts_of(uint32_t interrupts)
{
	static const enum cell_interrupts states[] = {
		[CELLHV_INTERRUPTS_OPEN] = CELL_INTERRUPTS_OPEN,
		[CELLHV_INTERRUPTS_MESSAGES] = CELL_INTERRUPTS_FILTERED,
		[CELLHV_INTERRUPTS_REMAPPED] = CELL_INTERRUPTS_REMAPPED,
	};

	return interrupts < sizeof(states) / sizeof(states[0]) ? states[interrupts]
							       : CELL_INTERRUPTS_OPEN;
}

_Static_assert(sizeof(((struct cell_protection *)NULL)->message) >= EXPLAIN_SIZE,
	       "all of an explanation fits");

LIBCELL_PUBLIC int cell_hv_protection(cell_hv *hv, struct cell_protection *ret)
{
	struct cell_protection protection;
	struct cellhv_info info;
	int r;

	context_begin(hv->context);
	r = hv_require_enabled(hv, "tell what confines devices");
	if (r == 0)
		r = read_info(hv->context, hv->fd, &info);
	if (r < 0)
		return r;

	protection = (struct cell_protection){
		.dma = dma_of(info.dma),
		.interrupts = interrupts_of(info.interrupts),
	};
	explain_iommu(&info.iommu, protection.message);
	*ret = protection;
	return 0;
}

LIBCELL_PUBLIC const char *cell_dma_to_string(enum cell_dma dma)
{
	switch (dma) {
	case CELL_DMA_OPEN:
		return "open";
	case CELL_DMA_ISOLATED:
		return "isolated";
	case CELL_DMA_BY_LINUX:
		return "by Linux's tables";
	}
	return "unknown";
}

LIBCELL_PUBLIC const char *cell_interrupts_to_string(enum cell_interrupts interrupts)
{
	switch (interrupts) {
	case CELL_INTERRUPTS_OPEN:
		return "open";
	case CELL_INTERRUPTS_FILTERED:
		return "filtered";
	case CELL_INTERRUPTS_REMAPPED:
		return "remapped";
	}
	return "unknown";
}

int hv_require_enabled(cell_hv *hv, const char *what)
{
	struct cellhv_info info;
	int r;

	r = read_info(hv->context, hv->fd, &info);
	if (r < 0)
		return r;
	if (info.state != CELLHV_HYPERVISOR_ENABLED)
		return context_fail(hv->context, -ENODEV, "HypervisorDisabled",
				    "Cannot %s: the hypervisor is not enabled: `systemctl start "
				    "cell-hypervisor` first.",
				    what);
	return 0;
}

LIBCELL_PUBLIC int cell_hv_enable(cell_hv *hv, cell_host *host)
{
	struct cellhv_enable request = {.size = sizeof(request)};
	union host_system_config system;
	struct cellhv_info info;
	int r;

	context_begin(hv->context);
	r = read_info(hv->context, hv->fd, &info);
	if (r < 0)
		return r;
	if (info.state == CELLHV_HYPERVISOR_ENABLED)
		return context_fail(hv->context, -EALREADY, "HypervisorEnabled",
				    "The hypervisor is already enabled: there is nothing to do.");

	r = host_refresh(host);
	if (r == 0)
		r = preflight_require(host);
	if (r < 0)
		return r;

	/* Without it nobody is warned of cells that share a core. */
	r = topology_record(host->root, &host->topology);
	if (r == -ENOMEM)
		return context_oom(hv->context);
	if (r < 0)
		context_log(hv->context, LOG_WARNING, "Cannot write %s: %s.", TOPOLOGY_RECORD,
			    strerror(-r));

	host_system_config(host, &system);
	request.config = (uintptr_t)&system;
	request.config_size = system.config.header.total_size;
	return driver_call(hv->context, hv->fd, CELLHV_IOC_ENABLE, &request, &request.error,
			   "enable the hypervisor");
}

static int fail_cells_exist(cell_hv *hv, const struct inventory *inventory)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < inventory->n && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 inventory->cells[i].info.name);
	return context_fail(hv->context, -EBUSY, "Busy",
			    "The hypervisor cannot be disabled while cells exist (%s): stop them "
			    "first.",
			    names);
}

static int require_no_cells(cell_hv *hv)
{
	struct inventory inventory;
	int r;

	r = inventory_read(hv->context, hv->fd, &inventory);
	if (r < 0)
		return r;
	if (inventory.n)
		r = fail_cells_exist(hv, &inventory);
	inventory_clear(&inventory);
	return r;
}

/* Memory that stays offline is a pity, not a failure of disabling: it is logged. */
static void give_all_memory_back(cell_host *host)
{
	static const struct ranges nothing;

	if (host)
		pool_give_back(host, &nothing);
}

/* host: of memory; NULL: that cannot be read. */
static int disable_locked(cell_hv *hv, cell_host *host)
{
	struct cellhv_disable request = {.size = sizeof(request)};
	struct cellhv_info info;
	int r;

	context_begin(hv->context);
	r = read_info(hv->context, hv->fd, &info);
	if (r < 0)
		return r;
	if (info.state != CELLHV_HYPERVISOR_ENABLED) {
		give_all_memory_back(host);
		return context_fail(hv->context, -EALREADY, "HypervisorDisabled",
				    "The hypervisor is not enabled: there is nothing to do.");
	}

	r = require_no_cells(hv);
	if (r == 0)
		r = driver_call(hv->context, hv->fd, CELLHV_IOC_DISABLE, &request, &request.error,
				"disable the hypervisor");
	if (r < 0)
		return r;

	topology_forget(hv->context->root);
	give_all_memory_back(host);
	return 0;
}

/* What giving memory back takes is there before anything ends. */
LIBCELL_PUBLIC int cell_hv_disable(cell_hv *hv)
{
	cell_host *host = NULL;
	int lock, r;

	context_begin(hv->context);
	lock = lock_take(hv->context);
	if (lock < 0)
		return lock;

	r = host_new_of_memory(hv->context, &host);
	if (r != -ENOMEM)
		r = disable_locked(hv, host);
	cell_host_unref(host);
	close(lock);
	return r;
}

LIBCELL_PUBLIC int cell_hv_fd(const cell_hv *hv)
{
	return hv->fd;
}

LIBCELL_PUBLIC int cell_hv_dispatch(cell_hv *hv)
{
	uint64_t changes;

	context_begin(hv->context);
	if (read(hv->fd, &changes, sizeof(changes)) < 0 && errno != EAGAIN)
		return context_fail(hv->context, -errno, "Failed", "Cannot read %s: %s.",
				    CELLHV_DEVICE, strerror(errno));
	return 0;
}

int hv_console_open(cell_hv *hv, uint32_t id, uint32_t flags)
{
	struct cellhv_console_open request = {.size = sizeof(request), .id = id, .flags = flags};

	return driver_call(hv->context, hv->fd, CELLHV_IOC_CONSOLE_OPEN, &request, NULL,
			   "open the console");
}

LIBCELL_PUBLIC int cell_hv_console_open(cell_hv *hv, bool nonblock)
{
	context_begin(hv->context);
	return hv_console_open(hv, CELLHV_ROOT_ID, nonblock ? O_NONBLOCK : 0);
}
