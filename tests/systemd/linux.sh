# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The distribution's own kernel in a cell, as a service.
# machines: svm-x2apic
# content: linux

UP='is up in the cell, 2 CPUs'

# How often it has come up, in all tests; and since `before` was that.
ups() {
	journal_of cell@linux | grep -c "$UP"
}

up() {
	[ "$(ups)" -ge $((before + $1)) ]
}

# At a terminal, in which cellctl types what it is given.
type_at() {
	(sleep 1; printf '%s\r' "$1"; sleep 2; printf '\035\035\035'; sleep 1) |
		timeout 20 script -qfc 'cellctl console linux' /dev/null >/tmp/terminal 2>&1 || true
	cat /tmp/terminal
}

test_life() {
	local memory id before
	before=$(ups) || true
	native
	memory=$(memory_total)
	expect 0 systemctl start cell@linux
	wait_for 60 up 1
	id=$(property linux Id)
	# shellcheck disable=SC2016 # the cell's shell is to count
	type_at 'echo sum $((40 + 2))'
	wait_for 10 journal_says cell@linux '^sum 42'
	type_at 'reboot -f'
	wait_for 60 up 2
	journal_says cell@linux 'The guest reset itself; starting it again' || die "the journal does not tell of the reset"
	active cell@linux active
	equal "$(property linux Id)" "$id" "the cell's id"
	expect 0 systemctl stop cell@linux
	journal_says cell@linux 'The guest has shut down' || die "no end in the journal"
	equal "$(systemctl show -P Result cell@linux)" success "the unit's result"
	expect 0 systemctl stop cell-hypervisor
	all_cpus
	equal "$(memory_total)" "$memory" "the memory of Linux"
}

test_panic() {
	local before
	before=$(ups) || true
	native
	expect 0 systemctl start cell@linux
	wait_for 60 up 1
	type_at 'echo c >/proc/sysrq-trigger'
	wait_for 20 is_active cell@linux failed
	journal_says cell@linux 'Kernel panic - not syncing: sysrq triggered crash' || die "no last words in the journal"
	expect 3 cellctl status linux
	says 'panicked'
	expect 0 property linux Result
	says '"guest-panic"'
	all_cpus
}
