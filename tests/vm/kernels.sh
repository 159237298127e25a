# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The newest kernel that can be had, once through the main job.
# machines: svm-x2apic-newest
# timeout: 300

test_main_job() {
	fresh
	equal "$(info cpus)" 4 "the number of CPUs under the hypervisor"
	start apic-demo
	wait_for 60 console_says apic-demo "Timer fired"
	expect 1 celltool shutdown apic-demo
	says "^ShutdownDenied: "
	expect 0 celltool shutdown apic-demo
	expect 0 celltool destroy apic-demo
	all_cpus
	expect 0 celltool disable
	expect 0 rmmod cellhv
	! dmesg | grep -E "BUG:|Oops|WARNING:" || die "the kernel has something to say"
}

# Linux's end of a link: PCI functions, interrupts and mappings are what changes most between kernels.
test_link() {
	fresh
	cp /usr/lib/cells/link-echo.bin /etc/cells/
	echo '{ "links": [ "echo" ] }' >/etc/cellmgr/host.json
	start link-echo
	wait_for 10 console_says link-echo "Echo server"
	expect 0 link-hello echo
	expect 0 celltool destroy link-echo force
	! dmesg | grep -E "BUG:|Oops|WARNING:" || die "the kernel has something to say"
}

# The same of a network: what drivers of interfaces may rely on changes, too.
test_network() {
	fresh
	start net-demo
	ip link set cell-net-demo up
	ip address add 10.0.3.1/24 dev cell-net-demo
	wait_for 20 grep -q 1 /sys/class/net/cell-net-demo/carrier
	expect 0 ping -q -c 5 -i 0.2 10.0.3.2
	ip link set cell-net-demo down
	ip link set cell-net-demo mtu 9000
	ip link set cell-net-demo up
	expect 0 celltool destroy net-demo force
	expect 0 rmmod cell-net
	! dmesg | grep -E "BUG:|Oops|WARNING:" || die "the kernel has something to say"
}
