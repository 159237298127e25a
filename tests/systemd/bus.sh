# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# org.cellmgr1 on the bus.
# machines: svm-x2apic

call() {
	# shellcheck disable=SC2086
	busctl call $MANAGER "$@"
}

test_list_cells() {
	native
	expect 0 systemctl start cell@apic-demo
	expect 0 call ListCells
	says '"apic-demo"'
	expect 0 busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState
	says enabled
}

test_unknown_cell() {
	expect 1 error_of GetCell string:nowhere
	says 'org.cellmgr1.NoSuchCell: There is no cell "nowhere"'
	expect 1 error_of StartCell string:nowhere string:replace
	says 'org.cellmgr1.NoSuchCell'
}

test_start_and_stop() {
	native
	expect 0 call StartCell ss apic-demo replace
	says '/org/freedesktop/systemd1/job/'
	wait_for 30 is_active cell@apic-demo active
	expect 0 call StopCell ss apic-demo replace
	wait_for 30 is_active cell@apic-demo inactive
}

test_hypervisor() {
	native
	expect 0 call EnableHypervisor t 0
	expect 0 busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState
	says enabled
	expect 0 busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager DisableHypervisor
	all_cpus
}

test_second_enable() {
	native
	expect 0 call EnableHypervisor t 0
	expect 1 error_of EnableHypervisor uint64:0
	says 'org.cellmgr1.HypervisorEnabled: .*already enabled'
	expect 0 systemctl start cell@apic-demo
	expect 1 error_of DisableHypervisor
	says 'org.cellmgr1.Busy: .*apic-demo.*stop them first'
	expect 0 call StopCell ss apic-demo replace
	wait_for 30 is_active cell@apic-demo inactive
	expect 0 call DisableHypervisor
	expect 1 error_of DisableHypervisor
	says 'org.cellmgr1.HypervisorDisabled'
}

# line_of PATTERN...: the first line of the monitor's that matches them all
line_of() {
	local pattern lines
	lines=$(cat -n /tmp/messages)
	for pattern in "$@"; do
		lines=$(echo "$lines" | grep -e "$pattern") || die "no message matches $pattern"
	done
	echo "$lines" | head -n 1
}

test_signal_before_reply() {
	local monitor call caller reply signal cookie
	native
	call ListCells >/dev/null
	busctl --json=short monitor org.cellmgr1 >/tmp/messages 2>&1 &
	monitor=$!
	sleep 2
	expect 0 call EnableHypervisor t 0
	wait_for 20 grep -q '"HypervisorState"' /tmp/messages
	sleep 1
	kill $monitor
	signal=$(line_of '"PropertiesChanged"' '"HypervisorState"' '"enabled"')
	call=$(line_of '"method_call"' '"EnableHypervisor"')
	cookie=${call#*\"cookie\":}
	caller=${call#*\"sender\":\"}
	reply=$(line_of '"method_return"' "\"reply_cookie\":${cookie%%,*}," \
		"\"destination\":\"${caller%%\"*}\"")
	echo "$call"; echo "$signal"; echo "$reply"
	[ "$(echo "$signal" | awk '{ print $1 }')" -lt "$(echo "$reply" | awk '{ print $1 }')" ] ||
		die "the reply went out before PropertiesChanged"
}

test_change_signals() {
	local monitor
	native
	call ListCells >/dev/null
	busctl monitor org.cellmgr1 >/tmp/signals 2>&1 &
	monitor=$!
	sleep 2
	expect 0 systemctl start cell@apic-demo
	wait_for 20 grep -q '"locked"' /tmp/signals
	expect 0 systemctl stop cell@apic-demo
	wait_for 20 grep -q '"stopped"\|"defined"' /tmp/signals
	kill $monitor
	grep -q PropertiesChanged /tmp/signals || die "no PropertiesChanged"
}

test_others_may_only_read() {
	native
	expect 0 runuser -u nobody -- busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager ListCells
	expect 1 runuser -u nobody -- busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager \
		StartCell ss apic-demo replace
	says 'denied|not authorized|authoriz|interactive'
	active cell@apic-demo inactive
}
