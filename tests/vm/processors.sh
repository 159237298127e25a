# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Processors that differ in what they have: each goes the whole way once.
# machines: opteron epyc-rome epyc-milan epyc-genoa bochs-no-deadline
# timeout: 120

test_way_and_back() {
	local memory
	memory=$(memory_total)
	native
	fresh
	start hello
	wait_for 10 console_says hello "[Hh]ello"
	expect 0 celltool destroy hello force
	all_cpus
	expect 0 celltool disable
	all_cpus
	equal "$(memory_total)" "$memory" "the memory of Linux afterwards"
}

# What the APIC refuses is refused to the cell that wrote it, not to the hypervisor.
test_lvt_reserved() {
	fresh
	start lvt-reserved
	wait_for 30 console_says lvt-reserved "^ok lvt-reserved"
	equal "$(info cells)" 1 "the number of cells"
}
