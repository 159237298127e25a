# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Guests that drive functions of their own: their DMA goes to the cell's memory alone, their
# interrupts to its CPU, and Linux has the functions again afterwards.
# machines: devices-6.1
# timeout: 300

EDU=00:04.0 DISK=00:06.0

# The guest's own verdict on its console.
approves() {
	fresh
	start "$1"
	wait_for 30 console_says "$1" "all done"
	no_complaint "$1"
}

test_edu() {
	approves edu
	driven_by $EDU cellhv || die "edu is not held"
	expect 0 celltool destroy edu force
	driven_by $EDU "" || die "edu has a driver that it had not before"
}

test_nvme() {
	insert nvme
	wait_for 10 driven_by $DISK nvme
	approves nvme
	driven_by $DISK cellhv || die "the disk is not held"
	expect 0 celltool destroy nvme force
	wait_for 10 driven_by $DISK nvme
}

test_again() {
	local round
	for round in 1 2 3; do
		echo "round $round"
		test_edu
		test_nvme
	done
}

# DMA by an address that the cell has not is refused, and ends the cell; the root's memory there
# is as before, and the function works for the next.
test_foreign() {
	fresh
	sed 's/"name": *"edu"/"name": "stray", "command-line": "foreign=0x8000000"/' \
		"$(description edu)" >"$(dirname "$(description edu)")/stray.json"
	start stray
	wait_for 30 in_state stray "failed .*PCI function 00:04.0 .* 0x8000"
	expect 0 celltool destroy stray force
	test_edu
}
