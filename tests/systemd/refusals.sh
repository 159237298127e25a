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
	equal "$(systemctl show -P ExecMainStatus cell@rival)" 1 "the exit status of cell-run"
	equal "$(cellctl show rival -p Result --value)" resources "the result"
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
	sed -i 's/"cpus"/"comm": { "at": "0x80000000" }, "cpus"/' /etc/cells/huge.json
	expect 1 systemctl start cell@huge
	journal_says cell@huge 'needs 900 MiB, but .* at most [0-9]+ MiB of Linux.*memmap=' ||
		die "the journal does not name what was found and the way out"
	all_cpus
}

# All the memory whose blocks Linux calls removable, the page descriptors of booting among it: those stay.
all_removable() {
	local block total=0
	for block in /sys/devices/system/memory/memory[0-9]*; do
		if [[ $(<"$block/removable") == 1 && $(<"$block/valid_zones") != none ]]; then
			total=$((total + 16#$(<"${block%/*}/block_size_bytes")))
		fi
	done
	echo $((total >> 20))
}

test_memory_that_stays() {
	local memory size
	native
	memory=$(memory_total)
	size=$(all_removable)
	describe greedy 3 "${size}M"
	sed -i 's/"cpus"/"comm": { "at": "0x80000000" }, "cpus"/' /etc/cells/greedy.json
	expect 1 systemctl start cell@greedy
	journal_says cell@greedy "needs $size MiB, but only [0-9]+ MiB could be set aside, [0-9]+ MiB in one piece.*memmap=" ||
		die "the journal does not name what was found and the way out"
	all_cpus
	expect 0 systemctl stop cell-hypervisor
	equal "$(memory_total)" "$memory" "the memory of Linux"
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

# The module is away, or another, while COMMAND runs.
without_module() {
	local file status=0
	native
	unload
	file=$(modinfo -n cellhv)
	mv "$file" /tmp/cellhv.ko
	depmod
	("$@" "$file") || status=$?
	mv /tmp/cellhv.ko "$file"
	rm -rf /lib/modules/6.0.0-other
	depmod
	return $status
}

missing() {
	expect 1 cellctl hypervisor enable
	says "not installed for kernel $(uname -r): build and install"
	expect 1 cellctl host check
	says "install linux-headers-$(uname -r)"
	expect 1 systemctl start cell@hello
	journal_says cell-hypervisor 'not installed for kernel' || die "the journal does not name it"
	expect 0 cellctl hypervisor disable
	expect 3 cellctl stats hello
	expect 1 error_of EnableHypervisor uint64:0
	says org.cellmgr1.ModuleMissing
}

of_another_kernel() {
	mkdir -p /lib/modules/6.0.0-other/updates
	cp /tmp/cellhv.ko /lib/modules/6.0.0-other/updates/
	expect 1 cellctl hypervisor enable
	says "installed for kernel 6.0.0-other, but $(uname -r) runs"
}

built_for_another_kernel() {
	# With symbol versions Linux compares what follows the version.
	LC_ALL=C sed 's/mod_unload modversions/mod_unload modversionz/' /tmp/cellhv.ko >"$1"
	depmod
	expect 1 cellctl hypervisor enable
	rm "$1"
	says "does not fit kernel $(uname -r): build it again"
}

test_module_missing() {
	expect 0 modprobe cellhv
	without_module missing
}

test_module_of_another_kernel() {
	expect 0 modprobe cellhv
	without_module of_another_kernel
}

test_module_built_for_another_kernel() {
	expect 0 modprobe cellhv
	without_module built_for_another_kernel
}

test_host_check() {
	expect 0 cellctl host check
}
