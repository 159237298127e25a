# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# What a cell is given, and what it is refused: one guest each (tests/guests).
# machines: svm-x2apic bochs svm svm-mixed la57
# elsewhere: smp start32 xapic xapic64 msr_allowed prefixes port_in lvt_reserved memory_execute hpet_read icr_mmio icr_msr pending_failed pending_stopped cpuid_leaves exits_per_tick fault_demo
# bochs: all
# quick: smp xapic memory_write cpuid_leaves
# timeout: 300

# The guest's own verdict on its console.
approves() {
	fresh
	start "$1"
	wait_for 30 console_says "$1" "ok ${2:-$1}"
	no_complaint "$1"
}

# A cell that does what it must not: parked, or told off, and the root and another cell go on.
survives() {
	local before
	fresh
	copy exits witness 2
	start witness
	wait_for 10 console_says witness ready
	start "$1"
	wait_for 30 finished "$1"
	no_complaint "$1"
	in_state witness running || die "another cell stopped running"
	expect 0 celltool shutdown witness
	expect 0 celltool destroy "$1" force
	before=$(info cells)
	equal "$before" 1 "the number of cells"
}

finished() {
	in_state "$1" failed || console_says "$1" "ok $1"
}

test_smp() { approves smp; }
test_start32() { approves start32; }
test_xapic() { approves xapic; }
test_xapic64() { approves xapic64 xapic; }
test_port_in() { survives port-in; }
test_port_out() { survives port-out; }
test_ports_allowed() { approves ports-allowed; }
test_msr_read() { survives msr-read; }
test_efer_svme() { survives efer-svme; }
test_msr_unlisted() { approves msr-unlisted; }
test_msr_write() { approves msr-write; }
test_msr_smi_count() { approves msr-smi-count; }
test_msr_strict() { ends_as msr-strict "used MSR 0x179"; }
test_msr_allowed() { approves msr-allowed; }
test_cr4_reserved() { survives cr4-reserved; }
test_cr0_cache() { approves cr0-cache; }
test_cr4_vmxe() { survives cr4-vmxe; }
test_xsetbv_illegal() { survives xsetbv-illegal; }
test_lvt_reserved() { survives lvt-reserved; }
test_prefixes() { approves prefixes; }
test_vmrun() { survives vmrun; }
test_vmxon() { survives vmxon; }
test_triple_fault() { survives triple-fault; }
test_memory_read() { survives memory-read; }
test_memory_write() { survives memory-write; }
test_memory_execute() { survives memory-execute; }
test_hpet_read() { survives hpet-read; }
test_icr_mmio() { survives icr-mmio; }
test_icr_msr() { survives icr-msr; }
test_single_step() { approves single-step; }

# Whatever a guest leaves pending is gone with it, when it fails and when it is stopped.
test_pending_failed() {
	survives pending-failed
	start pending-failed
	wait_for 30 in_state pending-failed failed
	no_complaint pending-failed
}

test_pending_stopped() {
	survives pending-stopped
	survives pending-stopped
}

# CPUs that failed or were stopped are the management's, whatever their siblings send them.
test_revive() {
	approves revive
	in_state revive failed || die "the cell has not failed"
	expect 0 celltool destroy revive force
	all_cpus
}

test_storm() {
	local before
	fresh
	for _ in 1 2 3; do
		start storm
		wait_for 30 console_says storm ready
		sleep 1
		expect 0 celltool stop storm
		before=$(stat_of storm total)
		sleep 1
		equal "$(stat_of storm total)" "$before" "the number of exits of a stopped cell, a second later"
		expect 0 celltool destroy storm
		all_cpus
	done
}

test_cpuid_leaves() { approves cpuid-leaves; }
test_hypercall_denied() { approves hypercall-denied; }
test_hypercall_unknown() { approves hypercall-unknown; }

# ends_as CELL REASON: it is over by its own word, and the reason says which.
ends_as() {
	fresh
	start "$1"
	expect 0 celltool ended "$1"
	says "^failed$"
	expect 0 celltool state "$1"
	says "$2"
	expect 0 celltool destroy "$1"
}

# The runtime of the guests is made for the latest revision, and the description gives another.
test_wrong_revision() { ends_as wrong-revision '"comm-revision"'; }
test_odd_state() { ends_as odd-state "to 0x4d"; }

test_ends_silently() {
	fresh
	start ends-silently
	wait_for 10 console_says ends-silently case
	expect 0 celltool shutdown ends-silently
	in_state ends-silently "shut down" || die "$(celltool state ends-silently)"
	expect 0 celltool destroy ends-silently
}

test_fault_demo() {
	fresh
	start fault-demo
	expect 0 celltool ended fault-demo
	says "^failed$"
	expect 0 celltool state fault-demo
	says "does not own"
	expect 0 celltool destroy fault-demo
	all_cpus
	start fault-demo
	wait_for 10 in_state fault-demo failed
}

test_exits_per_tick() {
	local before after ticks limit=0
	fresh
	start exits
	wait_for 10 console_says exits ready
	sleep 1
	before=$(stat_of exits total)
	sleep 3
	after=$(stat_of exits total)
	expect 0 celltool shutdown exits
	ticks=$(celltool console exits | sed -n 's/^total \([0-9]*\) ticks.*/\1/p')
	[ "${ticks:-0}" -ge 100 ] || die "only ${ticks:-no} ticks"
	# Without x2APIC the guest's EOI and its next timer count are emulated.
	grep -qw x2apic /proc/cpuinfo || limit=$((2 * ticks))
	echo "exits: $((after - before)) in 3 s; $ticks ticks in all; at most $limit"
	[ $((after - before)) -le "$limit" ] || die "$((after - before)) exits, more than $limit"
}
