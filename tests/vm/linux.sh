# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The distribution's own kernel in a cell.
# machines: svm-x2apic-6.1
# content: linux
# timeout: 300

test_boots() {
	fresh
	start linux
	wait_for 60 console_says linux "is up in the cell" || { celltool console linux | tail -n 40; celltool state linux; }
	celltool console linux
	celltool state linux
	celltool stats linux
}
