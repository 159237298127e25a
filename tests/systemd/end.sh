# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The machine ends while a cell runs: the cell first, then the hypervisor, then Linux.
# machines: svm-x2apic
# kernel-args: ignore_loglevel systemd.log_target=console
# ends-with: cellhv: hypervisor disabled

end() {
	expect 0 systemctl start cell@apic-demo
	wait_for 30 journal_says cell@apic-demo 'Timer fired'
	systemctl "$1" --no-block
}

test_poweroff() {
	end poweroff
}

# A second guest never answers: the machine goes down all the same.
test_reboot() {
	sed 's/"name": *"no-answer",/"name": "mute", "shutdown": { "timeout": "1s" },/; s/\[3\]/[2]/' \
		/etc/cells/no-answer.json >/etc/cells/mute.json
	expect 0 systemctl start cell@mute
	end reboot
}
