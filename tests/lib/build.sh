#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds everything in build/ (with "tests" or "bench" their programs too, with "tests" the
# hypervisor with its checks of who owns what, and a warning is an error), and installs it below
# build/installed as it would be on a system.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# cellhv.ko for the newest kernel of kernels.sh too, where it is there and the module has changed.
build_for_newest_kernel() {
	local version module

	version=$("$ROOT/tests/lib/kernels.sh" versions | awk '{ print $2 }' |
		grep -v -e -rt- -e -cloud- | tail -n 1)
	module=$BUILD/kmod/$version/cellhv.ko
	[ -n "$version" ] || return 0
	[ -z "$(find kmod hypervisor/abi -type f -newer "$module" 2>&1)" ] ||
		logged kernel-newest.log "$ROOT/tests/lib/kernels.sh" build "$version" "${module%/*}"
}

cd "$ROOT"
# Configuring again each time takes a second, and sees new files and new kernel headers.
again=()
strict=false
[ "${1:-}" != tests ] || strict=true
[ ! -f "$BUILD/build.ninja" ] || again=(--reconfigure)
logged meson-setup.log \
	meson setup -Dinvariants="$strict" -Dwerror="$strict" --prefix=/usr --libdir="lib/$(gcc -print-multiarch)" --sysconfdir=/etc --localstatedir=/var "${again[@]}" "$BUILD"
logged meson-compile.log meson compile -C "$BUILD"
if [ -n "${1:-}" ]; then
	logged meson-tests.log ninja -C "$BUILD" meson-test-prereq
	build_for_newest_kernel
fi
rm -rf "$BUILD/installed"
logged meson-install.log meson install -C "$BUILD" --no-rebuild --quiet --destdir "$BUILD/installed"
