# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# For the suites that run inside an emulated machine, under `sh -e`: each test is a function
# test_NAME; it fails where a command fails, or by `die`. The last line of a failed test's output is
# its reason.

die() {
	echo "$*"
	exit 1
}

# expect STATUS COMMAND...: its output is in $output, and shown.
expect() {
	local wanted=$1 status=0
	shift

	output=$("$@" 2>&1) || status=$?
	echo "# $* -> $status"
	[ -z "$output" ] || echo "$output"
	[ "$status" -eq "$wanted" ] ||
		die "\`$*' ended with $status, not $wanted: $(echo "$output" | tail -n 1)"
}

# says PATTERN: whether the output of the last `expect` matches.
says() {
	echo "$output" | grep -Eiq -e "$1" || die "the output does not say \"$1\": $output"
}

# equal ACTUAL EXPECTED WHAT
equal() {
	[ "$1" = "$2" ] || die "$3 is $1, not $2"
}

# wait_for SECONDS COMMAND...: until it succeeds. A kernel that is slow by design has PATIENCE times as long.
wait_for() {
	local limit=$(($1 * ${PATIENCE:-1}))
	local left=$((limit * 5))
	shift

	until "$@" >/dev/null 2>&1; do
		[ "$left" -gt 0 ] || die "\`$*' did not succeed within $limit s"
		left=$((left - 1))
		sleep 0.2
	done
}
