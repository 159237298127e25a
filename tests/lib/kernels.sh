#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels whose headers this machine's release need not have: Debian's own, ordinary, real-time and
# cloud, each release's unpacked (not installed) below CELLMGR_CACHE with the compiler that goes with
# them. Does nothing where they are there, and says what it unpacks.
#
#     tests/lib/kernels.sh unpack             all releases of the table
#     tests/lib/kernels.sh versions           what is there: TREE VERSION, oldest kernel first
#     tests/lib/kernels.sh build VERSION DIR  the modules for it, in DIR; warnings are what it prints
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Release and package source, and what the tree has beside headers. The newest one's is to be booted.
TREES=(
	"bookworm bookworm"
	"trixie trixie"
	"trixie trixie-backports linux-image-amd64"
)
PACKAGES=(
	dash coreutils sed grep mawk findutils make gcc libc6-dev
	linux-headers-amd64 linux-headers-rt-amd64 linux-headers-cloud-amd64
)
# Another list of packages is another tree.
KEY=$(printf '%s\n' "${TREES[@]}" "${PACKAGES[@]}" | sha256sum | cut -c 1-8)
CACHE=${CELLMGR_CACHE:-$ROOT/.cache}/headers/$KEY

# What maintainer scripts and merged directories would have given.
complete_tree() {
	local tree=$1 name version

	for name in bin sbin lib lib64; do
		[ -e "$tree/$name" ] || as_root ln -s "usr/$name" "$tree/$name"
	done
	[ -e "$tree/bin/sh" ] || as_root ln -s dash "$tree/bin/sh"
	[ -e "$tree/usr/bin/awk" ] || as_root ln -s mawk "$tree/usr/bin/awk"
	as_root mkdir -p "$tree/proc" "$tree/tmp"
	for version in "$tree"/lib/modules/*/kernel; do
		[ ! -e "$version" ] || as_root /sbin/depmod -b "$tree" "$(basename "${version%/kernel}")"
	done
}

# unpack_tree RELEASE SOURCE [PACKAGE...]
unpack_tree() {
	local release=$1 source=$2 tree=$CACHE/$2 uri scratch list
	shift 2

	[ ! -e "$tree" ] || return 0
	step "unpacking kernel headers and compiler of Debian $source into $tree"
	mkdir -p "$CACHE"
	scratch=$(mktemp -d "$tree.XXXXXX")
	uri=$(mirror "$(. /etc/os-release && echo "$VERSION_CODENAME")")
	list=("deb $uri $release main")
	[ "$source" = "$release" ] || list+=("deb $uri $source main")
	logged "kernels-$source.log" as_root mmdebstrap --mode=root --variant=extract \
		--include="$(IFS=, && echo "${PACKAGES[*]}" "$@" | tr ' ' ,)" \
		--aptopt="APT::Default-Release \"$source\"" --dpkgopt='path-exclude=/usr/share/doc/*' \
		"$release" "$scratch" "${list[@]}"
	complete_tree "$scratch"
	as_root mv -T "$scratch" "$tree"
}

unpack() {
	local line

	for line in "${TREES[@]}"; do
		# shellcheck disable=SC2086 # its words
		unpack_tree $line
	done
}

versions() {
	local build

	for build in "$CACHE"/*/lib/modules/*/build; do
		[ ! -L "$build" ] || echo "${build%/lib/modules/*} $(basename "${build%/build}")"
	done | sort -V -k 2
}

# In the release's own tree, whose programs need its libraries and /proc.
build() {
	local version=$1 output=$2 tree

	tree=$(versions | awk -v version="$version" '$2 == version { print $1 }')
	[ -n "$tree" ] || fail "no headers of a kernel $version are below $CACHE"
	scratch=$(as_root mktemp -d "$tree/tmp/build.XXXXXX")
	trap 'as_root rm -rf "$scratch"' EXIT
	as_root cp -r "$ROOT/kmod" "$ROOT/hypervisor/abi" "$scratch/"
	as_root unshare --mount --pid --fork --mount-proc --root="$tree" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /tmp/${scratch##*/} &&
			kmod/build-module /lib/modules/$version/build kmod abi output '' -j$(nproc)"
	mkdir -p "$output"
	cp "$scratch"/output/*.ko "$output/"
}

case ${1:-} in
unpack | versions | build) "$@" ;;
*) fail "unpack, versions, or build VERSION DIR" ;;
esac
