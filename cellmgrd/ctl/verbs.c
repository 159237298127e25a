// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "verbs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

#define CELLS "Cells"
#define WATCHING "Watching"
#define DESCRIPTIONS "Descriptions"
#define MACHINE "Machine"

#define PAGER VERB_PAGER
#define EACH VERB_EACH

static const struct verb verbs[] = {
	{CELLS, "list", "", 0, 0, ctl_list, "ID, name, state and CPUs of each cell (the default)",
	 "The first line, \"root\", is Linux itself. With --all also cells that are only "
	 "described.\n"
	 "  cellctl list --all\n"
	 "  cellctl --json=short list\n",
	 PAGER},
	{CELLS, "status", "NAME...", 1, INT_MAX, ctl_status, "One cell in detail",
	 "After a failure also why the last run ended. Exit status 3 where it does not run.\n",
	 EACH},
	{CELLS, "show", "NAME...", 1, INT_MAX, ctl_show, "The same as lines KEY=VALUE, for scripts",
	 "  cellctl show apic-demo -p State --value\n", PAGER | EACH},
	{CELLS, "start", "NAME...", 1, INT_MAX, ctl_start, "Start it, and the hypervisor before it",
	 "Starts the unit cell@NAME.service and waits until the cell runs; --no-block does not "
	 "wait,\n"
	 "--wait waits on until the cell has ended. A running cell that no unit controls is "
	 "adopted.\n",
	 EACH},
	{CELLS, "stop", "NAME...", 1, INT_MAX, ctl_stop, "Ask the guest to shut down",
	 "Up to three times, as long as the description says; then its \"on-refusal\" decides. "
	 "CPUs\n"
	 "and memory go back to Linux.\n",
	 EACH},
	{CELLS, "restart", "NAME...", 1, INT_MAX, ctl_restart,
	 "Stop it where it runs, and start it", "", EACH},
	{CELLS, "enable", "NAME...", 1, INT_MAX, ctl_enable, "Start it at each boot", "", 0},
	{CELLS, "disable", "NAME...", 1, INT_MAX, ctl_disable, "Do not start it at boot", "", 0},
	{CELLS, "destroy", "NAME...", 1, INT_MAX, ctl_destroy,
	 "Give a stopped cell's CPUs and memory back",
	 "With --force a running cell's too: its guest is not asked.\n", EACH},
	{CELLS, "hold", "[NAME [-- COMMAND...]]", 0, INT_MAX, ctl_hold,
	 "Who holds cells; or hold one while COMMAND runs",
	 "As long as it is held, neither cellctl nor another client of cellmgrd stops, restarts,\n"
	 "destroys or undefines it. systemctl does, and so does the end of the machine.\n"
	 "  cellctl hold apic-demo --why='a measurement' -- ./measure 60\n",
	 0},

	{WATCHING, "console", "NAME...", 1, INT_MAX, ctl_console, "What the guest writes",
	 "On a terminal it stays until ^] is typed three times within a second. Elsewhere it "
	 "prints\n"
	 "what the ring still keeps; --follow waits for more until the cell is gone. Of several\n"
	 "cells each one's lines are below a heading with its name.\n",
	 0},
	{WATCHING, "log", "NAME...", 1, INT_MAX, ctl_log,
	 "The journal of its unit, console included", "  cellctl log -f apic-demo\n", 0},
	{WATCHING, "monitor", "", 0, 0, ctl_monitor, "A line for each change of a cell's state",
	 "At first one for each cell as it is. --iterations=N ends it after N lines.\n"
	 "  cellctl --json=short monitor | jq --unbuffered .state\n",
	 0},
	{WATCHING, "wait", "NAME [STATE...]", 1, INT_MAX, ctl_wait,
	 "Until it is in one of the states",
	 "States: defined starting running running/locked (or locked) stopping stopped \"shut "
	 "down\"\n"
	 "failed gone. Without one:\n"
	 "until it does not run; exit status 1 where it failed. --timeout=SECONDS gives up.\n"
	 "  cellctl wait apic-demo running --timeout=10\n",
	 0},
	{WATCHING, "stats", "NAME...", 1, INT_MAX, ctl_stats,
	 "VM exits by reason and CPU, since the start", "", PAGER | EACH},
	{WATCHING, "top", "", 0, 0, ctl_top, "VM exits per second of all cells, live",
	 "q leaves. --delay=SECONDS, --iterations=N. Into a pipe it prints one table per look.\n",
	 0},

	{DESCRIPTIONS, "check", "FILE|NAME...", 1, INT_MAX, ctl_check,
	 "Every problem, as a compiler does",
	 "An argument with a slash or ending in .json is a file, any other the name of a cell.\n"
	 "Exit status 78 where there is an error. With --json the diagnostics come as objects.\n",
	 0},
	{DESCRIPTIONS, "cat", "NAME...", 1, INT_MAX, ctl_cat, "The description, and where it is",
	 "", PAGER | EACH},
	{DESCRIPTIONS, "define", "FILE...", 1, INT_MAX, ctl_define,
	 "Keep it in /etc/cells, once it is right", "With --force in place of one that is there.\n",
	 0},
	{DESCRIPTIONS, "undefine", "NAME...", 1, INT_MAX, ctl_undefine, "Remove it from /etc/cells",
	 "", EACH},
	{DESCRIPTIONS, "compile", "FILE|NAME -o OUT", 1, 1, ctl_compile,
	 "Write the binary configuration", "", 0},
	{DESCRIPTIONS, "dump", "BLOB", 1, 1, ctl_dump, "Turn a binary configuration back into JSON",
	 "", PAGER},
	{DESCRIPTIONS, "describe", "[NAME...]", 0, INT_MAX, ctl_describe,
	 "All that cellmgrd knows, as JSON", "", PAGER},

	{MACHINE, "hypervisor", "enable|confirm|disable|status|console", 1, 1, ctl_hypervisor,
	 "What runs beneath Linux",
	 "enable and disable by hand; starting a cell enables it, too. confirm: enabling again "
	 "after\n"
	 "the machine has frozen while it did. console: the hypervisor's own lines (--follow).\n",
	 0},
	{MACHINE, "link", "[list|status|ring|wait|set-state|read|write]", 0, 5, ctl_link,
	 "Shared memory and doorbells between cells and Linux",
	 "list (the default): links that descriptions, host.json or cells name, and their peers\n"
	 "with ids; (in parentheses) who is not there, =N what it has put into the state table.\n"
	 "  status NAME                           one link; exit status 3 where it is not there\n"
	 "  ring NAME [PEER [VECTOR]]             PEER: a cell or an id; --wait for the answer\n"
	 "  wait NAME                             for a doorbell; how many came since; --timeout=\n"
	 "  set-state NAME STATE                  Linux's own; stays until it is set anew\n"
	 "  read NAME SECTION [OFFSET [LENGTH]]   SECTION: common, output, or a peer\n"
	 "  write NAME SECTION [OFFSET]           from standard input\n"
	 "All but list and status are for links that /etc/cellmgr/host.json lists.\n",
	 0},
	{MACHINE, "host", "check|describe|devices|prepare", 1, 1, ctl_host,
	 "Can this machine be partitioned, and make it so",
	 "check names the remedy of each finding, shows all mistakes in "
	 "/etc/cellmgr/host.json,\n"
	 "and changes nothing. describe: CPUs, memory, devices as JSON. devices: PCI functions, "
	 "which\n"
	 "of them a cell may have, and why not (root). prepare: writes what the\n"
	 "kernel needs on its command line into the boot loader's settings (GRUB, or what\n"
	 "kernel-install reads), and applies that; with --dry-run only shows it. A reboot has to\n"
	 "follow. Exit status 1 where checks fail that this does not mend.\n"
	 "  cellctl host prepare --dry-run\n",
	 0},
};

