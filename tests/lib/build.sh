#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds everything in build/ (with "tests" or "bench" their programs too, with "tests" the
# hypervisor with its checks of who owns what, and a warning is an error), and installs it below
# build/installed as it would be on a system.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

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
fi
rm -rf "$BUILD/installed"
logged meson-install.log meson install -C "$BUILD" --no-rebuild --quiet --destdir "$BUILD/installed"
