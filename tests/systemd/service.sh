# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The unit follows the cell.
# machines: svm-x2apic

test_demo() {
	local memory
	native
	memory=$(memory_total)
	expect 0 systemctl start cell@apic-demo
	active cell@apic-demo active
	active cell-hypervisor active
	expect 0 cellctl list
	says 'root .*0-2'
	says 'apic-demo +running/locked +3'
	wait_for 30 journal_says cell@apic-demo 'Timer fired, jitter: +[0-9]+ ns'
	expect 0 cellctl stats apic-demo
	expect 0 systemctl stop cell@apic-demo
	active cell@apic-demo inactive
	journal_says cell@apic-demo 'refused|rejecting first' || die "no refusal in the journal"
	journal_says cell@apic-demo 'has shut down' || die "no end in the journal"
	expect 0 systemctl stop cell-hypervisor
	all_cpus
	equal "$(memory_total)" "$memory" "the memory of Linux"
}

test_fault_fails_the_unit() {
	native
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	journal_says cell@fault-demo 'memory|access' || die "the journal does not say why"
	equal "$(systemctl show -P Result cell@fault-demo)" exit-code "the unit's result"
	all_cpus
}

test_restart_on_failure() {
	native
	mkdir -p /run/systemd/system/cell@fault-demo.service.d
	printf '[Service]\nRestart=on-failure\nRestartSec=1\n' \
		>/run/systemd/system/cell@fault-demo.service.d/restart.conf
	systemctl daemon-reload
	systemctl start cell@fault-demo || true
	wait_for 40 restarted 2
	rm -r /run/systemd/system/cell@fault-demo.service.d
	systemctl daemon-reload
	native
}

restarted() {
	[ "$(systemctl show -P NRestarts cell@fault-demo)" -ge "$1" ]
}

test_daemon_killed() {
	native
	expect 0 systemctl start cell@apic-demo
	systemctl start cellmgrd
	systemctl kill --signal=KILL cellmgrd
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
	active cell@apic-demo active
	wait_for 20 is_active cellmgrd active
	expect 0 property apic-demo State
	says '"locked"'
}

test_supervisor_killed_is_reaped() {
	native
	expect 0 systemctl start cell@apic-demo
	systemctl kill --signal=KILL cell@apic-demo
	wait_for 20 is_active cell@apic-demo failed
	all_cpus
}

test_second_start() {
	native
	expect 0 systemctl start cell@apic-demo
	expect 0 systemctl start cell@apic-demo
	expect 0 cellctl start apic-demo
	active cell@apic-demo active
}

test_never_answers() {
	native
	expect 0 systemctl start cell@no-answer
	systemctl stop cell@no-answer || true
	journal_says cell@no-answer 'did not answer' || die "the journal does not say that it is mute"
	expect 0 cellctl destroy --force no-answer
	all_cpus
}

test_stop_of_a_failed_cell() {
	native
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	expect 0 systemctl stop cell@fault-demo
	all_cpus
	expect 3 cellctl stop fault-demo
}

test_hypervisor_twice() {
	native
	expect 0 cellctl hypervisor enable
	expect 0 cellctl hypervisor enable
	says 'already enabled'
	expect 0 cellctl hypervisor disable
	all_cpus
}
