// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which CPUs go under the hypervisor, and which cannot later. */
#include "driver/finding.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "driver/driver.h"
#include "driver/explain.h"
#include "driver/firmware.h"
#include "driver/inventory.h"

/* In the words in which the driver would refuse it: "what is wrong: what to do". */
static void find_number(struct finding *finding, uint32_t check, uint64_t number)
{
	char text[EXPLAIN_SIZE] = "", *remedy_at;

	explain_number(check, number, text);
	remedy_at = strstr(text, ": ");
	if (!remedy_at)
		return;

	*remedy_at = '\0';
	finding_set(finding, CELL_CHECK_FAILED, "%s", text);
	finding_remedy(finding, "%s", remedy_at + 2);
}

/* CPUs that cells have are offline for Linux, as they should be. */
static unsigned take_given(const cell_host *host, struct finding *finding, struct cpuset *offline)
{
	_cleanup_close_ int fd = driver_open(host->context);
	struct inventory inventory;
	unsigned given = 0;
	int r;

	if (fd < 0)
		return 0;

	r = inventory_read(host->context, fd, &inventory);
	if (r < 0) {
		finding->out_of_memory = r == -ENOMEM;
		context_begin(host->context);
		return 0;
	}
	for (size_t i = 0; i < inventory.n; i++) {
		cpuset_remove_all(offline, &inventory.cells[i].cpus);
		given += cpuset_count(&inventory.cells[i].cpus);
	}
	inventory_clear(&inventory);
	return given;
}

/* The kernel's word for SMT that was turned off, by nosmt or later: "off" or "forceoff". */
static bool threads_are_off(const cell_host *host)
{
	char control[32] = "";

	file_read_line(control, sizeof(control), host->root, "/sys/devices/system/cpu/smt/control");
	return strcmp(control, "off") == 0 || strcmp(control, "forceoff") == 0;
}

/* What is offline when the others enter is refused by the module later. */
static void remedy_offline(const cell_host *host, struct finding *finding, const char *offline)
{
	finding_remedy(
		finding,
		"bring %s online before enabling (`chcpu -e %s`), as they cannot come later%s",
		offline, offline,
		threads_are_off(host)
			? "; leave out those that nosmt or smt/control keeps offline, "
			  "the second threads of their cores"
			: "");
}

/* 0: no image says so; that there is none is another check's matter. */
static uint32_t image_max_cpus(const cell_host *host)
{
	struct cellhv_image_header header;

	return firmware_read_header(host->root, host->kernel, &header)
		       ? cellhv_image_max_cpus(&header)
		       : 0;
}

void preflight_check_cpus(const cell_host *host, struct finding *finding)
{
	unsigned online = cpuset_count(&host->online), present = cpuset_count(&host->present);
	char what[EXPLAIN_ROOM_SIZE], how[EXPLAIN_ROOM_SIZE], list[128];
	struct cpuset offline = host->present;
	uint32_t room = image_max_cpus(host);
	unsigned given;

	cpuset_remove_all(&offline, &host->online);
	given = cpuset_count(&offline) ? take_given(host, finding, &offline) : 0;
	cpuset_format(&offline, list, sizeof(list));
	if (host->n_possible > CELLHV_MAX_CPUS) {
		find_number(finding, CELLHV_DRIVER_CHECK_TOO_MANY_CPUS, host->n_possible);
	} else if (room && online > room) {
		explain_no_room(CELLHV_NO_ROOM(online, room), what, how);
		finding_set(finding, CELL_CHECK_FAILED, "%s", what);
		finding_remedy(finding, "%s", how);
	} else if (!given && online < 2) {
		finding_set(
			finding, CELL_CHECK_FAILED,
			"one CPU is online, and CPU 0 stays with Linux: none is left for cells");
		finding_remedy(finding, "%s",
			       present > 1 ? "bring the others online: `chcpu -e 1`"
					   : "use a machine with two CPUs or more");
	} else if (cpuset_count(&offline)) {
		finding_set(finding, CELL_CHECK_WARNING,
			    "only %u of %u CPUs are online%s: CPU %s is not", online + given,
			    present, given ? ", or cells'" : "", list);
		remedy_offline(host, finding, list);
	} else if (given) {
		finding_set(finding, CELL_CHECK_OK, "%u CPUs are online, and cells have %u", online,
			    given);
	} else {
		finding_set(finding, CELL_CHECK_OK, "%u CPUs are online", online);
	}
}
