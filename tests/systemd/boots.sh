# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What has to be true after the machine has been started again.
# machines: svm-x2apic

test_starts_at_boot() {
	native
	expect 0 cellctl enable apic-demo
	equal "$(systemctl is-enabled cell@apic-demo)" enabled "whether it is enabled"
	systemctl show -P Wants multi-user.target | grep -qw cells.target || die "nothing wants cells.target"
}

after_boot_starts_at_boot() {
	wait_for 120 is_active cell@apic-demo active
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
	expect 0 journalctl -b --no-pager -o cat -u cell@apic-demo
	says 'Timer fired'
	expect 0 cellctl disable apic-demo
	expect 0 systemctl stop cells.target
	wait_for 30 is_active cell@apic-demo inactive
	equal "$(systemctl is-enabled cell@apic-demo)" disabled "whether it is enabled"
}

# A machine that froze while the hypervisor was being enabled comes up, without it.
test_frozen_while_enabling() {
	native
	expect 0 cellctl enable apic-demo
	mkdir -p /var/lib/cellmgr
	tr -d - </proc/sys/kernel/random/boot_id >/var/lib/cellmgr/enabling
}

after_boot_frozen_while_enabling() {
	wait_for 120 is_active multi-user.target active
	wait_for 30 is_active cell-hypervisor failed
	all_cpus
	journal_says cell-hypervisor 'ended without warning.*cellctl hypervisor confirm' ||
		die "the journal does not say why"
	expect 0 systemctl --failed --plain --no-legend
	says '^cell-hypervisor.service'
	expect 0 cellctl hypervisor confirm
	expect 0 systemctl start cell@apic-demo
	expect 0 cellctl disable apic-demo
	native
}
