# SPDX-License-Identifier: BSD-2-Clause
# --json: one object and nothing else on standard output, every promised key, and the times
# of a vCPU's states add up to the time it lived.
. "$(dirname "$0")/lib.sh"

if ! have_kvm; then
	skip "--json" "no /dev/kvm here"
	exit 0
fi
"$COXSWAIN" compare "$TOP/workloads/scenarios/mixed.yaml" --schedulers linux,rr,credit -d 1s --out one --json >one.json 2>stderr
status=$?
[ $status -eq 0 ] && pass "status" || fail "status" "$status: $(cat stderr)"

# has KEYS: every one of them is there.
has='def has_all(ks): . as $o | all(ks | split(" ")[]; . as $k | $o | has($k));'
json "the summary's keys" one.json "$has"' has_all("scenario machine backend runs") and .scenario == "mixed" and .machine == "kvm"'
json "a run for each scheduler, in order" one.json '[.runs[].scheduler] == ["linux", "rr", "credit"]'
json "a run's keys" one.json "$has"' all(.runs[]; has_all("scheduler duration_ns degraded host_steal_ns dispatch fairness trace domains")
	and (.dispatch | has_all("switches cost_ns")) and (.dispatch.cost_ns | has_all("p50 p99"))
	and (.fairness | has_all("jain window_error")) and (.trace | has_all("events lost")))'
json "windows" one.json 'all(.runs[].fairness; (.window_error | length) > 0 and all(.window_error[]; .window_ns > 0 and .error >= 0))'
json "a domain's keys" one.json "$has"' all(.runs[].domains[]; has_all("name weight entitled_ns run_ns vcpus"))'
json "what a domain was promised, and how late it was" one.json "$has"' all(.runs[].domains[];
	has_all("reservation_shortfall limit_overshoot lag_ns percent")
	and (.reservation_shortfall | has_all("window_ns worst_ns at_ns judged_ns"))
	and (.limit_overshoot | has_all("window_ns worst_ns at_ns judged_ns"))
	and (.lag_ns | has_all("max min p50 p99 signed")) and (.lag_ns.signed | has_all("min p1 p50 p99 max"))
	and .lag_ns.signed.min <= .lag_ns.signed.p1 and .lag_ns.signed.p99 <= .lag_ns.signed.max)'
json "run, ready, limited, costop and wait are 100.00 together, as printed" one.json 'all(.runs[].domains[] | select(.start_ns < .stop_ns) | .percent;
	keys == ["costop", "limited", "ready", "run", "wait"] and ([.[] * 100 | round] | add) == 10000)
	and ([.runs[].domains[] | select(.start_ns < .stop_ns)] | length) > 10'
json "a vCPU's keys" one.json "$has"' all(.runs[].domains[].vcpus[];
	has_all("id run_ns ready_ns limited_ns costop_ns blocked_ns progress wake_latency_ns migrations")
	and (.wake_latency_ns | has_all("p50 p99 p999 max")) and (.migrations | has_all("smt llc node remote")))'
json "not degraded" one.json 'all(.runs[]; .degraded == false)'
json "Jain's index lies in 0 to 1" one.json 'all(.runs[]; .fairness.jain > 0 and .fairness.jain <= 1.000001)'

measured two.json 1000 'all(.scenarios[].runs[]; .duration_ns as $all | all(.domains[].vcpus[]; .progress > 0 and .start_ns < $all / 2))' \
	"$COXSWAIN" compare "$TOP/workloads/scenarios/two-weights.yaml" "$TOP/workloads/scenarios/sleepers-and-hogs.yaml" \
	-s linux,rr,credit --watchdog 60s --json --out two || fail "status of two scenarios" "$(cat two.json.err)"
json "several scenarios are one object" two.json '[.scenarios[].scenario] == ["two-weights", "sleepers-and-hogs"]'
json "the states' times add up to the life of the vCPU, exactly" two.json 'all(.scenarios[].runs[].domains[].vcpus[];
	.run_ns + .ready_ns + .limited_ns + .costop_ns + .blocked_ns + .paused_ns == .stop_ns - .start_ns)'
json "a vCPU lives as long as the run" two.json 'all(.scenarios[].runs[]; .duration_ns as $all | all(.domains[].vcpus[];
	.stop_ns == $all and .start_ns < $all / 2))'
json "a domain's time is its vCPUs'" two.json 'all(.scenarios[].runs[].domains[]; .run_ns == ([.vcpus[].run_ns] | add))'
json "no more than there is" two.json 'all(.scenarios[0].runs[]; ([.domains[].run_ns] | add) <= 1.001 * .duration_ns)'
json "work was done" two.json 'all(.scenarios[].runs[].domains[].vcpus[]; .progress > 0)'
json "the folder holds the same object" two/two-weights/summary.json '.runs == ($all[0].scenarios[0].runs)' --slurpfile all two.json

out=$("$COXSWAIN" run "$TOP/workloads/scenarios/two-weights.yaml" -d 300ms --json 2>/dev/null | jq -r .scenario)
[ "$out" = two-weights ] && pass "through a pipe" || fail "through a pipe" "$out"

# Under real-time priority the first of its threads would be the only one to run.
"$COXSWAIN" compare "$TOP/workloads/scenarios/two-weights.yaml" -s linux,rr -d 1s --realtime --json --out realtime >realtime.json 2>stderr || fail "status with --realtime" "$(cat stderr)"
json "--realtime leaves the baseline to the host's scheduler" realtime.json '[.runs[].realtime_asked] == [true, true] and .runs[0].realtime == false
	and all(.runs[0].domains[]; .run_ns > 0)'
expect "which the report says" 0 'linux: run without --realtime: it is the host' grep -A1 "linux: run without" realtime/report.txt

# What the scenario starts and stops is not kept waiting by vCPUs that have that priority.
cat >late.yaml <<'Y'
name: late
duration: 2s
domains:
  - {name: always, count: 4, workload: {name: hog}}
  - {name: early, stop: 500ms, workload: {name: hog}}
Y
"$COXSWAIN" run late.yaml -s rr --realtime --json >late.json 2>stderr || fail "status of starts and stops with --realtime" "$(cat stderr)"
json "a stop in time, and told" late.json '.runs[0].lives | length == 1 and .[0].domain == "early" and .[0].end == "stopped"'
