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
	expect 1 call GetCell s nowhere
	says nowhere
	# shellcheck disable=SC2034
	output=$(busctl --json=short call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager \
		GetCell s nowhere 2>&1) || true
	says 'no.*cell'
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
