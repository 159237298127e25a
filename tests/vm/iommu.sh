# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Devices of the root's under tables of the hypervisor's: the disk goes on, and edu, which any
# program of root's may make do DMA, reaches what is the root's alone.
# machines: vtd-6.12 vtd-39-6.1 vtd-noir-6.1 vtd-default-6.1 vtd-pt-6.12 amdvi-6.1 amdvi-pt-6.1 amdvi-default-6.1 amdvi-ir-6.1
# elsewhere: isolated own_memory hypervisor_is_not_reached disk_through_enables messages
# vtd-default: own_memory hypervisor_is_not_reached cells_are_not_reached mapped_on_purpose root_tampers disk_through_enables network_through_enables linux_goes_on reads_exit
# vtd-pt: own_memory disk_through_enables linux_goes_on
# amdvi-pt: isolated own_memory hypervisor_is_not_reached cells_are_not_reached disk_through_enables linux_goes_on messages reads_exit unit_stays
# amdvi-default: isolated hypervisor_is_not_reached cells_are_not_reached mapped_on_purpose root_tampers disk_through_enables linux_goes_on reads_exit
# amdvi-ir: isolated hypervisor_is_not_reached root_tampers cell_has_interrupts linux_goes_on
# timeout: 600

SIGNATURE=43454c4c4856494d # CELLHVIM, how the hypervisor's block begins

# is KEY VALUE
is() {
	equal "$(dma info | tr ' ' '\n' | sed -n "s/^$1=//p")" "$2" "$1"
}

has_remapping() {
	dmesg | grep -q -e "Enabled IRQ remapping" -e "AMD-Vi: Interrupt remapping enabled"
}

