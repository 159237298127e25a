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
	journal_says cell@fault-demo 'read guest address 0x200000, which it does not own' ||
		die "the journal does not say why"
	equal "$(systemctl show -P Result cell@fault-demo)" exit-code "the unit's result"
	equal "$(systemctl show -P StatusText cell@fault-demo | grep -c 'does not own')" 1 \
		"the number of reasons in the unit's status"
	expect 3 cellctl status fault-demo
	says 'does not own'
	expect 0 property fault-demo State
	says '"failed"'
	expect 0 property fault-demo Result
	says '"access-violation"'
	expect 0 property fault-demo FailureDetails
	says 'memory-access'
	all_cpus
}

test_restart_on_failure() {
	native
	drop_in cell@fault-demo.service Restart=on-failure RestartSec=1
	systemctl start cell@fault-demo || true
	wait_for 40 restarted 2
	expect 0 journal_says cell@fault-demo 'Scheduled restart job'
	no_drop_in cell@fault-demo.service
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
	says '"running/locked"'
}

# A real-time guest does not die of the death of its supervisor.
test_supervisor_killed() {
	native
	expect 0 systemctl start cell@apic-demo
	systemctl kill --signal=KILL cell@apic-demo
	wait_for 20 is_active cell@apic-demo failed
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
	expect 1 cellctl stop apic-demo
	says 'cellctl start apic-demo.*cellctl destroy --force apic-demo'
	expect 0 cellctl start apic-demo
	journal_says cell@apic-demo 'adopting it' || die "the journal does not say that it is adopted"
	expect 0 cellctl stop apic-demo
	all_cpus
}

