# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The scenario of `examples/demo --platform bochs`, inside the busybox guest: there is no systemd, so
# that each call of the library is made by itself. celltool makes those that cellctl leaves to units.

title() {
	printf '\n## %s\n' "$1"
}

# shown COMMAND [PATTERN...]: its output, which has to match all patterns.
shown() {
	local command=$1 status=0
	shift

	echo "# $command"
	sh -c "$command" >/tmp/output 2>&1 || status=$?
	cat /tmp/output
	[ "$status" -eq 0 ] || stop "\`$command' ended with status $status"
	for pattern in "$@"; do
		grep -Eq -e "$pattern" /tmp/output || stop "\`$command' does not show \"$pattern\""
	done
}

# refused COMMAND PATTERN: it has to fail, and to say why.
refused() {
	shown "$1 || true" "$2"
}

stop() {
	printf '\nerror: %s\n' "$1"
	exit 1
}

# ticked COUNT: waits for as many lines of the guest's timer.
ticked() {
	local left=60

	until [ "$(cellctl console apic-demo | grep -c 'Timer fired')" -ge "$1" ]; do
		[ "$left" -gt 0 ] || stop "the guest's timer has not fired $1 times"
		left=$((left - 1))
		sleep 1
	done
}

# rung CELL COUNT: waits until it has counted as many doorbells.
rung() {
	local left=60

	until [ "$(cellctl console "$1" | grep -c 'got interrupt')" -ge "$2" ]; do
		[ "$left" -gt 0 ] || stop "$1 has not been rung $2 times"
		left=$((left - 1))
		sleep 1
	done
}

MEMORY="grep MemTotal /proc/meminfo"
CPUS="cat /sys/devices/system/cpu/online"
TIMER="Timer fired, jitter: +[0-9]+ ns, min: +[0-9]+ ns, max: +[0-9]+ ns"

title "Linux, native, on 4 CPUs; nothing is reserved"
shown "cat /proc/cmdline" "console=ttyS0"
shown "$CPUS" "^0-3$"
shown "$MEMORY"
memory=$(cat /tmp/output)

title "Can this machine be partitioned?"
shown "cellctl host check"

title "The hypervisor slides under Linux"
shown "modprobe cellhv"
shown "cellctl hypervisor enable"
shown "cellctl hypervisor status" "^enabled"
shown "cellctl hypervisor console" "CPU 3"

title "CPU 3 and a block of memory leave Linux for a cell, and the guest's image goes there"
shown "celltool create apic-demo"
shown "cellctl list" "root +running +0-2" "apic-demo +stopped +3"
shown "$CPUS" "^0-2$"

title "The guest starts, and programs its timer for 10 Hz"
shown "celltool start apic-demo"
ticked 10
shown "cellctl console apic-demo | head -n 12" "$TIMER"
shown "cellctl list" "apic-demo +running/locked +3"

title "What made the cell leave its guest: printing to the console, nothing by ticking"
shown "cellctl stats apic-demo" "total +[1-9]"

title "The guest refuses the first request to shut down, the second ends it"
refused "celltool shutdown apic-demo" "ShutdownDenied"
shown "celltool shutdown apic-demo"
shown "cellctl console apic-demo | grep -v 'Timer fired'" "Rejecting first" "Stopped APIC demo"
shown "cellctl list" "apic-demo +shut down +3"

shown "cellctl destroy apic-demo"

title "Two cells that name the same link share memory and ring each other"
shown "grep -h links /usr/lib/cells/ivshmem-*.json"
for cell in ivshmem-demo ivshmem-peer; do
	shown "celltool create $cell"
	shown "celltool start $cell"
done
rung ivshmem-demo 4
rung ivshmem-peer 4
shown "cellctl console ivshmem-peer" "Found 1af4:1110" "sending IRQ" "got interrupt ... 4"
for cell in ivshmem-demo ivshmem-peer; do
	shown "celltool shutdown $cell"
	shown "cellctl destroy $cell"
done

title "CPUs and memory are back, and Linux goes native again"
shown "cellctl hypervisor disable"
shown "cellctl hypervisor status || true" "disabled"
shown "$CPUS" "^0-3$"
shown "$MEMORY"
[ "$(cat /tmp/output)" = "$memory" ] || stop "not all memory is back; before it was $memory"
