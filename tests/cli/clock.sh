# SPDX-License-Identifier: BSD-2-Clause
# A host whose time stamp counter is no clock (Linux does not offer `tsc`): guests ask for the
# time, and every workload works all the same, on any backend.
. "$(dirname "$0")/lib.sh"
mark_processes

SOURCES=/sys/devices/system/clocksource/clocksource0/available_clocksource
if ! have_kvm; then
	skip "guests that ask for the time" "no /dev/kvm here"
	exit 0
fi
if [ ! -e $SOURCES ]; then
	skip "guests that ask for the time" "no $SOURCES here"
	exit 0
fi
# offering CLOCKS COMMAND...: where Linux offers these clocks.
offering() {
	local options=-m
	[ "$(id -u)" -eq 0 ] || options=-rm
	echo "$1" >sources
	unshare $options sh -ec 'mount --bind sources "$0" && exec "$@"' $SOURCES "${@:2}"
}
if ! offering tsc true 2>/dev/null; then
	skip "guests that ask for the time" "mounts of one's own are not permitted here"
	exit 0
fi

# Two vCPUs of every workload there is.
workloads=()
for source in "$TOP"/workloads/*/*.c; do
	grep -q '^CX_WORKLOAD' "$source" && workloads+=("$(basename "$(dirname "$source")")")
done
{
	printf 'name: all\nduration: 2s\ndomains:\n'
	for workload in "${workloads[@]}"; do
		echo "  - {name: $workload, vcpus: 2, workload: {name: $workload}}"
	done
} >all.yaml
[ ${#workloads[@]} -gt 0 ] && pass "workloads are found" || fail "workloads are found" "none in $TOP/workloads"

sound='.machine == "kvm" and (.runs[0] | .degraded == false and .faults == {} and .trace.lost == 0
	and all(.domains[]; .end == "run-end" and (.vcpus | length == 2 and any(.progress > 0))))'
for clocks in "tsc kvm-clock" "hpet acpi_pm"; do
	name=${clocks%% *}
	if measured "$name.json" 2000 "$sound" offering "$clocks" "$COXSWAIN" run all.yaml --machine kvm -s credit --watchdog 60s \
		--trace --json --out "$name"; then
		pass "$clocks: every workload runs (${workloads[*]})"
	else
		fail "$clocks: every workload runs" "$(tail -n 3 "$name.json.err" | tr '\n' '|')"
	fi
	json "$clocks: each makes progress until the end" "$name.json" "$sound"
done
# Each question, hypercall 9 (CX_HC_NOW), is an event of the trace.
asked() {
	"$COXSWAIN" analyze "$1" --events | grep -c ' hypercall .* number=9 '
}
without=$(asked hpet) with=$(asked tsc)
[ "$without" -gt 0 ] && [ "$with" -eq 0 ] && pass "without the counter they do ask, with it they do not" ||
	fail "without the counter they do ask, with it they do not" "$without and $with times"
nothing_left "nothing is left behind"