# Linux's tables are in use, and have nothing for edu, which no driver has.
translates() {
	grep -q DMA /sys/kernel/iommu_groups/*/type 2>/dev/null
}

mode() {
	if translates; then echo 2; else echo 1; fi
}

device_writes() {
	local byte=a5
	translates && byte=00
	equal "$(dma own)" "$(printf "$byte%.0s" $(seq 16))" "what the device wrote"
}

block() {
	dma info | tr ' ' '\n' | sed -n "s/^memory=//p"
}

isolated() {
	fresh
	dma info
	is check 0
	is dma "$(mode)"
}

test_isolated() {
	isolated
	if has_remapping; then is interrupts 2; else is interrupts 1; fi
	is tables_total 1024
	expect 0 celltool disable
	is dma 0
	is tables_total 0
}

test_own_memory() {
	isolated
	device_writes
	expect 0 celltool disable
	device_writes
}

# QEMU's AMD-Vi unit refuses, but does not say so.
tells_faults() {
	[ ! -e /sys/firmware/acpi/tables/IVRS ]
}

# The log has what was refused since the last look: where edu reaches nothing at all that is its
# first access, and a record has room for one.
refused() {
	! tells_faults || translates || logged_fault "$1" "$2"
}

logged_fault() {
	celltool log | grep -q "Function 00:1c.0 of cell \"root\": $1 at $2 refused"
}

test_hypervisor_is_not_reached() {
	isolated
	case $(dma read "$(block)") in
	$SIGNATURE*) die "the device has read the hypervisor" ;;
	esac
	wait_for 5 refused read "$(block | cut -c3-)"
	dma write "$(block)"
	wait_for 5 refused write "$(block | cut -c3-)"
	start hello
	wait_for 10 console_says hello "[Hh]ello"
	expect 0 celltool destroy hello force
}

test_cells_are_not_reached() {
	local where
	isolated
	start hello
	wait_for 10 console_says hello "[Hh]ello"
	where=$(dma cell)
	echo "RAM of the cell is at $where"
	case $(dma read "$where") in
	$(head -c 8 /usr/lib/cells/hello.bin | xxd -p)*) die "the device has read the cell" ;;
	esac
	wait_for 5 refused read "${where#0x}"
	dma write "$where"
	wait_for 5 refused write "${where#0x}"
	expect 0 celltool destroy hello force
	translates && return
	expect 0 dma read "$where" # the root's again
	! logged_fault read "${where#0x}" || [ "$(celltool log | grep -c "read at ${where#0x} refused")" = 1 ] ||
		die "the root's own memory is refused"
}

# Linux forgets edu, and finds it.
find_again() {
	echo 1 >/sys/bus/pci/devices/0000:00:1c.0/remove
	echo 1 >/sys/bus/pci/rescan
}

# maps [PHYS]: by Linux's tables edu reaches a page of root's memory at 10000000, and that one at 20000000.
maps() {
	expect 0 insmod /rig/mapping.ko "phys=${1:-0}"
}

# reaches ADDRESS: what edu reads there it writes to the second half of the root's page, which is zero before and after.
reaches() {
	local found
	dma copy "$1" 0x10000800
	found=$(cat /sys/module/mapping/parameters/second)
	dma copy 0x10000810 0x10000800
	[ "$found" != 00000000000000000000000000000000 ]
}

blocked() {
	[ "$(celltool log | grep -c "Function 00:1c.0, IOMMU 0: Linux's tables .* lead from 20000000 to ${where#0x}")" = "$1" ]
}

# A kernel maps a cell's page: while the cell runs; and before there is one, when the page is its own.
test_mapped_on_purpose() {
	local where
	translates || return 0
	isolated
	maps
	reaches 0x10000000 || die "the device does not reach what Linux has mapped"
	expect 0 rmmod mapping
	start hello
	wait_for 10 console_says hello "[Hh]ello"
	where=$(dma cell)
	maps "$where"
	wait_for 5 blocked 1
	! reaches 0x20000000 || die "the device has read the cell"
	expect 0 celltool destroy hello force
	expect 0 rmmod mapping

	find_again
	maps "$where"
	reaches 0x10000000 || die "a function that is back is blocked still"
	start hello
	blocked 2 || die "the cell has run before the tables were looked at"
	wait_for 10 console_says hello "[Hh]ello"
	! reaches 0x20000000 || die "the device has read the cell"
	expect 0 celltool destroy hello force
	expect 0 rmmod mapping
	find_again
}

# tamper ATTACK [KEY=VALUE...]: as tests/tamper has them. Says what edu has found.
tamper() {
	local attack=$1
	shift
	insmod /rig/tamper.ko attack="$attack" "$@" || die "$attack cannot be tried"
	cat /sys/module/tamper/parameters/found
	rmmod tamper
}

# By which edu reaches memory of the root's, whatever Linux's tables were.
opening_attacks() {
	if ! tells_faults; then
		printf '%s\n' amdvi-devices amdvi-off amdvi-entry
	elif translates; then
		printf '%s\n' vtd-root vtd-off vtd-context
	else
		printf '%s\n' vtd-root vtd-off
	fi
}

# ... and delivery mode.
other_attacks() {
	if tells_faults; then
		printf '%s\n' vtd-queue vtd-events "vtd-events 4" vtd-interrupts vtd-entry "vtd-entry 4" "vtd-entry 5"
	else
		echo amdvi-buffers
	fi
}

# Which of them is an interrupt for that CPU, where interrupts are remapped.
interrupting_attack() {
	if tells_faults; then echo vtd-entry; else echo amdvi-entry; fi
}

came() {
	[ "$(awk '$1 == "THR:" { print $5 }' /proc/interrupts)" -gt "$1" ]
}

# As long as the root alone is there they do what they are meant to; where Linux does not translate edu reaches
# its memory anyway.
attacks_are_real() {
	local attack before
	! translates || opening_attacks | while read -r attack; do
		case $(tamper "$attack" secret=0xffff0) in
		ea*) ;; # how the firmware begins
		*) die "$attack: the device does not reach the firmware" ;;
		esac
	done
	has_remapping || return 0
	before=$(awk '$1 == "THR:" { print $5 }' /proc/interrupts)
	tamper "$(interrupting_attack)" cpu=3
	wait_for 5 came "$before"
}

# The root turns its unit against a cell, in each way that there is: the cell goes on, nobody has written
# to its memory or interrupted its CPU, the hypervisor is not read, and Linux has all as before.
test_root_tampers() {
	local attack mode before canary
	before=$(sums)
	isolated
	device_writes
	attacks_are_real
	start exits
	wait_for 10 console_says exits ready
	canary=$(canary exits)
	echo "the cell's page is at $canary"
	{ opening_attacks; other_attacks; } | while read -r attack mode; do
		case $(tamper "$attack" mode="${mode:-0}" cell="$canary" secret="$(block)" cpu=3) in
		$SIGNATURE*) die "$attack: the device has read the hypervisor" ;;
		esac
		in_state exits running || die "$attack: the cell is $(celltool state exits)"
	done
	expect 0 celltool shutdown exits
	no_complaint exits
	console_says exits "ok canary" || die "the cell has not looked at its page"
	equal "$(stat_of exits nmi)" 0 "the number of NMIs"
	expect 0 celltool destroy exits
	equal "$(sums)" "$before" "what was read of the disk"
	device_writes
	expect 0 celltool disable
	is dma 0
	equal "$(sums)" "$before" "what was read of the disk"
	device_writes
}

# through_enables SUM BEFORE COMMAND...: 20 rounds, in each the command while the hypervisor runs; SUM goes on
# meanwhile, and says BEFORE each time.
through_enables() {
	local sum=$1 before=$2
	shift 2
	(while [ ! -e /tmp/stop ]; do "$sum"; done >/tmp/sums) &
	for _ in $(seq 20); do
		expect 0 celltool enable
		is dma "$(mode)"
		"$@" >/dev/null
		expect 0 celltool disable
	done
	touch /tmp/stop
	wait
	rm /tmp/stop
	[ "$(wc -l </tmp/sums)" -gt 3 ] || die "nothing went on: $sum"
	equal "$(sort -u /tmp/sums)" "$before" "what $sum got"
}

test_disk_through_enables() {
	native
	through_enables sums "$(sums)" sums
}

# What the server beyond the network adapter sends.
numbers() {
	nc 10.0.2.100 80 </dev/null | md5sum
}

adapter() {
	ls /sys/bus/pci/devices/0000:00:07.0/net
}

test_network_through_enables() {
	local before
	native
	insert e1000e
	wait_for 10 adapter
	ip address add 10.0.2.15/24 dev "$(adapter)"
	ip link set "$(adapter)" up
	wait_for 20 ping -c 1 -W 1 10.0.2.2
	before=$(seq 300000 | md5sum)
	equal "$(numbers)" "$before" "what was sent"
	through_enables numbers "$before" sleep 0.3
	ip link set "$(adapter)" down
	rmmod e1000e
}

# Interrupts move, CPUs come and go, functions too: each changes entries of the remapping.
test_linux_goes_on() {
	local before cpu
	before=$(sums)
	isolated
	for cpu in 1 2 4 8; do
		awk '/virtio/ { sub(":", "", $1); print $1 }' /proc/interrupts | while read -r irq; do
			echo "$cpu" 2>/dev/null >"/proc/irq/$irq/smp_affinity" || true
		done
		equal "$(sums)" "$before" "what was read of the disk"
	done
	for cpu in 1 2 3; do
		echo 0 >/sys/devices/system/cpu/cpu$cpu/online
		equal "$(sums)" "$before" "what was read of the disk"
		echo 1 >/sys/devices/system/cpu/cpu$cpu/online
	done
	find_again
	device_writes
	# Its driver makes it do DMA as soon as there is a device again.
	echo 1 >"/sys/bus/pci/devices/$(disk)/remove"
	[ ! -e /sys/block/vda ] || die "the disk is still there"
	echo 1 >/sys/bus/pci/rescan
	equal "$(sums)" "$before" "what was read of the disk that is back"
	! celltool log | grep "Function $(disk | cut -c6-) of cell \"root\"" || die "the disk was refused"
	expect 0 celltool disable
	equal "$(sums)" "$before" "what was read of the disk"
}

FUNCTION=0000:00:1c.0 # whose config space that is: edu's

MESSAGE=0x40 # edu's capability: control, address, its upper half, data

sends() {
	[ $((0x$(config $((MESSAGE + 2)) 2) & 1)) = 1 ]
}

ticked() {
	[ "$(celltool console apic-demo | grep -c "Timer fired")" -gt "$1" ]
}

# Of the disk's table: the first message that is not masked.
active_message() {
	local entry

	for entry in 0 1 2 3 4; do
		[ "$(dma peek "$1" 1 $((16 * entry + 12)))" != 0 ] || break
	done
	echo "$entry"
}

# Where no unit remaps messages those of the root's functions are looked at while there is a cell, on CPU 3.
test_messages() {
	local disk entry before
	! has_remapping || return 0
	isolated
	before=$(sums)
	set_config $((MESSAGE + 4)) 4 0xfee03000
	set_config $((MESSAGE + 12)) 2 0x400
	set_config $((MESSAGE + 2)) 2 1
	sends || die "edu's messages cannot be turned on"
	start apic-demo
	wait_for 10 ticked 2
	! sends || die "edu may go on sending NMIs to the cell"
	set_config $((MESSAGE + 2)) 2 1
	! sends || die "edu may send NMIs to the cell"
	set_config $((MESSAGE + 4)) 4 0xfee00000
	set_config $((MESSAGE + 12)) 2 0x41
	set_config $((MESSAGE + 2)) 2 1
	sends || die "edu may not interrupt CPU 0"
	set_config $((MESSAGE + 12)) 2 0x400
	equal "$(config $((MESSAGE + 12)) 2)" 41 "edu's vector"
	celltool log | grep -q "Function 00:1c.0: its messages are not for CPUs of the root alone" || die "it is not said"

	disk=$(basename "$(readlink -f /sys/block/vda/device/..)")
	entry=$((16 * $(active_message "$disk")))
	equal "$(dma peek "$disk" 1 $entry)" "$(dma peek "$disk" 1 $entry 0xfee03000)" "the disk's address"
	equal "$(dma peek "$disk" 1 $((entry + 8)))" "$(dma peek "$disk" 1 $((entry + 8)) 0x400)" "the disk's data"
	for cpu in 1 2 4; do
		awk '/virtio/ { sub(":", "", $1); print $1 }' /proc/interrupts | while read -r irq; do
			echo "$cpu" 2>/dev/null >"/proc/irq/$irq/smp_affinity" || true
		done
		equal "$(sums)" "$before" "what was read of the disk"
	done
	wait_for 10 ticked "$(celltool console apic-demo | grep -c "Timer fired")"
	expect 0 celltool destroy apic-demo force
	set_config $((MESSAGE + 12)) 2 0x400
	equal "$(config $((MESSAGE + 12)) 2)" 400 "edu's vector, without a cell"
	set_config $((MESSAGE + 2)) 2 0
}

# exits_of MORE: all exits of a guest that has edu raise so many interrupts.
exits_of() {
	edu_with many "more=$1"
	start many >/dev/null
	wait_for 60 console_says many "all done, [1-9][0-9]* interrupts"
	no_complaint many
	celltool stats many | grep -v -e total -e nmi | tr '\n' ' '
	expect 0 celltool destroy many force >/dev/null
}

# edu is a cell's, which has its messages by a table of its own, while the disk has Linux's. None costs an exit.
test_cell_has_interrupts() {
	local before few
	before=$(sums)
	isolated
	dma own >/dev/null # its BAR is where Linux has it, in a machine that goes on from a snapshot
	few=$(exits_of 100)
	echo "$few"
	equal "$(sums)" "$before" "what was read of the disk"
	equal "$(exits_of 200)" "$few" "the list of exits with 100 interrupts more"
	equal "$(sums)" "$before" "what was read of the disk"
	driven_by 00:1c.0 "" || die "edu has a driver that it had not before"
	expect 0 celltool disable
	equal "$(sums)" "$before" "what was read of the disk"
}

# A cell is destroyed while edu, which has no reset, is about to write a page of it: neither is that page, Linux's
# again, written to, nor the one that Linux has at the guest's address.
test_dma_under_way() {
	local where pages page written
	isolated
	dma own >/dev/null
	insmod /rig/tamper.ko
	where=$(cat /sys/module/tamper/parameters/where)
	edu_with endless "endless=$where" "{ \"size\": \"4K\", \"at\": \"$where\", \"access\": \"rwx\" }, "
	for _ in 1 2 3; do
		start endless
		wait_for 30 console_says endless "again and again"
		no_complaint endless
		written=$(celltool console endless | sed -n 's/^edu writes \(.*\)\.\. to.*/\1/p')
		pages="$(dma cell 0) $(dma cell 1)"
		echo "the cell's memory is at $pages, Linux's page at $where"
		expect 0 celltool destroy endless force
		sleep 0.3
		equal "$(cat /sys/module/tamper/parameters/found)" 00000000000000000000000000000000 "Linux's page"
		for page in $pages; do
			case $(dma read "$page") in
			$written*) die "what was the cell's is written to" ;;
			esac
		done
	done
	rmmod tamper
}

