# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The hypervisor and its cells from enable to disable.
# machines: svm-x2apic-6.12 bochs-6.1 svm-6.1 svm-x2apic-6.1 la57-6.12
# elsewhere: enable_disable apic_demo two_cells root_hotplug disable_with_offline_cpu root_nmi module_unload failing_cpu_rolls_back enable_disable_20
# quick: enable_disable apic_demo root_hotplug
# timeout: 600

CPU3=/sys/devices/system/cpu/cpu3/online

test_enable_disable() {
	local memory
	memory=$(memory_total)
	fresh
	equal "$(info enabled)" 1 "enabled"
	equal "$(info cpus)" 4 "the number of CPUs under the hypervisor"
	expect 0 celltool disable
	equal "$(info enabled)" 0 "enabled"
	all_cpus
	equal "$(memory_total)" "$memory" "the memory of Linux afterwards"
}

test_enable_twice() {
	fresh
	expect 1 celltool enable
	says "^HypervisorEnabled: "
	equal "$(info enabled)" 1 "enabled"
}

test_start_up_lines() {
	fresh
	start hello
	expect 0 celltool log
	says "CPU 3"
	says "hello"
}

test_hello() {
	fresh
	start hello
	wait_for 10 console_says hello "[Hh]ello"
}

ticked() {
	[ "$(celltool console apic-demo | grep -c 'Timer fired, jitter:')" -ge "$1" ]
}

test_apic_demo() {
	fresh
	start apic-demo
	wait_for 30 ticked 10
	expect 0 celltool state apic-demo
	says "^running/locked"
	expect 1 celltool ended apic-demo 300
	says "^TimedOut: "
	expect 1 celltool shutdown apic-demo
	says "^ShutdownDenied: "
	expect 0 celltool shutdown apic-demo
	expect 0 celltool state apic-demo
	says "^shut down"
	expect 0 celltool destroy apic-demo
	expect 1 celltool state apic-demo
	says "^NoSuchCell: "
	all_cpus
}

test_locked_cell_forbids_others() {
	fresh
	start apic-demo
	wait_for 10 in_state apic-demo running/locked
	copy hello other 2
	expect 1 celltool create other
	says "^CellLocked: "
	equal "$(cat /sys/devices/system/cpu/online)" 0-2 "the list of online CPUs"
}

test_two_cells() {
	fresh
	copy hello other 2
	start hello
	start other
	wait_for 10 console_says other "[Hh]ello"
	wait_for 10 console_says hello "[Hh]ello"
	equal "$(info cells)" 2 "the number of cells"
}

test_create_twice() {
	fresh
	expect 0 celltool create hello
	expect 1 celltool create hello
	says "^CellExists: "
}

test_cpu_taken() {
	fresh
	expect 0 celltool create hello
	copy hello other 3
	expect 1 celltool create other
	says "^(ResourceConflict|CpuUnavailable|InvalidConfiguration): "
	equal "$(info cells)" 1 "the number of cells"
}

test_running_cell_is_not_destroyed() {
	fresh
	start exits
	wait_for 10 console_says exits ready
	expect 1 celltool destroy exits
	says "^CellRunning: "
	in_state exits running || die "the cell does not run any more"
}

test_disable_with_cells() {
	fresh
	expect 0 celltool create hello
	expect 1 celltool disable
	says "^(Busy|CellExists|CellRunning): "
	equal "$(info enabled)" 1 "enabled"
}

test_stop_and_start_again() {
	fresh
	start exits
	wait_for 10 console_says exits ready
	expect 0 celltool stop exits
	in_state exits stopped || die "it is not stopped"
	expect 0 celltool load exits
	expect 0 celltool start exits
	wait_for 10 in_state exits running
}

