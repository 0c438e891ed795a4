# SPDX-License-Identifier: BSD-2-Clause
# Simulated runs: the same results for the same seed, whatever else the host does; topologies that
# this host does not have; what cannot be simulated.
. "$(dirname "$0")/lib.sh"
mark_processes

mixed=$TOP/workloads/scenarios/mixed.yaml
sim=("$COXSWAIN" run "$mixed" --machine sim --json)
cat >wide.yaml <<'Y'
name: wide
duration: 2s
topology: "pack:2 l3:1 core:4 pu:2"
domains:
  - {name: hog, count: 5, vcpus: 2, workload: {name: hog}}
  - {name: bursty, count: 8, workload: {name: bursty, run: 3ms, block: 4ms, vary: 50}}
  - {name: walker, count: 4, workload: {name: cachewalk, size: 512KiB}}
Y
wide=("$COXSWAIN" run wide.yaml --machine sim --json)

# same FILE...: not empty, and all alike.
same() {
	local f
	for f in "${@:2}"; do
		[ -s "$1" ] && cmp "$1" "$f" || return 1
	done
}

check "a run" sh -c '"$@" >first.json' sh "${sim[@]}" -s credit -d 3s
json "says what it is" first.json '.machine == "sim" and .backend == "sim" and .runs[0].degraded == false'
json "lasts as long as was asked for, to the nanosecond" first.json '.runs[0].duration_ns == 3000000000'
json "the states' times add up, and everybody gets on" first.json 'all(.runs[].domains[].vcpus[];
	.run_ns + .ready_ns + .limited_ns + .costop_ns + .blocked_ns + .paused_ns == .stop_ns - .start_ns
	and .progress > 0)'
json "accounts and metrics agree" first.json '.runs[0].trace.disagreement_ns == 0 and .runs[0].trace.lost == 0'
json "nobody takes a simulated pCPU away" first.json '.runs[0].host_steal_ns == 0'

"${sim[@]}" -s credit -d 3s >again.json
check "the same again, to the byte" same first.json again.json
for i in 1 2 3 4; do
	"${sim[@]}" -s credit -d 3s >beside-$i.json &
done
wait
check "four at once are all the same" same first.json beside-{1,2,3,4}.json
taskset -c 0 "${sim[@]}" -s credit -d 3s >pinned.json
check "wherever it runs" same first.json pinned.json
"${sim[@]}" -s credit -d 3s --seed 2 >seed.json
cmp -s first.json seed.json && fail "another seed is another run" || pass "another seed is another run"
"${sim[@]}" -s credit -d 3s --shuffle-ties 1 >shuffled.json
"${sim[@]}" -s credit -d 3s --shuffle-ties 1 >shuffled-again.json
check "ties by chance, the same for one seed" same shuffled.json shuffled-again.json
json "and as sound" shuffled.json '.runs[0].degraded == false and all(.runs[].domains[].vcpus[]; .progress > 0)'

check "a host that is not here" sh -c '"$@" >wide.json' sh "${wide[@]}" -s credit
json "has the pCPUs that were described" wide.json '.runs[0].pcpus | length == 16'
json "moves over every distance it has" wide.json '[.runs[0].domains[].vcpus[].migrations | to_entries[] |
	select(.value > 0) | .key] | unique | contains(["llc", "node", "smt"])'
json "hogs of equal weight fare alike" wide.json '[.runs[0].domains[] | select(.name | startswith("hog")) | .run_ns] |
	(max - min) / max < 0.1'
check "all policies" sh -c '"$@" >all.json' sh "$COXSWAIN" compare wide.yaml --machine sim -d 500ms -j
json "but the baseline" all.json '[.runs[].scheduler] == ["rr", "credit", "propshare"]'

# Traces in virtual time: the same text, whatever the host does; and the same figures.
for run in a b; do
	check "recorded, $run" sh -c "'$COXSWAIN' compare '$mixed' --machine sim -d 1s --trace --json --out trace-$run >trace-$run.json"
	for policy in rr credit; do
		"$COXSWAIN" analyze trace-$run/trace-$policy --events >events-$run-$policy
	done
done
json "no event is lost" trace-a.json 'all(.runs[].trace; .events > 100 and .lost == 0)'
check "two traces, one text: rr" same events-a-rr events-b-rr
check "two traces, one text: credit" same events-a-credit events-b-credit
"$COXSWAIN" analyze trace-a --json >analyzed.json
same_times "what the trace says is what the program said" trace-a.json analyzed.json
cat >bounds.yaml <<'Y'
name: bounds
duration: 4s
pcpus: "0"
domains:
  - {name: kept, reservation: 60, workload: {name: hog}}
  - {name: held, limit: 30, workload: {name: hog}}
  - {name: sleeper, workload: {name: sleeper}}
changes:
  - {at: 2s, domain: held, limit: 10}
