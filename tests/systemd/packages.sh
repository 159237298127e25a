# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Debian's packages, from installing to purging.
# machines: svm-x2apic
# content: packages
# timeout: 900

# Maintainer scripts, DKMS's compiler: all run here.
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 \
		-o 'Dpkg::Options::=--path-include=/usr/share/doc/libcell-dev/*' "$@" 2>&1
}

installed() {
	dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'
}

# What each test begins with: all packages, no cell.
fresh() {
	installed cellmgr || expect 0 apt install /packages/*.deb
	cellctl destroy --force no-answer >/dev/null 2>&1 || true
	expect 0 systemctl stop cell@apic-demo
	systemctl reset-failed 'cell*' 2>/dev/null || true
}

start_demo() {
	fresh
	expect 0 systemctl start cell@apic-demo
	wait_for 30 journal_says cell@apic-demo 'Timer fired, jitter: +[0-9]+ ns'
}

test_install() {
	fresh
	expect 0 dkms status cellhv
	says "$(uname -r), x86_64: installed"
	expect 0 modinfo -n cell-net
	says "/$(uname -r)/updates/dkms/cell-net.ko"
	expect 0 cellctl host check
	expect 0 systemctl --failed --plain --no-legend
	# shellcheck disable=SC2154 # expect sets it
	equal "$output" "" "the list of failed units"
}

test_the_packages_run_a_cell() {
	start_demo
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
	expect 0 systemctl stop cell@apic-demo
	all_cpus
}

test_build_against_the_library() {
	local example=/usr/share/doc/libcell-dev/examples/list-cells.c
	start_demo
	# shellcheck disable=SC2046
	expect 0 gcc -Wall -Werror -o /tmp/list-cells "$example" $(pkg-config --cflags --libs libcell)
	expect 0 /tmp/list-cells
	says 'apic-demo'
}

# A new version comes while a cell runs: only the daemon is another one.
test_an_upgrade_disturbs_no_cell() {
	local supervisor daemon
	start_demo
	systemctl start cellmgrd
	supervisor=$(systemctl show -P MainPID cell@apic-demo)
	daemon=$(systemctl show -P MainPID cellmgrd)
	expect 0 apt install --reinstall /packages/cellmgr_*.deb /packages/cellmgr-hypervisor_*.deb \
		/packages/libcell0_*.deb
	equal "$(systemctl show -P MainPID cell@apic-demo)" "$supervisor" "the supervisor"
	[ "$(systemctl show -P MainPID cellmgrd)" != "$daemon" ] || die "the daemon is still the old one"
	expect 0 cellctl list
	says 'apic-demo +running/locked +3'
}

# The guest never answers: its package stays, with a word that says what to do.
test_not_removed_under_a_running_cell() {
	fresh
	expect 0 systemctl start cell@no-answer
	expect 100 apt remove cellmgr
	says 'not removed while a cell runs'
	installed cellmgr || die "the package is gone"
	expect 0 cellctl destroy --force no-answer
}

test_purge() {
	start_demo
	expect 0 cellctl enable apic-demo
	rm -f /etc/cells/no-answer.*
	expect 0 apt purge 'cellmgr*' 'cellhv*' 'libcell*'
	journal_says cell@apic-demo 'has shut down' || die "the guest was not asked"
	all_cpus
	expect 0 rmmod cellhv
	local left
	left=$(find / -xdev \( -name '*cellmgr*' -o -name '*cellhv*' -o -name '*libcell*' \) \
		-not -path '/packages*' -not -path '/rig*' -not -path '/proc/*' -not -path '/var/log/*' \
		-not -path '/sys/*' -not -path '/run/*')
	equal "$left" "" "what is left"
	equal "$(find /etc/systemd -name 'cell*')" "" "the links of cells that were enabled"
}
