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
	wait_for 20 grep -q '"running/locked"' /tmp/signals
	expect 0 systemctl stop cell@apic-demo
	wait_for 20 grep -q '"stopped"\|"defined"' /tmp/signals
	kill $monitor
	grep -q PropertiesChanged /tmp/signals || die "no PropertiesChanged"
}

as() {
	runuser -u "$1" -- "${@:2}"
}

# polkitd itself decides: root may, celluser what a rule allows, nobody else anything.
# shellcheck disable=SC2086
test_polkit() {
	native
	echo "u celluser - -" | systemd-sysusers -
	mkdir -p /etc/polkit-1/rules.d
	cat >/etc/polkit-1/rules.d/10-cells.rules <<-'END'
		polkit.addRule(function(action, subject) {
			if (action.id.indexOf("org.cellmgr1.") == 0 && subject.user == "celluser" &&
			    action.id != "org.cellmgr1.manage-hypervisor")
				return polkit.Result.YES;
		});
	END
	systemctl restart polkit
	expect 0 as nobody cellctl list
	says 'root +native'
	for method in "StartCell ss apic-demo replace" "EnableHypervisor t 0" "ConfirmHypervisor" \
		"UndefineCell st apic-demo 0" "RestartCell ss apic-demo replace"; do
		expect 1 as nobody busctl call $MANAGER $method
		says 'denied|not authorized|authoriz|interactive|does not allow'
	done
	expect 1 as celluser cellctl hypervisor enable
	says 'manage-hypervisor'
	active cell@apic-demo inactive
	all_cpus
	expect 0 as celluser busctl call $MANAGER StartCell ss apic-demo replace
	wait_for 30 is_active cell@apic-demo active
	expect 1 error_of StartCell string:apic-demo string:replace
	says 'org.cellmgr1.CellRunning'
	expect 0 as celluser cellctl console apic-demo
	expect 1 as nobody cellctl console apic-demo
	says 'open-console'
	expect 0 as nobody cellctl stats apic-demo
	says hypercall
	expect 0 as celluser busctl call $MANAGER StopCell ss apic-demo replace
	wait_for 30 is_active cell@apic-demo inactive
	expect 1 error_of StopCell string:apic-demo string:replace
	says 'org.cellmgr1.CellNotRunning'
	rm /etc/polkit-1/rules.d/10-cells.rules
}

test_define_and_undefine() {
	native
	describe mine 3
	# hello would end by itself.
	sed -i 's/hello.bin/apic-demo.bin/' /etc/cells/mine.json
	mv /etc/cells/mine.json /tmp/mine.json
	expect 0 cellctl define /tmp/mine.json
	equal "$(stat -c %a /etc/cells/mine.json)" 644 "the mode of the description"
	expect 1 cellctl define /tmp/mine.json
	says 'defined already'
	expect 0 cellctl start mine
	expect 1 cellctl undefine mine
	says 'stop it before'
	expect 0 cellctl stop mine
	expect 0 cellctl undefine mine
	expect 4 cellctl status mine
}

# The daemon has no right to load modules: systemd does, and the module can go while the daemon runs.
test_module_comes_and_goes() {
	native
	call ListCells >/dev/null
	expect 0 unload
	expect 0 call EnableHypervisor t 0
	wait_for 20 is_active cell-hypervisor active
	expect 0 call DisableHypervisor
	wait_for 20 is_active cell-hypervisor inactive
	expect 0 unload
	active cellmgrd active
	expect 0 modprobe cellhv
	expect 0 cellctl hypervisor enable
	wait_for 5 daemon_says enabled
	expect 0 cellctl hypervisor disable
	wait_for 5 daemon_says disabled
}

# Without asking it to look: what it has published.
daemon_says() {
	busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState | grep -qw "$1"
}

# Eight times, and never longer than the test.
kill_at_random() {
	local i
	for ((i = 0; i < 8; i++)); do
		sleep "$((RANDOM % 3)).$((RANDOM % 9 + 1))"
		systemctl kill --signal=KILL cellmgrd 2>/dev/null || true
	done
}

# Whoever calls while it is dead gets an error, or the answer of the next one: then it is right.
insist() {
	local n
	for ((n = 0; n < 50; n++)); do
		output=$("$@" 2>&1) && return
		sleep 0.1
	done
	die "\`$*' was never answered: $output"
}

test_killed_at_random() {
	local killer ticks
	native
	drop_in cellmgrd.service StartLimitInterval=0
	expect 0 systemctl start cell@apic-demo
	kill_at_random &
	killer=$!
	while kill -0 $killer 2>/dev/null; do
		describe "late" 2
		# shellcheck disable=SC2086
		insist busctl call $MANAGER ListCells
		says '"apic-demo" "running/locked".*"late" "defined"'
		rm /etc/cells/late.json
		insist property apic-demo State
		says locked
	done
	no_drop_in cellmgrd.service
	systemctl reset-failed cellmgrd
	[ "$(systemctl show -P NRestarts cellmgrd)" -gt 0 ] || journal_says cellmgrd 'killed, status=9' ||
		die "the daemon was never killed"
	active cell@apic-demo active
	equal "$(systemctl show -P NRestarts cell@apic-demo)" 0 "the number of the unit's restarts"
	ticks=$(journal_of cell@apic-demo | grep -c 'Timer fired')
	wait_for 20 more_ticks "$ticks"
}

more_ticks() {
	[ "$(journal_of cell@apic-demo | grep -c 'Timer fired')" -gt "$1" ]
}

test_log_level() {
	systemctl start cellmgrd
	expect 0 systemctl service-log-level cellmgrd debug
	equal "$(systemctl service-log-level cellmgrd)" debug "the level"
	expect 0 systemctl service-log-level cellmgrd info
}

test_reload() {
	local pid
	systemctl start cellmgrd
	pid=$(systemctl show -P MainPID cellmgrd)
	expect 0 systemctl reload cellmgrd
	wait_for 5 is_active cellmgrd active
	equal "$(systemctl show -P MainPID cellmgrd)" "$pid" "the process"
	expect 0 call ListCells
}

test_destroy_shows_under_the_unit() {
	local cell="org.cellmgr1 /org/cellmgr1/cell/apic_2ddemo org.cellmgr1.Cell"
	native
	expect 0 cellctl start apic-demo
	# shellcheck disable=SC2086
	expect 0 busctl call $cell Hold ss me "a moment"
	# The hold ends with busctl.
	# shellcheck disable=SC2086
	wait_for 5 busctl call $cell Destroy t 1
	wait_for 20 is_active cell@apic-demo inactive
	wait_for 5 journal_says cell@apic-demo 'destroyed as user 0 asked for'
	all_cpus
}

test_disabled_and_enabled_at_once() {
	native
	expect 0 cellctl hypervisor enable
	# shellcheck disable=SC2086
	expect 0 busctl call $MANAGER DisableHypervisor
	# shellcheck disable=SC2086
	expect 0 busctl call $MANAGER EnableHypervisor t 0
	sleep 2
	expect 0 cellctl hypervisor status
	says '^enabled'
	active cell-hypervisor active
}
