# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# The kernel's side when memory is short: of each ioctl's allocations one fails, then another one, of all
# functions that make some (an attempt costs a second of CPU time). A call that fails says so with the
# true cause, has changed nothing and works when it is made again: the next attempt comes further, and in the
# end one is whole. One that succeeds has done all it should. Then everybody at once.
# machines: svm-x2apic-6.1
# kernel-args: slub_debug=FZPU
# timeout: 900

# attempt N IOCTL COMMAND...: its output is in $output, its status in $status, and in $hit
# whether the n-th allocation came about. With 0 none fails.
attempt() {
	local n=$1 call=$2 count fails
	shift 2

	rm -f /tmp/outcome
	status=0
	output=$(FAIL_RESULT=/tmp/outcome FAIL_IOCTL=$call FAIL_N=$n \
		LD_PRELOAD=/rig/failing-ioctl.so "$@" 2>&1) || status=$?
	[ -s /tmp/outcome ] || die "\`$*' made no $call: $output"
	hit=0 most=0
	while read -r _ count fails; do
		[ "$fails" = 0 ] || hit=1
		[ "$count" -lt "$most" ] || most=$count
	done </tmp/outcome
	[ "$hit" = 0 ] || echo "# $call, allocation $n: status $status${output:+, $output}"
}

# NUMBER FUNCTION of the allocations of an attempt 0, of those that are to fail: of a function that makes
# many the first, one in the middle and the last, of others the first or, by turns, the last.
chosen() {
	dmesg | sed -n 's/.*failing: allocation \([0-9]*\), by \([^ ]*\).*/\1 \2/p' | awk '
		{ total = $1; who[$1] = $2 }
		END {
			for (i = 1; i <= total; i++) {
				if (!(who[i] in list))
					turn[who[i]] = functions++ % 2
				list[who[i]] = list[who[i]] i " "
			}
			for (name in list) {
				n = split(list[name], all, " ")
				if (n > 5)
					print all[1], name "\n" all[int((n + 1) / 2)], name "\n" all[n], name
				else
					print all[turn[name] ? n : 1], name
			}
		}' | sort -nu
}

# Once nothing fails, and is counted; then "before_$1" runs before each attempt, and "failed_$1" or
# "done_$1" after it.
# every_allocation NAME IOCTL COMMAND...
every_allocation() {
	local name=$1 call=$2 n
	shift 2

	[ -e /dev/failing ] || insmod /rig/failing.ko || die "no failing.ko"
	whole "$name" "$call" "$@"
	: >/tmp/chosen
	[ "$most" = 0 ] || chosen >/tmp/chosen
	echo "# $call: $most allocations, of which fail, by number:"
	cat /tmp/chosen
	exec 3</tmp/chosen
	while read -r n _ <&3; do
		"before_$name"
		attempt "$n" "$call" "$@"
		if [ "$status" -eq 0 ]; then
			"done_$name"
		else
			says "$(causes)"
			"failed_$name"
		fi
	done
	exec 3<&-
	[ ! -s /tmp/chosen ] || whole "$name" "$call" "$@"
	quiet
}

# whole NAME IOCTL COMMAND...
whole() {
	local name=$1 call=$2
	shift 2

	"before_$name"
	attempt 0 "$call" "$@"
	[ "$status" -eq 0 ] || die "without a failed allocation $call fails: $output"
	"done_$name"
}

# What a lack of memory may be called. Where Linux's own parts lost the error number on the way, the
# sentence names the part, and the kernel's log has the rest.
causes() {
	echo "^NoMemory: |^ResourceConflict: .*Linux cannot use its end of link"
}

# Linux's own parts warn of what they failed to register: the PCI core of a function, and of an
# interrupt's files when it goes. Nobody else has anything to say.
quiet() {
	! dmesg | grep -E "BUG:|Oops|WARNING:|Redzone|Poison|Object |refcount|leaked" |
		grep -v -e "at drivers/pci/probe.c.* pci_device_add" -e "at fs/proc/generic.c.* remove_proc_entry" ||
		die "the kernel has something to say"
}

