# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the suites of tests/systemd, inside the Debian guest.

MANAGER="org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager"

# No cell, no hypervisor, all CPUs: what each test begins with.
native() {
	local unit
	for unit in $(systemctl list-units --all --plain --no-legend 'cell@*' | awk '{ print $1 }'); do
		systemctl kill --signal=KILL "$unit" 2>/dev/null || true
		systemctl stop "$unit" 2>/dev/null || true
	done
	celltool reset >/dev/null 2>&1 || true
	systemctl stop cell-hypervisor 2>/dev/null || true
	systemctl reset-failed 'cell*' 2>/dev/null || true
	all_cpus
}

# The daemon lets go of the driver a moment after the hypervisor is disabled.
unload() {
	wait_for 5 rmmod cellhv
}

all_cpus() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-3 "the list of online CPUs"
}

active() {
	equal "$(systemctl is-active "$1")" "$2" "the state of $1"
}

is_active() {
	[ "$(systemctl is-active "$1")" = "$2" ]
}

journal_of() {
	journalctl --no-pager -o cat -u "$1"
}

journal_says() {
	journal_of "$1" | grep -Eiq -e "$2"
}

memory_total() {
	sed -n 's/^MemTotal: *//p' /proc/meminfo
}

# property CELL NAME: of its object on the bus
property() {
	local object
	# shellcheck disable=SC2086
	object=$(busctl call $MANAGER GetCell s "$1" | sed 's/^o "\(.*\)"$/\1/')
	busctl get-property org.cellmgr1 "$object" org.cellmgr1.Cell "$2"
}

# error_of METHOD ARGUMENTS...: of the manager, with the error's name, which busctl does not show
error_of() {
	local method=$1
	shift
	dbus-send --system --print-reply --dest=org.cellmgr1 /org/cellmgr1 \
		"org.cellmgr1.Manager.$method" "$@"
}

# describe NAME CPUS [MEMORY]: a description of its own in /etc/cells, with hello's image
describe() {
	cat >"/etc/cells/$1.json" <<-END
		{ "name": "$1", "cpus": [$2],
		  "memory": [ { "size": "${3:-1M}", "at": "0x0", "access": "rwx" } ],
		  "images": [ { "file": "/usr/lib/cells/hello.bin", "at": "0x0" } ] }
	END
}

# drop_in UNIT LINE...: of the section Service
drop_in() {
	local directory=/run/systemd/system/$1.d
	shift
	mkdir -p "$directory"
	printf '%s\n' '[Service]' "$@" >"$directory/test.conf"
	systemctl daemon-reload
}

no_drop_in() {
	rm -r "/run/systemd/system/$1.d"
	systemctl daemon-reload
}
