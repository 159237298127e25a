# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# A machine that cannot: one clear sentence, and nothing has changed.
# machines: no-svm

test_enable() {
	expect 1 celltool enable
	says "^HardwareUnsupported: "
	all_cpus
}
