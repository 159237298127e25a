# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Inside the busybox guest: COUNT lines that soak.py picks apart. Uses tests/lib/guest.sh and cells.sh.

# What the kernel keeps for later goes: caches, ranges of addresses (when a module's pages change their
# access), half-empty slabs.
settle() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	insmod /rig/msr.ko
	rmmod msr
	sleep 1
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
}

count() {
	settle
	echo "COUNT cycles=$1 pool=$(info pages_used) $left_open users=$(cat /sys/module/cellhv/refcnt)" \
		"objects=$(objects | awk '{ sum += $1 } END { print sum }') mapped=$(mapped)" \
		"unreclaimable=$(kilobytes SUnreclaim) slab=$(kilobytes Slab) used=$(used)" \
		"vmalloc=$(kilobytes VmallocUsed)"
}

kilobytes() {
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

# Pages that a CPU keeps for itself are free.
used() {
	local kept
	echo 1 >/proc/sys/vm/stat_refresh
	kept=$(awk '/^ *count: / { sum += $2 } END { print 4 * sum }' /proc/zoneinfo)
	echo $(($(kilobytes MemTotal) - $(kilobytes MemFree) - kept))
}

# Bytes of the kernel's address space that the module has, or has mapped.
mapped() {
	awk '/\[cellhv\]|pcim_iomap/ { sum += $2 } END { print sum + 0 }' /proc/vmallocinfo
}

# cycles COUNT: "descriptors=COUNT stalls=COUNT" is in $left_open.
cycles() {
	output=$(celltool cycle link-echo "$1") || die "no end of $1 cycles: $output"
	left_open=$(echo "$output" | tail -n 1)
}

# soak STEPS CYCLES: so many in each step, after as many in the first one that does not count.
soak() {
	local step
	cp /usr/lib/cells/link-echo.bin /etc/cells/
	echo '{ "links": [ "echo" ] }' >/etc/cellmgr/host.json
	expect 0 celltool enable
	for step in $(seq 0 "$1"); do
		cycles "$2"
		count $((step * $2))
	done
	expect 0 celltool disable
	all_cpus
	expect 0 rmmod cellhv
	! dmesg | grep -E 'BUG:|Oops|WARNING:' || die "the kernel has something to say"
}
