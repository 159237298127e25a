/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcell: static partitioning of this machine.
 *
 * Results. Functions return 0 or a positive result, or a negative errno. Outputs come last, are
 * named ret_ and stay untouched on failure. Every call may fail with -ENOMEM (this process is out
 * of memory: Failed), what reads files with their errno, and what asks the kernel with -EACCES or
 * -EPERM (AccessDenied) where the caller is not root and with -EPROTO (AbiMismatch) where the
 * module is of another version; these are not repeated below. In parentheses: the name that
 * cell_context_last_error_name() has then, which is finer than the errno.
 *
 * Ownership. Objects are reference counted: what gives one in ret gives one reference, _ref adds
 * one, _unref takes one away, takes NULL, and returns NULL. An object keeps what it was made from.
 * Strings and arrays returned as const belong to the object and live as long as it does, unless
 * said otherwise; what is to be freed is said. Object arguments are never NULL but for _unref.
 *
 * Threads. There is no global state. A context and everything that was made with it may be used by
 * one thread at a time, any thread; different contexts by different threads at once. What takes
 * memory and CPUs from Linux or gives them back holds /run/cellmgr/lock meanwhile, as other
 * processes do, and fails with -EBUSY (Busy) after 30 s of waiting.
 *
 * Units. Addresses and sizes are bytes, times milliseconds, CPUs Linux's CPU numbers.
 *
 * Nothing is printed, no signal handler set; descriptors are close-on-exec. No daemon is needed.
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

/*
 * Gets messages on the way, such as a memory block that does not go offline. level: as in
 * syslog(3). message: one line without a line break, good for the time of the call. It may not call
 * the library.
 */
typedef void (*cell_log_fn)(void *userdata, int level, const char *message);

/* -ENOMEM. */
int cell_context_new(cell_context **ret);
cell_context *cell_context_ref(cell_context *context);
cell_context *cell_context_unref(cell_context *context);

/* fn: NULL (as at first) drops all messages. */
void cell_context_set_log_fn(cell_context *context, cell_log_fn fn, void *userdata);

/*
 * Stable name and full sentence (what, why, remedy) of the last call that failed; "" after one that
 * did not. Good until the next call with this context or what was made with it.
 * Names: NoSuchCell CellExists CellRunning CellNotRunning CellLocked ShutdownDenied TimedOut
 * InvalidConfiguration ResourceConflict NoMemory HypervisorDisabled HypervisorEnabled
 * HardwareUnsupported IommuTranslating ModuleMissing AbiMismatch AccessDenied ImageMissing
 * ImageTooLarge CpuUnavailable NoSuchLink Busy Failed.
 */
const char *cell_context_last_error_name(const cell_context *context);
const char *cell_context_last_error(const cell_context *context);

/* ---- Diagnostics: what is wrong in a text ---------------------------------------------------- */

enum cell_severity { CELL_ERROR, CELL_WARNING, CELL_NOTE };

/*
 * What is wrong, and where. Notes belong to the error or warning before them, and may be about
 * another file. Strings are valid UTF-8 without control characters.
 */
struct cell_diag {
	enum cell_severity severity;
	const char *code; /* stable, e.g. "unknown-key", "not-aligned", "cpu-taken" */
	const char *file;
	const char *pointer; /* JSON pointer, RFC 6901; "" for the whole text */
	unsigned line;	     /* from 1; 0: unknown */
	unsigned column;     /* from 1, in bytes */
	const char *message; /* a sentence without capital and full stop */
};

/* ---- Host: what this machine is -------------------------------------------------------------- */

typedef struct cell_host cell_host;

enum cell_check_result {
	CELL_CHECK_OK,
	CELL_CHECK_WARNING, /* works, with the limit that the message names */
	CELL_CHECK_FAILED,
};

