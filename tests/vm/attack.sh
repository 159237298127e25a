# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Hostile guests and a hostile root (tests/attack): whatever they try, another cell goes on, Linux goes on
# and takes the attacker away, and the hypervisor has as many pages as before. hypervisor/ATTACKS.md lists
# what is tried where.
# machines: svm-x2apic bochs svm
# elsewhere: msrs apic
# bochs: processor modes ioctls_with_a_failed_cell ioctls_with_a_link
# timeout: 400

# A guest that counts, on CPU 2; before it the state that has to be there in the end.
begin() {
	fresh
	rm -f /etc/cells/hostile.json
	pages=$(info pages_used)
	copy exits witness 2
	start witness
	wait_for 10 console_says witness ready
}

# describe CPUS MEMORY COMMAND-LINE [KEYS]
describe() {
	cat >/etc/cells/hostile.json <<-END
		{ "name": "hostile", "cpus": [$1], "images": [ { "file": "${image:-attack.bin}", "at": 0 } ],
		  "memory": [ { "size": "1M", "at": 0, "access": "rwx" }$2 ],
		  "command-line": { "text": "$3", "at": "0xf0000" }$4 }
	END
}

ended() { in_state hostile failed || in_state hostile "shut down"; }

# The cell's end, and what it had to say.
see_end() {
	wait_for 40 ended
	echo "# $(celltool state hostile)"
	celltool console hostile | tail -n 3
	no_complaint hostile
}

gone() {
	expect 0 celltool destroy hostile force
	in_state witness running || die "another cell stopped running"
}

# attack COMMAND-LINE [CPUS [KEYS]]: it lives on to its end, or is told off by exceptions.
attack() {
	describe "${2:-3}" "" "$1" "$3"
	start hostile
	see_end
	console_says hostile "ok attack: end" || console_says hostile "ok attack: virtual" || die "$(celltool state hostile)"
	gone
}

# denied MEMORY COMMAND-LINE...: one guest after the other, each of which is parked by what it does.
denied() {
	local memory=$1 line
	shift
	for line in "$@"; do
		describe 3 "$memory" "$line"
		start hostile
		see_end
		in_state hostile failed || die "$line: it is not failed"
		gone
	done
}

# either COMMAND-LINE...: parked, or told off.
either() {
	local line
	for line in "$@"; do
		describe "${cpus:-3}" "" "$line"
		start hostile
		see_end
		gone
	done
}

# The witness has gone on all the time.
finish() {
	local ticks
	expect 0 celltool shutdown witness
	ticks=$(celltool console witness | sed -n 's/^total \([0-9]*\) ticks.*/\1/p')
	[ "${ticks:-0}" -ge 10 ] || die "the witness counted ${ticks:-nothing}"
	no_complaint witness
	expect 0 celltool destroy witness
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	! celltool log | grep -q PANIC || die "the hypervisor panicked"
	all_cpus
	taskset 8 true
}

test_msrs() {
	[ -e /dev/cpu/3/msr ] || insmod /rig/msr.ko
	begin
	hostile-root msrs 3 >/tmp/before
	[ "$(wc -l </tmp/before)" -ge 8 ] || die "Linux reads no MSRs"
	attack msrs
	hostile-root msrs 3 >/tmp/after
	diff /tmp/before /tmp/after || die "MSRs of CPU 3 have changed"
	finish
}

# Then bits that do not belong together, or that no processor has, and machine checks off.
test_processor() {
	begin
	attack efer
	attack instructions
	attack xsetbv
	attack cpuid
	either "control 0 1" "control 0 29" "control 0 32" "control 4 6" "control 4 12" "control 4 13" "control 4 17" \
		"control 4 23" "control 4 31" "control 4 63"
	finish
}

# Whatever is pending then meets the CPU's next owner.
test_apic() {
	begin
	attack lvt
	attack icr
	attack apic-errors
	either "wrmsr 0x1b 0xfee00000" "wrmsr 0x1b 0xfed00c00" "wrmsr 0x82f 0x40" "wrmsr 0x835 0x240" \
		"wrmsr 0x835 0x540" "wrmsr 0x836 0x740" \
		"icr-mode 2 0" "icr-mode 2 3" "icr-mode 3 1" "icr-mode 7 2"
	finish
}

test_events() {
	begin
	attack debug
	attack floods
	for_ever
	finish
}

# Nothing but its owner ends it, and that it does.
for_ever() {
	describe 3 "" debug-for-ever
	start hostile
	wait_for 20 console_says hostile "begins"
	sleep 2
	in_state hostile running || die "$(celltool state hostile)"
	gone
}

test_modes() {
	begin
	attack user
	attack sixteen-bits
	image=virtual86.bin
	attack none
	finish
}

test_races() {
	begin
	attack ipi-flood 1,3
	attack msix 1,3 ', "links": [ { "name": "hostile", "size": "4K", "peers": 3, "id": 1, "class": "0x4000" } ]'
	cpus=1,3
	either rewritten-code rewritten-tables rewritten-tables
	finish
}

