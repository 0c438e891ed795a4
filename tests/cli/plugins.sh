# SPDX-License-Identifier: BSD-2-Clause
# Policies that misbehave, with real guests: caught, named and survived.  No guest is lost to
# one, and a crash inside a policy still leaves what was measured.
. "$(dirname "$0")/lib.sh"
mark_processes

plugins=$BUILD/tests/plugins
if ! have_kvm; then
	skip "policies that misbehave" "no /dev/kvm here"
	exit 0
fi
cat >guests.yaml <<'Y'
# Who notices that the policy errs?
name: guests
duration: 2s
pcpus: "0-1"
domains:
  - {name: hog, count: 3, workload: {name: hog}}
  - {name: sleeper, count: 2, workload: {name: sleeper}}
  - {name: pinned, cpus: "0", workload: {name: hog}}
Y
SHORT=800ms # watchdog of those that leave somebody waiting
LONG=60s    # of all others: it is not for a busy host to eject them
# run_under PLUGIN WATCHDOG [MS [FILTER]]: the run's output in $1.json and $1.err, its status in $status.
run_under() {
	measured "$1.json" "${3:-2000}" "${4:-true}" "$COXSWAIN" run guests.yaml -s "$plugins/$1.so" --watchdog "$2" --json
	status=$?
	mv "$1.json.err" "$1.err"
}
# ejected PLUGIN WATCHDOG PATTERN [MS]: the run is degraded, says why, and every guest got on.  How
# often a policy is asked, and so how soon it has erred too often, depends on the host.
ejected() {
	run_under "$1" "$2" "${4:-2000}" '.runs[0] | .degraded and all(.domains[].vcpus[]; .progress > 0)'
	[ $status -eq 3 ] && grep -qE -- "degraded: policy $1 .*$3" "$1.err" && pass "$1: ejected, and why" ||
		fail "$1: ejected, and why" "status $status: $(cat "$1.err")"
	json "$1: no guest is lost" "$1.json" '.runs[0] | .degraded and .duration_ns > 1.9e9 and
		all(.domains[]; .run_ns > 0 and (all(.vcpus[]; .progress > 0)))'
}
# survived PLUGIN FAULT: its errors are too few for ejection; they are counted and told.
# A vCPU that a policy keeps parked does not run.
survived() {
	run_under "$1" $LONG
	[ $status -eq 0 ] && grep -qE -- "made [0-9]+ faults of the kind '$2'" "$1.err" && pass "$1: corrected, and told" ||
		fail "$1: corrected, and told" "status $status: $(cat "$1.err")"
	json "$1: no guest is lost" "$1.json" '.runs[0] | (.degraded | not) and all(.domains[]; .run_ns > 0 or .vcpus[0].limited_ns > 1e9)'
}
# caught PLUGIN FAULT: how many errors it makes depends on how often it is asked: either way
# they are named, and nobody else suffers.
caught() {
	run_under "$1" $LONG
	grep -qE -- "made [0-9]+ faults of the kind '$2'|more than [0-9]+ faults, the last one \"$2\"" "$1.err" &&
		[[ $status == [03] ]] && pass "$1: caught, and told" ||
		fail "$1: caught, and told" "status $status: $(cat "$1.err")"
	json "$1: no guest is lost" "$1.json" '.runs[0] | all(.domains[]; .run_ns > 0 or .vcpus[0].limited_ns > 1e9)'
}
# breaks PLUGIN OPERATION PATTERN: the end of the run, with what was measured until then.
breaks() {
	run_under "$1" "${4:-$LONG}"
	[ $status -eq 1 ] && grep -qE -- "policy $1.* operation $2.*$3" "$1.err" && pass "$1: named, with the operation" ||
		fail "$1: named, with the operation" "status $status: $(cat "$1.err")"
	json "$1: what was measured is there" "$1.json" '.runs[0] | .scheduler == "'"$1"'" and .duration_ns > 0 and ([.domains[].run_ns] | add) > 0'
}
ejected never_picks $SHORT 'watchdog'
ejected starves_one $SHORT 'watchdog'
ejected picks_blocked $LONG 'more than [0-9]+ faults'
ejected picks_forbidden $LONG 'more than [0-9]+ faults' 6000
ejected picks_running $LONG 'more than [0-9]+ faults'
ejected picks_garbage_pointer $LONG 'more than [0-9]+ faults'
ejected absurd_slice $SHORT 'watchdog|more than [0-9]+ faults' 4000
caught picks_parked parked
survived places_forbidden affinity
breaks crashes_in_pick pick 'Segmentation fault'
breaks crashes_in_wake wake 'Segmentation fault'
breaks aborts_in_pick pick 'Aborted'
breaks overflows_in_tick tick 'Segmentation fault'
breaks hangs_in_pick pick 'did not return' $SHORT

