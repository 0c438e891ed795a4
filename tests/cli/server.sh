# SPDX-License-Identifier: BSD-2-Clause
# What a guest of workload `server` measures, as a run with real VMs reports it.
. "$(dirname "$0")/lib.sh"

if ! have_kvm; then
	skip "server on real VMs" "no /dev/kvm here"
	exit 0
fi

results='[.runs[] | .duration_ns as $length | .domains[] | select(.name == "server") | .vcpus[] | {progress, $length} + .results]'

measured shipped.json 1000 'all(.runs[].domains[].vcpus[]; .progress > 0)' \
	"$COXSWAIN" compare server-and-hogs -s rr,credit --watchdog 60s --out shipped --json ||
	fail "status of server-and-hogs" "$(cat shipped.json.err)"
json "the shipped scenario serves requests" shipped.json "$results"' | length == 2 and all(.[]; .progress > 0 and .arrived >= .progress)'
json "percentiles are in order" shipped.json "$results"' | all(.[]; 0 < .p50_ns and .p50_ns <= .p99_ns
	and .p99_ns <= .p999_ns and .p999_ns <= .max_ns)'
json "the sum fits the largest" shipped.json "$results"' | all(.[]; .max_ns <= .sum_ns and .sum_ns <= .max_ns * .progress)'
json "who waits is counted" shipped.json "$results"' | all(.[]; .queue_max >= 1 and .arrived - .progress <= .queue_max)'
json "busy for as long as there was a request" shipped.json "$results"' | all(.[]; 0 < .busy_ns and .busy_ns <= .sum_ns and .busy_ns < .length)'
grep -q 'p99_ns' shipped/report.html && pass "the report shows the response times" ||
	fail "the report shows the response times" "$(grep -c . shipped/report.html) lines"

# 100 requests at even intervals, and it ends: as many arrived, alone in the queue or not.
cat >ends.yaml <<'Y'
# Does a server end with its last request?
name: ends
duration: 20s
seed: 3
domains:
  - name: server
    vcpus: 2
    workload: {name: server, interval: 1ms, service: 50us, periodic: yes, requests: 100}
  - name: random
    workload: {name: server, interval: 1ms, service: 50us, exponential: yes, requests: 100}
Y
"$COXSWAIN" run ends.yaml -s rr --json >ends.json 2>stderr || fail "status of ends" "$(cat stderr)"
json "it ends with its last request" ends.json 'all(.runs[].domains[].vcpus[]; .progress == 100 and .results.arrived >= 100)'
json "each vCPU has requests of its own" ends.json '[.runs[].domains[].vcpus[].results.sum_ns] | unique | length == 3'

cat >wrong.yaml <<'Y'
name: wrong
duration: 1s
domains:
  - name: server
    workload: {name: server, interval: 9us}
Y
expect "an interval that is too short is refused" 2 'interval: found "9us", allowed a duration from 10us' "$COXSWAIN" run wrong.yaml
