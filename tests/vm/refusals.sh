# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# A machine that cannot: one clear sentence, and nothing has changed.
# machines: no-svm bochs-no-vmx bochs-no-ept bochs-no-unrestricted

test_enable() {
	expect 1 celltool enable
	says "^HardwareUnsupported: .*$(first_missing)"
	all_cpus
}

# What the sentence has to name.
first_missing() {
	if ! grep -Eqw 'svm|vmx' /proc/cpuinfo; then
		echo "VMX"
	elif ! grep -qw ept /proc/cpuinfo; then
		echo "EPT"
	elif ! grep -qw unrestricted_guest /proc/cpuinfo; then
		echo "unrestricted guest"
	fi
}