# A domain that is refused on the way ends the run; what the others had got is kept.
sed -e 's/^name: guests/name: late/' -e '$a\  - {name: late, start: 1500ms, workload: {name: hog}}' guests.yaml >late.yaml
"$COXSWAIN" run late.yaml -s "$plugins/refuses_domain.so" --json >late.json 2>late.err
status=$?
[ $status -eq 1 ] && grep -q 'refuses domain late' late.err && pass "a refused domain: named" ||
	fail "a refused domain: named" "status $status: $(cat late.err)"
json "a refused domain: what was measured is there" late.json '.runs[0] | .duration_ns > 1e9 and
	all(.domains[] | select(.name != "late"); .run_ns > 0)'

# Parameters in the scenario belong to the policy that it names, also by its path.
sed -e 's/^name: guests/name: params/' -e "s|^duration: 2s|duration: 200ms\nscheduler: {name: $BUILD/lib/coxswain/schedulers/rr.so, params: {slice: 7ms}}|" guests.yaml >params.yaml
"$COXSWAIN" run params.yaml --json >params.json 2>params.err
json "parameters of a policy named by its path" params.json '.runs[0].params == "slice=7ms"'
sed -i 's/slice: 7ms/bogus: 7ms/' params.yaml
"$COXSWAIN" run params.yaml >params.out 2>params.err
status=$?
[ $status -eq 2 ] && grep -q 'params.yaml:4: .*no parameter "bogus"' params.err && pass "a wrong one is refused" ||
	fail "a wrong one is refused" "status $status: $(cat params.err)"

# Absurd slices are brought within bounds, or cost the policy its place: either way it is told.
run_under absurd_slice $SHORT
[ $status -eq 0 ] || [ $status -eq 3 ] && grep -q slice absurd_slice.err && pass "absurd_slice: told" ||
	fail "absurd_slice: told" "status $status: $(cat absurd_slice.err)"

# A crash among several: the others run all the same, and all is written.
"$COXSWAIN" compare guests.yaml -s "rr,$plugins/crashes_in_pick.so,credit" -d 500ms --out kept --json >kept.json 2>kept.err
status=$?
[ $status -eq 1 ] && [ -s kept/report.html ] && pass "a crash among several: the report is written" ||
	fail "a crash among several: the report is written" "status $status: $(cat kept.err)"
json "a crash among several: all runs are in it" kept.json '[.runs[].scheduler] == ["rr", "crashes_in_pick", "credit"]'
"$COXSWAIN" run guests.yaml -s "$plugins/crashes_in_pick.so" --trace --out traced >/dev/null 2>&1
expect "a crash with a trace: it can be read" 3 hog "$COXSWAIN" analyze traced

for p in wrong_abi newer_minor short_table unknown_flag no_symbol no_pick no_name bad_params; do
	expect "$p is refused" 1 "$p\.so: ." "$COXSWAIN" run guests.yaml -s "$plugins/$p.so"
done
expect "init_fails: told" 1 'init_fails: its init failed' "$COXSWAIN" run guests.yaml -s "$plugins/init_fails.so"
nothing_left "nothing is left behind"
