/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cell "demo" on a machine of files with a driver that follows a script. */
#ifndef LIFECYCLE_FIXTURE_H
#define LIFECYCLE_FIXTURE_H

#include <limits.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "check.h"
#include "host/host.h"
#include "mock.h"
#include "sysroot.h"

#define EXPECT(steps) mock_expect(steps, sizeof(steps) / sizeof((steps)[0]))
#define BLOCK6 "/sys/devices/system/memory/memory6/state"
#define BLOCK5 "/sys/devices/system/memory/memory5/state"
#define RECORD "/run/cellmgr/memory-blocks"

static struct sysroot root;
static cell_host *host;
static cell_desc *desc;
static cell_hv *hv;

static inline void set_up(const struct mock_step *steps, size_t n, const char *memory_size)
{
	sysroot_make(&root);
	mock_expect(steps, n);
	sysroot_write(
		&root, "/etc/cells/demo.json",
		"{ \"name\": \"demo\", \"cpus\": 1,\n"
		"  \"memory\": [ { \"size\": \"%s\", \"at\": 0 } ], \"comm\": { \"at\": \"3G\" },\n"
		"  \"images\": [ { \"file\": \"demo.bin\", \"at\": \"0x1000\" } ] }\n",
		memory_size);
	sysroot_write(&root, "/etc/cells/demo.bin", "image");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_desc_find(root.context, "demo", &desc), 0);
	CHECK_EQ(cell_hv_open(root.context, false, &hv), 0);
}

static inline void tear_down(void)
{
	CHECK_EQ(mock_left(), 0);
	hv = cell_hv_unref(hv);
	desc = cell_desc_unref(desc);
	host = cell_host_unref(host);
	sysroot_remove(&root);
}

static struct cellhv_cell_config *created; /* what the last creation passed */

static inline void act_create(void *argument)
{
	struct cellhv_cell_create *request = argument;
	const struct cellhv_cell_config *config = (void *)(uintptr_t)request->config;

	CHECK(blob_is_valid(config, request->config_size));
	CHECK_STR(config->name, "demo");
	CHECK_EQ(blob_cpus(config)[0], 3);
	CHECK_EQ(blob_memory(config)->phys, 0x30000000);
	CHECK_STR(sysroot_read(&root, BLOCK6), "offline");
	free(created);
	created = malloc(request->config_size);
	memcpy(created, config, request->config_size);
	request->id = 7;
}

static inline void act_info(void *argument)
{
	struct cellhv_cell_info *info = argument;

	info->id = 7;
	strcpy(info->name, "demo");
	info->cpus[0] = 1 << 3;
	info->state = CELLHV_STATE_RUNNING;
	info->config_size = created ? created->header.total_size : 0;
}

static inline void act_info_stopped(void *argument)
{
	act_info(argument);
	((struct cellhv_cell_info *)argument)->state = CELLHV_STATE_STOPPED;
}

static inline void act_config(void *argument)
{
	struct cellhv_cell_read_config *request = argument;

	memcpy((void *)(uintptr_t)request->buffer, created, request->length);
}

static inline void act_load(void *argument)
{
	const struct cellhv_cell_load *request = argument;

	CHECK_EQ(request->id, 7);
	CHECK_EQ(request->guest, 0x1000);
	CHECK_EQ(request->length, 5);
	CHECK(memcmp((void *)(uintptr_t)request->buffer, "image", 5) == 0);
}

static inline void act_cpu_busy(void *argument)
{
	struct cellhv_cell_create *request = argument;

	request->error = (struct cellhv_error){CELLHV_DRIVER_CHECK_CPU_BUSY, 0, 3};
}

static inline void act_forced(void *argument)
{
	CHECK_EQ(((struct cellhv_cell_op *)argument)->flags, CELLHV_CELL_FORCE);
}

#define OPEN                                          \
	{                                             \
		CELLHV_IOC_INFO, 0, mock_info_enabled \
	}
#define ENABLED                                       \
	{                                             \
		CELLHV_IOC_INFO, 0, mock_info_enabled \
	}
#define NO_CELLS                                    \
	{                                           \
		CELLHV_IOC_CELL_INFO, -ENOENT, NULL \
	}

/* The one cell, whose memory is looked up before it is destroyed. */
#define INVENTORY                                                                             \
	{CELLHV_IOC_CELL_INFO, 0, act_info_stopped}, {CELLHV_IOC_CELL_CONFIG, 0, act_config}, \
	{                                                                                     \
		CELLHV_IOC_CELL_INFO, -ENOENT, NULL                                           \
	}

#endif
