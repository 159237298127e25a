#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what building, the emulated machines and (with "gate") the static checks need, and does
# nothing where it is there. Says what it installs, and which package source it adds.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PACKAGES=(
	gcc libc6-dev binutils make meson pkg-config python3 scdoc xz-utils
	libsystemd-dev libjson-c-dev libkmod-dev kmod
	qemu-system-x86 busybox-static mmdebstrap e2fsprogs
)
GATE_PACKAGES=(
	clang-format clang-tidy cppcheck sparse pmccabe shellcheck
	clang libclang-rt-dev abigail-tools gcovr valgrind libc6-dbg python3-jsonschema dbus dbus-daemon python3-dbus python3-gi passwd
)
QEMU_WANTED=9

missing() {
	local package

	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			echo "$package"
	done
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@"
}

# The newest headers of each kernel series that the package sources offer: Debian 12 has 6.1, and
# 6.12 in backports; Debian 13 has 6.12.
header_packages() {
	apt-cache show linux-headers-amd64 2>/dev/null |
		sed -n 's/^Depends: \(linux-headers-[0-9][^ ,]*\).*/\1/p' | sort -Vr |
		awk '{ split($1, part, /[-.]/); if (!seen[part[3] "." part[4]]++) print }'
}

qemu_major() {
	apt-cache policy qemu-system-x86 | sed -n "s/^  $1: \([0-9]*:\)\?\([0-9]*\).*/\2/p"
}

# The backports of the mirror that this machine already uses.
add_backports() {
	local suite=$1 uri

	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" |
		head -n 1)
	[ -n "$uri" ] || fail "no package source of $suite is configured; see /etc/apt/sources.list"
	step "adding the package source $suite-backports of $uri for QEMU $QEMU_WANTED or later:" \
		"/etc/apt/sources.list.d/cellmgr-backports.sources"
	printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' \
		"$uri" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg |
		as_root tee /etc/apt/sources.list.d/cellmgr-backports.sources >/dev/null
	logged apt-update.log apt_get update
}

is_complete() {
	[ -z "$(missing "${PACKAGES[@]}")" ] && compgen -G '/lib/modules/*/build/Makefile' >/dev/null &&
		[ "$(qemu_major Installed)" -ge "$QEMU_WANTED" ]
}

main() {
	local suite headers wanted
	# shellcheck disable=SC1091
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ "${1:-}" != gate ] || PACKAGES+=("${GATE_PACKAGES[@]}")
	! is_complete || return 0

	command -v apt-get >/dev/null || fail "this needs Debian 12 or 13: there is no apt-get here"
	logged apt-update.log apt_get update
	if [ "$(qemu_major Candidate)" -lt "$QEMU_WANTED" ] &&
		! apt-cache policy | grep -q "$suite-backports"; then
		add_backports "$suite"
	fi

	mapfile -t headers < <(header_packages)
	mapfile -t wanted < <(missing "${PACKAGES[@]}" "${headers[@]}")
	step "installing with apt: ${wanted[*]:-nothing}"
	[ "${#wanted[@]}" -eq 0 ] ||
		logged apt-install.log apt_get install -y --no-install-recommends "${wanted[@]}"
	if [ "$(qemu_major Installed)" -lt "$QEMU_WANTED" ]; then
		step "installing with apt: QEMU of $suite-backports"
		logged apt-qemu.log apt_get install -y --no-install-recommends \
			-t "$suite-backports" qemu-system-x86
	fi
}

main "$@"
