#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The release and what comes of it: `meson dist` makes the tarball of the last commit, and the Debian
# packages are built from that alone, in build/packages. Nothing is done where that commit's are there.
set -euo pipefail
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=$BUILD/packages
cd "$ROOT"
# Two tests want them, perhaps at once.
exec 9>"$BUILD/packages.lock"
flock 9
commit=$(git rev-parse HEAD)
[ "$(cat "$packages/commit" 2>/dev/null)" != "$commit" ] || exit 0
[ -z "$(git status --porcelain)" ] || step "packages are built of the last commit: changes since are not in them"

rm -rf "$packages"
mkdir -p "$packages/source"
# The tests of `meson dist` would be those of this tree once more.
logged meson-dist.log meson dist -C "$BUILD" --no-tests --allow-dirty --formats xztar
tar -xf "$BUILD"/meson-dist/cellmgr-*.tar.xz -C "$packages/source" --strip-components=1
cd "$packages/source"
DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" \
	logged packages.log dpkg-buildpackage --unsigned-changes --unsigned-buildinfo --build=binary
echo "$commit" >"$packages/commit"
