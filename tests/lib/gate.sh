# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the checks of tests/gate: each is one test; the last line it prints is its reason.
# shellcheck source=tests/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT" || exit 1

# sources PATTERN...: the files under version control.
sources() {
	git ls-files -- "$@"
}

# needs PROGRAM: without it a check would find nothing to say.
needs() {
	command -v "$1" >/dev/null || fail "$1 is not installed"
}

# verdict COUNT WHAT: the gate's end.
verdict() {
	[ "$1" -eq 0 ] || fail "$1 $2"
}
