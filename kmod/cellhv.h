/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of this module offer each other. The prefix of a function names its file.
 * Functions return 0 or a negative errno; where they take a struct cellhv_error they fill it in on
 * failure. README.md has the order of the locks.
 */
#ifndef CELLHV_MODULE_H
#define CELLHV_MODULE_H

#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <cellhv/driver.h>

struct device;
struct function;
struct launch;
struct pin;

/* The argument of any ioctl: already copied from the caller, `size` set to the kernel's idea. */
union device_args {
	u32 size;
	struct cellhv_info info;
	struct cellhv_enable enable;
	struct cellhv_disable disable;
	struct cellhv_cell_create create;
	struct cellhv_cell_load load;
	struct cellhv_cell_op op;
	struct cellhv_cell_message message;
	struct cellhv_cell_info cell_info;
	struct cellhv_cell_read_config config;
	struct cellhv_cpu_stats stats;
	struct cellhv_console_open console;
};

/* Fills in `error` and returns `ret`, so that a refusal is one line. */
static inline int refuse(struct cellhv_error *error, int ret, u32 check, u64 object)
{
	error->check = check;
	error->object = object;
	return ret;
}

/* ---- device: /dev/cellhv ---- */
int device_init(void);
void device_exit(void);
struct device *device_get(void); /* for firmware loading; valid from init to exit */

/* ---- hypervisor: enabled or not ---- */
int hypervisor_info(union device_args *args);
int hypervisor_enable(union device_args *args);
int hypervisor_disable(union device_args *args);
int hypervisor_cpu_stats(union device_args *args);

/* Keeps the hypervisor enabled until hypervisor_put(); -ENODEV: it is not enabled. */
int hypervisor_get(struct cellhv_error *error);
void hypervisor_put(void);

/* For the CPU hotplug callback: a CPU that did not enter must not come online beside those that
 * did. */
bool hypervisor_admits_cpu(unsigned int cpu);

u64 hypervisor_generation(void); /* grows with each enable; tells old descriptors from new */
int hypervisor_block(void);	 /* from now on refuse to enable; -EBUSY: enabled already */
void hypervisor_unblock(void);
void hypervisor_shutdown(void); /* the machine goes down: no cells, native CPUs, blocked */

/* ---- call: management calls ---- */
int call_init(void);
void call_exit(void);
void call_open(const struct launch *launch);
void call_close(void); /* waits for the call under way; later ones fail with -ENODEV */

/* Fills in size and, in the end, the outputs of `call`; sleeps. */
int call_make(struct cellhv_call *call, struct cellhv_error *error);
int call_cell(u32 op, u32 id, struct cellhv_error *error); /* operations that take only an id */

/* ---- config: what the module itself reads of a configuration ---- */
int config_check_system(const struct cellhv_system_config *config, u32 size,
			struct cellhv_error *error);
int config_check_cell(const struct cellhv_cell_config *config, u32 size,
		      struct cellhv_error *error);
const u32 *config_cpus(const struct cellhv_cell_config *config);
const struct cellhv_link *config_links(const struct cellhv_cell_config *config);
const struct cellhv_function *config_functions(const struct cellhv_cell_config *config);
const struct cellhv_pin *config_pins(const struct cellhv_cell_config *config);

/* Regions, then the memory of links, of which only address and size are filled in. */
bool config_memory(const struct cellhv_cell_config *config, u32 index,
		   struct cellhv_memory_region *region);

/* ---- cell: the cells this module created ---- */
struct cell {
	struct list_head node; /* under cell_list_lock, as `claimed` and `ready` */
	struct kref ref;
	struct mutex lock;	 /* one of load, start, stop, destroy at a time */
	u32 id;			 /* 0: the hypervisor does not know it yet */
	bool ready;		 /* created and not yet destroyed: others may find it */
	unsigned long messaging; /* bit 0: a message waits for its answer */
	DECLARE_BITMAP(claimed, CELLHV_MAX_CPUS); /* CPUs that must not come online */
	DECLARE_BITMAP(taken, CELLHV_MAX_CPUS);	  /* CPUs that this module took offline */
	struct function *functions; /* of the configuration, as far as they are looked up */
	u32 num_functions;
	struct pin *pins; /* the same, as far as they are taken */
	u32 num_pins;
	bool linked; /* Linux's ends of its links are there for it; changed by who owns the cell */
	u64 start_time; /* ns of CLOCK_MONOTONIC of its last start; under lock, read without */
	struct cellhv_cell_config *config;
};

