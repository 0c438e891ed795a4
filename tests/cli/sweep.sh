# SPDX-License-Identifier: BSD-2-Clause
# Sweeps: what a plan may say, what is in the folder, what comes of policies that break, and
# disks that are full.
. "$(dirname "$0")/lib.sh"
mark_processes

sweep=("$COXSWAIN" sweep)
plugins=$BUILD/tests/plugins

# --- plans that are wrong: said with the place, before anything is made ---------------------
# bad NAME LINE PATTERN: standard input is a plan whose line LINE is wrong.
bad() {
	cat >"$1.yaml"
	expect "bad plan: $1" 2 "^coxswain: ([^ ]*/)?$1\.yaml:$2: .*$3" "${sweep[@]}" "$1.yaml"
}
bad unknown-scenario 1 'scenarios: no-such: no such scenario; .*two-weights' <<'Y'
scenarios: [no-such]
schedulers: [rr]
Y
bad missing-scenario 2 'scenarios: found "none.yaml", allowed a file beside the plan' <<'Y'
schedulers: [rr]
scenarios: [none.yaml]
Y
bad unknown-policy 2 'schedulers: scheduler "nobody" not found' <<'Y'
scenarios: [two-weights]
schedulers: [rr, nobody]
Y
bad simulated-baseline 2 'found "linux", allowed policies' <<'Y'
scenarios: [two-weights]
schedulers: [linux]
Y
bad unknown-parameter 3 'params.tslcie: found a parameter that none .*allowed slice, tslice.*did you mean "tslice"' <<'Y'
scenarios: [two-weights]
schedulers: [rr, credit]
params: {tslcie: 1ms}
Y
bad parameter-of-nobody 3 'params.rr.tslice: found a parameter that none' <<'Y'
scenarios: [two-weights]
schedulers: [rr, credit]
params: {rr.tslice: 1ms}
Y
bad parameter-out-of-range 3 'params.tslice: scheduler credit: tslice: found "1ns", allowed' <<'Y'
scenarios: [two-weights]
schedulers: [rr, credit]
params: {tslice: [30ms, 1ns]}
Y
bad value-twice 3 'params.tslice: found "1ms" and "1000us", allowed each value once' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
params: {tslice: [1ms, 1000us]}
Y
bad parameter-twice 3 'params.credit.tslice: found it for credit again \(first as tslice\)' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
params: {tslice: 1ms, credit.tslice: 5ms}
Y
bad unknown-cost 3 'costs.swich: .*switch' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
costs: {swich: 1us}
Y
bad cost-out-of-range 3 'costs.switch: .*allowed' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
costs: {switch: [1us, -1us]}
Y
bad unknown-domain 3 'set.domains.web.limit: .*two-weights.yaml: has no domain .*light, heavy' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
set: {domains.web.limit: 10}
Y
bad unknown-key 3 'set.domains.heavy.limt: .*two-weights.yaml:[0-9]+: .*did you mean "limit"' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
set: {domains.heavy.limt: 10}
Y
bad not-to-be-set 3 'set.seed: found "seed", allowed duration, pcpus, topology, domains' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
set: {seed: [1, 2]}
Y
bad second-value 3 'set.domains.heavy.limit: .*found "101", allowed' <<'Y'
scenarios: [two-weights]
schedulers: [credit]
set: {domains.heavy.limit: [10, 101]}
Y
bad empty-grid 1 'scenarios: found 0, allowed a list of 1 to 1000 scenarios' <<'Y'
scenarios: []
schedulers: [credit]
Y
cat >together.yaml <<'Y'
scenarios: [barrier-and-hogs]
schedulers: [credit]
set:
  domains.barrier.vcpus: [2, 1]
  domains.barrier.limit: [50, 150]
Y
expect "values that are wrong together" 2 \
	'together.yaml: with domains.barrier.vcpus=1 domains.barrier.limit=150: .*found "150", allowed .* 100,' "${sweep[@]}" together.yaml
