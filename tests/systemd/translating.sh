# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# An IOMMU translates the DMA of Linux: unit and remedy are named.
# machines: iommu-translating

test_host_check() {
	expect 1 cellctl host check
	says 'failed +iommu .*dmar[0-9]+ translates'
	says '-> boot with intel_iommu=off or iommu=pt'
}

test_host_prepare() {
	expect 1 cellctl host prepare
	says 'boot loader is none that can be prepared.*add iommu=pt to the kernel command line'
}

test_start_of_a_cell() {
	expect 1 systemctl start cell@apic-demo
	active cell@apic-demo inactive
	journal_says cell-hypervisor 'dmar[0-9]+ translates.*intel_iommu=off' ||
		die "the journal does not say why"
	all_cpus
}

test_errors() {
	expect 1 cellctl hypervisor enable
	says 'dmar[0-9]+ translates.*intel_iommu=off'
	expect 1 error_of EnableHypervisor uint64:0
	says 'org.cellmgr1.IommuTranslating: .*dmar[0-9]+ translates'
	all_cpus
}
