# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Inside the busybox guest: what tests/bench wants to know, as lines that bench.py picks apart.

# Its lines on a serial port would count as work of the hypervisor.
rm -f /etc/cellmgr/host.json

CPU3=/sys/devices/system/cpu/cpu3/online

timed() {
	echo "STEP $1"
	celltool-timed "$@" || exit 1
}

pages() {
	echo "PAGES $1 $(celltool info)"
}

stats() {
	echo "STATS $1 $(celltool stats "$2" | tr '\n' ' ')"
}

wait_for_console() {
	until celltool console "$1" | grep -q "$2"; do sleep 0.1; done
}

# The demo refuses once, by design.
shutdown_demo() {
	! celltool shutdown apic-demo || exit 1
	celltool shutdown apic-demo || exit 1
}

# What of create and destroy is Linux's own work on its CPU; stamped by the kernel's log.
hotplug() {
	local value
	for value in 0 1; do
		echo "hotplug $value begin" >/dev/kmsg
		echo $value >$CPU3
		echo "hotplug $value end" >/dev/kmsg
	done
	dmesg | grep ' hotplug '
}

# ticks SECONDS NAME: exits of a cell that only ticks, and how often it did.
ticks() {
	celltool create exits && celltool start exits || exit 1
	wait_for_console exits ready
	sleep "$1"
	celltool shutdown exits || exit 1
	stats "$2" exits
	celltool console exits | sed -n "s/^total \([0-9]*\) ticks.*/TICKS $2 \1/p"
	celltool destroy exits || exit 1
}

# Of a machine without a steady clock. The demo has a UART here, as the peer's: console characters
# by hypercall are exits, but no timer's.
measure_exits() {
	celltool enable || exit 1
	pages enabled
	sed -i 's/"cpus"/"console": { "uart": "0x2e8" }, "cpus"/' /usr/lib/cells/apic-demo.json
	celltool create apic-demo && celltool start apic-demo || exit 1
	sleep 3
	pages demo
	shutdown_demo
	stats demo apic-demo
	celltool destroy apic-demo || exit 1
	pages destroyed
	ticks 1 short
	ticks 5 long
}

jitter() {
	celltool create apic-demo && celltool start apic-demo || exit 1
	sleep 5
	shutdown_demo
	celltool console apic-demo
	celltool destroy apic-demo || exit 1
}

costs() {
	celltool create hypercall-cost && celltool start hypercall-cost || exit 1
	sleep 2 # on an idle Linux
	wait_for_console hypercall-cost "cost timer"
	celltool console hypercall-cost | grep '^cost'
	celltool destroy hypercall-cost force || exit 1
}

# Of a machine that counts instructions.
measure_times() {
	modprobe cellhv || exit 1
	for _ in 1 2 3 4 5; do
		timed enable
		timed create apic-demo
		timed start apic-demo
		timed destroy apic-demo force
		timed disable
	done
	hotplug
	celltool enable || exit 1
	jitter
	costs
}
