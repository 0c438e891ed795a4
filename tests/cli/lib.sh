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
