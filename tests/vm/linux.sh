# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The distribution's own kernel in a cell, unmodified; its init is a shell at the console.
# machines: svm-x2apic-6.1 svm-6.12 svm-x2apic-newest bochs-6.1
# content: linux
# elsewhere: boots
# timeout: 300

boot() {
	fresh
	start linux
	wait_up
}

# Interrupts of the local timers, as the cell says itself: ticks LABEL
ticks() {
	types "awk -v n=$1 '/LOC/ { print n \" is \" \$2 + \$3 }' /proc/interrupts" "$1 is "
	count=$(celltool console linux | sed -n "s/.*$1 is \\([0-9]*\\).*/\\1/p")
}

# Exits but for what is printed and typed, and for interrupts that CPUs send each other: of one moment.
silent_exits() {
	celltool stats linux | awk -F= '{ count[$1] = $2 } END { print count["total"] - count["port"] - count["msr-icr"] }'
}

# Two Linuxes on one wire, each with the module and the interface of its own.
ping_each_other() {
	ip address add 10.0.4.1/24 dev cell-linux
	ip link set cell-linux up
	(wait_for 20 ping -c 1 -W 1 10.0.4.2) ||
		die "$(celltool console linux | tail -n 9; cat /sys/class/net/cell-linux/cell_link/*)"
	expect 0 ping -q -c 20 -i 0.1 -s 1400 10.0.4.2
	says "20 packets received"
	types "ping -q -c 3 -i 0.2 10.0.4.1" "3 packets received"
}

# It is ended by the button, as `systemctl stop' presses it.
test_boots() {
	local total
	native
	total=$(memory_total)
	boot
	ping_each_other
	expect 0 celltool shutdown linux 20000
	in_state linux "shut down" || die "$(celltool state linux)"
	! in_state linux again || die "that was no reset"
	expect 0 celltool destroy linux
	native
	equal "$(memory_total)" "$total" "Linux's memory"
}

# No tick, and no interrupt that is received, makes a CPU leave the guest.
test_runs_without_exits() {
	local before exits
	boot
	ticks before
	before=$count exits=$(silent_exits)
	# shellcheck disable=SC2016 # the cell's shell is to count
	types 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo sum $((40 + 2))' "sum 42"
	sleep 2
	ticks after
	[ "$((count - before))" -ge 50 ] || die "of $before ticks it came to $count"
	equal "$(silent_exits)" "$exits" "the number of exits after $((count - before)) ticks"
}

# It speaks at the UART long before there is a driver.
test_reboots_and_panics() {
	sed -i 's/address=/earlyprintk=serial,ttyS0,115200 quiet address=/' /etc/cells/linux.json
	boot
	console_says linux "KASLR" || die "$(celltool console linux | head -n 20)"
	expect 0 celltool type linux "reboot -f"
	wait_for 20 in_state linux "shut down, to start again"
	expect 0 celltool stop linux
	expect 0 celltool load linux
	expect 0 celltool start linux
	wait_up
	expect 0 celltool type linux "echo c >/proc/sysrq-trigger"
	wait_for 20 in_state linux "failed"
	in_state linux panicked || die "$(celltool state linux)"
	console_says linux "Kernel panic - not syncing: sysrq triggered crash"
}

test_comes_and_goes() {
	local total used
	native
	total=$(memory_total)
	fresh
	used=$(info pages_used)
	expect 0 celltool cycle linux 20
	equal "$(info pages_used)" "$used" "pages that the hypervisor uses"
	native
	equal "$(memory_total)" "$total" "Linux's memory"
}