fact() {
	celltool facts "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# Milliseconds since the machine has started, without those of a suspend, of which there is none.
uptime_ms() {
	sed 's/ .*//; s/\.\(..\)$/\10/' /proc/uptime
}

test_what_it_has_and_since_when_it_runs() {
	local before first
	fresh
	expect 0 celltool create exits
	equal "$(fact exits memory)" 1048576 "the cell's memory in bytes"
	equal "$(fact exits started)" 0 "the time of a start that never was"
	before=$(uptime_ms)
	expect 0 celltool start exits
	first=$(fact exits started)
	# /proc/uptime has hundredths of a second, rounded down.
	[ "$first" -ge "$before" ] || die "it started at $first ms, before $before ms"
	[ "$first" -le "$(($(uptime_ms) + 10))" ] || die "it started at $first ms, later than now"
	expect 0 celltool stop exits
	expect 0 celltool load exits
	expect 0 celltool start exits
	[ "$(fact exits started)" -gt "$first" ] || die "the second start is not later than the first"
	expect 1 celltool start exits
	[ "$(fact exits started)" -lt "$(($(uptime_ms) + 10))" ] || die "a refused start counts"
}

test_no_answer() {
	fresh
	start no-answer
	sleep 1
	expect 1 celltool shutdown no-answer 500
	says "^TimedOut: "
	expect 0 celltool destroy no-answer force
	all_cpus
}

test_stubborn() {
	fresh
	start stubborn
	wait_for 10 console_says stubborn ready
	for _ in 1 2 3; do
		expect 1 celltool shutdown stubborn
		says "^ShutdownDenied: "
	done
	expect 0 celltool destroy stubborn force
	all_cpus
}

test_owned_cpu_stays_away() {
	fresh
	start exits
	wait_for 10 console_says exits ready
	equal "$(cat "$CPU3")" 0 "the online state of CPU 3"
	! echo 1 2>/dev/null >"$CPU3" || die "Linux took CPU 3 while the cell owned it"
	equal "$(cat "$CPU3")" 0 "the online state of CPU 3"
	in_state exits running || die "the cell does not run any more"
	expect 0 celltool destroy exits force
	equal "$(cat "$CPU3")" 1 "the online state of CPU 3"
}

test_root_hotplug() {
	fresh
	echo 0 >/sys/devices/system/cpu/cpu2/online
	echo 1 >/sys/devices/system/cpu/cpu2/online
	all_cpus
	taskset 4 true
	equal "$(info cpus)" 4 "the number of CPUs under the hypervisor"
}

# What a cell owns reads as all ones in Linux, which loses its writes; here the old VGA window and
# the scratch register of the third serial port, which remembers.
test_root_does_not_reach_what_a_cell_owns() {
	fresh
	sed 's/"memory": *\[/"ports": ["0x3ef"], &{ "size": "64K", "at": "0x70000000", "phys": "0xa0000", "device": true }, /' \
		"$(description exits)" >/etc/cells/owner.json
	sed -i 's/"name": *"exits"/"name": "owner"/' /etc/cells/owner.json
	port_write 90
	equal "$(port_read)" 90 "the scratch register before"
	start owner
	equal "$(port_read)" 255 "the scratch register while a cell owns it"
	port_write 1
	expect 0 ones /dev/mem 0xa0000 0x10000
	devmem 0xa0000 32 0
	expect 0 ones /dev/mem 0xa0000 0x1000
	expect 0 celltool log
	says "root reads port 3ef, which a cell owns"
	says "root writes a0000, which it does not own"
	in_state owner running || die "the cell does not run any more"
	expect 0 celltool destroy owner force
	equal "$(port_read)" 90 "the scratch register afterwards"
}

# A dump of all memory, of which no access is one to complain about.
test_hypervisor_memory_in_a_dump() {
	local memory output
	dmesg -c >/dev/null
	fresh
	memory=$(dmesg | sed -n 's/.*hypervisor enabled, memory at //p')
	expect 0 ones /proc/kcore "$memory" 0x400000
	expect 0 celltool log
	case $output in
	*"root reads"*) die "reading what is hidden exits: $output" ;;
	esac
}

# The scratch register of the third serial port.
port_read() {
	dd if=/dev/port bs=1 skip=$((0x3ef)) count=1 2>/dev/null | od -An -tu1 | tr -d ' '
}