# Reads of 4 KiB one after another: none exits where Linux does not translate. Else Linux tells the unit to
# forget, and waits, an exit each: on QEMU's unit, which makes Linux strict, and remembers what is not there, for
# each of four mappings when it comes and when it goes, 16 in all. Elsewhere it saves them up.
test_reads_exit() {
	local before exits
	isolated
	# After a rescan the disk's registers are above 4 GiB: who touches them first maps them, and others exit meanwhile.
	sums >/dev/null
	before=$(dma exits)
	expect 0 dd if=/dev/vda of=/dev/null bs=4k count=256 iflag=direct
	exits=$(($(dma exits) - before))
	echo "$exits exits for 256 reads of 4 KiB"
	if ! translates; then
		equal "$exits" 0 "the number of exits"
	elif [ "$exits" = 0 ] || [ "$exits" -gt 4352 ]; then
		die "$exits exits for 256 reads"
	fi
}

# Turns mastering of the bus, and decoding, off and on in the unit's own function, by ports and by memory. They change: $1.
unit_changes() {
	local before page
	page=$(page_of_unit)
	before=$(config 4 2)
	set_config 4 2 $((0x$before ^ 6))
	[ "$(config 4 2)" = "$before" ] || echo "by ports"
	set_config 4 2 "0x$before"
	devmem $((page + 4)) 16 $((0x$before ^ 6))
	[ "$(config 4 2)" = "$before" ] || echo "by memory"
	devmem $((page + 4)) 16 "0x$before"
}

test_unit_stays() {
	local before
	[ -e /sys/firmware/acpi/tables/IVRS ] || return 0
	FUNCTION=$(basename "$(dirname "$(grep -l 0x080600 /sys/bus/pci/devices/*/class)")")
	native
	equal "$(unit_changes | tr '\n' ' ')" "by ports by memory " "how Linux changes it"
	isolated
	before=$(whole_config)
	equal "$(unit_changes)" "" "how it changes it now"
	equal "$(whole_config)" "$before" "its config space"
	celltool log | grep -q "of function ${FUNCTION#0000:}, which is an IOMMU" || die "it is not said"
	FUNCTION=0000:00:1c.0
	device_writes
	start hello
	wait_for 10 console_says hello "[Hh]ello"
	expect 0 celltool destroy hello force
	expect 0 celltool disable
	device_writes
}
