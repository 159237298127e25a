# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the scripts of the rig: where things are, how progress is shown, how root's part is done.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/build
LOGS=$BUILD/logs
export CELLMGR_START=${CELLMGR_START:-$(date +%s)}
mkdir -p "$LOGS"

# One line per step: how long everything has taken up to here, and what comes now.
step() {
	printf '[%4d s] %s\n' "$(($(date +%s) - CELLMGR_START))" "$*" >&2
}

fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "this needs root: run it as root, or install sudo"
	fi
}

# logged NAME COMMAND...: its output into a log, which is shown where the command fails.
logged() {
	local log=$LOGS/$1
	shift

	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		fail "\`$*' failed; all of its output is in $log"
	fi
}

# mirror SUITE: the one that this machine already uses.
mirror() {
	local uri

	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" |
		head -n 1)
	[ -n "$uri" ] || fail "no package source of $1 is configured; see /etc/apt/sources.list"
	echo "$uri"
}
