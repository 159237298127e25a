# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Functions behind bridges: which of them go together, and that units know them by the ids that their
# requests and messages have. All are edu; 02:02.0 and 02:03.0 are behind a PCIe-to-PCI bridge, which makes
# all requests 02:00.0's, 05:00.0 is behind a switch.
# machines: topology-6.1
# timeout: 200

# A machine that goes on from a snapshot has devices that do not know where their registers are.
begin() {
	local device
	for device in "$DEVICES"/*/device; do
		! grep -q 0x11e8 "$device" || echo 1 >"${device%/device}/remove"
	done
	echo 1 >/sys/bus/pci/rescan
	fresh
}

# describe NAME COMMAND-LINE FUNCTION...: edu's guest with those, of which it drives the first.
describe() {
	local name=$1 line=$2 list="" function
	shift 2
	for function in "$@"; do
		list="$list${list:+, }{ \"function\": \"$function\", \"reset\": \"none\" }"
	done
	sed "s/\"name\": *\"edu\"/\"name\": \"$name\", \"command-line\": \"$line\"/; s/\"pci\": .*/\"pci\": [ $list ]/" \
		"$(description edu)" >"$(dirname "$(description edu)")/$name.json"
}

# refused SENTENCE FUNCTION...
refused() {
	local sentence=$1
	shift
	describe some "" "$@"
	expect 1 celltool create some
	says "$sentence"
}

# The guest's verdict: registers, messages, DMA to its own memory.
drives() {
	describe some "" "$@"
	start some
	wait_for 30 console_says some "all done, [1-9][0-9]* interrupts"
	no_complaint some
	expect 0 celltool destroy some force
}

# FUNCTION GROUP of all that are edu.
groups() {
	cellctl host devices | awk '$2 == "1234:11e8" { print $1, $5 }' | sed 's/0000://g'
}

test_groups() {
	begin
	equal "$(groups)" "00:04.0 00:04.0
00:08.0 00:08.0
00:08.1 00:08.0
02:02.0 00:05.0
02:03.0 00:05.0
05:00.0 00:06.0" "the list of groups"
	refused "nothing keeps 0000:00:08.1 apart from 0000:00:08.0 \(device\): list all of them, or none" 00:08.1
	refused "nothing keeps 0000:02:02.0 apart from 0000:02:03.0 \(device\): list all of them, or none" 02:02.0
	refused "nothing keeps 0000:02:03.0 apart from 0000:02:02.0 \(device\): list all of them, or none" 00:04.0 02:03.0
}

test_both_of_a_device_and_behind_a_switch() {
	begin
	drives 00:08.0 00:08.1
	drives 05:00.0
}

# strays ADDRESS: what is there is not the cell's, which ends when it lets the function read from it.
strays() {
	describe stray "foreign=$1" 02:02.0 02:03.0
	start stray
	wait_for 30 in_state stray "failed .*PCI function 02:00.0 .* $1"
	expect 0 celltool destroy stray force
}

# What the bridge makes of a request is the cell's too where it is refused: to another cell, to the hypervisor.
test_behind_a_bridge() {
	begin
	drives 02:02.0 02:03.0
	copy exits witness 2
	start witness
	wait_for 10 console_says witness ready
	strays "$(canary witness)"
	strays "$(dma info | tr ' ' '\n' | sed -n 's/^memory=//p')"
	expect 0 celltool shutdown witness
	no_complaint witness
	console_says witness "ok canary" || die "the other cell has not looked at its page"
}