int cell_create(union device_args *args);
int cell_load(union device_args *args);
int cell_start(union device_args *args);
int cell_stop(union device_args *args);
int cell_destroy(union device_args *args);
void cell_destroy_all(void); /* with hypervisor_sem held for writing */

/* ---- status: what a cell is and how it does ---- */
int status_info(union device_args *args);
int status_config(union device_args *args);
int status_query(u32 id, struct cellhv_call *call, struct cellhv_error *error);
int status_check_locked(u32 own_id,
			struct cellhv_error *error); /* -EPERM: another cell is locked */

/* ---- roster: who is who, and who owns what ---- */
struct cell *roster_get(u32 id, struct cellhv_error *error); /* NULL: none, -ENOENT */
struct cell *roster_next(u32 id);			     /* the smallest id above; NULL: none */
struct cell *roster_first(void);			     /* any cell, ready or not */
void roster_put(struct cell *cell);
unsigned int roster_count(void);
bool roster_is_ready(struct cell *cell);
int roster_add(struct cell *cell, struct cellhv_error *error); /* refuses claimed CPUs */
void roster_set_ready(struct cell *cell, bool ready);
void roster_remove(struct cell *cell);
void roster_release_cpu(struct cell *cell, unsigned int cpu);
bool roster_owns_cpu(unsigned int cpu, char name[CELLHV_NAME_SIZE]);
bool roster_owns_memory(u64 phys, u64 size, char name[CELLHV_NAME_SIZE]);

/* ---- message: ask a guest, and wait ---- */
int message_send(union device_args *args);

/* ---- cpus, memory: what moves between Linux and cells ---- */
int cpus_init(void);
void cpus_exit(void);
int cpus_take_all(struct cell *cell, struct cellhv_error *error);
int cpus_give_back_all(struct cell *cell, struct cellhv_error *error);

int memory_init(void);
void memory_exit(void);
int memory_check(const struct cellhv_cell_config *config, struct cellhv_error *error);

/* ---- function, pin: what else moves ---- */
int function_init(void);
void function_exit(void);
int function_look_up_all(struct cell *cell, struct cellhv_error *error); /* disturbs nobody */
int function_take_all(struct cell *cell, struct cellhv_error *error);

/* Nor are they lost where they are not bound to a driver again: the machine goes down. */
int function_give_back_all(struct cell *cell, bool rebind, struct cellhv_error *error);

void pin_set_system(const struct cellhv_system_config *system); /* one that has been checked */
int pin_take_all(struct cell *cell, struct cellhv_error *error);
void pin_give_back_all(struct cell *cell);

/* ---- link: Linux's ends of links ---- */
int link_init(void);
void link_exit(void);
int link_join_all(struct cell *cell, struct cellhv_error *error); /* after it is created */
void link_leave_all(struct cell *cell);				  /* before it is destroyed */

/* ---- console: descriptors that read a console ---- */
int console_open(union device_args *args);

/* ---- watch: notices what changes below ---- */
extern wait_queue_head_t watch_queue; /* woken with every change of a count below */
u64 watch_changes(void);	      /* states of hypervisor and cells */
u64 watch_outputs(void);	      /* console output, and whatever may end a console */
void watch_changed(void);	      /* the module itself changed a state */
void watch_start(void);		      /* looks every few milliseconds while there is a reason */
void watch_open(void);		      /* a descriptor is such a reason */
void watch_close(void);
void watch_exit(void);

/* ---- power: reboot, kexec, suspend ---- */
int power_init(void);
void power_exit(void);

#endif