test_second_start() {
	native
	expect 0 systemctl start cell@apic-demo
	expect 0 systemctl start cell@apic-demo
	expect 0 cellctl start apic-demo
	says 'runs already'
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

test_never_answers_and_is_destroyed() {
	native
	sed 's/"name": *"no-answer",/"name": "mute", "shutdown": { "timeout": "1s", "on-refusal": "destroy" },/' \
		/etc/cells/no-answer.json >/etc/cells/mute.json
	expect 0 systemctl start cell@mute
	expect 0 systemctl stop cell@mute
	active cell@mute inactive
	journal_says cell@mute 'destroying it, as its description says' || die "the journal does not say why"
	all_cpus
}

test_stop_of_a_failed_cell() {
	native
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	expect 0 systemctl stop cell@fault-demo
	all_cpus
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	expect 3 cellctl stop fault-demo
	says 'not running, it failed: .*does not own.*cellctl start fault-demo'
}

test_bad_description_is_not_retried() {
	native
	echo '{ "name": "bad", "cpus": [3], "memory": [ { "size": 3000, "at": 0 } ] }' >/etc/cells/bad.json
	drop_in cell@bad.service Restart=on-failure
	expect 1 systemctl start cell@bad
	sleep 1
	active cell@bad failed
	equal "$(systemctl show -P NRestarts cell@bad)" 0 "the number of retries"
}

hypervisor_is() {
	local status=0
	[ "$1" = enabled ] || status=3
	expect $status cellctl hypervisor status
	says "^$1"
}

test_stopping_the_hypervisor_stops_cells_first() {
	native
	expect 0 systemctl start cell@apic-demo
	expect 0 systemctl stop cell-hypervisor
	active cell@apic-demo inactive
	journal_says cell@apic-demo 'has shut down' || die "the guest was not asked"
	hypervisor_is disabled
	all_cpus
}

test_restarting_the_hypervisor_restarts_cells() {
	local first
	native
	expect 0 systemctl start cell@apic-demo
	first=$(systemctl show -P MainPID cell@apic-demo)
	expect 0 systemctl restart cell-hypervisor
	wait_for 60 is_active cell@apic-demo active
	[ "$(systemctl show -P MainPID cell@apic-demo)" != "$first" ] || die "it was not restarted"
	hypervisor_is enabled
}

test_unit_and_cellctl_agree() {
	native
	expect 0 cellctl hypervisor enable
	active cell-hypervisor active
	expect 0 cellctl hypervisor disable
	active cell-hypervisor inactive
	expect 0 systemctl start cell-hypervisor
	hypervisor_is enabled
	expect 0 systemctl stop cell-hypervisor
	hypervisor_is disabled
	expect 0 cellctl hypervisor disable
	says 'not enabled'
	expect 0 unload
	expect 0 cellctl hypervisor disable
	says 'not enabled'
}

test_disable_with_a_cell() {
	native
	expect 0 systemctl start cell@apic-demo
	expect 1 cellctl hypervisor disable
	says 'apic-demo.*stop them first'
	active cell-hypervisor active
	active cell@apic-demo active
}

test_units_are_valid() {
	expect 0 systemd-analyze verify --man=no cell@apic-demo.service cell-hypervisor.service \
		cellmgrd.service cells.target
	# shellcheck disable=SC2154 # expect sets it
	equal "$output" "" "what systemd-analyze says"
	local unit
	for unit in cellmgrd.service cell-hypervisor.service cell@apic-demo.service; do
		expect 0 systemd-analyze security --no-pager --threshold="$([ "$unit" = cell@apic-demo.service ] && echo 21 || echo 15)" "$unit"
	done
}

test_restart() {
	local first
	native
	expect 0 systemctl start cell@apic-demo
	first=$(systemctl show -P MainPID cell@apic-demo)
	expect 0 systemctl restart cell@apic-demo
	active cell@apic-demo active
	[ "$(systemctl show -P MainPID cell@apic-demo)" != "$first" ] || die "it was not restarted"
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
}

test_failed_units_and_the_catalog() {
	native
	expect 0 journalctl --update-catalog
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	expect 0 systemctl --failed --plain --no-legend
	says '^cell@fault-demo.service'
	expect 0 journalctl -x --no-pager -u cell@fault-demo
	says 'Subject: The guest in cell fault-demo has failed'
	says 'journalctl|cellctl cat fault-demo'
}

# The guest says one line, and then it neither prints nor leaves the processor.
test_watchdog() {
	native
	drop_in cell@no-answer.service WatchdogSec=3
	expect 0 systemctl start cell@no-answer
	wait_for 30 is_active cell@no-answer failed
	no_drop_in cell@no-answer.service
	equal "$(systemctl show -P Result cell@no-answer)" watchdog "the unit's result"
	journal_says cell@no-answer 'no sign of life' || die "the journal does not say why"
	expect 0 cellctl show no-answer -p Result
	says '^Result=timeout'
	all_cpus
}

# What a living guest does keeps the watchdog quiet.
test_watchdog_of_a_living_guest() {
	native
	drop_in cell@apic-demo.service WatchdogSec=4
	expect 0 systemctl start cell@apic-demo
	sleep 6
	active cell@apic-demo active
	expect 0 systemctl stop cell@apic-demo
	active cell@apic-demo inactive
	no_drop_in cell@apic-demo.service
}

test_marker_of_a_frozen_boot() {
	native
	mkdir -p /var/lib/cellmgr
	echo 0123456789abcdef0123456789abcdef >/var/lib/cellmgr/enabling
	expect 1 systemctl start cell@apic-demo
	journal_says cell-hypervisor 'ended without warning.*cellctl hypervisor confirm' ||
		die "the journal does not say why"
	expect 1 error_of EnableHypervisor uint64:0
	says 'org.cellmgr1.EnableUnconfirmed'
	expect 0 cellctl hypervisor confirm
	expect 0 systemctl start cell@apic-demo
	[ ! -e /var/lib/cellmgr/enabling ] || die "the marker is left"
}

test_hypervisor_twice() {
	native
	expect 0 cellctl hypervisor enable
	expect 0 cellctl hypervisor enable
	says 'already enabled'
	expect 0 cellctl hypervisor disable
	all_cpus
}

# What several units share is nobody's to clean.
test_clean_takes_nothing_from_others() {
	local memory unit
	native
	echo '{ "name": "mine", "cpus": [2] }' >/etc/cells/mine.json
	memory=$(memory_total)
	expect 0 systemctl start cell@apic-demo
	expect 0 test -s /run/cellmgr/memory-blocks
	systemctl stop cellmgrd
	for unit in cell@hello.service cellmgrd.service; do
		systemctl clean --what=all "$unit" || true
	done
	expect 0 test -s /run/cellmgr/memory-blocks
	expect 0 test -e /etc/cells/mine.json
	expect 0 test -d /var/lib/cellmgr
	rm -r /run/cellmgr /etc/cells/mine.json
	expect 0 systemd-tmpfiles --create cellmgr.conf
	expect 0 systemctl stop cell@apic-demo
	expect 0 systemctl stop cell-hypervisor
	equal "$(memory_total)" "$memory" "the memory of Linux"
}

test_signals_of_a_clean_end() {
	native
	expect 0 systemctl start cell@apic-demo
	systemctl kill --signal=HUP --kill-whom=main cell@apic-demo
	systemctl kill --signal=PIPE --kill-whom=main cell@apic-demo
	sleep 1
	active cell@apic-demo active
	expect 0 systemctl stop cell@apic-demo
	active cell@apic-demo inactive
	all_cpus
}

# Nothing is enabled for a cell that cannot be.
test_bad_description_enables_nothing() {
	native
	echo '{ "name": "bad", "cpus": [3], "memory": [ { "size": 3000, "at": 0 } ] }' >/etc/cells/bad.json
	expect 1 cellctl start bad
	says 'not a multiple'
	expect 1 systemctl start cell@nowhere
	active cell-hypervisor inactive
	hypervisor_is disabled
	rm /etc/cells/bad.json
}

# The unit sees what `cellctl check` has seen.
test_images_wherever_root_reads() {
	local directory
	native
	mkdir -p /srv/someone
	chmod 700 /srv/someone
	chown nobody /srv/someone
	for directory in /tmp /srv/someone; do
		cp /usr/lib/cells/hello.bin "$directory/far.bin"
		describe far 3
		sed -i "s,/usr/lib/cells/hello.bin,$directory/far.bin," /etc/cells/far.json
		expect 0 cellctl check far
		expect 0 systemctl start cell@far
		systemctl stop cell@far || true
		native
	done
	rm /etc/cells/far.json
}

# Only true states are published while ExecStopPost= gives back what the cell had.
test_states_that_are_published() {
	local monitor
	native
	systemctl start cellmgrd
	cellctl monitor >/tmp/states &
	monitor=$!
	systemctl start cell@fault-demo || true
	wait_for 20 is_active cell@fault-demo failed
	wait_for 10 grep -q 'fault-demo: .*-> failed' /tmp/states
	sleep 1
	kill "$monitor"
	grep fault-demo /tmp/states
	[ "$(grep -c 'fault-demo: .*-> failed' /tmp/states)" = 1 ] || die "it failed more than once"
	! grep -q 'fault-demo: failed ->' /tmp/states || die "it was something else after it had failed"
}


# What networkd says of the interface.
network_says() {
	grep -qx "$1" "/run/systemd/netif/links/$(cat /sys/class/net/cell-net-demo/ifindex)"
}

network_has_received() {
	[ "$(cat /sys/class/net/cell-net-demo/statistics/rx_packets)" -gt 0 ]
}

# The example for systemd-networkd finds the interface, whatever udev's own names are; the module comes by itself.
test_network_of_a_cell() {
	native
	mkdir -p /run/systemd/network
	cp /rig/80-cell.network /run/systemd/network/
	expect 0 systemctl start systemd-networkd
	expect 0 systemctl start cell@net-demo
	wait_for 20 network_says OPER_STATE=routable
	network_says NETWORK_FILE=/run/systemd/network/80-cell.network || die "another file is for it"
	# What it is sent waits for its address, which it answers.
	echo hello >/dev/udp/10.0.3.2/9
	wait_for 10 network_has_received
	expect 3 cellctl link ring net-demo
	says 'is a network: .* interface cell-net-demo'
	expect 0 systemctl stop cell@net-demo
	[ ! -e /sys/class/net/cell-net-demo ] || die "the interface is still there"
	systemctl stop systemd-networkd.socket systemd-networkd
	rm -r /run/systemd/network
	native
}
