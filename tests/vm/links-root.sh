# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Links with Linux as a peer: its functions come and go, memory, interrupts both ways.
# machines: svm-x2apic-6.12 bochs-6.1 svm-6.1 svm-mixed-6.12 amdvi-ir-6.1
# elsewhere: functions_come_and_go hello others_undisturbed link_ends_under_a_program version_1
# amdvi-ir: hello remapped
# timeout: 600

begin() {
	fresh
	rm -f /etc/cells/ivshmem-*.json /etc/cells/second.json
	cp /usr/lib/cells/link-echo.bin /usr/lib/cells/ivshmem-demo.bin /etc/cells/
	echo '{ "debug-port": "0x2f8", "links": [ "echo", { "name": "demo", "function": "00:0e.0" } ] }' \
		>/etc/cellmgr/host.json
}

end() {
	echo '{ "debug-port": "0x2f8" }' >/etc/cellmgr/host.json
}

echo_server() {
	begin
	start link-echo
	wait_for 10 console_says link-echo "Echo server"
}

functions() {
	find /sys/bus/pci/devices -type l | sort | tr '\n' ' '
}

test_functions_come_and_go() {
	local before pages devices=/sys/bus/pci/devices
	begin
	before=$(functions)
	pages=$(info pages_used)
	start link-echo
	[ -e $devices/0000:00:1e.0 ] || die "no function: $(functions)"
	equal "$(cat $devices/0000:00:1e.0/vendor)" 0x110a "the vendor"
	equal "$(cat $devices/0000:00:1e.0/device)" 0x4106 "the device"
	[ -c /dev/cell-link-echo ] || die "no device node"
	expect 0 celltool destroy link-echo force
	equal "$(functions)" "$before" "the list of PCI functions"
	[ ! -e /dev/cell-link-echo ] || die "the device node is still there"
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	expect 0 celltool disable
	equal "$(functions)" "$before" "the list of PCI functions"
	end
}

test_hello() {
	echo_server
	expect 0 link-hello "tea, please"
	says "The cell says: tea, please"
	expect 0 link-hello "one more"
	says "The cell says: one more"
	end
}

# By the firmware's table of AMD-Vi that is the I/O APIC, so Linux has a table for its interrupts.
test_remapped() {
	[ -e /sys/firmware/acpi/tables/IVRS ] || return 0
	begin
	echo '{ "debug-port": "0x2f8", "links": [ { "name": "echo", "function": "00:14.0" } ] }' \
		>/etc/cellmgr/host.json
	start link-echo
	wait_for 10 console_says link-echo "Echo server"
	expect 0 link-hello "tea, please"
	says "The cell says: tea, please"
	grep -q "IR-PCI-MSI.* cell-link-echo" /proc/interrupts || die "Linux has no table for them: $(cat /proc/interrupts)"
	end
}

# All that link-hello does, and the link's end, with cellctl alone.
test_from_a_shell() {
	local status=0
	begin
	expect 3 cellctl link status echo
	says "State: defined"
	expect 3 cellctl link ring echo
	says "cellctl start link-echo"
	echo_server
	expect 0 cellctl link
	says "^echo +ivshmem-2 +4K +64K +exists +0 root=0, 1 link-echo=1$"
	says "^demo +ivshmem-1 .* defined +.*\\(1 ivshmem-demo\\)"
	expect 0 cellctl link set-state echo 1
	printf '\010\000\000\000tea!' >/tmp/tea
	expect 0 sh -c "cellctl link write echo output </tmp/tea"
	expect 0 cellctl link ring echo link-echo --wait --timeout=20
	says "^ +1 +1$"
	expect 0 sh -c "cellctl link read echo link-echo 4 4 | cat"
	says "^tea!"
	expect 0 cellctl link status echo
	says "0 root, there, state 1$"
	expect 2 cellctl link ring echo link-echo 2
	expect 4 cellctl link ring nobody
	cellctl link wait echo --timeout=60 >/tmp/waited 2>&1 &
	sleep 1
	expect 0 celltool destroy link-echo force
	wait $! || status=$?
	cat /tmp/waited
	# It hears that the peer has gone, or if it comes too late that the link has.
	[ "$status" -eq 0 ] || equal "$status" 3 "the exit status of who waited"
	expect 3 cellctl link wait echo
	says "cellctl start link-echo"
	end
}