# Sizes 1, 2 and 4, in, out and strings: resets, keyboard, A20, SMI, NMI, PCI's own, edges of what is allowed.
test_ports() {
	local timer
	begin
	timer=$(($(sed -n 's/^\([0-9a-f]*\)-.*ACPI PM_TMR.*/0x\1/p' /proc/ioports | tr -d ' ')))
	denied "" "port 0xcf9 1 1" "port 0x64 1 1" "port 0x92 1 1" "port 0xb2 1 1" "port 0x70 1 1" \
		"port 0x7f 2 1" "port 0x80 1 2" "port 0xcf8 1 1" "port 0xcff 2 0" "port 0xcf7 4 1" "port 0xffff 2 1" \
		"port 0xfffe 4 0"
	[ "$timer" = 0 ] || denied "" "port $((timer - 1)) 4 0" "port $((timer + 3)) 2 0"
	finish
}

# Behind its memory, the machine's registers, Linux and the hypervisor, what no machine has; and its own
# memory in a way that it may not.
test_touch() {
	local hypervisor
	begin
	hypervisor=$(hostile-root memory)
	denied "" "touch 0x101000 0" "touch 0xfec00000 1" "touch 0xfed90000 1" "touch 0xfee01000 1" "touch 0xfffff000 1" \
		"touch 0x1000000 1" "touch 0x100000000 0" "touch 0x8000000000 1" "touch $hypervisor 0" \
		"touch $hypervisor 1" "touch $hypervisor 2"
	denied ', { "size": "4K", "at": "0x200000", "access": "r" }' "touch 0x200000 1" "touch 0x200000 2"
	denied ', { "size": "4K", "at": "0x200000", "access": "rx" }' "touch 0x200000 1"
	finish
}

# The same memory and CPU, three times; it stops by itself and by force.
test_leftovers() {
	begin
	for _ in 1 2 3; do
		describe 3 ', { "size": "1M", "at": "0x200000", "access": "rwx" }' leftovers
		start hostile
		see_end
		gone
	done
	finish
}

test_ioctls_while_disabled() {
	native
	expect 0 hostile-root ioctls 2000
	expect 0 hostile-root user
	equal "$(info enabled)" 0 "enabled"
	all_cpus
}

test_ioctls_without_cells() {
	fresh
	pages=$(info pages_used)
	expect 0 hostile-root ioctls 2000
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	all_cpus
}

# ioctls_beside STATE: of the cell that they are about.
ioctls_beside() {
	expect 0 hostile-root ioctls 1500
	in_state exits "$1" || die "the cell is not $1: $(celltool state exits)"
	equal "$(info cells)" 1 "the number of cells"
}

test_ioctls_with_a_cell() {
	fresh
	pages=$(info pages_used)
	expect 0 celltool create exits
	expect 0 celltool start exits
	wait_for 10 console_says exits ready
	ioctls_beside running
	expect 0 hostile-root user
	in_state exits running || die "a user has stopped it"
	expect 0 celltool stop exits
	ioctls_beside stopped
	expect 0 celltool destroy exits
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	all_cpus
}

# A cell that has failed by itself; another, beside it, is none of theirs.
test_ioctls_with_a_failed_cell() {
	local before
	begin
	expect 0 celltool shutdown witness
	expect 0 celltool destroy witness
	describe 3 "" "touch 0x1000000 1"
	start hostile
	see_end
	in_state hostile failed || die "it is not failed"
	before=$(celltool state hostile)
	expect 0 hostile-root ioctls 1500
	equal "$(celltool state hostile)" "$before" "the state of the cell"
	expect 0 hostile-root user
	equal "$(info cells)" 1 "the number of cells"
	expect 0 celltool destroy hostile force
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	all_cpus
}

# Linux is a peer: its device node, its registers, and the device of all beside them.
test_ioctls_with_a_link() {
	fresh
	cp /usr/lib/cells/link-echo.bin /etc/cells/
	echo '{ "debug-port": "0x2f8", "links": [ "echo" ] }' >/etc/cellmgr/host.json
	pages=$(info pages_used)
	start link-echo
	wait_for 10 console_says link-echo "Echo server"
	for _ in 1 2 3; do
		expect 0 hostile-root link /dev/cell-link-echo 2000
		expect 0 hostile-root ioctls 500
		in_state link-echo running || die "the cell is not running: $(celltool state link-echo)"
	done
	expect 0 link-hello "still there?"
	says "The cell says: still there"
	expect 0 celltool destroy link-echo force
	[ ! -e /dev/cell-link-echo ] || die "the device node is still there"
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	! celltool log | grep -q PANIC || die "the hypervisor panicked"
	echo '{ "debug-port": "0x2f8" }' >/etc/cellmgr/host.json
	all_cpus
}
