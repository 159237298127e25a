/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcell: static partitioning of this machine.
 *
 * Conventions. Functions return 0 or a positive result, or a negative errno. Outputs come last, are
 * named ret_ and stay untouched on failure. Objects are reference counted; every _unref takes NULL
 * and returns NULL. Strings returned as const char * belong to the object. Nothing is printed:
 * messages go to the log function of the context, and the sentence that explains the last failure
 * of a call with a context is cell_context_last_error(). A context and what came from it may be
 * used by one thread at a time. The library needs no daemon.
 */
#ifndef LIBCELL_CELL_H
#define LIBCELL_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Context: the library's one root object ------------------------------------------------- */

typedef struct cell_context cell_context;

/* level: as syslog(3). message: one line without a line break. */
typedef void (*cell_log_fn)(void *userdata, int level, const char *message);

int cell_context_new(cell_context **ret);
cell_context *cell_context_ref(cell_context *context);
cell_context *cell_context_unref(cell_context *context);
void cell_context_set_log_fn(cell_context *context, cell_log_fn fn, void *userdata);

/*
 * Stable name and full sentence (what, why, remedy) of the last failed call; "" after a success.
 * Names: NoSuchCell CellExists CellRunning CellNotRunning CellLocked ShutdownDenied TimedOut
 * InvalidConfiguration ResourceConflict NoMemory HypervisorDisabled HypervisorEnabled
 * HardwareUnsupported IommuTranslating ModuleMissing AbiMismatch AccessDenied ImageMissing
 * ImageTooLarge CpuUnavailable NoSuchLink Busy Failed.
 */
const char *cell_context_last_error_name(const cell_context *context);
const char *cell_context_last_error(const cell_context *context);

/* ---- Host: what this machine is -------------------------------------------------------------- */

typedef struct cell_host cell_host;

enum cell_check_result {
	CELL_CHECK_OK,
	CELL_CHECK_WARNING, /* works, with the limit that the message names */
	CELL_CHECK_FAILED,
};

/* root: where /sys, /proc and /dev are looked up; NULL for the real ones. */
int cell_host_new(cell_context *context, const char *root, cell_host **ret);
cell_host *cell_host_ref(cell_host *host);
cell_host *cell_host_unref(cell_host *host);

/* One preflight check: `name` is stable, `message` says what was found, `remedy` what to do ("" if
 * ok). */
typedef int (*cell_check_fn)(void *userdata, enum cell_check_result result, const char *name,
			     const char *message, const char *remedy);

/* Runs every check, calls fn for each; returns the number of failed ones, or a negative errno. */
int cell_host_preflight(cell_host *host, cell_check_fn fn, void *userdata);

/* Facts as JSON; the caller frees *ret_json. */
int cell_host_describe(cell_host *host, char **ret_json);

/* ---- Descriptions and binary configurations -------------------------------------------------- */

typedef struct cell_desc cell_desc;
typedef struct cell_blob cell_blob;

enum cell_severity { CELL_ERROR, CELL_WARNING, CELL_NOTE };

struct cell_diag {
	enum cell_severity severity;
	const char *code; /* stable, e.g. "unknown-key", "not-aligned", "cpu-taken" */
	const char *file;
	const char *pointer; /* JSON pointer, RFC 6901 */
	unsigned line;	     /* from 1; 0: unknown */
	unsigned column;
	const char *message;
};

/*
 * Searches /etc/cells, /run/cells, /usr/lib/cells for NAME.json. Bad content is no error of this
 * call: it yields a description with diagnostics. -ENOENT: no such file. -EINVAL: not a cell name.
 */
int cell_desc_find(cell_context *context, const char *name, cell_desc **ret);
int cell_desc_new_from_file(cell_context *context, const char *path, cell_desc **ret);
int cell_desc_new_from_fd(cell_context *context, int fd, const char *label, cell_desc **ret);
cell_desc *cell_desc_ref(cell_desc *desc);
cell_desc *cell_desc_unref(cell_desc *desc);

/* Names of all descriptions in the search path, each once, sorted; NULL-terminated, free with
 * cell_strv_free. */