/*
 * Reads ACPI tables, /sys, /proc and /etc/cellmgr/host.json. root: a directory in which to look for
 * them, for tests; NULL for the real ones. CPUs and memory, which change, are read again by the
 * calls that depend on them. Mistakes in host.json are no failure: they are diagnostics of the
 * host, and what would use the settings fails with -EINVAL (InvalidConfiguration).
 */
int cell_host_new(cell_context *context, const char *root, cell_host **ret);
cell_host *cell_host_ref(cell_host *host);
cell_host *cell_host_unref(cell_host *host);

/*
 * One preflight check: name is stable, message says what was found, remedy what to do ("" where
 * nothing is). The strings are good for the time of the call. A negative return ends the preflight.
 */
typedef int (*cell_check_fn)(void *userdata, enum cell_check_result result, const char *name,
			     const char *message, const char *remedy);

/*
 * Runs every check, calls fn for each; changes nothing. Returns the number of failed ones, or what
 * fn returned.
 */
int cell_host_preflight(cell_host *host, cell_check_fn fn, void *userdata);

/*
 * What is wrong with host.json, in the order of the text; none where it is right or not there.
 * After 100 errors a last note says that there are more. _diag: NULL beyond the last; good as long
 * as the host.
 */
size_t cell_host_n_diags(const cell_host *host);
const struct cell_diag *cell_host_diag(const cell_host *host, size_t index);

/* Facts as one JSON object; the caller frees *ret_json. */
int cell_host_describe(cell_host *host, char **ret_json);

enum cell_preparation_state {
	CELL_PREPARATION_NOTHING, /* no check fails for want of an argument for the kernel */
	CELL_PREPARATION_PENDING, /* the arguments have been written: the next boot brings them */
	CELL_PREPARATION_WRITTEN, /* now, or with dry_run would have been */
};

struct cell_preparation {
	enum cell_preparation_state state; /* CELL_PREPARATION_NOTHING: all else is "" or empty */
	const char *arguments;		   /* that the running kernel lacks, with blanks between */
	const char *const *checks;	   /* names of those that fail without them, then NULL */
	const char *loader;		   /* whose settings these are: "grub" "kernel-install" */
	const char *path;		   /* of its file */
	const char *content;		   /* of that, arguments included */
	/*
	 * What makes the boot loader use the file, then NULL: each is words with single blanks
	 * between them, and needs no shell. Before a reboot brings the arguments, they have to
	 * be run.
	 */
	const char *const *commands;
};

/*
 * Writes the arguments for the kernel that failed checks want into the settings of the boot loader,
 * where they are not yet; what else is in the file stays. dry_run: only tells. Nothing is run.
 * *ret is good until the next call of this, or as long as the host. -EACCES, -EPERM, -EROFS, ...:
 * nothing was written. -EOPNOTSUPP (Failed): no boot loader that this knows; the sentence has the
 * arguments.
 */
int cell_host_prepare(cell_host *host, bool dry_run, const struct cell_preparation **ret);

/* ---- Descriptions and binary configurations -------------------------------------------------- */

typedef struct cell_desc cell_desc;
typedef struct cell_blob cell_blob;

/*
 * Reads a description: at most 64 KiB. Bad content is no failure of these calls: it yields a
 * description with diagnostics, and what uses that fails with -EINVAL (InvalidConfiguration).
 * -EFBIG (InvalidConfiguration): larger.
 *
 * _find searches /etc/cells, /run/cells, /usr/lib/cells for NAME.json; one that is there and cannot
 * be read, as it is larger, no regular file, or a link to nothing, has a diagnostic that says so.
 * -ENOENT (NoSuchCell), -EINVAL (InvalidConfiguration): not a cell name. _from_file takes regular
 * files only: -EISDIR (Failed). _from_fd reads to the end of file and does not
 * close; label stands for the file's name. Relative image names then are not looked for beside the
 * description.
 */
