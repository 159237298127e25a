# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The machines themselves are what the other suites take them for.
# machines: svm svm-x2apic la57 bochs
# start: boot

test_cpus() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-3 "the list of online CPUs"
}

test_virtualization() {
	if grep -q GenuineIntel /proc/cpuinfo; then
		cpu_has vmx ept unrestricted_guest preemption_timer
	else
		cpu_has svm npt
	fi
}

cpu_has() {
	local feature
	for feature in "$@"; do
		grep -qw "$feature" /proc/cpuinfo || die "no $feature"
	done
}

test_nothing_reserved() {
	! grep -q memmap= /proc/cmdline || die "memory is reserved on the kernel command line"
}
