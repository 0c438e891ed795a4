# SPDX-License-Identifier: BSD-2-Clause
# What a scenario changes while it runs: a weight, a limit, a parameter, a pCPU that goes offline
# and comes back.  Facts of the record, on real KVM; never how fast.
. "$(dirname "$0")/lib.sh"
mark_processes

domains='domains:
  - name: light
    vcpus: 2
    workload: {name: hog}
  - name: heavy
    vcpus: 2
    workload: {name: hog}
  - name: nap
    count: 2
    workload: {name: sleeper}'

# bad NAME PATTERN CHANGES [OPTION...]: refused before anything starts.
bad() {
	printf 'duration: 2s\npcpus: "0"\n%s\nchanges:\n%s\n' "$domains" "$3" >bad.yaml
	expect "$1" 2 "$2" "$COXSWAIN" run bad.yaml -q "${@:4}"
}
bad "a change after the end" 'bad.yaml:14: changes\[0\].at: found "2s"' '  - {at: 2s, domain: nap, limit: 5}'
bad "a domain that is not there" 'bad.yaml:14: changes\[0\].domain: found "lihgt".*did you mean "light"' \
	'  - {at: 1s, domain: lihgt, limit: 5}'
bad "the last pCPU" 'bad.yaml:14: changes\[0\].pcpu: found "0", allowed any but the last one online' \
	'  - {at: 1s, pcpu: 0, online: no}'
bad "a CPU that is not the run's" 'bad.yaml:14: changes\[0\].pcpu: found "1", allowed a CPU of pcpus, "0"' \
	'  - {at: 1s, pcpu: 1, online: no}'
bad "a parameter out of range" 'bad.yaml:14: changes\[0\]: scheduler credit: tslice: found "5m", allowed' \
	'  - {at: 1s, param: {tslice: 5m}}' -s credit
bad "a parameter that credit does not have" 'bad.yaml:14: changes\[0\]: scheduler credit: no parameter "slice"' \
	'  - {at: 1s, param: {slice: 5ms}, scheduler: credit}' -s credit

if ! have_kvm; then
	skip "changes while running" "no /dev/kvm here"
	exit 0
fi

# One pCPU: half of it each, then a quarter and three quarters, from the event on.
cat >weights.yaml <<END
duration: 2s
pcpus: "0"
domains:
  - name: light
    workload: {name: hog}
  - name: heavy
    workload: {name: hog}
changes:
  - {at: 1s, domain: heavy, weight: 768}
  - {at: 500ms, param: {tslice: 5ms}}
  - {at: 1200ms, domain: light, limit: 60, reservation: 10}
END
# Both are hungry from the beginning, or nearly so.
follows='all(.runs[]; .duration_ns as $length
	| (.changes[] | select(.what == "weight") | .t_ns) as $t
	| (.domains[] | select(.name == "light") | .entitled_ns) - ($t / 2 + ($length - $t) / 4) | fabs < 0.05 * $length)'
measured weights.json 2000 "$follows" "$COXSWAIN" compare weights.yaml -s linux,rr,credit --watchdog 60s --trace --out weights --json
status=$?
[ $status -eq 0 ] && pass "a weight that changes" || fail "a weight that changes" "$status: $(cat weights.json.err)"
json "who heard of what" weights.json '[.runs[] | .changes | map("\(.type) \(.what // .index) \(.value)")] as [$linux, $rr, $credit]
	| ["domain_adjust weight 768", "domain_adjust reservation 10", "domain_adjust limit 60"] as $values
	| $linux == $values and $rr == $values and $credit == ["param_set 0 5000000"] + $values'