int cell_desc_find(cell_context *context, const char *name, cell_desc **ret);
int cell_desc_new_from_file(cell_context *context, const char *path, cell_desc **ret);
int cell_desc_new_from_fd(cell_context *context, int fd, const char *label, cell_desc **ret);
cell_desc *cell_desc_ref(cell_desc *desc);
cell_desc *cell_desc_unref(cell_desc *desc);

/*
 * Names of all descriptions in the search path, each once, sorted, then NULL; the caller frees them
 * with cell_strv_free, which takes NULL and returns NULL. _paths: the files that _find would read
 * for them, which are not opened, for who only wants to know whether something has changed.
 */
int cell_desc_list(cell_context *context, char ***ret_names);
int cell_desc_list_paths(cell_context *context, char ***ret_paths);
char **cell_strv_free(char **names);

/* The cell's name; "" where the description has no valid one. */
const char *cell_desc_name(const cell_desc *desc);

/* Where it was read, or the label. */
const char *cell_desc_path(const cell_desc *desc);
unsigned cell_desc_shutdown_timeout_ms(const cell_desc *desc); /* default 5000 */
bool cell_desc_destroy_on_refusal(const cell_desc *desc);      /* default false: keep */

/* Its text for people, not made harmless for terminals, or ""; its RAM without links, or 0. */
const char *cell_desc_description(const cell_desc *desc);
uint64_t cell_desc_memory_size(const cell_desc *desc);

/*
 * Those of reading, then those of the last check, compilation or creation, each in the order of the
 * text; after 100 errors a last note says that there are more. _diag: NULL beyond the last; good
 * until the next call with this description.
 */
size_t cell_desc_n_diags(const cell_desc *desc);
const struct cell_diag *cell_desc_diag(const cell_desc *desc, size_t index);

/*
 * Against this host and, where the hypervisor is enabled, its cells. -EINVAL with diagnostics:
 * InvalidConfiguration, or by the first of them ResourceConflict, NoMemory, CpuUnavailable,
 * ImageMissing, ImageTooLarge.
 */
int cell_desc_check(cell_desc *desc, cell_host *host);

/*
 * Whether its images are there and not empty, for who is about to keep it elsewhere: read from a
 * descriptor it has no folder of its own, and finds what it would find in /etc/cells. -EINVAL with
 * diagnostics: ImageMissing; or what is wrong with the text.
 */
int cell_desc_check_images(cell_desc *desc);

/*
 * The same, and the binary configuration with all memory placed: the same description on the same
 * host gives the same bytes. Takes no memory from Linux, but assumes what could be taken.
 */
int cell_desc_compile(cell_desc *desc, cell_host *host, cell_blob **ret);

/*
 * A binary configuration: what the hypervisor gets to create a cell. _new copies size bytes and
 * validates them as the hypervisor will: -EINVAL (InvalidConfiguration).
 */
int cell_blob_new(cell_context *context, const void *data, size_t size, cell_blob **ret);
cell_blob *cell_blob_ref(cell_blob *blob);
cell_blob *cell_blob_unref(cell_blob *blob);
const void *cell_blob_data(const cell_blob *blob, size_t *ret_size);

/*
 * As a description with every placement written out, which compiles to the same bytes where they
 * came from a description; the caller frees *ret_json. -EOPNOTSUPP (InvalidConfiguration): its
 * console is one that no description can ask for.
 */
int cell_blob_dump_json(cell_blob *blob, char **ret_json);

/* ---- Hypervisor ------------------------------------------------------------------------------ */

typedef struct cell_hv cell_hv;

struct cell_hv_info {
	bool enabled; /* all else is 0 without it */
	bool x2apic;  /* of Linux; cells always have one */
	char version[32];
	unsigned pages_total; /* of 4 KiB, in the hypervisor's pool */
	unsigned pages_used;
	unsigned n_cpus;      /* under the hypervisor, cells' ones included */
	unsigned n_cells;     /* without Linux's own */
	uint64_t memory_phys; /* of the hypervisor: physical address and bytes */
	uint64_t memory_size;
};