port_write() {
	# shellcheck disable=SC2059 # the format is the byte, in octal
	printf "\\$(printf %o "$1")" | dd of=/dev/port bs=1 seek=$((0x3ef)) count=1 2>/dev/null
}

# Neither by Linux's own way, nor by interrupts that a hostile kernel sends it: it would be native.
test_cpu_that_was_offline_does_not_come() {
	native
	[ -e /dev/cpu/0/msr ] || insmod /rig/msr.ko
	echo 0 >"$CPU3"
	expect 0 celltool enable
	equal "$(info cpus)" 3 "the number of CPUs under the hypervisor"
	dmesg -c >/dev/null
	! echo 1 2>/dev/null >"$CPU3" || die "CPU 3 came online"
	dmesg | grep -q "CPU 3 stays offline until .* it was offline when that was enabled" || die "no line says why"
	copy exits witness 2
	send_ipis_to_3
	start witness
	send_ipis_to_3
	wait_for 10 console_says witness ready
	expect 0 celltool destroy witness force
	expect 0 celltool disable
	echo 1 >"$CPU3"
	all_cpus
	taskset 8 true
}

# INIT, and SIPI with vector 2, to APIC ID 3 by the ICR of x2APIC mode.
send_ipis_to_3() {
	local before
	before=$(dropped)
	for low in '\000\105\000\000' '\002\106\000\000'; do
		# shellcheck disable=SC2059 # the format is the register's bytes
		printf "$low\003\000\000\000" |
			taskset 1 dd of=/dev/cpu/0/msr bs=8 seek=2096 oflag=seek_bytes conv=notrunc 2>/dev/null
	done
	equal "$(dropped)" $((before + 2)) "the number of IPIs that were dropped"
}

dropped() {
	celltool log | grep -c "IPI [0-9a-f]* to 3 dropped" || true
}

# Offline in Linux, but still a guest: disabling has to send it native too.
test_disable_with_offline_cpu() {
	fresh
	echo 0 >/sys/devices/system/cpu/cpu2/online
	expect 0 celltool disable
	echo 1 >/sys/devices/system/cpu/cpu2/online
	all_cpus
	taskset 4 true
}

# Linux's own NMIs, of which each CPU gets every one, once.
test_root_nmi() {
	local before after cpu
	fresh
	before=$(grep NMI: /proc/interrupts)
	for _ in 1 2 3; do echo l >/proc/sysrq-trigger; done
	after=$(grep NMI: /proc/interrupts)
	for cpu in 0 1 2 3; do
		# shellcheck disable=SC2086 # its words
		set -- $before
		shift $((cpu + 1))
		was=$1
		# shellcheck disable=SC2086 # its words
		set -- $after
		shift $((cpu + 1))
		[ $(($1 - was)) -le 3 ] || die "CPU $cpu had $(($1 - was)) NMIs for 3 requests"
		total=$((${total:-0} + $1 - was))
	done
	equal "$total" 9 "the number of NMIs on all CPUs but the one that asks"
	! dmesg | grep -q "NMI received for unknown reason" || die "a kick reached Linux as an NMI"
}

test_module_unload() {
	fresh
	! rmmod cellhv 2>/dev/null || die "the module went while the hypervisor was enabled"
	enabled || die "the hypervisor is gone"
	expect 0 celltool disable
	expect 0 rmmod cellhv
	fresh
}

# As far as to where all tasks are frozen, and at once back.
suspend() {
	echo freezer >/sys/power/pm_test
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	echo freeze >/sys/power/state
}

test_failing_cpu_rolls_back() {
	local cpu
	native
	for cpu in 0 2 3; do
		rmmod cellhv 2>/dev/null || true
		expect 0 modprobe cellhv fail_entry_cpu=$cpu
		expect 1 celltool enable
		says "CPU $cpu"
		equal "$(info enabled)" 0 "enabled"
		all_cpus
		for online in 1 2 4 8; do taskset $online true; done
	done
	expect 0 rmmod cellhv
	fresh
}

