#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what building, the emulated machines and (with "gate") the static checks need, with "bochs"
# also that emulator, with "kernels" the kernels of kernels.sh, with "release" the other release of
# release.sh, with "debug-kernel" what builds a kernel, and does nothing where it is there. Says what it installs, and which package source it adds.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PACKAGES=(
	gcc libc6-dev binutils make meson pkg-config python3 scdoc xz-utils
	libsystemd-dev libjson-c-dev libkmod-dev kmod
	qemu-system-x86 qemu-utils busybox-static mmdebstrap e2fsprogs zstd
)
GATE_PACKAGES=(
	clang-format clang-tidy cppcheck sparse pmccabe shellcheck
	clang libclang-rt-dev abigail-tools gcovr valgrind libc6-dbg python3-jsonschema dbus dbus-daemon python3-dbus python3-gi passwd
	debhelper dh-dkms dpkg-dev lintian pkgconf acpica-tools
)
KERNEL_PACKAGES=(flex bison bc libelf-dev)
QEMU_WANTED=9
# Bochs 3.0 is Debian 13's; some display has to be there, the one for terminals is the smallest.
BOCHS_PACKAGES=(bochs bochsbios vgabios bochs-term)
BOCHS_SUITE=trixie
BOCHS_TREE=${CELLMGR_CACHE:-$ROOT/.cache}/bochs/tree

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

# major PACKAGE Installed|Candidate
major() {
	apt-cache policy "$1" | sed -n "s/^  $2: \([0-9]*:\)\?\([0-9]*\).*/\2/p"
}

add_backports() {
	local suite=$1 uri

	uri=$(mirror "$suite")
	step "adding the package source $suite-backports of $uri for QEMU $QEMU_WANTED or later:" \
		"/etc/apt/sources.list.d/cellmgr-backports.sources"
	printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' \
		"$uri" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg |
		as_root tee /etc/apt/sources.list.d/cellmgr-backports.sources >/dev/null
	logged apt-update.log apt_get update
}

is_complete() {
	[ -z "$(missing "${PACKAGES[@]}")" ] && compgen -G '/lib/modules/*/build/Makefile' >/dev/null &&
		[ "$(major qemu-system-x86 Installed)" -ge "$QEMU_WANTED" ]
}

# Where this release has an older one: not installed but unpacked, with all libraries it is linked to.
unpack_bochs() {
	local suite=$1 scratch

	[ ! -e "$BOCHS_TREE" ] || return 0
	step "unpacking Bochs of Debian $BOCHS_SUITE into $BOCHS_TREE"
	mkdir -p "${BOCHS_TREE%/*}"
	scratch=$(mktemp -d "$BOCHS_TREE.XXXXXX")
	logged bochs.log as_root mmdebstrap --mode=root --variant=extract \
		--include="$(IFS=, && echo "${BOCHS_PACKAGES[*]}")" --dpkgopt=path-exclude=/usr/share/doc/* \
		"$BOCHS_SUITE" "$scratch" "$(mirror "$suite")"
	as_root mv -T "$scratch" "$BOCHS_TREE"
}

# setup_machine SUITE
setup_machine() {
	local suite=$1 headers wanted

	command -v apt-get >/dev/null || fail "this needs Debian 12 or 13: there is no apt-get here"
	logged apt-update.log apt_get update
	if [ "$(major qemu-system-x86 Candidate)" -lt "$QEMU_WANTED" ] &&
		! apt-cache policy | grep -q "$suite-backports"; then
		add_backports "$suite"
	fi

	mapfile -t headers < <(header_packages)
	mapfile -t wanted < <(missing "${PACKAGES[@]}" "${headers[@]}")
	step "installing with apt: ${wanted[*]:-nothing}"
	[ "${#wanted[@]}" -eq 0 ] ||
		logged apt-install.log apt_get install -y --no-install-recommends "${wanted[@]}"
	if [ "$(major qemu-system-x86 Installed)" -lt "$QEMU_WANTED" ]; then
		step "installing with apt: QEMU of $suite-backports"
		logged apt-qemu.log apt_get install -y --no-install-recommends \
			-t "$suite-backports" qemu-system-x86
	fi
}

main() {
	local suite part bochs='' kernels='' release=''
	# shellcheck disable=SC1091
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	for part in "$@"; do
		case $part in
		gate) PACKAGES+=("${GATE_PACKAGES[@]}") ;;
		debug-kernel) PACKAGES+=("${KERNEL_PACKAGES[@]}") ;;
		bochs) bochs=yes ;;
		kernels) kernels=yes ;;
		release) release=yes ;;
		esac
	done
	if [ "$bochs" ] && [ "$suite" != bookworm ]; then
		PACKAGES+=("${BOCHS_PACKAGES[@]}")
		bochs=
	fi
	is_complete || setup_machine "$suite"
	[ -z "$bochs" ] || unpack_bochs "$suite"
	[ -z "$kernels" ] || "$ROOT/tests/lib/kernels.sh" unpack ||
		step "going on without those kernels: the tests that need them will fail"
	[ -z "$release" ] || "$ROOT/tests/lib/release.sh" unpack ||
		step "going on without the other release: its test will fail"
}

main "$@"