/*
 * The kernel module's device. load_module: load cellhv.ko with libkmod where it is missing.
 * -ENODEV, -ENOENT (ModuleMissing): the module is not installed, or not loaded. The hypervisor need
 * not be enabled.
 */
int cell_hv_open(cell_context *context, bool load_module, cell_hv **ret);

/*
 * 1: the module is loaded, or is there to be loaded into the kernel that runs; 0: it is not. Anyone
 * may ask.
 */
int cell_hv_is_installed(cell_context *context);
cell_hv *cell_hv_ref(cell_hv *hv);
cell_hv *cell_hv_unref(cell_hv *hv);

int cell_hv_info(cell_hv *hv, struct cell_hv_info *ret);

/*
 * Runs the preflight, then every online CPU goes on as a guest of the hypervisor, or all stay as
 * they were. -EALREADY (HypervisorEnabled): nothing done. -EOPNOTSUPP (HardwareUnsupported,
 * IommuTranslating), -EBUSY (Busy): another hypervisor is in use. -ENOMEM (NoMemory). -EINVAL
 * (InvalidConfiguration): there are mistakes in host.json.
 */
int cell_hv_enable(cell_hv *hv, cell_host *host);

/*
 * Linux goes native, and gets back all memory taken for cells; what does not come back is logged.
 * -EBUSY (Busy): cells exist. -EALREADY (HypervisorDisabled): it is not enabled.
 */
int cell_hv_disable(cell_hv *hv);

/*
 * For an event loop: the descriptor, which stays the object's, is readable (POLLIN) when the state
 * of the hypervisor or of a cell has changed. Then call _dispatch, which takes note of that, never
 * blocks, and may be called at any time; and ask what is new.
 */
int cell_hv_fd(const cell_hv *hv);
int cell_hv_dispatch(cell_hv *hv);

/*
 * A descriptor that reads the hypervisor's own lines from the oldest byte kept on. nonblock:
 * -EAGAIN instead of waiting for more. The caller closes it.
 */
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

/* "stopped" "running" "running/locked" "shut down" "failed"; "unknown" for any other value. */
const char *cell_state_to_string(enum cell_state state);

/* Why the state is CELL_FAILED; reason and message are "" in all other states. */
struct cell_failure {
	const char *reason; /* stable, a literal: "memory-access" "port-access" "msr-access" ... */
	unsigned cpu;
	uint64_t rip;	  /* guest address of the instruction */
	uint64_t address; /* guest physical address, port or MSR, by reason */
	uint64_t detail;
	char message[160]; /* one sentence */
};

/*
 * Compile, take memory (offline blocks) and CPUs from Linux, create with zeroed memory, load every
 * image; the cell is then CELL_STOPPED. Blocks may take up to 20 s. On failure nothing is taken.
 * -EINVAL with diagnostics as cell_desc_check; -ENODEV (HypervisorDisabled), -EEXIST (CellExists),
 * -EPERM (CellLocked), -EBUSY (CpuUnavailable, ResourceConflict), -ENOMEM (NoMemory).
 */
int cell_cell_create(cell_hv *hv, cell_desc *desc, cell_host *host, cell_cell **ret);

/*
 * Cells that exist, Linux's own not among them. -ENOENT: there is none of that name; the CPU is
 * Linux's; _next: after was the last (no error of the context). after: NULL for the first; it may
 * be gone. An object does not keep its cell in being.
 */
int cell_cell_by_name(cell_hv *hv, const char *name, cell_cell **ret);
int cell_cell_by_cpu(cell_hv *hv, unsigned cpu, cell_cell **ret);
int cell_cell_next(cell_hv *hv, cell_cell *after, cell_cell **ret);
cell_cell *cell_cell_ref(cell_cell *cell);
cell_cell *cell_cell_unref(cell_cell *cell);

