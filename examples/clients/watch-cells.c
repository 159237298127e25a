// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prints the state of each cell whenever it changes, in an event loop of sd-event; ends with ^C.
 *
 *     cc -o watch-cells watch-cells.c $(pkg-config --cflags --libs libcell libsystemd)
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cell.h>
#include <systemd/sd-event.h>

#define CELLS_MAX 256

struct watch {
	cell_hv *hv;
	char states[CELLS_MAX][32]; /* by id, as last printed; "" before */
};

static void print_change(struct watch *watch, cell_cell *cell)
{
	char *before = watch->states[cell_cell_id(cell) % CELLS_MAX];
	struct cell_failure failure;
	enum cell_state state;
	const char *now;

	if (cell_cell_state(cell, &state, &failure) < 0)
		return;

	now = cell_state_to_string(state);
	if (strcmp(before, now) == 0)
		return;

	printf("%s: %s%s%s\n", cell_cell_name(cell), now, *failure.message ? ": " : "",
	       failure.message);
	fflush(stdout);
	snprintf(before, sizeof(watch->states[0]), "%s", now);
}

static void print_changes(struct watch *watch)
{
	cell_cell *cell = NULL, *next;

	while (cell_cell_next(watch->hv, cell, &next) == 0) {
		cell_cell_unref(cell);
		cell = next;
		print_change(watch, cell);
	}
	cell_cell_unref(cell);
}

static int on_change(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct watch *watch = userdata;
	int r;

	(void)source;
	(void)fd;
	(void)events;
	r = cell_hv_dispatch(watch->hv);
	if (r >= 0)
		print_changes(watch);
	return r;
}

static int run(struct watch *watch)
{
	sd_event *event = NULL;
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_io(event, NULL, cell_hv_fd(watch->hv), EPOLLIN, on_change, watch);
	if (r >= 0) {
		print_changes(watch);
		r = sd_event_loop(event);
	}
	sd_event_unref(event);
	return r;
}

int main(void)
{
	static struct watch watch;
	cell_context *context = NULL;
	int r;

	r = cell_context_new(&context);
	if (r >= 0)
		r = cell_hv_open(context, false, &watch.hv);
	if (r >= 0)
		r = run(&watch);
	if (r < 0)
		fprintf(stderr, "%s\n",
			context && *cell_context_last_error(context)
				? cell_context_last_error(context)
				: strerror(-r));

	cell_hv_unref(watch.hv);
	cell_context_unref(context);
	return r < 0;
}
