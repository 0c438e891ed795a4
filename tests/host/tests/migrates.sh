# SPDX-License-Identifier: BSD-2-Clause
#
# A policy that moves every vCPU at every turn and wake-up, over all pCPUs: nothing is lost on
# the way, and a vCPU keeps its one thread.  On kernels where KVM waits for an RCU grace
# period when a vCPU changes threads, that is why moves cost no 20 ms here; the latencies are
# printed beside those of a policy under which vCPUs stay, and kept with the results.  What a
# move costs that waits is a fact of order, not of speed: more than one that does not.
. "$(dirname "$0")/../../cli/lib.sh"
mark_processes
RESULTS=${CX_RESULTS:-$TMP/results}
WATCHDOG=60s
DURATION=200s # at most: it is stopped once every vCPU has had its turns
ENOUGH=5000000 # ns of CPU time that each vCPU's thread has, from the first look to the last
PATIENCE=60    # seconds

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
# vcpu_threads PID: those that KVM itself sees a vCPU in, which are named after them:
# "TID NAME ns-of-CPU-time" each.
vcpu_threads() {
	local task name ran
	for task in /proc/"$1"/task/*; do
		{ read -r name <"$task/comm" && read -r ran _ <"$task/schedstat"; } 2>/dev/null || continue
		[[ $name != */* ]] || echo "${task##*/} $name $ran"
	done | sort
}
# lazy BEFORE AFTER: which of the threads of BEFORE have not yet had their turns.
lazy() {
	awk -v enough=$ENOUGH 'NR == FNR { ran[$1] = $3; next } $1 in ran && $3 - ran[$1] < enough { print $2 }' \
		<(echo "$1") <(echo "$2") | paste -sd' '
}

moves='([.runs[0].domains[].vcpus[].migrations | add] | add)'
for policy in rr "$BUILD/tests/plugins/moves_always.so"; do
	name=$(basename "$policy" .so)
	"$COXSWAIN" run moving.yaml -s "$policy" --watchdog $WATCHDOG --out "$RESULTS/$name" --json >"$name.json" 2>stderr &
	run=$!
	for _ in {1..300}; do
		before=$(vcpu_threads $run)
		[ "$(grep -c . <<<"$before")" -eq "$VCPUS" ] && break
		sleep 0.1
	done
	since=$SECONDS
	while sleep 0.5; do
		after=$(vcpu_threads $run)
		[ -n "$(lazy "$before" "$after")" ] && [ $((SECONDS - since)) -lt $PATIENCE ] || break
	done
	kill -TERM $run
	wait $run && pass "$name: done" || fail "$name: done" "$(tail -n 3 stderr | tr '\n' '|')"
	tids=$(cut -d' ' -f1,2 <<<"$before" | paste -sd' ')
	[ "$(grep -c . <<<"$before")" -eq "$VCPUS" ] && [ "$tids" = "$(cut -d' ' -f1,2 <<<"$after" | paste -sd' ')" ] &&
		pass "$name: each of $VCPUS vCPUs keeps its thread" ||
		fail "$name: each of $VCPUS vCPUs keeps its thread" "first '$tids', then '$(cut -d' ' -f1,2 <<<"$after" | paste -sd' ')'"
	waiting=$(lazy "$before" "$after")
	[ -z "$waiting" ] && pass "$name: each has its turns" ||
		fail "$name: each has its turns" "after $((SECONDS - since)) s not so: $waiting"
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

# A bare vCPU: moved with its thread, and entered by two threads in turn.
check "what a move costs is measured" sh -c "'$BUILD/bench/moving' >'$RESULTS/moving.txt'"
sed 's/^/  /' "$RESULTS/moving.txt"
# cost HOW PERCENTILE: ns.
cost() {
	awk -v how="$1, $2" 'index($0, how) == 1 { $0 = substr($0, length(how) + 1); print $1 }' "$RESULTS/moving.txt"
}
# less NAME NS THAN-NS: what they are is said.
less() {
	[ "${2:-0}" -gt 0 ] && [ "${2:-0}" -lt "${3:-0}" ] && pass "$1" || fail "$1" "'$2' ns; from thread to thread '$3' ns"
}
if [ $pcpus -lt 2 ] || ! printf '%s\n6.13\n' "$(uname -r)" | sort -VC; then
	echo "  this host has one pCPU, or a kernel that does not wait"
else
	less "a vCPU that moves with its thread waits for nobody" "$(cost 'move with its thread' p10)" "$(cost 'move between threads' p10)"
	less "nor do those of a run that moves all the time" "$(jq '.runs[0] | .dispatch.gap_ns.p50 // .gap_ns.p50' moves_always.json)" \
		"$(cost 'move between threads' p50)"
fi
nothing_left "no process and no file is left"