Y
check "reservations and limits" sh -c "'$COXSWAIN' compare bounds.yaml --machine sim -s rr,credit --trace --json --out bounds >bounds.json"
json "rr keeps neither" bounds.json '.runs[0].domains | .[0].reservation_shortfall.worst_ns > 5e7 and .[1].limit_overshoot.worst_ns > 1e8
	and .[0].reservation_shortfall.window_ns == 1e9 and .[1].limit_overshoot.judged_ns == 4e9'
json "credit keeps the limit within a few slices" bounds.json '.runs[1].domains[1].limit_overshoot.worst_ns < 1e8'
figures='def figures: [.runs[] | .scheduler as $s | .domains[] | {$s, name, entitled_ns, percent, lag_ns, reservation_shortfall,
	limit_overshoot}] | sort_by(.s, .name);'
"$COXSWAIN" analyze bounds --json --out again >analyzed.json
json "shortfall, overshoot, lag and states are the same from the trace" bounds.json \
	"$figures"' figures == ($again[0] | figures)' --slurpfile again analyzed.json
for file in over-time.csv domains.csv; do
	check "and over time: $file" cmp <(sort bounds/data/$file) <(sort again/data/$file)
done

for option in "--topology pu:4" "--costs none" "--cost switch=1us" "--shuffle-ties 1"; do
	! have_kvm || expect "${option%% *} with real VMs" 2 'is for the simulator' "$COXSWAIN" run two-weights -m kvm $option
done
"${sim[@]}" -s rr -d 500ms --topology "core:8 pu:1" --pcpus all >all-pcpus.json
json "all pCPUs, whatever the scenario says" all-pcpus.json '.runs[0].pcpus | length == 8'
expect "pCPUs that are not there" 2 'pcpus: CPU list "0-9".*highest CPU number, 7' "${sim[@]}" --topology "core:8 pu:1" --pcpus 0-9
cat >small.yaml <<'Y'
name: small
domains:
  - {name: big, vcpus: 4, workload: {name: cachewalk, size: 8MiB}}
Y
expect "a guest that gives up is told of" 0 'domain big gave up \(exit status 2\)' "$COXSWAIN" run small.yaml -m sim -d 1s

cat >ends.yaml <<'Y'
name: ends
duration: 10s
pcpus: "0"
domains:
  - {name: hog, count: 2, workload: {name: hog, work: 100000}}
Y
check "domains that end" sh -c '"$@" >ends.json' sh "$COXSWAIN" run ends.yaml --machine sim -s rr --json
json "end the run, at that nanosecond" ends.json '.runs[0].duration_ns == ([.runs[0].domains[].vcpus[].stop_ns] | max) and
	.runs[0].duration_ns < 1e9 and all(.runs[0].domains[]; .end == "exit")'

cat >own.yaml <<Y
name: own
duration: 100ms
domains:
  - {name: own, workload: {name: $BUILD/tests/guests/probe.elf}}
Y
expect "a workload without a model" 2 'own.yaml:[0-9]+: domain own: workload .* has no model.*hog' \
	"$COXSWAIN" run own.yaml --machine sim
# --- a host in a file: beside the scenario, or where one is ----------------------------------
mkdir beside apart elsewhere
cp "$TOP/tests/topology/two-sockets.xml" beside/that.xml
sed 's/^topology:.*/topology: that.xml/' wide.yaml | tee beside/wide.yaml >apart/wide.yaml
cp "$TOP/tests/topology/two-sockets.xml" elsewhere/that.xml
(cd beside && "$COXSWAIN" run wide.yaml --machine sim --json) >beside.json
json "a topology file where one is" beside.json '(.host | contains("(that.xml), 16 CPUs"))'
(cd elsewhere && "$COXSWAIN" run ../apart/wide.yaml --machine sim --json) >apart.json
check "a topology file in the current folder, the scenario elsewhere: the same" same apart.json beside.json
cp "$TOP/tests/topology/vm-2-cpus.xml" that.xml
"$COXSWAIN" run beside/wide.yaml --machine sim --json >from-here.json
check "a topology file beside the scenario comes before one in the current folder" same from-here.json beside.json
"$COXSWAIN" run beside/wide.yaml --machine sim --json --topology that.xml >option.json
json "but what --topology names is in the current folder" option.json '(.host | contains("(that.xml), 2 CPUs"))'
rm beside/that.xml && mkfifo beside/that.xml
"$COXSWAIN" run beside/wide.yaml --machine sim --json >fifo.json
json "what is no file is not taken for one" fifo.json '(.host | contains("(that.xml), 2 CPUs"))'
rm that.xml
expect "no such file, and where it was looked for" 1 'apart/wide.yaml:[0-9]+: topology: found "that.xml", allowed a file beside the scenario or in the current folder' \
	"$COXSWAIN" run apart/wide.yaml --machine sim
sed -i 's/^topology:.*/topology: "core:x"/' wide.yaml
expect "no such topology, and where" 2 'wide.yaml:[0-9]+: topology "core:x"' "$COXSWAIN" run wide.yaml --machine sim
nothing_left "no process is left, nor a file"