test_bench() {
	echo_server
	expect 0 link-bench 1000
	says "round trip: [0-9.]* us, mean of 1000"
	says "throughput: [0-9.]* MB/s"
	end
}

sums() {
	for name in "$@"; do md5sum "$name/config"; done
}

# Configuration of physical functions is what it was, and so is what is not there.
test_others_undisturbed() {
	local before others
	begin
	others=$(functions)
	# shellcheck disable=SC2086 # a list of names
	before=$(sums $others)
	start link-echo
	# shellcheck disable=SC2086
	equal "$(sums $others)" "$before" "the configuration of others"
	echo 1 >/sys/bus/pci/rescan
	equal "$(functions | wc -w)" "$(($(echo "$others" | wc -w) + 1))" "the number of functions"
	expect 0 link-hello
	end
}

# A program that has the link open when it ends hears of it, and does not keep the memory.
test_link_ends_under_a_program() {
	local status=0
	echo_server
	sh -c "link-bench 1000000" >/tmp/bench 2>&1 &
	sleep 1
	expect 0 celltool destroy link-echo force
	wait $! || status=$?
	cat /tmp/bench
	[ "$status" -ne 0 ] || die "the program ended well"
	start link-echo
	wait_for 10 console_says link-echo "Echo server"
	expect 0 link-hello again
	end
}

# Two cells and Linux at one link: it stays until the last cell has gone.
test_two_cells_and_linux() {
	begin
	sed 's/link-echo"/second"/; s/\[3\]/[2]/' \
		/usr/lib/cells/link-echo.json >/etc/cells/second.json
	cp /usr/lib/cells/link-echo.bin /etc/cells/second.bin
	start link-echo
	start second
	wait_for 10 console_says second "id 2 of 3"
	expect 0 link-hello
	expect 0 celltool destroy second force
	expect 0 link-hello
	expect 0 celltool destroy link-echo force
	[ ! -e /dev/cell-link-echo ] || die "the device node is still there"
	end
}

# Version 1 with Linux at the other end: the cell counts what Linux rings.
test_version_1() {
	local pair
	begin
	rm -f /etc/cells/ivshmem-peer.json
	mv /usr/lib/cells/ivshmem-peer.json /tmp/
	pair=/sys/bus/pci/devices/0000:00:0e.0
	start ivshmem-demo
	mv /tmp/ivshmem-peer.json /usr/lib/cells/
	equal "$(cat $pair/vendor)" 0x1af4 "the vendor"
	wait_for 10 console_says ivshmem-demo "sending IRQ"
	wait_for 10 counted_by_linux 2
	expect 0 celltool destroy ivshmem-demo force
	[ ! -e $pair ] || die "the function is still there"
	end
}

counted_by_linux() {
	[ "$(awk '/cell-link-demo/ { print $2 + $3 + $4 + $5 }' /proc/interrupts)" -ge "$1" ]
}

# ---- links of kind network ----

# Linux's end needs no word in host.json.
network() {
	rm -f /etc/cells/ivshmem-*.json /etc/cells/second.json
	dmesg -c >/dev/null
	start "$1"
	ip link set "$2" up
}

link_says() {
	[ "$(cat "/sys/class/net/$1/cell_link/$2")" = "$3" ]
}

has_carrier() {
	[ "$(cat "/sys/class/net/$1/carrier")" = "$2" ]
}

quiet_kernel() {
	! dmesg | grep -E "BUG:|Oops|WARNING:|Call Trace" || die "the kernel has something to say"
}