cat >right-together.yaml <<'Y'
duration: 100ms
scenarios: [two-weights]
schedulers: [credit]
set: {domains.heavy.vcpus: 2, domains.heavy.limit: 150}
Y
expect "values that are right together only" 0 '^1 ' "${sweep[@]}" right-together.yaml --dry-run
cat >huge.yaml <<'Y'
scenarios: [two-weights]
schedulers: [credit]
params: {tslice: [1ms, 2ms]}
seeds: 1-600000
Y
expect "more points than is allowed" 2 'huge.yaml: its grid has more than 1000000 points' "${sweep[@]}" huge.yaml
expect "no such plan: the shipped are named" 2 'no-such: no such plan; .*slices' "${sweep[@]}" no-such
expect "a directory as plan" 2 'a folder, no plan' "${sweep[@]}" /
[ -z "$(find . -name coxswain-out -o -name lock)" ] && pass "nothing is made of a wrong plan" || fail "nothing is made of a wrong plan" "$(find . | tr '\n' ' ')"

cat >small.yaml <<'Y'
# Question: does it work?
name: small
duration: 300ms
scenarios: [two-weights, many-domains]
schedulers: [rr, credit]
params: {tslice: [5ms, 30ms]}
set: {domains.bursty.count: [1, 8]}
seeds: 1-3
Y
expect "wrong jobs" 2 "found '0'; allowed" "${sweep[@]}" small.yaml --jobs 0
expect "wrong via" 2 'allowed: parallel or slurm' "${sweep[@]}" small.yaml --via pigeon
expect "hosts without parallel" 2 'hosts is of --via parallel' "${sweep[@]}" small.yaml --hosts a
expect "points with via" 2 'points excludes' "${sweep[@]}" small.yaml --points 1 --via slurm
expect "wrong points" 2 "points: found '0'; allowed: numbers and ranges from 1 to 27" "${sweep[@]}" small.yaml --out wrong-points --points 0

# --- a sweep ------------------------------------------------------------------------------------
"${sweep[@]}" small.yaml --dry-run >dry.txt 2>dry.err
[ "$(wc -l <dry.txt)" -eq 27 ] && grep -q '^27 points$' dry.err && pass "a dry run lists the points" || fail "a dry run lists the points" "$(cat dry.txt dry.err)"
[ "$(sed -n 1p dry.txt)" = "1 two-weights rr seed=1" ] &&
	[ "$(tail -n 1 dry.txt)" = "27 many-domains credit tslice=30ms domains.bursty.count=8 seed=3" ] &&
	pass "in their order, each reached only by what is its own" || fail "in their order" "$(cat dry.txt)"
[ ! -e coxswain-out ] && pass "and makes nothing" || fail "and makes nothing" "$(find coxswain-out)"

"${sweep[@]}" small.yaml >small.out 2>small.err
status=$?
[ $status -eq 0 ] && [ ! -s small.err ] && [ "$(tail -n 1 small.out)" = "Sweep: coxswain-out/small" ] &&
	pass "a sweep runs, by default in coxswain-out" || fail "a sweep runs, by default in coxswain-out" "status $status: $(cat small.out small.err)"