int cell_desc_list(cell_context *context, char ***ret_names);
char **cell_strv_free(char **names);

const char *cell_desc_name(const cell_desc *desc);
const char *cell_desc_path(const cell_desc *desc);
unsigned cell_desc_shutdown_timeout_ms(const cell_desc *desc); /* default 5000 */
bool cell_desc_destroy_on_refusal(const cell_desc *desc);      /* default false: keep */

/* Parse-time problems, plus those of the last cell_desc_check or _compile. */
size_t cell_desc_n_diags(const cell_desc *desc);
const struct cell_diag *cell_desc_diag(const cell_desc *desc, size_t index);

/* Against this host and, where the hypervisor is enabled, its cells. 0, or -EINVAL with
 * diagnostics. */
int cell_desc_check(cell_desc *desc, cell_host *host);

/* Placement and derivation; takes no memory from Linux, but assumes what could be taken. */
int cell_desc_compile(cell_desc *desc, cell_host *host, cell_blob **ret);

int cell_blob_new(cell_context *context, const void *data, size_t size, cell_blob **ret);
cell_blob *cell_blob_ref(cell_blob *blob);
cell_blob *cell_blob_unref(cell_blob *blob);
const void *cell_blob_data(const cell_blob *blob, size_t *ret_size);
int cell_blob_dump_json(cell_blob *blob, char **ret_json);

/* ---- Hypervisor ------------------------------------------------------------------------------ */

typedef struct cell_hv cell_hv;

struct cell_hv_info {
	bool enabled;
	bool x2apic;
	char version[32];
	unsigned pages_total; /* of 4 KiB, in the hypervisor's pool */
	unsigned pages_used;
	unsigned n_cpus;
	unsigned n_cells;
	uint64_t memory_phys;
	uint64_t memory_size;
};

/* load_module: load cellhv.ko with libkmod where it is missing. ModuleMissing, AbiMismatch. */
int cell_hv_open(cell_context *context, bool load_module, cell_hv **ret);
cell_hv *cell_hv_ref(cell_hv *hv);
cell_hv *cell_hv_unref(cell_hv *hv);

int cell_hv_info(cell_hv *hv, struct cell_hv_info *ret);

/* Runs the preflight first. -EALREADY: already enabled (nothing done). */
int cell_hv_enable(cell_hv *hv, cell_host *host);

/* Gives back all memory taken from Linux. -EBUSY: cells exist. -EALREADY: not enabled. */
int cell_hv_disable(cell_hv *hv);

/* A descriptor for an event loop: readable when any state has changed; then call _dispatch. */
int cell_hv_fd(const cell_hv *hv);
int cell_hv_dispatch(cell_hv *hv);

/* Descriptor that reads the hypervisor's own console lines. The caller closes it. */
int cell_hv_console_open(cell_hv *hv, bool nonblock);

/* ---- Cells ----------------------------------------------------------------------------------- */

typedef struct cell_cell cell_cell;

enum cell_state {
	CELL_STOPPED, /* created, not started, or stopped */
	CELL_RUNNING,
	CELL_LOCKED, /* running/locked */
	CELL_SHUT_DOWN,
	CELL_FAILED,
};

/* "stopped" "running" "running/locked" "shut down" "failed" */
const char *cell_state_to_string(enum cell_state state);

struct cell_failure {
	const char *reason; /* "memory-access" "port-access" "msr-access" ...; "" where none */
	unsigned cpu;
	uint64_t rip;
	uint64_t address;
	uint64_t detail;
	char message[160]; /* one sentence */
};

/*
 * Compile, take memory from Linux (offline blocks) and CPUs, create, load every image; the cell is
 * then CELL_STOPPED. On failure nothing is taken. CellExists, ResourceConflict, NoMemory, ...
 */
int cell_cell_create(cell_hv *hv, cell_desc *desc, cell_host *host, cell_cell **ret);
int cell_cell_by_name(cell_hv *hv, const char *name, cell_cell **ret); /* -ENOENT */
int cell_cell_by_cpu(cell_hv *hv, unsigned cpu, cell_cell **ret);      /* -ENOENT: the root's */

