# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# An IOMMU translates the DMA of Linux: cells run all the same, and it is said what confines devices.
# machines: iommu-translating

test_host_check() {
	expect 0 cellctl host check
	says 'warning +iommu .*dmar[0-9]+ translates.*what Linux has mapped for them'
	says '-> boot with intel_iommu=off or iommu=pt'
}

test_host_prepare() {
	expect 1 cellctl host prepare
	says 'boot loader is none that can be prepared.*add iommu=pt to the kernel command line'
}

test_start_of_a_cell() {
	expect 0 systemctl start cell@apic-demo
	expect 0 cellctl hypervisor status
	says "by Linux's tables"
	says 'remapped'
	native
}

# What it writes, GRUB's own programs make into the next boot's command line.
test_prepare() {
	cp /usr/share/grub/default/grub /etc/default/grub
	mkdir -p /boot/grub
	touch "/boot/vmlinuz-$(uname -r)"
	expect 0 update-grub
	expect 0 cellctl host prepare --dry-run
	says 'Would write /etc/default/grub.d/50-cellmgr.cfg'
	[ ! -e /etc/default/grub.d/50-cellmgr.cfg ] || die "it was not dry"
	expect 0 cellctl host prepare
	says 'iommu=pt is in /etc/default/grub.d/50-cellmgr.cfg now'
	expect 0 grep -c 'linux.* iommu=pt' /boot/grub/grub.cfg
	expect 0 cellctl host prepare
	says 'already'
}

after_boot_prepare() {
	expect 0 cat /proc/cmdline
	says 'iommu=nopt .*iommu=pt'
	expect 0 cellctl host check
	expect 0 cellctl host prepare
	says 'nothing to prepare'
	expect 0 systemctl start cell@apic-demo
	expect 0 cellctl hypervisor status
	says 'isolated'
	native
}