# What 100 pings cost the cell: a doorbell each, whatever it returns and answers.
count_exits() {
	local before after
	before=$(stat_of net-demo total)
	expect 0 ping -q -c 100 -i 0.02 -s 1400 10.0.3.2
	after=$(stat_of net-demo total)
	echo "exits of the cell for 100 pings of 1400 bytes: $((after - before))"
	[ $((after - before)) -le 130 ] || die "they cost the cell $((after - before)) exits"
}

test_network() {
	local nic=cell-net-demo pages memory address
	fresh
	pages=$(info pages_used)
	memory=$(memory_total)
	network net-demo $nic
	ip address add 10.0.3.1/24 dev $nic
	wait_for 20 has_carrier $nic 1
	link_says $nic reason none || die "the reason is $(cat /sys/class/net/$nic/cell_link/reason)"
	address=$(cat /sys/class/net/$nic/address)
	expect 0 ping -q -c 5 -i 0.2 10.0.3.2
	says "5 packets received"
	count_exits
	# The peer goes and comes: the carrier follows.
	expect 0 celltool shutdown net-demo
	wait_for 20 has_carrier $nic 0
	link_says $nic reason "the peer does not run" || die "$(cat /sys/class/net/$nic/cell_link/reason)"
	expect 0 celltool stop net-demo
	expect 0 celltool load net-demo
	expect 0 celltool start net-demo
	wait_for 20 has_carrier $nic 1
	expect 0 ping -q -c 3 -i 0.2 10.0.3.2
	# So does this end, and its driver.
	expect 0 rmmod cell-net
	[ ! -e /sys/class/net/$nic ] || die "the interface is still there"
	expect 0 modprobe cell-net
	equal "$(cat /sys/class/net/$nic/address)" "$address" "the interface's address"
	ip link set $nic up
	ip address add 10.0.3.1/24 dev $nic
	wait_for 20 has_carrier $nic 1
	expect 0 ping -q -c 3 -i 0.2 10.0.3.2
	expect 0 celltool destroy net-demo force
	[ ! -e /sys/class/net/$nic ] || die "the interface is still there"
	equal "$(info pages_used)" "$pages" "the number of pages used afterwards"
	wait_for 10 memory_is "$memory"
	quiet_kernel
}

memory_is() {
	[ "$(memory_total)" = "$1" ]
}

# Each lie ends the link with its reason, until the interface is set down and up.
test_network_with_a_liar() {
	local reason
	fresh
	network net-liar cell-net0
	ip address add 10.0.3.1/24 dev cell-net0
	while sleep 0.3; do ping -q -c 1 -W 1 10.0.3.2 || true; done >/dev/null 2>&1 &
	while read -r reason; do
		wait_for 20 link_says cell-net0 reason "$reason"
		wait_for 10 has_carrier cell-net0 0
		ip link set cell-net0 down
		ip link set cell-net0 up
	done <<-END
		it offers more frames than it has descriptors
		it offers a descriptor that there is not
		a descriptor has flags
		a frame has no header, or is larger than the section
		a frame is not within its section
		it returns more frames than were sent
		it returns frames in another order than they were sent
	END
	# Bytes at random, whatever they are taken for.
	wait_for 20 console_says net-liar "lie 7"
	wait_for 20 has_carrier cell-net0 0
	echo "noise was taken for this: $(cat /sys/class/net/cell-net0/cell_link/reason)"
	ip link set cell-net0 down
	ip link set cell-net0 up
	# It dies while it sends.
	wait_for 60 in_state net-liar failed
	wait_for 20 link_says cell-net0 reason "the peer does not run"
	[ "$(cat /sys/class/net/cell-net0/statistics/rx_packets)" -gt 1000 ] || die "few frames came of it"
	kill $!
	expect 0 celltool destroy net-liar
	expect 0 rmmod cell-net
	quiet_kernel
}
