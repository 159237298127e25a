# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# What a debugger relies on, in Linux and the same under the hypervisor.
# machines: svm bochs

test_native() {
	native
	expect 0 stepper
}

# An ICEBP behind MOV SS, single-stepped, made the entry to the guest fail.
test_under_the_hypervisor() {
	fresh
	start hello
	expect 0 stepper
	all_but_one
	wait_for 10 console_says hello "[Hh]ello"
	expect 0 celltool destroy hello force
	expect 0 celltool disable
}

all_but_one() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-2 "the list of online CPUs"
}
