# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The module's side of PCI functions and interrupt pins of cells: Linux's driver lets go of them, and
# has them again. edu (00:04.0) has no driver and no reset, e1000e (00:05.0) is reset by its power state,
# nvme (00:06.0) by itself.
# machines: devices-6.1 devices-6.12 devices-newest
# elsewhere: network disk override
# content: linux
# timeout: 600

EDU=00:04.0 NETWORK=00:05.0 DISK=00:06.0
NO_RESET=2
IOAPIC=fec00000

# with FUNCTIONS=...|PINS=... COMMAND...: as tests/vm/devices-ioctl.c has them
with() {
	LD_PRELOAD=/rig/devices-ioctl.so env "$@"
}

create() {
	expect 0 with "FUNCTIONS=$1" celltool create hello
}

# refused CHECK OBJECT FUNCTIONS=...|PINS=...
refused() {
	expect 1 with "$3" celltool create hello
	says "check $1, object $2\$"
	equal "$(info cells)" 0 "the number of cells"
	all_cpus
}

destroy() {
	expect 0 celltool destroy hello force
}

interface() {
	ls "$DEVICES/0000:$NETWORK/net"
}

# Link, address, answers.
connect() {
	wait_for 10 interface
	ip link set lo up
	ip address add 10.0.2.15/24 dev "$(interface)" 2>/dev/null || true
	ip link set "$(interface)" up
	wait_for 20 ping -c 1 -W 1 10.0.2.2
}

block() {
	wait_for 10 test -b /dev/nvme0n1
}

read_disk() {
	dd if=/dev/nvme0n1 bs=64k count=32 iflag=direct 2>/dev/null | md5sum
}

begin() {
	fresh
	insert e1000e
	insert nvme
}

quiet() {
	! dmesg | grep -E "BUG:|Oops|WARNING:|refcount|leaked|Call Trace" || die "the kernel has something to say"
}

test_network() {
	local round
	begin
	connect
	for round in $(seq 20); do
		create "$NETWORK"
		equal "$(driver_of $NETWORK)" cellhv "the driver"
		equal "$(cat "$DEVICES"/0000:$NETWORK/power_state)" D0 "the power state"
		[ ! -e "$DEVICES/0000:$NETWORK/net" ] || die "the interface is there"
		destroy
		equal "$(driver_of $NETWORK)" e1000e "the driver afterwards, in round $round"
		connect
	done
	quiet
}

test_disk() {
	local round before
	begin
	block
	dd if=/dev/urandom of=/dev/nvme0n1 bs=64k count=32 oflag=direct 2>/dev/null
	before=$(read_disk)
	for round in $(seq 20); do
		create "$DISK"
		equal "$(driver_of $DISK)" cellhv "the driver"
		[ ! -e /dev/nvme0n1 ] || die "the disk is there"
		destroy
		equal "$(driver_of $DISK)" nvme "the driver afterwards, in round $round"
		block
		equal "$(read_disk)" "$before" "the checksum of the disk, in round $round"
	done
	quiet
}

config_of() {
	hexdump -C "$DEVICES/0000:$1/config"
}

# What had no driver has none again, and its registers are what they were.
test_no_driver() {
	local before
	begin
	before=$(config_of $EDU)
	create "$EDU=$NO_RESET"
	equal "$(driver_of $EDU)" cellhv "the driver"
	destroy
	equal "$(driver_of $EDU)" "" "the driver afterwards"
	equal "$(config_of $EDU)" "$before" "the configuration"
	equal "$(cat "$DEVICES/0000:$EDU/driver_override")" "(null)" "the override"
}

test_several() {
	begin
	connect
	block
	create "$EDU=$NO_RESET $NETWORK $DISK"
	equal "$(driver_of $NETWORK) $(driver_of $DISK)" "cellhv cellhv" "the list of drivers"
	# What is another cell's is not disturbed.
	copy hello other 2
	expect 1 with "FUNCTIONS=$EDU=$NO_RESET $DISK" celltool create other
	says "check function-owned, object 0x0"
	equal "$(driver_of $EDU) $(driver_of $DISK)" "cellhv cellhv" "the list of drivers"
	equal "$(cat /sys/devices/system/cpu/online)" 0-2 "the list of online CPUs"
	destroy
	equal "$(driver_of $EDU) $(driver_of $NETWORK) $(driver_of $DISK)" " e1000e nvme" "the list of drivers"
	connect
	block
}

# A user's driver_override is what it was, and what is written while a cell has the function stays.
test_override() {
	local override=$DEVICES/0000:$NETWORK/driver_override
	begin
	echo e1000e >"$override"
	create "$NETWORK"
	equal "$(cat "$override")" cellhv "the override"
	destroy
	equal "$(cat "$override") $(driver_of $NETWORK)" "e1000e e1000e" "override and driver"
	create "$NETWORK"
	echo >"$override"
	destroy
	equal "$(cat "$override") $(driver_of $NETWORK)" "(null) e1000e" "override and driver"
	connect
}

# Bound, but its user means another one to have it the next time.
test_override_of_another() {
	local override=$DEVICES/0000:$NETWORK/driver_override
	begin
	echo nobody >"$override"
	create "$NETWORK"
	destroy
	equal "$(cat "$override") $(driver_of $NETWORK)" "nobody e1000e" "override and driver"
	echo >"$override"
	connect
}