static const char options[] =
	"\nOptions:\n"
	"  -h --help              This text; after a command, that command's\n"
	"     --version           The version\n"
	"  -H --host=[USER@]HOST  Another machine, by ssh\n"
	"  -a --all               list: described cells that do not run, too\n"
	"     --dry-run           host prepare: only show what would be written and run\n"
	"  -f --follow            console, log: wait for more\n"
	"     --force             destroy: a running cell, too; define: in place of another\n"
	"     --full              Do not cut columns to fit the terminal\n"
	"     --json=pretty|short JSON instead of tables\n"
	"     --no-block          start, stop, restart: do not wait for the job\n"
	"     --no-legend         No titles above tables\n"
	"     --no-pager          Do not pipe output into a pager\n"
	"  -o --output=FILE       compile: where the result goes\n"
	"  -p --property=NAME,... show: these only\n"
	"     --value             show: values without names\n"
	"  -q --quiet             Nothing that is not asked for\n"
	"     --why=TEXT          hold: what it is held for\n"
	"     --wait              start: wait until the cell has ended; link ring: for the answer\n"
	"     --timeout=SECONDS   wait, link wait, link ring --wait: give up after that\n"
	"  -d --delay=SECONDS     top: between two looks (1)\n"
	"  -n --iterations=N      top: so many looks; monitor: so many lines\n"
	"\nFirst steps:\n"
	"  cellctl host check                # can this machine do it?\n"
	"  cellctl check ./mine.json         # is the description right?\n"
	"  cellctl define ./mine.json        # keep it in /etc/cells\n"
	"  cellctl start mine                # enable the hypervisor, start the cell\n"
	"  cellctl console mine              # ^] three times leaves\n"
	"  cellctl stop mine\n"
	"\nExit status: 0 done, 1 failed, 2 wrong usage, 3 not running, 4 no such cell or\n"
	"link, 78 invalid configuration. See cellctl(1).\n";

const struct verb *verbs_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];

	return NULL;
}

/* Letters that differ at their places, and those that one is longer by. */
static size_t distance(const char *a, const char *b)
{
	size_t n = 0;

	while (*a && *b) {
		if (*a == *b) {
			a++, b++;
			continue;
		}
		n++;
		/* One left out, one too many, or one for another. */
		if (a[1] == *b)
			a++;
		else if (*a == b[1])
			b++;
		else
			a++, b++;
	}

	return n + strlen(a) + strlen(b);
}

const char *verbs_suggest(const char *name)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t d = distance(verbs[i].name, name);

		if (d < least) {
			least = d;
			best = verbs[i].name;
		}
	}

	return best;
}

void verbs_print_all(void)
{
	const char *group = "";

	puts("cellctl [OPTIONS...] COMMAND ...\n\nLook at and control the cells of this machine.");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char synopsis[64];

		if (strcmp(group, verbs[i].group) != 0)
			printf("\n%s:\n", group = verbs[i].group);
		snprintf(synopsis, sizeof(synopsis), "%s %s", verbs[i].name, verbs[i].arguments);
		printf("  %-*s%s%s\n", 26, synopsis,
		       strlen(synopsis) > 25 ? "\n                            " : "",
		       verbs[i].summary);
	}
	fputs(options, stdout);
}

void verbs_print_one(const struct verb *verb)
{
	printf("cellctl [OPTIONS...] %s %s\n\n%s.\n%s\nSee `cellctl --help` for the options, and "
	       "cellctl(1).\n",
	       verb->name, verb->arguments, verb->summary, verb->details);
}
