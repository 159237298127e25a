# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Inside the busybox guest: what tests/bench/run wants to know, as lines that it picks apart.

timed() {
	echo "STEP $1"
	celltool-timed "$@" || exit 1
}

# Linux alone: what of create and destroy is its own work on CPU 3.
hotplug() {
	local cpu=/sys/devices/system/cpu/cpu3/online start
	for value in 0 1; do
		start=$(cut -d ' ' -f 1 /proc/uptime)
		echo $value >$cpu
		echo "HOTPLUG $value $start $(cut -d ' ' -f 1 /proc/uptime)"
	done
}

pages() {
	echo "PAGES $1 $(celltool info)"
}

stats() {
	echo "STATS $1 $(celltool stats "$2" | tr '\n' ' ')"
}

console() {
	until celltool console "$1" | grep -q "$2"; do sleep 0.1; done
}

# demo SECONDS: apic-demo from create to destroy.
demo() {
	timed create apic-demo
	timed start apic-demo
	sleep "$1"
	pages demo
	celltool shutdown apic-demo || celltool shutdown apic-demo || exit 1
	stats "${2:-demo}" apic-demo
	celltool console apic-demo
	timed destroy apic-demo
	pages destroyed
}

# ticks SECONDS NAME: exits of a cell that only ticks, and how often it did.
ticks() {
	celltool create exits && celltool start exits || exit 1
	console exits ready
	sleep "$1"
	celltool shutdown exits || exit 1
	stats "$2" exits
	celltool console exits | sed -n "s/^total \([0-9]*\) ticks.*/TICKS $2 \1/p"
	celltool destroy exits
}

costs() {
	celltool create hypercall-cost && celltool start hypercall-cost || exit 1
	console hypercall-cost "cost cpuid"
	celltool console hypercall-cost | grep "^cost"
	celltool destroy hypercall-cost force
}

# The whole machine once, instruction by instruction.
cycle() {
	modprobe cellhv || exit 1
	timed enable
	pages enabled
	demo 8
	costs
	timed disable
}

# Exits need no steady clock. The demo has a UART here: characters by hypercall are no timer's.
exits() {
	celltool enable || exit 1
	pages enabled
	sed -i 's/"cpus"/"console": { "uart": "0x2e8" }, "cpus"/' /usr/lib/cells/apic-demo.json
	demo 3 demo
	ticks 1 short
	ticks 5 long
}
