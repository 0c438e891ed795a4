# SPDX-License-Identifier: BSD-2-Clause
# No /dev/kvm, one that is something else, no permission: one line that says which and what
# to do, status 1, and nothing made.  Each in a mount namespace with a /dev of its own.
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
for machine in auto kvm; do
	one_line "no /dev/kvm, $machine" '/dev/kvm' : "$COXSWAIN" run "$two" -d 200ms --machine $machine
done
one_line "/dev/kvm is another device" '/dev/kvm' 'touch /dev/kvm; mount --bind null /dev/kvm' \
	"$COXSWAIN" compare "$two" -d 200ms --out r
one_line "no /dev/kvm with --json" '/dev/kvm' : "$COXSWAIN" compare "$two" -d 200ms --json
[ ! -e r ] && [ ! -e coxswain-out ] && pass "no folder is made" || fail "no folder is made" "$(ls)"

# Without the capability to ignore permissions, as anybody who is not root.
if in_dev 'mknod /dev/kvm c 10 232 && chmod 0 /dev/kvm' true 2>/dev/null && command -v setpriv >/dev/null; then
	one_line "no permission for /dev/kvm" '/dev/kvm.*([Pp]ermission|permitted)' \
		'mknod /dev/kvm c 10 232 && chmod 0 /dev/kvm' \
		setpriv --bounding-set=-dac_override,-dac_read_search "$COXSWAIN" run "$two" -d 200ms
elif [ -e /dev/kvm ] && ! [ -r /dev/kvm ]; then
	expect "no permission for /dev/kvm" 1 '/dev/kvm.*([Pp]ermission|permitted)' "$COXSWAIN" run "$two" -d 200ms
else
	skip "no permission" "making a device node takes root"
fi
