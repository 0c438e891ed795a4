# SPDX-License-Identifier: BSD-2-Clause
# SIGINT and SIGTERM in the middle of a run: what was measured is written, and neither a
# process nor a file is left.
. "$(dirname "$0")/lib.sh"
mark_processes

two=$TOP/workloads/scenarios/two-weights.yaml
if ! have_kvm; then
	skip "interrupted runs" "no /dev/kvm here"
	exit 0
fi
LONG=200s     # never reached
TURNS=700000000 # ns that the vCPUs have together before the signal

# turned PID: how long the threads of vCPUs, which are named after them, have had a CPU, in ns.
turned() {
	local task name ran all=0
	for task in /proc/"$1"/task/*; do
		{ read -r name <"$task/comm" && read -r ran _ <"$task/schedstat"; } 2>/dev/null || continue
		[[ $name != cx-*/* ]] || all=$((all + ran))
	done
	echo $all
}

# interrupted SIGNAL COMMAND...: its status in $status, its output in stdout and stderr.
interrupted() {
	local signal=$1 pid
	shift
	setsid "$@" >stdout 2>stderr & # a process group of its own, as a shell's jobs have
	pid=$!
	for _ in {1..1200}; do # a slow host takes long to record and to boot
		[ "$(turned $pid)" -lt $TURNS ] || break
		sleep 0.1
	done
	kill -"$signal" -- "${group:+-}$pid"
	[ "${twice:-}" ] && sleep 0.02 && kill -"$signal" $pid
	wait $pid 2>/dev/null
	status=$?
}
for signal in INT TERM HUP; do
	interrupted $signal "$COXSWAIN" run "$two" -s credit -d $LONG --out $signal
	[ $status -eq 0 ] && pass "SIG$signal ends a run early" || fail "SIG$signal ends a run early" "status $status: $(cat stderr)"
	grep -q 'interrupted after' stderr && pass "SIG$signal: said" || fail "SIG$signal: said" "$(cat stderr)"
	grep -q heavy stdout && [ -s $signal/report.html ] && pass "SIG$signal: printed and written" ||
		fail "SIG$signal: printed and written" "$(cat stdout; ls $signal)"
	json "SIG$signal: the figures are of what ran" $signal/summary.json \
		'.runs[0] | .duration_ns > 5e8 and .duration_ns < 1.9e11 and ([.domains[].run_ns] | add) > 2e8'
	nothing_left "SIG$signal: nothing is left"
done

interrupted INT "$COXSWAIN" compare "$two" -s rr,credit -d $LONG --out cut --json
[ $status -eq 1 ] && grep -q 'after 1 of 2 runs' stderr && pass "a comparison cut short says so" ||
	fail "a comparison cut short says so" "status $status: $(cat stderr)"
json "a comparison cut short: what was measured" stdout '.runs | length == 1 and .[0].scheduler == "rr"'
[ -s cut/report.html ] && pass "a comparison cut short is written" || fail "a comparison cut short is written" "$(ls cut)"

interrupted INT "$COXSWAIN" run "$two" -s linux -d $LONG --json
json "linux: interrupted too" stdout '.runs[0].duration_ns < 1.9e11'

group=1 # Ctrl-C on a terminal reaches every process of the job
interrupted INT "$COXSWAIN" run "$two" -s credit -d $LONG --trace --out traced
group=
[ $status -eq 0 ] && pass "with a trace: ended early" || fail "with a trace: ended early" "status $status: $(cat stderr)"
expect "with a trace: it is whole" 0 heavy "$COXSWAIN" analyze traced
nothing_left "with a trace: nothing is left"

twice=1 interrupted INT "$COXSWAIN" run "$two" -s credit -d $LONG --trace --out twice
[ $status -eq 130 ] || [ $status -eq 0 ] && pass "a second SIGINT ends it at once" || fail "a second SIGINT ends it at once" "status $status: $(cat stderr)"
nothing_left "a second SIGINT: nothing is left"

interrupted KILL "$COXSWAIN" run "$two" -s credit -d $LONG --trace --out killed
nothing_left "SIGKILL with a trace: nothing is left"
expect "SIGKILL: the trace tells what happened until then" 0 heavy "$COXSWAIN" analyze killed
