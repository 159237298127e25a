# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Guests that drive functions of their own: their DMA goes to the cell's memory alone, their
# interrupts to its CPU, and Linux has the functions again afterwards.
# machines: devices-6.1 uart-6.1
# elsewhere: uart uart_exits affinity pin_refusals
# timeout: 300

EDU=00:04.0 DISK=00:06.0
UART_IRQ=7 CONSOLE_IRQ=4

# The guest's own verdict on its console.
approves() {
	fresh
	start "$1"
	wait_for 30 console_says "$1" "all done"
	no_complaint "$1"
}

test_edu() {
	approves edu
	driven_by $EDU cellhv || die "edu is not held"
	expect 0 celltool destroy edu force
	driven_by $EDU "" || die "edu has a driver that it had not before"
}

test_nvme() {
	insert nvme
	wait_for 10 driven_by $DISK nvme
	approves nvme
	driven_by $DISK cellhv || die "the disk is not held"
	expect 0 celltool destroy nvme force
	wait_for 10 driven_by $DISK nvme
}

test_again() {
	local round
	for round in 1 2 3; do
		echo "round $round"
		test_edu
		test_nvme
	done
}

# DMA by an address that the cell has not is refused, and ends the cell; the root's memory there
# is as before, and the function works for the next.
test_foreign() {
	fresh
	sed 's/"name": *"edu"/"name": "stray", "command-line": "foreign=0x8000000"/' \
		"$(description edu)" >"$(dirname "$(description edu)")/stray.json"
	start stray
	wait_for 30 in_state stray "failed .*PCI function 00:04.0 .* 0x8000"
	expect 0 celltool destroy stray force
	test_edu
}

# interrupts IRQ [CPU]: how many Linux has had, on all CPUs or that one.
interrupts() {
	awk -v irq="$1:" -v cpu="${2:-}" '$1 == irq {
		for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++)
			if (cpu == "" || i == cpu + 2)
				sum += $i
	} END { print sum + 0 }' /proc/interrupts
}

# Linux sends by the UART that cells get, and has its interrupts.
linux_has_uart() {
	local before
	before=$(interrupts $UART_IRQ)
	echo "a line of Linux's" >/dev/ttyS3
	[ "$(interrupts $UART_IRQ)" -gt "$before" ] || die "no interrupt of the UART came to Linux"
}

test_uart() {
	local round
	linux_has_uart
	for round in 1 2; do
		echo "round $round"
		approves uart
		grep -q "^ *$UART_IRQ: .* cell uart\$" /proc/interrupts || die "the module does not hold the interrupt"
		expect 0 celltool destroy uart force
		linux_has_uart
	done
	expect 0 celltool disable
	linux_has_uart
}

# uart_exits_of ROUNDS: all exits of a guest that sends its line so often.
uart_exits_of() {
	sed "s/\"name\": *\"uart\"/\"name\": \"many\", \"command-line\": \"rounds=$1\"/" \
		"$(description uart)" >"$(dirname "$(description uart)")/many.json"
	start many >/dev/null
	wait_for 60 console_says many "all done"
	no_complaint many
	celltool stats many | grep -v -e total -e nmi | tr '\n' ' '
	expect 0 celltool destroy many force >/dev/null
}

# Neither an interrupt nor what ends it costs one.
test_uart_exits() {
	local few
	fresh
	few=$(uart_exits_of 5)
	echo "$few"
	equal "$(uart_exits_of 15)" "$few" "the list of exits with 430 interrupts more"
}

# console_is_served_by CPU BEFORE: it has had more interrupts than before.
console_is_served_by() {
	echo "is the console served by CPU $1?" >/dev/ttyS0
	[ "$(interrupts $CONSOLE_IRQ "$1")" -gt "$2" ]
}

# Linux changes who gets its other interrupts meanwhile.
test_affinity() {
	local cpu before
	fresh
	start uart
	for cpu in 1 2 0 1; do
		echo "$cpu" >/proc/irq/$CONSOLE_IRQ/smp_affinity_list
		before=$(interrupts $CONSOLE_IRQ "$cpu")
		wait_for 10 console_is_served_by "$cpu" "$before"
	done
	echo 0-3 >/proc/irq/$CONSOLE_IRQ/smp_affinity_list
	wait_for 30 console_says uart "all done"
	no_complaint uart
}

# Why not.
test_pin_refusals() {
	fresh
	sed 's/"name": *"uart"/"name": "other"/; s/"cpus": *\[[^]]*\]/"cpus": [2]/; s/"ports": [^]]*\],//' \
		"$(description uart)" >"$(dirname "$(description uart)")/other.json"
	start uart
	expect 1 celltool create other
	says "interrupt $UART_IRQ belongs to cell uart"
}

# Level: the pin that edu pulls without MSI. Linux knows which one it is since it has had edu once.
test_edu_pin() {
	local irq
	test_edu
	irq=$(cat "$DEVICES/0000:$EDU/irq")
	sed "s/\"name\": *\"edu\"/\"name\": \"edu-pin\", \"irqs\": [$irq], \"command-line\": \"pin=$irq\"/" \
		"$(description edu)" >"$(dirname "$(description edu)")/edu-pin.json"
	approves edu-pin
	console_says edu-pin "ok edu-level" || die "the pin has not been tried"
	grep "cell edu-pin$" /proc/interrupts || die "the module does not hold interrupt $irq"
	expect 0 celltool destroy edu-pin force
	test_edu
}