test_refusals() {
	begin
	connect
	refused function-absent 0x38 FUNCTIONS=00:07.0
	refused function-reset 0x20 FUNCTIONS=$EDU
	refused function-differs 0x1 "FUNCTIONS=$NETWORK $DISK=0+1000"
	refused config-function 0x0 FUNCTIONS=00:00.0
	refused config-function 0x1 "FUNCTIONS=$NETWORK 00:1f.0"
	# Nobody has been disturbed.
	equal "$(driver_of $NETWORK) $(driver_of $EDU)" "e1000e " "the list of drivers"
	expect 0 ping -c 1 -W 1 10.0.2.2
}

# Nothing that a user of Linux does takes it from the cell: no bind, unbind, probe, rescan, reset; and
# what takes it from Linux, its removal, leaves the cell be.
test_users() {
	begin
	create "$NETWORK $EDU=$NO_RESET"
	[ ! -e /sys/bus/pci/drivers/cellhv/unbind ] || die "it can be unbound"
	! echo "0000:$NETWORK" >/sys/bus/pci/drivers/e1000e/bind 2>/dev/null || die "it can be bound"
	echo "0000:$NETWORK" >/sys/bus/pci/drivers_probe || true
	echo 1 >/sys/bus/pci/rescan
	echo auto >"$DEVICES/0000:$NETWORK/power/control"
	sleep 0.5
	equal "$(cat "$DEVICES/0000:$NETWORK/power/runtime_status")" active "the state"
	# Another of its kind that a user offers our driver is none of ours.
	echo "$(cat "$DEVICES/0000:$DISK/vendor") $(cat "$DEVICES/0000:$DISK/device")" >/sys/bus/pci/drivers/cellhv/new_id
	equal "$(driver_of $NETWORK) $(driver_of $DISK)" "cellhv nvme" "the list of drivers"
	destroy
	equal "$(driver_of $NETWORK)" e1000e "the driver afterwards"
	connect
}

test_removal() {
	begin
	create "$NETWORK"
	echo 1 >"$DEVICES/0000:$NETWORK/remove"
	[ ! -e "$DEVICES/0000:$NETWORK" ] || die "it is still there"
	equal "$(info cells)" 1 "the number of cells"
	expect 1 with FUNCTIONS= celltool destroy hello force
	says "check function-lost, object 0x28\$"
	equal "$(info cells)" 0 "the number of cells"
	all_cpus
	echo 1 >/sys/bus/pci/rescan
	connect
	create "$NETWORK"
	destroy
	connect
	quiet
}

# A driver that is no more is not missed; when it comes it finds the function.
test_driver_unloaded() {
	begin
	create "$NETWORK"
	rmmod e1000e
	destroy
	equal "$(driver_of $NETWORK)" "" "the driver afterwards"
	insert e1000e
	connect
}

test_disable_and_unload() {
	begin
	connect
	create "$NETWORK"
	expect 1 celltool disable
	expect 1 rmmod cellhv
	destroy
	connect
	expect 0 celltool disable
	expect 0 rmmod cellhv
	expect 0 modprobe cellhv
	quiet
}

# Whoever has the disk open reads nothing any more, as when it is unbound.
test_in_use() {
	begin
	block
	exec 5</dev/nvme0n1
	create "$DISK"
	equal "$(dd bs=4k skip=1000 count=1 <&5 2>/dev/null | wc -c)" 0 "the number of bytes read"
	destroy
	exec 5<&-
	equal "$(driver_of $DISK)" nvme "the driver afterwards"
	wait_for 10 sh -c "ls /dev/nvme?n?"
	quiet
}

held() {
	grep -c "cell hello\$" /proc/interrupts
}

# No cell gets a pin that somebody in Linux has; of the others Linux has all back, with their trigger
# modes, whatever the cell has said (7 is ISA's: edge).
test_pins() {
	local round
	fresh
	for round in 1 2 3; do
		echo "round $round"
		expect 0 with "PINS=$IOAPIC:7=1 $IOAPIC:23=3" celltool create hello
		equal "$(held)" 2 "the number of interrupts"
		equal "$(sed -n 's/^ *7: .*IO-APIC *\(7-edge\).*/\1/p' /proc/interrupts)" 7-edge "the trigger mode"
		copy hello other 2
		expect 1 with "PINS=$IOAPIC:23=3" celltool create other
		says "check pin-busy, object 0x17\$"
		destroy
		equal "$(held)" 0 "the number of interrupts"
		echo "a line" >/dev/ttyS3
	done
	# The console, the interrupt of ACPI, the timer, and of whom there is none.
	refused pin-busy 0x4 "PINS=$IOAPIC:4"
	refused pin-busy 0x9 "PINS=$IOAPIC:5 $IOAPIC:9=1"
	refused pin-busy 0x2 "PINS=$IOAPIC:2"
	refused pin-none 0x0 "PINS=$IOAPIC:239"
	refused pin-none 0x1 "PINS=$IOAPIC:5 fec01000:1"
	quiet
}

# The driver of a distribution's kernel in a cell, as it is: interrupts by its table, DMA to its memory.
test_linux_drives_an_adapter() {
	begin
	sed -i "s/\"links\": *\[[^]]*\]/\"pci\": [ { \"function\": \"$NETWORK\" } ]/" /etc/cells/linux.json
	expect 0 celltool create linux
	equal "$(driver_of $NETWORK)" cellhv "the adapter's driver"
	expect 0 celltool start linux
	wait_up
	types "ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up; dmesg -n 1" "cell# "
	types "until ping -c 1 -W 1 10.0.2.2; do :; done; ping -q -c 5 -i 0.2 10.0.2.2" "5 packets received"
	expect 0 celltool destroy linux force
	driven_by $NETWORK e1000e || die "Linux's driver has not come back"
	connect
}