# The image's header, whose memory_size is at 20, as if it had room for three CPUs. libcell sees the
# true one, so that it does not refuse before the module.
test_more_cpus_than_there_is_room_for() {
	local image=/lib/firmware/cellmgr/cellhv.bin
	native
	cp $image /tmp/true.bin
	printf '\000\040\072\000' | dd of=$image bs=1 seek=20 conv=notrunc 2>/dev/null
	dmesg -c >/dev/null
	expect 1 unshare -m sh -c "mount --bind /tmp/true.bin $image && celltool enable"
	says "4 CPUs are online, and the hypervisor has room for 3: .*nr_cpus=3"
	dmesg | grep -q "4 CPUs are online, and the hypervisor has room for 3" || die "no line"
	expect 1 celltool enable
	says "4 CPUs are online, and the hypervisor has room for 3"
	equal "$(info enabled)" 0 "enabled"
	echo 0 >"$CPU3"
	expect 0 celltool enable
	equal "$(info cpus)" 3 "the number of CPUs under the hypervisor"
	expect 0 celltool disable
	cp /tmp/true.bin $image
	echo 1 >"$CPU3"
	all_cpus
}

# The promise of CELLHV_SETUP_PAGES and CELLHV_CPU_PAGES, by which CPUs are admitted.
test_cpus_take_no_more_than_was_said() {
	fresh
	[ "$(info pages_used)" -le $((64 + 4 * 10)) ] || die "$(info pages_used) pages are used"
}

test_pages_return() {
	local before i
	fresh
	before=$(info pages_used)
	for i in $(seq 100); do
		celltool create exits || die "cycle $i: no creation"
		celltool start exits || die "cycle $i: no start"
		celltool destroy exits force || die "cycle $i: no destruction"
	done
	equal "$(info pages_used)" "$before" "the number of used pages after 100 cycles"
	all_cpus
}

test_enable_disable_20() {
	local i
	native
	for i in $(seq 20); do
		celltool enable || die "round $i: not enabled"
		celltool disable || die "round $i: not disabled"
	done
	all_cpus
	for i in 1 2 4 8; do taskset $i true; done
}

test_missing_image() {
	fresh
	echo '{"name":"lost","cpus":[3],"memory":[{"size":"1M","at":"0x0","access":"rwx"}],
		"images":[{"file":"nowhere.bin","at":"0x0"}]}' >/etc/cells/lost.json
	expect 1 celltool create lost
	says "^ImageMissing: "
	equal "$(info cells)" 0 "the number of cells"
	all_cpus
}

test_large_image() {
	fresh
	head -c 1100000 /dev/zero >/etc/cells/large.bin
	echo '{"name":"large","cpus":[3],"memory":[{"size":"1M","at":"0x0","access":"rwx"}],
		"images":[{"file":"large.bin","at":"0x0"}]}' >/etc/cells/large.json
	expect 1 celltool create large
	says "^ImageTooLarge: "
	equal "$(info cells)" 0 "the number of cells"
	all_cpus
}

test_cpu_0() {
	fresh
	copy hello first 0
	expect 1 celltool create first
	says "^(CpuUnavailable|InvalidConfiguration): "
	all_cpus
}

test_too_much_memory() {
	fresh
	echo '{"name":"huge","cpus":[3],"memory":[{"size":"900M","at":"0x0","access":"rwx"}],"comm":{"at":"0x70000000"}}' \
		>/etc/cells/huge.json
	expect 1 celltool create huge
	says "^NoMemory: .*memmap="
	equal "$(info cells)" 0 "the number of cells"
	all_cpus
}

# No state of a hypervisor or a cell would survive it. Behind those that change the image: for ten seconds
# after a suspend the kernel has firmware from a cache.
test_no_suspend_while_enabled() {
	fresh
	start hello
	expect 1 suspend
	says "busy"
	dmesg | grep -q "cellhv: no suspend or hibernation while the hypervisor is enabled" || die "the kernel's log has no reason"
	equal "$(info cells)" 1 "the number of cells"
	expect 0 celltool destroy hello force
	expect 1 suspend
	says "busy"
	expect 0 celltool disable
	expect 0 suspend
	fresh
}
