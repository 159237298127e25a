# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The machines themselves are what the other suites take them for.
# machines: svm svm-x2apic la57

test_cpus() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-3 "the list of online CPUs"
}

test_svm() {
	grep -qw svm /proc/cpuinfo || die "no SVM"
	grep -qw npt /proc/cpuinfo || die "no nested paging"
}

test_nothing_reserved() {
	! grep -q memmap= /proc/cmdline || die "memory is reserved on the kernel command line"
}
