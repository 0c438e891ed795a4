# SPDX-License-Identifier: BSD-2-Clause
# No /dev/kvm, one that is something else, no permission.  Where KVM was asked for: one line that
# says which and what to do, status 1, and nothing made.  Else a simulation, which one line
# says.  Each in a mount namespace with a /dev of its own.
. "$(dirname "$0")/lib.sh"

two=$TOP/workloads/scenarios/two-weights.yaml

# in_dev SETUP COMMAND...: run COMMAND where /dev holds null, and what SETUP puts there.
in_dev() {
	local setup=$1 options=-m
	shift
	[ "$(id -u)" -eq 0 ] || options=-rm
	touch null
	unshare $options sh -ec '
		mount --bind /dev/null null
		mount -t tmpfs none /dev
		touch /dev/null
		mount --bind null /dev/null
		eval "$0"
		exec "$@"' "$setup" "$@"
}
if ! in_dev : true 2>/dev/null; then
	skip "without KVM" "a /dev of one's own is not permitted here"
	exit 0
fi

# one_line NAME PATTERN SETUP COMMAND...: status 1, one line on standard error, no other.
one_line() {
	local name=$1 pattern=$2 setup=$3 status
	shift 3
	in_dev "$setup" "$@" >stdout 2>stderr
	status=$?
	if [ $status -ne 1 ]; then
		fail "$name" "status $status: $(cat stderr stdout)"
	elif [ "$(wc -l <stderr)" -ne 1 ] || [ -s stdout ] || ! grep -qE -- "$pattern" stderr; then
		fail "$name" "no one line with '$pattern': $(cat stderr stdout)"
	else
		pass "$name"
	fi
}
# simulated NAME PATTERN SETUP COMMAND...: status 0, one line on standard error, results.
simulated() {
	local name=$1 pattern=$2 setup=$3 status
	shift 3
	in_dev "$setup" "$@" >stdout 2>stderr
	status=$?
	if [ $status -ne 0 ]; then
		fail "$name" "status $status: $(cat stderr stdout)"
	elif [ "$(grep -cv ^Report: stderr)" -ne 1 ] || ! grep -qE -- "simulation.*$pattern" stderr; then
		fail "$name" "no one line with '$pattern': $(cat stderr)"
	elif ! grep -qE 'machine sim|"machine": *"sim"' stdout; then
		fail "$name" "no results of a simulation: $(cat stdout)"
	else
		pass "$name"
	fi
}

one_line "no /dev/kvm, and kvm asked for" '/dev/kvm' : "$COXSWAIN" run "$two" -d 200ms --machine kvm
one_line "/dev/kvm is another device" '/dev/kvm' 'touch /dev/kvm; mount --bind null /dev/kvm' \
	"$COXSWAIN" compare "$two" -d 200ms --machine kvm --out r
one_line "no /dev/kvm with --json" '/dev/kvm' : "$COXSWAIN" compare "$two" -d 200ms --machine kvm --json
one_line "nothing to validate against" '/dev/kvm' : "$COXSWAIN" validate "$two" -d 200ms
[ ! -e r ] && [ ! -e coxswain-out ] && pass "no folder is made" || fail "no folder is made" "$(ls)"

simulated "no /dev/kvm: run is simulated" '/dev/kvm' : "$COXSWAIN" run "$two" -d 200ms
simulated "no /dev/kvm: compare is simulated, without linux" 'without linux.*/dev/kvm' : \
	"$COXSWAIN" compare "$two" -d 200ms --schedulers linux,rr,credit --json --out two
json "the policies that were asked for" stdout '[.runs[].scheduler] == ["rr", "credit"]'
simulated "/dev/kvm is another device: simulated" '/dev/kvm' 'touch /dev/kvm; mount --bind null /dev/kvm' \
	"$COXSWAIN" run "$two" -d 200ms
in_dev : "$COXSWAIN" run "$two" -s linux -d 200ms >stdout 2>stderr
[ $? -eq 2 ] && grep -q "linux.*kvm only" stderr && pass "linux alone cannot be simulated" ||
	fail "linux alone cannot be simulated" "$(cat stderr stdout)"

# The main job, as `make demo` does it.
in_dev : "$COXSWAIN" compare "$TOP"/workloads/scenarios/*.yaml --schedulers linux,rr,credit -d 500ms \
	--out all >demo 2>&1
status=$?
runs=$(grep -cE '^(rr|credit) .*ok$' demo)
scenarios=$(ls "$TOP"/workloads/scenarios/*.yaml | wc -l)
[ $status -eq 0 ] && [ "$runs" -eq $((2 * scenarios)) ] && [ -s all/report.html ] &&
	pass "all shipped scenarios, with a report" ||
	fail "all shipped scenarios, with a report" "status $status, $runs runs: $(tail -n 5 demo | paste -sd'|')"

# Without the capability to ignore permissions, as anybody who is not root.
if in_dev 'mknod /dev/kvm c 10 232 && chmod 0 /dev/kvm' true 2>/dev/null && command -v setpriv >/dev/null; then
	one_line "no permission for /dev/kvm" '/dev/kvm.*([Pp]ermission|permitted)' \
		'mknod /dev/kvm c 10 232 && chmod 0 /dev/kvm' \
		setpriv --bounding-set=-dac_override,-dac_read_search "$COXSWAIN" run "$two" -d 200ms --machine kvm
elif [ -e /dev/kvm ] && ! [ -r /dev/kvm ]; then
	expect "no permission for /dev/kvm" 1 '/dev/kvm.*([Pp]ermission|permitted)' "$COXSWAIN" run "$two" -d 200ms --machine kvm
else
	skip "no permission" "making a device node takes root"
fi
