# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The programs of examples/clients, against the real thing.
# machines: svm-x2apic-6.12
# timeout: 240

test_list_cells() {
	fresh
	equal "$(list-cells)" "" "the list without cells"
	start apic-demo
	wait_for 30 console_says apic-demo "Timer fired"
	expect 0 list-cells
	says "^ *[0-9]+  apic-demo +running/locked +3$"
}

test_run_cell() {
	local memory image
	image=$(dirname "$(description apic-demo)")/apic-demo.bin
	native
	memory=$(memory_total)
	expect 1 run-cell "$image" 1
	says "the hypervisor is not enabled"
	fresh
	expect 1 run-cell /no/such.bin 1
	says "run-cell:3:25: /images/0/file: there is no file /no/such.bin"
	expect 0 run-cell "$image" 10
	says "Timer fired"
	says "The guest refused"
	equal "$(list-cells)" "" "the list afterwards"
	native
	equal "$(memory_total)" "$memory" "the memory of Linux afterwards"
}

test_watch_cells() {
	fresh
	watch-cells >/tmp/changes &
	watcher=$!
	start fault-demo
	wait_for 30 grep -q "^fault-demo: running" /tmp/changes
	wait_for 30 grep -q "^fault-demo: failed: ." /tmp/changes
	kill "$watcher"
	wait "$watcher" || die "watch-cells ended with $?"
}
