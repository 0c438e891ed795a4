# SPDX-License-Identifier: BSD-2-Clause
# Sourced by every tests/cli/*.sh:   . "$(dirname "$0")/lib.sh"
#
# A script prints one line a test: pass NAME, fail NAME REASON, skip NAME REASON.
#   $BUILD     the build folder        $COXSWAIN  the program there
#   $TOP       the tree's root         $TMP       an empty folder, removed at the end

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${CX_BUILD:-$TOP/build}
COXSWAIN=$BUILD/coxswain
TMP=$(mktemp -d "${TMPDIR:-/tmp}/coxswain-test.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
cd "$TMP" || exit 1

pass() {
	echo "PASS $1"
}

fail() {
	echo "FAIL $1: ${*:2}"
}

skip() {
	echo "SKIP $1: ${*:2}"
}

have_kvm() {
	[ -e /dev/kvm ]
}

# check NAME COMMAND...: passes if the command succeeds; its output becomes the reason.
check() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status from: $* | $(printf '%s' "$out" | tail -n 5 | tr '\n' '|')"
	fi
}

# expect NAME STATUS PATTERN COMMAND...: the command ends with STATUS, and its output, both
# streams together, holds the extended regular expression PATTERN.
expect() {
	local name=$1 want=$2 pattern=$3 out status
	shift 3
	out=$("$@" 2>&1 </dev/null)
	status=$?
	if [ $status -ne "$want" ]; then
		fail "$name" "status $status, not $want, from: $* | $(printf '%s' "$out" | tail -n 5 | tr '\n' '|')"
	elif ! printf '%s\n' "$out" | grep -qE -- "$pattern"; then
		fail "$name" "no '$pattern' in the output of: $* | $(printf '%s' "$out" | tail -n 5 | tr '\n' '|')"
	else
		pass "$name"
	fi
}

# mark_processes: what is started from here on can be found by nothing_left.
mark_processes() {
	export COXSWAIN_TEST_MARK=$TMP TMPDIR=$TMP/tmp
	mkdir -p "$TMPDIR"
}

# marked: the processes that carry the mark, "PID command line" each.
marked() {
	local p
	for p in /proc/[0-9]*; do
		tr '\0' '\n' <"$p/environ" | grep -qxF "COXSWAIN_TEST_MARK=$TMP" &&
			echo "${p#/proc/} $(tr '\0' ' ' <"$p/cmdline")"
	done 2>/dev/null
}

# nothing_left NAME: soon there is no process with the mark, and no file in $TMPDIR.  How soon is the
# host's affair: the session daemon alone may take some seconds to end.
nothing_left() {
	local left files since=$SECONDS
	while left=$(marked); [ -n "$left" ] && [ $((SECONDS - since)) -lt 60 ]; do
		sleep 0.1
	done
	files=$(find "$TMPDIR" -mindepth 1)
	if [ -n "$left" ]; then
		fail "$1" "processes: $(tr '\n' ';' <<<"$left")"
	elif [ -n "$files" ]; then
		fail "$1" "files: $(tr '\n' ' ' <<<"$files")"
	else
		pass "$1"
	fi
}

# measured FILE MS FILTER COMMAND...: COMMAND -d MS, its output in FILE and FILE.err.  What takes
# time to come about, such as a guest's first work, may not have come on a host that is busy or slow:
# where the jq FILTER does not hold of FILE the command is run once more, LONGER times as long, and that
# is said.  Not after a crash or an error: the status is then that.  Its status.  A folder that it
# names after --out is made anew.
LONGER=8
measured() {
	local file=$1 ms=$2 filter=$3 status i
	shift 3
	"$@" -d "${ms}ms" >"$file" 2>"$file.err"
	status=$?
	[ "$(jq -e "$filter" "$file" 2>/dev/null)" = true ] && return $status
	[[ $status == [03] ]] && jq -e . "$file" >/dev/null 2>&1 || return $status
	echo "${file%.json}: once more, $LONGER times as long: after status $status not so: $filter"
	for ((i = 1; i < $#; i++)); do
		[ "${!i}" = --out ] && ((i++)) && rm -rf "${!i}"
	done
	"$@" -d "$((ms * LONGER))ms" >"$file" 2>"$file.err"
}

# json NAME FILE FILTER [jq argument...]: the jq filter holds for the one object in FILE.
json() {
	local name=$1 file=$2 filter=$3 said
	shift 3
	if ! command -v jq >/dev/null; then
		fail "$name" "no jq here: scripts/install-packages test"
	elif [ "$(jq -s length "$file" 2>/dev/null)" != 1 ]; then
		fail "$name" "not one JSON value: $(head -c 300 "$file")"
	elif said=$(jq -e "$@" "$filter" "$file" 2>&1 | tail -n 3) && [ "$said" = true ]; then
		pass "$name"
	else
		fail "$name" "$filter: $said"
	fi
}

# same_times NAME OWN ANALYZED: every vCPU has the same run time, within 0.1 %, in the JSON of a
# comparison and in that of `analyze`.
same_times() {
	json "$1" "$2" '
		def times: [.runs[] | .scheduler as $s | .domains[] | .name as $d | .vcpus[]
			| {key: "\($s) \($d) \(.id)", value: .run_ns}] | from_entries;
		(if has("scenarios") then .scenarios[0] else . end | times) as $own | ($again[0] | times) as $traced
		| ($own | length) > 0 and ($own | keys) == ($traced | keys)
		and all($own | keys[]; . as $k | ($own[$k] - $traced[$k] | fabs) <= 0.001 * $own[$k])' --slurpfile again "$3"
}