/* From 1; not used again while the hypervisor is enabled. */
unsigned cell_cell_id(const cell_cell *cell);
const char *cell_cell_name(const cell_cell *cell);

/* Linux CPU numbers, *ret_n of them, ascending. */
const unsigned *cell_cell_cpus(const cell_cell *cell, size_t *ret_n);

/* RAM without links; the last start by CLOCK_MONOTONIC, or 0. -ENOENT (NoSuchCell): it is gone. */
int cell_cell_memory_size(cell_cell *cell, uint64_t *ret_size);
int cell_cell_start_time(cell_cell *cell, uint64_t *ret_ms);

/*
 * Asks the kernel each time. -ENOENT: the cell is gone. ret_failure may be NULL. _has_reset: 1
 * where it has shut down by a reset, and wants _stop, _load and _start; else 0.
 */
int cell_cell_has_reset(cell_cell *cell);
int cell_cell_state(cell_cell *cell, enum cell_state *ret_state, struct cell_failure *ret_failure);

/*
 * Until the cell is in one of the states, a bit 1u << CELL_... each; it may be already. timeout_ms:
 * -1 for ever. -ETIMEDOUT (TimedOut), -ENOENT (NoSuchCell): the cell is gone, -EINTR: a signal.
 */
int cell_cell_wait(cell_cell *cell, unsigned states, int timeout_ms, enum cell_state *ret_state);

/*
 * Load the description's images and command line again, for another start of a stopped cell; memory
 * that they do not cover keeps what the guest left there. -EBUSY (CellRunning), -ENOENT
 * (ImageMissing, NoSuchCell), -EFBIG (ImageTooLarge).
 */
int cell_cell_load(cell_cell *cell, cell_desc *desc);

/* All of its CPUs begin at the reset address. -EBUSY (CellRunning), -ENOENT (NoSuchCell). */
int cell_cell_start(cell_cell *cell);

/*
 * Ask the guest to shut down and wait. 0: it agreed and ended, or just ended. -EACCES
 * (ShutdownDenied): it refused, and goes on. -ETIMEDOUT (TimedOut): no answer, or no end. -ENOTCONN
 * (CellNotRunning). -ENOENT (NoSuchCell).
 */
int cell_cell_shutdown(cell_cell *cell, unsigned timeout_ms);

/* Parks its CPUs at once, without asking. -ENOENT (NoSuchCell). */
int cell_cell_stop(cell_cell *cell);

/*
 * Zeroes the cell's memory, and gives it and the CPUs back to Linux. -EBUSY (CellRunning) where it
 * runs, without force. -EPERM (CellLocked): another cell forbids it. -ENOENT (NoSuchCell).
 */
int cell_cell_destroy(cell_cell *cell, bool force);

struct cell_stat {
	const char *name; /* stable, a literal: "total" (the first), "hypercall", "msr" ... */
	uint64_t count;
};
#define CELL_N_STATS_MAX 32

/*
 * VM exits of one CPU by reason since its cell started; returns how many entries were written. A
 * negative errno for a number that is no CPU under the hypervisor (CpuUnavailable).
 */
int cell_cell_stats(cell_cell *cell, unsigned cpu, struct cell_stat ret_stats[CELL_N_STATS_MAX]);

/*
 * A descriptor that reads the guest's console from the oldest byte kept on, with end of file when
 * the cell is gone. nonblock: -EAGAIN instead of waiting for more. The caller closes it.
 *
 * _attach: what is written to it is typed, too; -EPIPE: the cell does not run. -EOPNOTSUPP
 * (NoConsoleInput): the guest has none; "platform": "pc" gives it one.
 */
int cell_cell_console_open(cell_cell *cell, bool nonblock);
int cell_cell_console_attach(cell_cell *cell, bool nonblock);

#include "cell_device.h"
#include "cell_link.h"

#ifdef __cplusplus
}
#endif

#endif
