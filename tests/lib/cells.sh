# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# For the suites of tests/vm, inside the busybox guest.

# What an earlier test has left is gone, and the hypervisor runs.
fresh() {
	native
	expect 0 celltool enable
}

# No hypervisor: Linux alone, with all that it had.
native() {
	if [ -e /sys/module/cellhv ] && enabled; then
		expect 0 celltool reset
		expect 0 celltool disable
	fi
	all_cpus
}

enabled() {
	celltool info | grep -q enabled=1
}

all_cpus() {
	equal "$(cat /sys/devices/system/cpu/online)" 0-3 "the list of online CPUs"
}

# info KEY: of the hypervisor.
info() {
	celltool info | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# stat CELL REASON: exits since the cell started.
stat_of() {
	celltool stats "$1" | sed -n "s/^$2=//p"
}

start() {
	expect 0 celltool create "$1"
	expect 0 celltool start "$1"
}

console_says() {
	celltool console "$1" | grep -q -e "$2"
}

# canary CELL: where the page is to which only that guest, "exits", writes; no cell is before it.
canary() {
	printf "0x%x" $(($(dma cell) + 0x$(celltool console "$1" | sed -n 's/^canary at \(.*\)/\1/p')))
}

# in_state CELL PATTERN
in_state() {
	celltool state "$1" | grep -q -e "$2"
}

memory_total() {
	sed -n 's/^MemTotal: *//p' /proc/meminfo
}

# A second cell beside those on CPU 3: copy CELL NAME CPU
copy() {
	sed "s/\"name\": *\"$1\"/\"name\": \"$2\"/; s/\"cpus\": *\[[^]]*\]/\"cpus\": [$3]/" \
		"$(description "$1")" >"$(dirname "$(description "$1")")/$2.json"
}

description() {
	ls "/etc/cells/$1.json" 2>/dev/null || ls "/usr/lib/cells/$1.json"
}

# COUNT FUNCTION of all objects that the kernel has allocated on behalf of the module, and its mappings of
# registers; needs slub_debug=U. Without what the kernel itself frees late (trees, ranges of addresses, names
# that were looked up), and a CPU's own that has come online.
objects() {
	[ -d /sys/kernel/debug/slab ] || mount -t debugfs debugfs /sys/kernel/debug
	cat /sys/kernel/debug/slab/*/alloc_traces | awk '
		BEGIN { RS = "" }
		/ age=/ && /\[cellhv\]/ && !/cpu_up|cpuhp_/ { sums[$2] += $1 }
		END { for (who in sums) print sums[who], who }' |
		grep -v -e alloc_vmap_area -e radix_tree -e xas_ -e kernfs_new_node | sort -k 2
	grep -c pcim_iomap /proc/vmallocinfo || true
}

# None of the guest's own checks has failed.
no_complaint() {
	! console_says "$1" "not ok" || die "$(celltool console "$1" | grep 'not ok')"
}

DEVICES=/sys/bus/pci/devices

# A module of Linux's in the machine, and those it needs.
insert() {
	local module
	while read -r module; do
		[ -e "/sys/module/$(basename "${module%.ko}" | tr - _)" ] || insmod "$module"
	done <"/rig/$1.order"
}

# Linux's driver of a PCI function: BUS:DEVICE.FUNCTION. Nothing: none.
driver_of() {
	[ ! -e "$DEVICES/0000:$1/driver" ] || basename "$(readlink "$DEVICES/0000:$1/driver")"
}

driven_by() {
	[ "$(driver_of "$1")" = "$2" ]
}

# Config space of the PCI function $FUNCTION.

# config OFFSET SIZE: in hexadecimal.
config() {
	dd if="/sys/bus/pci/devices/$FUNCTION/config" bs="$2" skip=$(($1 / $2)) count=1 2>/dev/null |
		hexdump -e "1/$2 \"%x\n\""
}

set_config() {
	local bytes="" shift

	for shift in $(seq 0 8 $((8 * $2 - 8))); do
		bytes="$bytes\\x$(printf %02x $(($3 >> shift & 0xff)))"
	done
	printf '%b' "$bytes" | dd of="/sys/bus/pci/devices/$FUNCTION/config" bs="$2" seek=$(($1 / $2)) conv=notrunc 2>/dev/null
}

# By the page that it has in MMCONFIG, with all functions of bus 0.
page_of_unit() {
	local device=${FUNCTION#0000:00:}
	printf '0x%x\n' $((0x$(sed -n 's/^ *\([0-9a-f]*\)-.*PCI MMCONFIG.*/\1/p' /proc/iomem) + (0x${device%.*} << 15)))
}

whole_config() {
	xxd -p "/sys/bus/pci/devices/$FUNCTION/config"
}

# The PCI function of Linux's disk: virtio's device is below it.
disk() {
	readlink -f /sys/block/vda | grep -o "0000:[0-9a-f:.]*" | tail -1
}

# Two reads of the disk, past the cache.
sums() {
	dd if=/dev/vda bs=64k count=64 iflag=direct 2>/dev/null | md5sum
}

# edu_with NAME COMMAND-LINE [MEMORY]: a description.
edu_with() {
	sed "s/\"name\": *\"edu\"/\"name\": \"$1\", \"command-line\": \"$2\"/; s/\"memory\": \[/&${3:-}/" \
		"$(description edu)" >"$(dirname "$(description edu)")/$1.json"
}

# Linux in the cell "linux": its shell waits for what is typed.
is_up() {
	celltool console linux | tail -n 1 | grep -q 'cell# '
}

wait_up() {
	(wait_for 60 is_up) || die "$(celltool console linux | tail -n 5; celltool state linux)"
	console_says linux "is up in the cell, 2 CPUs" || die "$(celltool console linux | tail -n 20)"
}

# types COMMAND PATTERN: of what it prints; the shell echoes the command itself.
types() {
	expect 0 celltool type linux "$1"
	wait_for 20 console_says linux "$2"
}
