# SPDX-License-Identifier: BSD-2-Clause
#
# A policy that moves every vCPU at every turn and wake-up, over all pCPUs: nothing is lost on
# the way, and a vCPU keeps its one thread.  On kernels where KVM waits for an RCU grace
# period when a vCPU changes threads, that is why moves cost no 20 ms here; the latencies are
# printed beside those of a policy under which vCPUs stay, and kept with the results.
. "$(dirname "$0")/../../cli/lib.sh"
mark_processes
RESULTS=${CX_RESULTS:-$TMP/results}
WATCHDOG=60s
DURATION=120s # at most: it is stopped once its threads have been looked at twice

if ! have_kvm; then
	skip "vCPUs that always move" "no /dev/kvm here"
	exit 0
fi
mkdir -p "$RESULTS"
pcpus=$(nproc)
cat >moving.yaml <<Y
name: moving
duration: $DURATION
pcpus: "0-$((pcpus - 1))"
domains:
  - {name: hog, count: $(((pcpus + 1) / 2)), workload: {name: hog}}
  - {name: sleeper, count: 2, workload: {name: sleeper, period: 10ms}}
Y
VCPUS=$(((pcpus + 1) / 2 + 2))

distances=$("$COXSWAIN" topology | awk '/^Distances/ { on = 1; next } on' | grep -oE 'SMT|LLC|node|remote' |
	tr '[:upper:]' '[:lower:]' | sort -u | jq -R . | jq -sc .)
moves='([.runs[0].domains[].vcpus[].migrations | add] | add)'
for policy in rr "$BUILD/tests/plugins/moves_always.so"; do
	name=$(basename "$policy" .so)
	"$COXSWAIN" run moving.yaml -s "$policy" --watchdog $WATCHDOG --out "$RESULTS/$name" --json >"$name.json" 2>stderr &
	run=$!
	# The threads that KVM itself sees a vCPU in are named after them: one each, from the
	# first look to the last.
	for _ in {1..300}; do
		threads=$(cat /proc/$run/task/*/comm 2>/dev/null | grep -c '/')
		[ "$threads" -eq "$VCPUS" ] && break
		sleep 0.1
	done
	before=$(grep -l / /proc/$run/task/*/comm 2>/dev/null | sort | tr '\n' ' ')
	sleep 3
	after=$(grep -l / /proc/$run/task/*/comm 2>/dev/null | sort | tr '\n' ' ')
	kill -TERM $run
	wait $run && pass "$name: done" || fail "$name: done" "$(tail -n 3 stderr | tr '\n' '|')"
	[ -n "$before" ] && [ "$before" = "$after" ] && pass "$name: every vCPU keeps its thread" ||
		fail "$name: every vCPU keeps its thread" "first '$before', then '$after'"
	cp "$name.json" "$RESULTS/"
	json "$name: sound" "$name.json" '.runs[0] | .degraded == false and .faults == {} and .trace.disagreement_ns == 0
		and all(.domains[]; .end == "run-end") and all(.domains[].vcpus[];
			.run_ns + .ready_ns + .limited_ns + .costop_ns + .blocked_ns + .paused_ns == .stop_ns - .start_ns
			and .run_ns > 0)'
done
json "they move at more than half of the switches" moves_always.json "$moves > .runs[0].dispatch.switches / 2"
json "over every distance of this host, and no other" moves_always.json \
	'[[.runs[0].domains[].vcpus[].migrations | to_entries[] | select(.value > 0) | .key] | unique] == [$distances]' \
	--argjson distances "$distances"
us='def us: . / 1000 | round | tostring; '
figures() {
	jq -r "$us"'.runs[0] | "  \(.dispatch.switches) switches, wake-up p50 \(.dispatch.wake_latency_ns.p50 // .wake_latency_ns.p50 | us) us, " +
		"from guest to guest p50 \(.dispatch.gap_ns.p50 // .gap_ns.p50 | us) us p99 \(.dispatch.gap_ns.p99 // .gap_ns.p99 | us) us"' "$1"
}
for name in rr moves_always; do
	echo "  $name: $(figures $name.json), $(jq "$moves" $name.json) moves"
done
[ ! -x "$BUILD/bench/moving" ] || "$BUILD/bench/moving" | tee "$RESULTS/moving.txt" | sed 's/^/  /'
nothing_left "no process and no file is left"
