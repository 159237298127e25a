# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of cellctl for bash.

__cellctl_names() {
	cellctl list --all --no-legend --no-pager --full 2>/dev/null |
		while read -r _ name _; do [ "$name" = root ] || echo "$name"; done
}

__cellctl_links() {
	cellctl link list --no-legend --no-pager --full 2>/dev/null |
		while read -r name _; do echo "$name"; done
}

_cellctl() {
	local verbs="list status show start stop restart enable disable destroy hold console log monitor
		wait stats top check cat define undefine compile dump describe hypervisor link host help"
	local options="--help --version --host= --all --dry-run --follow --force --full --json=pretty --json=short
		--no-block --no-legend --no-pager --output= --property= --value --quiet --wait
		--timeout= --delay= --iterations= --why="
	local states="defined starting running running/locked locked stopping stopped failed gone"
	local current=${COMP_WORDS[COMP_CWORD]} verb="" action="" n=0 i words=""

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-H | -d | -n | -o | -p) i=$((i + 1)) ;;
		-*) ;;
		*)
			[ -n "$verb" ] && n=$((n + 1))
			[ "$n" -ne 1 ] || action=${COMP_WORDS[i]}
			[ -n "$verb" ] || verb=${COMP_WORDS[i]}
			;;
		esac
	done

	case $verb:$n in
	:*) words=$verbs ;;
	help:0) words=$verbs ;;
	hypervisor:0) words="enable confirm disable status console" ;;
	host:0) words="check describe devices prepare" ;;
	link:0) words="list status ring wait set-state read write" ;;
	link:1) [ "$action" = list ] || words=$(__cellctl_links) ;;
	link:2)
		case $action in
		ring) words=$(__cellctl_names) ;;
		read) words="common output $(__cellctl_names)" ;;
		write) words="common output" ;;
		esac
		;;
	wait:0) words=$(__cellctl_names) ;;
	wait:*) words=$states ;;
	check:* | compile:0) words=$(__cellctl_names) ;;
	status:* | show:* | start:* | stop:* | restart:* | enable:* | disable:* | destroy:* | log:* | \
		console:* | stats:* | cat:* | undefine:* | describe:* | hold:0)
		words=$(__cellctl_names)
		;;
	esac
	[[ $current != -* ]] || words=$options

	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	case $verb in
	check | compile | define | dump)
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
		;;
	esac
}

complete -F _cellctl cellctl
