# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Links between cells: both protocols, who is there, who comes and goes, and what a peer may not do.
# machines: svm-x2apic bochs svm svm-mixed
# elsewhere: demo_version_2 doorbells sections foreign_functions straddling_port
# timeout: 600

# Descriptions that an earlier test has added are peers too.
begin() {
	fresh
	rm -f /etc/cells/ivshmem-*.json /etc/cells/receiver.json
	cp /usr/lib/cells/ivshmem-demo.bin /etc/cells/
}

# demo PROTOCOL: the pair of the tutorial.
demo() {
	sed "s/ivshmem-1/$1/" /usr/lib/cells/ivshmem-demo.json >/etc/cells/ivshmem-demo.json
	start ivshmem-demo
	start ivshmem-peer
}

# counted CELL N: that many interrupts at least, each printed once.
counted() {
	local last
	last=$(celltool console "$1" | sed -n 's/.*got interrupt \.\.\. //p' | tail -n 1)
	[ "${last:-0}" -ge "$2" ]
}

# each_once CELL: numbers without a gap, none twice.
each_once() {
	celltool console "$1" | sed -n 's/.*got interrupt \.\.\. //p' >/tmp/numbers
	seq "$(wc -l </tmp/numbers)" | cmp -s - /tmp/numbers || die "$1: $(tr '\n' ' ' </tmp/numbers)"
}

pair() {
	local pages
	begin
	pages=$(info pages_used)
	demo "$1"
	wait_for 20 counted ivshmem-demo 3
	wait_for 20 counted ivshmem-peer 3
	expect 0 celltool console ivshmem-peer
	says "Found $2 at 00:0e.0"
	says "shmem is at 0x"
	says "bar0 is at 0x"
	says "bar2 is at 0x"
	says "got position 0x0000000000000001"
	says "sending IRQ"
	expect 0 celltool shutdown ivshmem-demo
	expect 0 celltool shutdown ivshmem-peer
	each_once ivshmem-demo
	each_once ivshmem-peer
	expect 0 celltool destroy ivshmem-demo
	expect 0 celltool destroy ivshmem-peer
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
}

test_demo_version_1() { pair ivshmem-1 1af4:1110; }
test_demo_version_1_with_states() { pair ivshmem-1.1 1af4:1110; }
test_demo_version_2() { pair ivshmem-2 110a:4106; }

test_three_peers() {
	begin
	sed "s/ivshmem-peer/ivshmem-third/; s/\[3\]/[1]/" /usr/lib/cells/ivshmem-peer.json \
		>/etc/cells/ivshmem-third.json
	demo ivshmem-2
	start ivshmem-third
	for cell in demo peer third; do
		wait_for 20 counted "ivshmem-$cell" 6
	done
	expect 0 celltool console ivshmem-third
	says "got position 0x0000000000000002"
}

# The other end goes, comes again, and finds the memory as it was left.
test_restart_of_one() {
	local before
	begin
	demo ivshmem-2
	wait_for 20 counted ivshmem-demo 2
	expect 0 celltool destroy ivshmem-peer force
	sleep 2
	before=$(celltool console ivshmem-demo | grep -c sending)
	sleep 2
	equal "$(celltool console ivshmem-demo | grep -c sending)" "$before" \
		"the number of doorbells to a peer that is gone"
	in_state ivshmem-demo running || die "the other end stopped"
	before=$(celltool console ivshmem-demo | sed -n 's/.*interrupt \.\.\. //p' | tail -n 1)
	start ivshmem-peer
	wait_for 20 counted ivshmem-peer 2
	wait_for 20 counted ivshmem-demo $((before + 2))
}

test_twenty_times() {
	local pages
	begin
	demo ivshmem-2
	pages=$(info pages_used)
	for round in $(seq 20); do
		expect 0 celltool destroy ivshmem-peer force
		start ivshmem-peer
	done
	equal "$(info pages_used)" "$pages" "the number of pages used after $round rounds"
	wait_for 20 counted ivshmem-peer 1
}

# 100,000 of them, and what they cost.
test_doorbells() {
	local rung heard
	begin
	copy doorbell receiver 2
	sed -i 's/"id": 0/"id": 1/' /etc/cells/receiver.json
	start receiver
	wait_for 10 console_says receiver ready
	start doorbell
	wait_for 120 console_says doorbell "done"
	expect 0 celltool console doorbell
	no_complaint doorbell
	says "ok doorbell: rung one by one and counted \(100000\)"
	rung=$(stat_of doorbell mmio)
	heard=$(stat_of receiver total)
	echo "exits: sender $rung for 101000 doorbells and more, receiver $heard in all"
	if [ "$rung" -lt 101000 ] || [ "$rung" -gt 101500 ]; then die "the sender left $rung times"; fi
	# Without x2APIC each EOI is emulated.
	! grep -qw x2apic /proc/cpuinfo || [ "$heard" -le 500 ] || die "the receiver left $heard times"
	in_state receiver running || die "the receiver is not running"
}

approves() {
	begin
	start "$1"
	wait_for 60 finished "$1"
	no_complaint "$1"
	console_says "$1" "ok $1" || die "no verdict of $1: $(celltool state "$1")"
}

# The cell is parked for it.
fails() {
	begin
	start "$1"
	wait_for 20 in_state "$1" failed
	no_complaint "$1"
	in_state "$1" "$2" || die "$(celltool state "$1")"
}

finished() {
	in_state "$1" "shut down" || in_state "$1" failed
}

test_sections() { approves link-sections; }
test_foreign_functions() { approves link-functions; }
test_state_table() { fails link-state-table wrote; }
test_foreign_output() { fails link-foreign-output wrote; }
test_beyond_the_end() { fails link-beyond wrote; }
test_registers_of_version_1() { fails link-registers read; }
test_registers_of_version_1_with_states() { approves link-states; }
test_straddling_port() { fails link-straddling "read I/O port"; }

# Memory of a link made anew is zero, whatever was there.
test_zeroed() {
	approves link-sections
	approves link-sections
}

test_mistakes() {
	begin
	sed 's/"64K"/"128K"/; s/ivshmem-demo"/ivshmem-other"/; s/\[2\]/[1]/' \
		/usr/lib/cells/ivshmem-demo.json >/etc/cells/ivshmem-other.json
	expect 1 celltool create ivshmem-demo
	says "ivshmem-demo.json:7:.*size is another for link demo in /etc/cells/ivshmem-other.json"
	says "ivshmem-other.json:7:.*says otherwise here"
	rm /etc/cells/ivshmem-other.json
	start ivshmem-demo
	sed 's/"demo"/"demo", "size": "128K"/' /usr/lib/cells/ivshmem-peer.json >/etc/cells/ivshmem-peer.json
	expect 1 celltool create ivshmem-peer
	says "link demo exists with 65536"
}