/* The cell with the smallest id above `after`'s (NULL: the first). -ENOENT at the end. */
int cell_cell_next(cell_hv *hv, cell_cell *after, cell_cell **ret);
cell_cell *cell_cell_ref(cell_cell *cell);
cell_cell *cell_cell_unref(cell_cell *cell);

unsigned cell_cell_id(const cell_cell *cell);
const char *cell_cell_name(const cell_cell *cell);

/* Linux CPU numbers, ascending; valid as long as the object. */
const unsigned *cell_cell_cpus(const cell_cell *cell, size_t *ret_n);

/* Asks the kernel each time. -ENOENT: the cell is gone. ret_failure may be NULL. */
int cell_cell_state(cell_cell *cell, enum cell_state *ret_state, struct cell_failure *ret_failure);

/* Load the description's images again, for a restart of a stopped cell. */
int cell_cell_load(cell_cell *cell, cell_desc *desc);
int cell_cell_start(cell_cell *cell);

/*
 * Ask the guest to shut down and wait. 0: it agreed and ended. -EACCES (ShutdownDenied): it
 * refused, and goes on. -ETIMEDOUT: no answer. -ENOTCONN (CellNotRunning).
 */
int cell_cell_shutdown(cell_cell *cell, unsigned timeout_ms);
int cell_cell_stop(cell_cell *cell);		    /* park at once, without asking */
int cell_cell_destroy(cell_cell *cell, bool force); /* -EBUSY (CellRunning) without force */

struct cell_stat {
	const char *name; /* "total" "hypercall" "msr" ... */
	uint64_t count;
};
#define CELL_N_STATS_MAX 32

/* Exits of one of the cell's CPUs by reason since the cell started; returns how many were written.
 */
int cell_cell_stats(cell_cell *cell, unsigned cpu, struct cell_stat ret_stats[CELL_N_STATS_MAX]);

/* Descriptor that reads the guest's console from its oldest kept byte. The caller closes it. */
int cell_cell_console_open(cell_cell *cell, bool nonblock);

/* ---- Links: Linux's end of one -----------------------------------------------------------------
 */

/*
 * A link that host.json lists and that a cell names. It lasts as long as the link: when its last
 * cell goes, waiting fails with -ENOTCONN and its memory raises SIGBUS; then open it anew.
 */
typedef struct cell_link cell_link;

struct cell_link_info {
	unsigned protocol; /* of ivshmem: 1 or 2 */
	unsigned id;	   /* Linux's */
	unsigned n_peers;  /* at most; ids are below */
	unsigned n_vectors;
	unsigned class_protocol;
};
#define CELL_LINK_N_VECTORS_MAX 16

int cell_link_open(cell_context *context, const char *name,
		   cell_link **ret); /* -ENOENT: NoSuchLink */
cell_link *cell_link_ref(cell_link *link);
cell_link *cell_link_unref(cell_link *link);
void cell_link_info(const cell_link *link, struct cell_link_info *ret);

/* Sections, mapped: written by all, by Linux only, by the peer only; NULL where the link has none.
 */
void *cell_link_common(const cell_link *link, size_t *ret_size);
void *cell_link_output(const cell_link *link, size_t *ret_size);
const void *cell_link_input(const cell_link *link, unsigned peer, size_t *ret_size);

/* What a peer has put into the state table, 0 while it is not there; protocol 1: always 0. */
uint32_t cell_link_state(const cell_link *link, unsigned peer);
void cell_link_set_state(cell_link *link, uint32_t state); /* raises vector 0 at the others */

/* Interrupts a peer, if it is there. Protocol 1: the other one, whatever is passed. */
void cell_link_ring(cell_link *link, unsigned peer, unsigned vector);

/* Readable when there was an interrupt; then call _wait. */
int cell_link_fd(const cell_link *link);

/*
 * Waits for an interrupt that came since the last call; gives how many there were of each vector
 * since cell_link_open(). timeout_ms: -1 for ever. -ETIMEDOUT, -ENOTCONN.
 */
int cell_link_wait(cell_link *link, int timeout_ms, uint32_t ret_counts[CELL_LINK_N_VECTORS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
