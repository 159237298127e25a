#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Debian release that this machine does not have, of the two that the README names: a tree of it,
# with all that the packages and the tests without a machine are built of, below CELLMGR_CACHE.
#
#     tests/lib/release.sh name                   which one
#     tests/lib/release.sh unpack                 makes the tree, says so; does nothing where it is there
#     tests/lib/release.sh run FOLDER COMMAND...  in the tree, without network; FOLDER is its /tmp, and
#                                                 nothing else of it can be written
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PACKAGES=(
	build-essential debhelper dh-dkms lintian meson pkgconf scdoc
	libjson-c-dev libkmod-dev libsystemd-dev python3-jsonschema
	dbus dbus-daemon python3-dbus python3-gi passwd systemd
)
HERE=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# systemd.pc is in a package of its own since Debian 13.
case $HERE in
trixie) RELEASE=bookworm ;;
*) RELEASE=trixie PACKAGES+=(systemd-dev) ;;
esac
# Another list of packages is another tree.
KEY=$(printf '%s\n' "$RELEASE" "${PACKAGES[@]}" | sha256sum | cut -c 1-8)
TREE=${CELLMGR_CACHE:-$ROOT/.cache}/releases/$RELEASE-$KEY

name() {
	echo "$RELEASE"
}

unpack() {
	local scratch

	[ ! -e "$TREE" ] || return 0
	step "installing Debian $RELEASE with compiler, libraries and lintian in $TREE"
	mkdir -p "${TREE%/*}"
	scratch=$(mktemp -d "$TREE.XXXXXX")
	logged "release-$RELEASE.log" as_root mmdebstrap --mode=root --variant=minbase \
		--include="$(IFS=, && echo "${PACKAGES[*]}")" --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		"$RELEASE" "$scratch" "deb $(mirror "$HERE") $RELEASE main"
	as_root mv -T "$scratch" "$TREE"
}

# The tree is a mount of its own there, as tests change what is mounted, and no one sees it elsewhere.
run() {
	local folder=$1
	shift

	[ -e "$TREE" ] || fail "there is no tree of Debian $RELEASE; tests/lib/setup.sh release makes it"
	# shellcheck disable=SC2016 # for the inner shell
	as_root unshare --mount --net --pid --fork --kill-child sh -ec '
		tree=$1 folder=$2
		shift 2
		mount --bind "$tree" "$tree"
		mount --bind "$folder" "$tree/tmp"
		mount -o remount,bind,ro "$tree"
		mount -t proc proc "$tree/proc"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
		exec chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 "$@"
	' sh "$TREE" "$folder" "$@"
}

case ${1:-} in
name | unpack | run) "$@" ;;
*) fail "name, unpack, or run FOLDER COMMAND..." ;;
esac