grep -q ' progress/s' small.out && ! grep -q 'shortfall\|overshoot' small.out && pass "its table has what is there to tell" || fail "its table has what is there to tell" "$(cat small.out)"
grep -qE '^credit +30ms +8 +3 .*[0-9]+ms \+-' small.out && pass "its table has a line for each setting" || fail "its table has a line for each setting" "$(cat small.out)"
cd coxswain-out/small || exit 1
[ "$(ls points | wc -l)" -eq 27 ] && pass "one file a point" || fail "one file a point" "$(ls points)"
[ "$(wc -l <points.csv)" -eq 28 ] && [ "$(wc -l <means.csv)" -eq 10 ] && [ "$(wc -l <grid.csv)" -eq 28 ] &&
	[ "$(awk -F, '$2 == "\"two-weights\""' domains.csv | wc -l)" -eq 18 ] &&
	[ "$(awk -F, '$2 == "\"many-domains\""' domains.csv | wc -l)" -eq $((9 * 25 + 9 * 32)) ] &&
	pass "one line a point, a domain, a setting" || fail "one line a point, a domain, a setting" "$(wc -l ./*.csv)"
json "a point's file is the summary of its run" points/000027.json '.point == 27 and .outcome == "done"
	and .key == "many-domains credit tslice=30ms domains.bursty.count=8 seed=3"
	and (.summary.runs | length == 1) and .summary.runs[0].seed == 3 and .summary.machine == "sim"
	and (.summary.runs[0].params | contains("tslice=30ms")) and .summary.runs[0].duration_ns == 300000000
	and ([.summary.runs[0].domains[] | select(.name | startswith("bursty"))] | length == 8)'
# The tables say what the files say, and the means what the tables say.
want=$(jq -r '.summary.runs[0] | [.fairness.jain, .dispatch.switches, .dispatch.wake_latency_ns.p99] | map(tostring) | join(" ")' points/000014.json)
got=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $1 == 14 { print $c["jain"], $c["switches"], $c["wake_p99_ns"] }' points.csv)
[ -n "$want" ] && [ "$want" = "$got" ] && pass "points.csv has the figures of the run" || fail "points.csv has the figures of the run" "'$got', not '$want'"
column() { # FILE NAME: the first point's
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } NR == 2 { print $c[name] }' "$1"
}
want=$(jq -r '.summary.runs[0].domains | map(.progress * 1e9 / (.stop_ns - .start_ns)) | add | floor' points/000001.json)
got=$(column points.csv progress_per_s) && [ "$want" -gt 0 ] && [ "$want" = "${got%.*}" ] && [ "$(column points.csv progress_unit)" = '"units"' ] &&
	[ -z "$(column points.csv shortfall_worst_ns)$(column points.csv overshoot_worst_ns)" ] &&
	pass "points.csv has the progress of all domains" || fail "points.csv has the progress of all domains" "'$got', not '$want'"
want=$(jq -r '.summary.runs[0].domains[0] | .progress * 1e9 / (.stop_ns - .start_ns) | floor' points/000001.json)
got=$(column domains.csv progress_per_s) && [ "$want" = "${got%.*}" ] && pass "domains.csv that of each" || fail "domains.csv that of each" "'$got', not '$want'"
said=$(awk -F, '
	FNR == 1 { delete c; for (i = 1; i <= NF; i++) c[$i] = i; next }
	FILENAME == "points.csv" { key = $2 $3 $4 $5; n[key]++; sum[key] += $c["wake_p99_ns"]; squares[key] += $c["wake_p99_ns"] ^ 2; next }
	{
		key = $1 $2 $3 $4; mean = sum[key] / n[key]
		s = sqrt((squares[key] - n[key] * mean ^ 2) / (n[key] - 1))
		half = 4.302653 * s / sqrt(n[key])
		if ($c["wake_p99_ns"] != "" && (n[key] != 3 || ($c["wake_p99_ns"] - mean) ^ 2 > 1 || ($c["wake_p99_ns_ci95"] - half) ^ 2 > 1 + (half / 1e4) ^ 2))
			print key, mean, half, $0
		checked += $c["wake_p99_ns"] != ""
	}
	END { if (checked < 6) print "only", checked }' points.csv means.csv)
[ -z "$said" ] && pass "means.csv has the means and Student's intervals" || fail "means.csv has the means and Student's intervals" "$said"
for p in response-tslice.two-weights response-tslice.many-domains response-domains.bursty.count.many-domains; do
	[ -s plots/$p.svg ] && grep -q '</svg>' plots/$p.svg && [ -s plots/$p.csv ] && pass "plot $p" || fail "plot $p" "$(ls plots; cat plots/gnuplot.log)"
done
[ "$(ls plots/*.svg | wc -l)" -eq 3 ] && [ ! -e plots/gnuplot.log ] && pass "and no other; gnuplot has no complaint" || fail "and no other; gnuplot has no complaint" "$(ls plots; cat plots/gnuplot.log)"
grep -q 'tslice=5ms' plots/response-domains.bursty.count.many-domains.gp && pass "its title says where the other settings stand" || fail "its title says where the other settings stand" "$(cat plots/*.gp)"
cd "$TMP" || exit 1

# Progress that does not add up, a reservation that credit does not keep, a limit of a pool's.
cat >bound.yaml <<'Y'
duration: 1500ms
pcpus: "0"
pools:
  - {name: p, limit: 30}
domains:
  - {name: nap, workload: {name: sleeper}}
  - {name: a, reservation: 80, workload: {name: hog}}
  - {name: b, pool: p, count: 2, workload: {name: hog}}
Y
printf 'name: bound\nscenarios: [bound.yaml]\nschedulers: [credit]\nset: {domains.a.weight: [256, 512]}\n' >bound.plan.yaml
"${sweep[@]}" bound.plan.yaml --out bound >bound.out 2>&1
json "shortfall and overshoot are judged" bound/points/000001.json '.summary.runs[0] |
	.domains[1].reservation_shortfall.worst_ns > 1e8 and .pools[0].limit_overshoot.worst_ns > 1e8'
want=$(jq -r '.summary.runs[0] | "\(.domains[1].reservation_shortfall.worst_ns) \(.pools[0].limit_overshoot.worst_ns) \([.domains[1:][].progress] | add / 1.5 | floor)"' bound/points/000001.json)
got="$(column bound/points.csv shortfall_worst_ns) $(column bound/points.csv overshoot_worst_ns) $(column bound/points.csv progress_per_s)"
[ "$want" = "${got%.*}" ] && [ "$(column bound/points.csv progress_unit)" = '"units"' ] &&
	pass "points.csv has the worst of domains and pools, and the hogs' progress" || fail "points.csv has the worst of domains and pools, and the hogs' progress" "'$got', not '$want'"
grep -qE ' progress/s +shortfall +overshoot$' bound.out && grep -qE '^credit +256 .* [0-9.]+(k|M) +[0-9]+ms +[0-9]+ms$' bound.out &&
	pass "the table too" || fail "the table too" "$(cat bound.out)"
[ "$(grep -cE '^set title "(progress/s|shortfall|overshoot)' bound/plots/response-domains.a.weight.gp)" -eq 3 ] && [ -s bound/plots/response-domains.a.weight.svg ] &&
	pass "and the plot" || fail "and the plot" "$(cat bound/plots/*.gp)"

"${sweep[@]}" small.yaml --out j4 --jobs 4 --json >j4.json 2>j4.err
status=$?
json "--json: one object, and nothing else" j4.json '.total.points == 27 and .total.done == 27 and (.groups | length == 9)
	and (.groups[8] | .scheduler == "credit" and .settings.tslice == "30ms" and .figures.jain.n == 3 and (.figures.wake_p99_ns | .mean > 0 and .ci95 > 0))'
"${sweep[@]}" small.yaml --out j1 --jobs 1 --quiet >/dev/null
same=
for f in points domains workloads means; do
	cmp -s j1/$f.csv j4/$f.csv && cmp -s j1/$f.csv coxswain-out/small/$f.csv || same+=" $f.csv"
done
[ $status -eq 0 ] && [ -z "$same" ] && pass "the same bytes, however many processes" || fail "the same bytes, however many processes" "differ:$same"
env PATH="$TMP/nowhere" "${sweep[@]}" small.yaml --out bare >bare.out 2>&1
status=$?
[ $status -eq 0 ] && grep -q 'gnuplot is missing' bare.out && [ -s bare/means.csv ] && [ -s bare/plots/response-tslice.two-weights.gp ] &&
	pass "without gnuplot: told, and all but the plots is there" || fail "without gnuplot: told, and all but the plots is there" "status $status: $(cat bare.out)"

# --- settings that stand still, names that collide, files beside the plan ---------------------
mkdir beside && cat >beside/mine.yaml <<'Y'
domains:
  - {name: x, workload: {name: hog}}
  - {name: y, workload: {name: hog}}
Y
mkdir beside/old && cp beside/mine.yaml beside/old/ && cp "$BUILD/lib/coxswain/schedulers/credit.so" beside/old/
printf 'decide: 0ns\n' >beside/free.yaml
cat >beside/plan.yaml <<'Y'
duration: 200ms
costs_file: free.yaml
scenarios: [mine.yaml, old/mine.yaml]
schedulers: [credit, old/credit.so]
params: {credit-2.tslice: [5ms, 10ms], ratelimit: 0s}
costs: {switch: 5us}
set: {pcpus: "0", domains.x.weight: 512}
Y
expect "files beside the plan, names that collide" 0 '^credit-2 +10ms +1 ' "${sweep[@]}" beside/plan.yaml --out beside-out
[ -s beside-out/scenarios/mine-2.yaml ] && [ -s beside-out/schedulers/credit-2.so ] && [ -s beside-out/costs.yaml ] &&
	grep -q '^with ratelimit=0s, costs.switch=5us, pcpus=0, domains.x.weight=512$' beside-out/summary.txt &&
	pass "copies of all of them; what stands still is said once" || fail "copies of all of them; what stands still is said once" "$(find beside-out; cat beside-out/summary.txt)"
json "what is set is set" beside-out/points/000003.json '.summary.runs[0] | (.domains[0].weight == 512) and (.pcpus | length == 1)
	and (.params | contains("tslice=10ms") and contains("ratelimit=0s")) and (.dispatch.cost_ns.p99 == 0)'

# --- real VMs ------------------------------------------------------------------------------------
cat >real.yaml <<'Y'
machine: kvm
duration: 200ms
scenarios: [two-weights]
schedulers: [linux, rr, credit]
params: {slice: [1ms, 5ms]}
Y
if have_kvm; then
	expect "a sweep of real VMs, the baseline beside the policies" 0 '^rr +5ms +1 ' "${sweep[@]}" real.yaml --out real
	json "they were real" real/points/000001.json '.summary.machine == "kvm" and .summary.runs[0].scheduler == "linux"'
	[ ! -e real/topology.xml ] && pass "and need no host but their own" || fail "and need no host but their own" ""
else
	skip "a sweep of real VMs" "no /dev/kvm here"
fi
json "what is simulated is kept, so that it is the same on other hosts" j1/points/000001.json '.summary.host | contains("topology.xml")'

# --- policies that break -----------------------------------------------------------------------
cat >broken.yaml <<Y
duration: 2s
watchdog: 100ms
scenarios: [two-weights]
schedulers: [rr, $plugins/crashes_in_pick.so, $plugins/kills_its_process.so, $plugins/never_picks.so]
seeds: 1-2
Y
"${sweep[@]}" broken.yaml --out broken >broken.out 2>broken.err
status=$?
[ $status -eq 1 ] && pass "a policy that breaks: the sweep has failed" || fail "a policy that breaks: the sweep has failed" "status $status: $(cat broken.out broken.err)"
column() {
	awk -F, -v name="$1" -v point="$2" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $1 == point { print $c[name] }' broken/points.csv
}
# outcome POINT OUTCOME REASON
outcome() {
	[ "$(column outcome "$1")" = "$2" ] && column reason "$1" | grep -qE "$3" &&
		pass "point $1 $2: $3" || fail "point $1 $2: $3" "$(sed -n "$(($1 + 1))p" broken/points.csv)"
}
outcome 1 done ''
outcome 2 done ''
outcome 3 failed 'crashes_in_pick crashed in its operation pick: Segmentation fault'
outcome 6 failed 'killed by signal 9 \(Killed\) in each of 3 tries'
outcome 8 degraded 'never_picks left .* waiting'
grep -qE '^failed: point 3, two-weights crashes_in_pick seed=1: ' broken.out && grep -qE '^rr +2 ' broken.out &&
	grep -qE '^never_picks +0 .* 2 degraded$' broken.out && pass "the table says which and why, and has the others" || fail "the table says which and why, and has the others" "$(cat broken.out)"
[ "$(grep -c '^5 start' broken/log/*.log)" -eq 3 ] && [ "$(grep -c '^3 start' broken/log/*.log)" -eq 1 ] &&
	pass "a killed process is tried three times, a crash of the policy once" || fail "a killed process is tried three times, a crash of the policy once" "$(cat broken/log/*.log)"
"${sweep[@]}" broken.yaml --out broken >/dev/null 2>&1
[ "$(grep -c '^5 start' broken/log/*.log)" -eq 3 ] && pass "a failed point is finished" || fail "a failed point is finished" "$(cat broken/log/*.log)"
"${sweep[@]}" broken.yaml --out broken --retry >/dev/null 2>&1
[ "$(grep -c '^3 start' broken/log/*.log)" -eq 2 ] && [ "$(grep -c '^1 start' broken/log/*.log)" -eq 1 ] && [ "$(grep -c '^7 start' broken/log/*.log)" -eq 1 ] &&
	pass "--retry runs failed points again, and no others" || fail "--retry runs failed points again, and no others" "$(cat broken/log/*.log)"
printf 'duration: 2s\nwatchdog: 100ms\nscenarios: [two-weights]\nschedulers: [%s]\n' "$plugins/never_picks.so" >starved.yaml
expect "degraded alone" 3 'never_picks +0 .* 1 degraded' "${sweep[@]}" starved.yaml --out starved

# --- a point that is too large for this host's memory: its own failure, and the next is made ---
printf 'name: many\npcpus: "0"\nduration: 200ms\ndomains:\n  - {name: h, workload: {name: hog}}\n' >many.yaml
printf 'scenarios: [many.yaml]\nschedulers: [rr]\nset: {domains.h.count: [4000, 1]}\n' >large.yaml
(
	ulimit -v 100000 # KiB, of which a run of one hog needs a third
	"${sweep[@]}" large.yaml --out large >large.out 2>&1
)
[ $? -eq 1 ] && grep -qE '^failed: point 1, many rr .*=4000 .*out of memory' large.out && grep -qE '^rr +1 +1 +1\.0000' large.out &&
	pass "a point out of memory fails alone" || fail "a point out of memory fails alone" "$(cat large.out)"

# --- damage ---------------------------------------------------------------------------------------
head -c 100 j1/points/000003.json >cut && cp cut j1/points/000003.json
expect "a result that is not whole" 1 'j1/points/000003.json: is not whole: remove that file' "${sweep[@]}" small.yaml --out j1
cp j1/points/000004.json j1/points/000003.json
expect "a result of another point" 1 '000003.json: is not the result of that point' "${sweep[@]}" small.yaml --out j1
rm j1/points/000003.json
expect "removed, it is run again" 0 '^Sweep: j1$' "${sweep[@]}" small.yaml --out j1
cmp -s j1/points.csv j4/points.csv && pass "with the same figures" || fail "with the same figures" "$(diff j1/points.csv j4/points.csv)"
mkdir full && echo mine >full/file
expect "a folder that holds something else is refused" 2 'full: is there already and not empty' "${sweep[@]}" small.yaml --out full

# in_mounts COMMAND: a shell command with mounts of its own.
in_mounts() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m sh -c "$1"
	else
		unshare -rm sh -c "$1"
	fi
}
quoted=$(printf '%q ' "${sweep[@]}" small.yaml --jobs 2)
if in_mounts true 2>/dev/null; then
	mkdir mnt
	# Room for what a sweep begins with, and for some ten points.
	kib=$(($(du -ck j4/s*/ j4/*.yaml j4/*.xml j4/grid.csv | tail -n 1 | cut -f 1) + 40 + $(du -sk j4/points | cut -f 1) * 10 / 27))
	in_mounts "mount -t tmpfs -o size=${kib}k none mnt && { $quoted --out mnt/x >full.out 2>full.err; echo \$? >full.status
		ls mnt/x/points | wc -l >full.finished; ls -A mnt/x/points | grep -v '^[0-9]*\.json$' >full.left
		mount -t tmpfs -o remount,size=16m none mnt; $quoted --out mnt/x >again.out 2>&1; echo \$? >again.status
		cat mnt/x/points.csv >again.csv; cat mnt/x/log/* >again.log; }"
	[ "$(cat full.status)" = 1 ] && grep -qE 'mnt/x/[a-z]+/[^ ]*: cannot write it: No space left on device; make room there' full.err &&
		grep -q 'points are finished; the same command goes on' full.err && pass "a disk that fills: said, with what to do" || fail "a disk that fills: said, with what to do" "status $(cat full.status): $(cat full.err)"
	[ "$(cat full.finished)" -gt 2 ] && [ "$(cat full.finished)" -lt 27 ] && [ ! -s full.left ] && pass "what was finished is there, and nothing by halves" ||
		fail "what was finished is there, and nothing by halves" "$(cat full.finished full.left)"
	[ "$(cat again.status)" = 0 ] && cmp -s again.csv j4/points.csv && pass "with more room it goes on" || fail "with more room it goes on" "status $(cat again.status): $(cat again.out)"
else
	skip "a disk that fills" "mounts of one's own are not permitted here"
fi
nothing_left "nothing is left behind"
