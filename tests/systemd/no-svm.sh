# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A CPU without virtualisation: every way in says so, and nothing is half-done.
# machines: no-svm

test_host_check() {
	expect 1 cellctl host check
	says 'failed +cpu-virtualization .*neither AMD SVM nor Intel VMX'
	says '-> turn nested virtualisation on'
}

test_start_of_a_cell() {
	expect 1 systemctl start cell@apic-demo
	active cell@apic-demo failed
	journal_says cell@apic-demo 'hypervisor is not enabled.*journalctl -u cell-hypervisor' ||
		die "the cell's journal does not say where to look"
	active cell-hypervisor failed
	journal_says cell-hypervisor 'neither AMD SVM nor Intel VMX' || die "the journal does not say why"
	all_cpus
}

test_errors() {
	expect 1 cellctl hypervisor enable
	says 'neither AMD SVM nor Intel VMX'
	expect 1 error_of EnableHypervisor uint64:0
	says 'org.cellmgr1.HardwareUnsupported: .*neither AMD SVM nor Intel VMX'
	all_cpus
}
