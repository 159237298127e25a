# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# For the suites of tests/vm, inside the busybox guest.

# What an earlier test has left is gone, and the hypervisor runs.
fresh() {
	native
	expect 0 celltool enable
}

# No hypervisor: Linux alone, with all that it had.
native() {
	if [ -e /sys/module/cellhv ] && enabled; then
		expect 0 celltool reset
		expect 0 celltool disable
	fi
	all_cpus
}

enabled() {
	celltool info | grep -q enabled=1
}

all_cpus() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-3 "the list of online CPUs"
}

# info KEY: of the hypervisor.
info() {
	celltool info | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# stat CELL REASON: exits since the cell started.
stat_of() {
	celltool stats "$1" | sed -n "s/^$2=//p"
}

start() {
	expect 0 celltool create "$1"
	expect 0 celltool start "$1"
}

console_says() {
	celltool console "$1" | grep -q -e "$2"
}

# in_state CELL PATTERN
in_state() {
	celltool state "$1" | grep -q -e "$2"
}

memory_total() {
	sed -n 's/^MemTotal: *//p' /proc/meminfo
}

# A second cell beside those on CPU 3: copy CELL NAME CPU
copy() {
	sed "s/\"name\": *\"$1\"/\"name\": \"$2\"/; s/\"cpus\": *\[[^]]*\]/\"cpus\": [$3]/" \
		"$(description "$1")" >"$(dirname "$(description "$1")")/$2.json"
}

description() {
	ls "/etc/cells/$1.json" 2>/dev/null || ls "/usr/lib/cells/$1.json"
}