before_enable() { native; }
failed_enable() { native_again; }
done_enable() {
	equal "$(info enabled)" 1 "enabled"
	equal "$(info cpus)" 4 "the number of CPUs under the hypervisor"
}

native_again() {
	equal "$(info enabled)" 0 "enabled"
	all_cpus
}

test_enable() {
	native
	every_allocation enable ENABLE celltool enable
}

before_disable() { enabled || expect 0 celltool enable; }
failed_disable() { done_enable; }
done_disable() { native_again; }

test_disable() {
	native
	every_allocation disable DISABLE celltool disable
}

# With a link that Linux is a peer of: its function is what takes most.
linked() {
	cp /usr/lib/cells/link-echo.bin /etc/cells/
	echo '{ "debug-port": "0x2f8", "links": [ "echo" ] }' >/etc/cellmgr/host.json
	fresh
	copy hello other 2
	start link-echo # what is allocated once and for all
	expect 0 celltool destroy link-echo force
	pages=$(info pages_used)
	memory=$(memory_total)
	objects >/tmp/objects
}

nothing_left() {
	objects >/tmp/objects-now
	diff /tmp/objects /tmp/objects-now || die "there are other objects of the kernel than before"
}

no_cell() {
	local line
	line=$(celltool info)
	equal "${line##* cells=}" 0 "the number of cells"
	line=${line##*pages_used=}
	equal "${line%% *}" "$pages" "the number of pages used"
	equal "$(memory_total)" "$memory" "the memory of Linux"
	[ ! -e /dev/cell-link-echo ] || die "the device node is there"
	[ ! -e /sys/bus/pci/devices/0000:00:1e.0 ] || die "the PCI function is there"
	all_cpus
}

whole_cell() {
	equal "$(info cells)" 1 "the number of cells"
	equal "$(cat /sys/devices/system/cpu/online)" 0-2 "the list of online CPUs"
	[ -c /dev/cell-link-echo ] || die "no device node"
	[ -e /sys/bus/pci/devices/0000:00:1e.0/driver ] || die "no driver has the function"
	equal "$(grep -c cell-link-echo /proc/interrupts)" 2 "the number of interrupts"
}

gone() { [ "$(info cells)" = 0 ] || expect 0 celltool destroy link-echo force; }
there() { [ "$(info cells)" = 1 ] || expect 0 celltool create link-echo; }

before_create() { gone; }
failed_create() { no_cell; }
done_create() { whole_cell; }

test_create() {
	linked
	every_allocation create CELL_CREATE celltool create link-echo
	gone
	nothing_left
}

before_destroy() { there; }
failed_destroy() { whole_cell; }
done_destroy() { no_cell; }

test_destroy() {
	linked
	every_allocation destroy CELL_DESTROY celltool destroy link-echo force
	nothing_left
}

before_same() { there; }
failed_same() { whole_cell; }
done_same() { whole_cell; }

before_second() { [ "$(info cells)" = 1 ] || expect 0 celltool destroy other force; }
failed_second() { whole_cell; }
done_second() { equal "$(info cells)" 2 "the number of cells"; }

# Those that leave the cell as it is, but for what its guest does.
test_others() {
	linked
	there
	every_allocation same CELL_LOAD celltool load link-echo
	every_allocation same CELL_START celltool start link-echo
	wait_for 10 console_says link-echo "Echo server"
	every_allocation same INFO celltool info
	every_allocation same CELL_INFO celltool state link-echo
	every_allocation same CPU_STATS celltool stats link-echo
	every_allocation same CONSOLE_OPEN celltool console link-echo
	every_allocation same LINK_INFO link-hello tea
	every_allocation second CELL_CONFIG celltool create other
	before_second
	attempt 1 CELL_MESSAGE celltool shutdown link-echo 100 # which that guest never answers
	equal "$hit" 0 "the number of allocations of a message"
	every_allocation same CELL_STOP celltool stop link-echo
	gone
	no_cell
	nothing_left
}

# Everybody at once, without libcell's lock between them: cells that come and go, their callers killed
# in the middle, CPUs that go offline and online, readers that wait, attempts to disable and to unload.
test_all_at_once() {
	local cpu=/sys/devices/system/cpu rounds=20
	linked
	hurry $rounds celltool create link-echo
	hurry $rounds celltool create link-echo
	hurry $rounds celltool destroy link-echo force
	hurry $rounds celltool create other
	hurry $rounds celltool start other
	hurry $rounds celltool shutdown other 50
	hurry $rounds celltool destroy other force
	hurry $rounds celltool wait 300
	hurry $rounds celltool console other
	hurry $rounds celltool log
	hurry $rounds link-hello tea
	hurry $rounds killed 2 cat /dev/cell-link-echo
	hurry $rounds killed 3 celltool create link-echo
	hurry $rounds killed 1 celltool destroy link-echo force
	hurry $rounds killed 4 celltool wait 5000
	hurry 5 sh -c "sleep 1; celltool disable"
	hurry $rounds celltool enable
	hurry 10 sh -c "sleep 0.5; rmmod cellhv"
	hurry $rounds sh -c "echo 0 >$cpu/cpu1/online; echo 1 >$cpu/cpu1/online"
	hurry $rounds sh -c "echo 1 >$cpu/cpu3/online; echo 1 >$cpu/cpu2/online; echo 0 >$cpu/cpu2/online"
	wait
	echo "# link-echo: $(dmesg | grep -c 'pci 0000:00:1e.0: \[110a') times, enabled" \
		"$(dmesg | grep -c 'hypervisor enabled') times"
	as_before
}

# Whatever state they have left: from there on all is as it was.
as_before() {
	local cpu
	[ -e /sys/module/cellhv ] || expect 0 modprobe cellhv
	if enabled; then
		expect 0 celltool reset
		expect 0 celltool disable
	fi
	for cpu in 1 2 3; do
		[ "$(cat /sys/devices/system/cpu/cpu$cpu/online)" = 1 ] || echo 1 >/sys/devices/system/cpu/cpu$cpu/online
	done
	native
	equal "$(cat /sys/module/cellhv/refcnt)" 0 "the number of users of the module"
	expect 0 celltool enable
	no_cell
	start link-echo
	whole_cell
	gone
	nothing_left
	native
	expect 0 rmmod cellhv
	quiet
}

# hurry N COMMAND...: N times, in the background.
hurry() {
	local left=$1
	shift

	(
		export FAIL_NO_LOCK=1 LD_PRELOAD=/rig/failing-ioctl.so
		while [ "$left" -gt 0 ]; do
			"$@" || true
			left=$((left - 1))
		done
	) >/dev/null 2>&1 &
}

# killed TENTHS COMMAND...: in the middle of it.
killed() {
	local tenths=$1
	shift

	"$@" &
	sleep "0.$tenths"
	kill -9 $! && wait $!
}

# The struct pages of memory that has gone offline are nonsense on kernels that look for mistakes.
test_poisoned_pages() {
	local range
	linked
	there
	range=$(link_range)
	rmmod failing 2>/dev/null || true
	expect 0 insmod /rig/failing.ko "poison=$range"
	expect 0 celltool load link-echo
	expect 0 celltool start link-echo
	wait_for 10 console_says link-echo "Echo server"
	expect 0 link-hello tea
	! dmesg | grep -E "x86/PAT: .*(map pfn|invalid memtype)" || die "the memory is not mapped as the machine has it"
	gone
	quiet
}

# All blocks that are offline: PHYS,SIZE of the first of them.
link_range() {
	local block size
	size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	for block in /sys/devices/system/memory/memory*; do
		[ "$(cat "$block/state")" = offline ] || continue
		echo "$((0x$(cat "$block/phys_index") * size)),$size"
		return
	done
	die "no memory is offline"
}

test_unload() {
	native
	expect 0 rmmod cellhv
	quiet
}
