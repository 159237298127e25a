# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What cannot be done answers with one sentence and an exit status, and leaves nothing half-done.
# machines: svm-x2apic

test_unknown_cell() {
	native
	expect 4 cellctl start nowhere
	says nowhere
	expect 4 cellctl status nowhere
}

test_usage() {
	expect 2 cellctl frobnicate
}

test_not_running() {
	native
	expect 3 cellctl stop hello
	expect 3 cellctl stats hello
}

test_overlapping_cpu() {
	native
	describe rival 3
	expect 0 systemctl start cell@apic-demo
	expect 1 systemctl start cell@rival
	journal_says cell@rival 'CPU 3|apic-demo' || die "the journal does not name the conflict"
	active cell@apic-demo active
	expect 0 systemctl stop cell@apic-demo
	all_cpus
}

test_cpu_0() {
	native
	describe first 0
	expect 1 systemctl start cell@first
	journal_says cell@first 'CPU 0' || die "the journal does not name CPU 0"
	all_cpus
}

test_too_much_memory() {
	native
	describe huge 3 900M
	expect 1 systemctl start cell@huge
	journal_says cell@huge 'memmap=' || die "the journal does not name the way out"
	all_cpus
}

test_missing_image() {
	native
	describe lost 3
	sed -i 's/hello.bin/nowhere.bin/' /etc/cells/lost.json
	expect 1 systemctl start cell@lost
	journal_says cell@lost 'nowhere.bin' || die "the journal does not name the image"
	all_cpus
}

test_large_image() {
	native
	describe large 3
	head -c 1100000 /dev/zero >/etc/cells/large.bin
	sed -i 's,/usr/lib/cells/hello.bin,large.bin,' /etc/cells/large.json
	expect 1 systemctl start cell@large
	journal_says cell@large 'large.bin' || die "the journal does not name the image"
	all_cpus
}

test_bad_description() {
	echo '{ "name": "bad", "cpu": [3] }' >/etc/cells/bad.json
	expect 78 cellctl check /etc/cells/bad.json
	says 'bad.json:1:[0-9]+: error: .*"?cpus'
	native
	expect 1 systemctl start cell@bad
	equal "$(systemctl show -P ExecMainStatus cell@bad)" 78 "the exit status of cell-run"
}

test_host_check() {
	expect 0 cellctl host check
}
