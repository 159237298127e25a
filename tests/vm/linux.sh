# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The distribution's own kernel in a cell, unmodified; its init is a shell at the console.
# machines: svm-x2apic-6.1
# content: linux
# timeout: 300

# The shell waits for what is typed.
is_up() {
	celltool console linux | tail -n 1 | grep -q 'cell# '
}

boot() {
	fresh
	start linux
	wait_for 60 is_up
	console_says linux "is up in the cell, 2 CPUs" || die "$(celltool console linux | tail -n 20)"
}

# types COMMAND PATTERN: of what it prints; the shell echoes the command itself.
types() {
	expect 0 celltool type linux "$1"
	wait_for 20 console_says linux "$2"
}

test_boots() {
	boot
	types "cat /proc/interrupts; echo sum \$((40 + 2))" "sum 42"
	celltool console linux | tail -n 60
	celltool stats linux
	sleep 10
	celltool stats linux
	expect 0 celltool shutdown linux 20000
	in_state linux "shut down" || die "$(celltool state linux)"
	! in_state linux again || die "that was no reset"
}