json "not before its time" weights.json 'all(.runs[].changes[]; .type != "domain_adjust" or .t_ns >= (if .what == "weight" then 1000000000 else 1200000000 end))'
json "what is ignored is told" weights.json '[.runs[].ignored] == ["reservation limit param tslice", "weight reservation limit param tslice", "reservation"]'
json "entitlement follows the weight" weights.json "$follows"
json "no trace is lost" weights.json 'all(.runs[]; .trace.lost == 0)'
json "not degraded" weights.json 'all(.runs[]; .degraded == false and .interrupted == false)'
if "$COXSWAIN" analyze weights --json >again.json 2>stderr; then
	json "the trace tells the same of it" weights.json '[.runs | sort_by(.scheduler)[] | [.scheduler, .changes, (.domains | map(.entitled_ns)), .pcpus]]
		== [$again[0].runs | sort_by(.scheduler)[] | [.scheduler, .changes, (.domains | map(.entitled_ns)), .pcpus]]' --slurpfile again again.json
else
	fail "the trace tells the same of it" "$(cat stderr)"
fi
expect "the table tells of it" 0 'during the run: at .* weight of heavy: 768' "$COXSWAIN" analyze weights

# linux raises a weight by making threads less nice, which takes a privilege.
if [ "$(id -u)" -eq 0 ]; then
	expect "a weight that the host does not let linux raise" 0 '"ignored": "reservation limit param tslice weight in changes\[0\] \(not permitted\)"' \
		setpriv --bounding-set=-sys_nice "$COXSWAIN" run weights.yaml -s linux --json
else
	skip "a weight that the host does not let linux raise" "not root"
fi

if [ "$(nproc)" -lt 2 ] || ! taskset -c 0,1 true 2>/dev/null; then
	skip "a pCPU that goes offline" "CPUs 0 and 1 are not both ours"
	exit 0
fi
printf 'duration: 3s\npcpus: "0-1"\n%s\nchanges:\n%s\n' "$domains" \
	'  - {at: 1s, pcpu: 1, online: no}
  - {at: 2s, pcpu: 1, online: yes}' >pool.yaml
went_on='all(.runs[].domains[].vcpus[]; .progress > 0)'
capacity='all(.runs[]; (2 * .duration_ns - .pcpus[1].offline_ns) as $most
	| ([.domains[].entitled_ns] | add) as $all | $all <= 1.001 * $most and $all >= 0.9 * $most)'
measured pool.json 3000 "$went_on and $capacity" "$COXSWAIN" compare pool.yaml -s linux,rr,credit --watchdog 60s --trace --out pool --json
status=$?
[ $status -eq 0 ] && pass "a pCPU that goes offline" || fail "a pCPU that goes offline" "$status: $(cat pool.json.err)"
json "it goes and comes back" pool.json 'all(.runs[]; [.changes[] | "\(.type) \(.pcpu)"] == ["pcpu_offline 1", "pcpu_online 1"])'
json "for as long as its events say" pool.json 'all(.runs[]; .pcpus[0].offline_ns == 0
	and .pcpus[1].offline_ns == .changes[1].t_ns - .changes[0].t_ns and .pcpus[1].offline_ns > 0)'
json "busy, idle and offline add up" pool.json 'all(.runs[]; .duration_ns as $all
	| all(.pcpus[]; .busy_ns + .idle_ns + .offline_ns == $all))'
json "the states' times add up, exactly" pool.json 'all(.runs[].domains[].vcpus[];
	.run_ns + .ready_ns + .limited_ns + .costop_ns + .blocked_ns + .paused_ns == .stop_ns - .start_ns)'
json "nobody runs twice at once" pool.json 'all(.runs[]; ([.pcpus[].busy_ns] | add) as $busy
	| ([.domains[].run_ns] | add) <= $busy * 1.001 + 1000000)'
json "everybody went on" pool.json "$went_on"
json "capacity is what was online" pool.json "$capacity"
json "not degraded either" pool.json 'all(.runs[]; .degraded == false and .interrupted == false and .faults == {})'
"$COXSWAIN" analyze pool --json >again.json 2>stderr
json "the trace tells the same of that" pool.json '[.runs | sort_by(.scheduler)[] | [.scheduler, .changes, (.domains | map(.entitled_ns)), .pcpus]]
	== [$again[0].runs | sort_by(.scheduler)[] | [.scheduler, .changes, (.domains | map(.entitled_ns)), .pcpus]]' --slurpfile again again.json
nothing_left "nothing is left behind"
