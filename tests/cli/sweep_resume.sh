# SPDX-License-Identifier: BSD-2-Clause
# Sweeps that are killed, stopped, run in parts and by several at once: nothing that is finished
# is lost or run again, and in the end there are the same tables as without all that.
. "$(dirname "$0")/lib.sh"
mark_processes

sweep=("$COXSWAIN" sweep)
ENOUGH=6 # finished points before something happens

cat >plan.yaml <<'Y'
# Question: does it come to the same in the end?
name: plan
duration: 10s
scenarios: [sleepers-and-hogs, two-weights]
schedulers: [rr, credit]
params: {slice: [2ms, 10ms], tslice: [5ms, 30ms]}
seeds: 1-5
Y
POINTS=40
"${sweep[@]}" plan.yaml --out whole --quiet >/dev/null || fail "an undisturbed sweep" "$(cat whole/log/*)"
[ "$(ls whole/points | wc -l)" -eq $POINTS ] && pass "an undisturbed sweep" || fail "an undisturbed sweep" "$(ls whole/points | wc -l) points"

# same NAME DIR: DIR has the tables of the undisturbed sweep, byte for byte.
same() {
	local f differ=
	for f in points domains workloads means; do
		cmp -s "whole/$f.csv" "$2/$f.csv" || differ+=" $f.csv"
	done
	cmp -s whole/summary.txt "$2/summary.txt" || differ+=" summary.txt"
	[ -z "$differ" ] && pass "$1" || fail "$1" "differ:$differ; $(ls "$2/points" 2>&1 | wc -l) points"
}
# so_many DIR: how many of them, by the shell alone, so that a busy host does not miss the moment.
so_many() {
	local f
	f=("$1"/points/[0-9]*.json)
	[ -e "${f[0]}" ] && echo ${#f[@]} || echo 0
}
finished() {
	ls "$1/points" 2>/dev/null | grep -E '^[0-9]+\.json$' | sed 's/^0*//; s/\.json$//' | sort -n
}
# started DIR: how often each point was begun, "NUMBER TIMES" each.
started() {
	awk '$2 == "start" { n[$1]++ } END { for (i in n) print i, n[i] }' "$1"/log/*.log | sort -n
}
# begin DIR [option...]: start a sweep; go on when some points are finished, but not all.
begin() {
	local dir=$1
	shift
	"${sweep[@]}" plan.yaml --out "$dir" "$@" >"$dir.out" 2>"$dir.err" &
	pid=$!
	for _ in {1..12000}; do
		[ "$(so_many "$dir")" -ge $ENOUGH ] && break
		sleep 0.01
	done
	[ "$(so_many "$dir")" -lt $POINTS ] || fail "$dir: it was too fast to be disturbed" ""
}
# not_again NAME DIR BEFORE LOG: no point of BEFORE, finished then, was begun since LOG.
not_again() {
	local again
	again=$(comm -12 <(sort "$3") <(tail -n +"$(($(wc -l <"$4") + 1))" "$2"/log/*.log | awk '$2 == "start" { print $1 }' | sort))
	[ -s "$3" ] && [ -z "$again" ] && pass "$1" || fail "$1" "again: $again"
}

# --- the parent is killed ---------------------------------------------------------------------
for jobs in 1 3; do
	begin killed-$jobs --jobs $jobs
	kill -9 $pid
	wait $pid 2>/dev/null
	nothing_left "killed, $jobs jobs: its processes end with it"
	finished killed-$jobs >before
	cp killed-$jobs/log/*.log log
	[ ! -e killed-$jobs/points.csv ] && [ "$(wc -l <before)" -ge $ENOUGH ] && pass "killed, $jobs jobs: what was finished is there" ||
		fail "killed, $jobs jobs: what was finished is there" "$(cat before)"
	"${sweep[@]}" plan.yaml --out killed-$jobs --quiet >/dev/null 2>again.err || fail "killed, $jobs jobs: it goes on" "$(cat again.err)"
	same "killed, $jobs jobs: in the end the same tables" killed-$jobs
	not_again "killed, $jobs jobs: nothing finished was run again" killed-$jobs before log
	said=$(started killed-$jobs | awk '{ n++ } $2 > 2 { print } $2 == 2 { twice++ } END { if (n != '$POINTS' || twice > '$jobs') print n, twice }')
	[ -z "$said" ] && pass "killed, $jobs jobs: only what was under way was begun twice" || fail "killed, $jobs jobs: only what was under way was begun twice" "$said"
done
for i in 1 2 3 4; do # again and again
	"${sweep[@]}" plan.yaml --out often --jobs 2 --quiet >/dev/null 2>&1 &
	pid=$!
	sleep 0.$((2 + i))
	kill -9 $pid
	wait $pid 2>/dev/null
done
"${sweep[@]}" plan.yaml --out often --quiet >/dev/null 2>&1
same "killed time and again: in the end the same tables" often
[ -z "$(ls -A often/points | grep -v '^[0-9]*\.json$')" ] && pass "and nothing half written is left" || fail "and nothing half written is left" "$(ls -A often/points)"

# --- a process of it is killed ------------------------------------------------------------------
begin worker --jobs 2
for _ in {1..100}; do # it may end by itself between the two
	child=$(pgrep -P $pid | head -n 1)
	[ -n "$child" ] && kill -9 "$child" 2>/dev/null && break
done
wait $pid
status=$?
[ -n "$child" ] && [ $status -eq 0 ] && pass "a killed process: its point is run again" || fail "a killed process: its point is run again" "status $status: $(cat worker.err)"
same "a killed process: the same tables" worker
said=$(started worker | awk '$2 > 1 { n += $2 } END { print n + 0 }')
[ "$said" -eq 2 ] || [ "$said" -eq 0 ] && pass "a killed process: only that point is begun twice" || fail "a killed process: only that point is begun twice" "$(started worker)"

# --- stopped ---------------------------------------------------------------------------------------
for signal in INT TERM; do
	begin stop-$signal --jobs 2
	kill -$signal $pid
	wait $pid
	status=$?
	[ $status -eq 1 ] && grep -qE "^coxswain: [0-9]+ of $POINTS points are finished; the same command goes on from there" stop-$signal.err &&
		pass "SIG$signal: says how to go on" || fail "SIG$signal: says how to go on" "status $status: $(cat stop-$signal.err)"
	nothing_left "SIG$signal: nothing is left running"
	finished stop-$signal >before
	[ "$(($(wc -l <stop-$signal/points.csv) - 1))" -eq "$(wc -l <before)" ] && grep -q 'missing' stop-$signal.out &&
		pass "SIG$signal: what is finished is told" || fail "SIG$signal: what is finished is told" "$(cat stop-$signal.out)"
	cp stop-$signal/log/*.log log
	"${sweep[@]}" stop-$signal/plan.yaml --out stop-$signal --quiet >/dev/null 2>&1
	same "SIG$signal: gone on with by the copy of the plan, the same tables" stop-$signal
	not_again "SIG$signal: nothing finished was run again" stop-$signal before log
done

# --- several at once ----------------------------------------------------------------------------
begin both --jobs 1
expect "a second sweep in one folder is refused" 1 "both: a sweep is running there already, process $pid: wait for it or stop it" "${sweep[@]}" plan.yaml --out both
wait $pid
same "and does not disturb the first" both
# Parts that overlap, all at the same time, from nothing.
pids=()
for part in 1-20 11-30 21-40 5-35 1,3,5,40; do
	"${sweep[@]}" plan.yaml --out parts --points $part --quiet >"part.$part" 2>&1 &
	pids+=($!)
done
wrong=
for pid in "${pids[@]}"; do
	wait "$pid" || wrong+=" $pid"
done
[ -z "$wrong" ] && [ "$(finished parts | wc -l)" -eq $POINTS ] && pass "parts that overlap, at once" || fail "parts that overlap, at once" "$wrong: $(cat part.*)"
# And that begin in one folder while others still fill it.
printf 'duration: 5ms\nscenarios: [two-weights]\nschedulers: [rr]\nseeds: 1-10\n' >small.yaml
wrong=
for round in {1..8}; do
	pids=()
	for part in 1-4 3-6 5-8 7-10 1,10; do
		"${sweep[@]}" small.yaml --out small-$round --points $part --quiet >"small.$part" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || wrong+=" $round: $(cat small.*-* small.1,10)"
	done
done
[ -z "$wrong" ] && pass "parts that begin at once" || fail "parts that begin at once" "$wrong"
[ "$(started parts | awk '$2 == 1' | wc -l)" -eq $POINTS ] && pass "each point was begun once" || fail "each point was begun once" "$(started parts)"
[ ! -e parts/points.csv ] && pass "parts make no tables" || fail "parts make no tables" ""
"${sweep[@]}" plan.yaml --out parts --quiet >/dev/null 2>&1
same "the whole makes them, with nothing left to run" parts
[ "$(started parts | awk '$2 == 1' | wc -l)" -eq $POINTS ] && pass "and runs nothing again" || fail "and runs nothing again" "$(started parts)"

# --- not the same sweep any more -------------------------------------------------------------------
mkdir mine && cp "$TOP/workloads/scenarios/two-weights.yaml" mine/two.yaml && cp "$BUILD/lib/coxswain/schedulers/rr.so" mine/
printf 'duration: 100ms\nscenarios: [two.yaml]\nschedulers: [./rr.so]\n' >mine/plan.yaml
"${sweep[@]}" mine/plan.yaml --out changed --quiet >/dev/null
sed 's/100ms/200ms/' mine/plan.yaml >mine/other.yaml
expect "another plan is refused" 2 'changed/plan.yaml: the sweep there began with another plan \(line 1 differs\)' "${sweep[@]}" mine/other.yaml --out changed
expect "also for a part" 2 'changed/plan.yaml: the sweep there began with another plan' "${sweep[@]}" mine/other.yaml --out changed --points 1
echo '# changed' >>mine/two.yaml
expect "another scenario is refused" 2 'changed/scenarios/two.yaml: the sweep there began with another scenario' "${sweep[@]}" mine/plan.yaml --out changed
cp "$TOP/workloads/scenarios/two-weights.yaml" mine/two.yaml
cp "$BUILD/lib/coxswain/schedulers/credit.so" mine/rr.so
expect "another policy is refused" 2 'changed/schedulers/rr.so: the sweep there began with another policy' "${sweep[@]}" mine/plan.yaml --out changed
rm changed/points/*
expect "but the folder goes on with its own" 0 'Sweep: changed' "${sweep[@]}" changed/plan.yaml --out changed
json "as it began" changed/points/000001.json '.summary.runs[0].scheduler == "rr"'

# --- hosts in files ------------------------------------------------------------------------------------
mkdir -p there/deep
one() { # TOPOLOGY: a scenario on that host
	sed "s|^duration:.*|duration: 100ms\ntopology: $1|" "$TOP/workloads/scenarios/two-weights.yaml"
}
one that.xml | tee there/one.yaml >there/deep/one.yaml
cp "$TOP/tests/topology/two-sockets.xml" there/that.xml
cp "$TOP/tests/topology/vm-2-cpus.xml" there/deep/that.xml
printf 'scenarios: [one.yaml, deep/one.yaml]\nschedulers: [rr]\nseeds: 1-2\n' >there/plan.yaml
printf 'scenarios: [one.yaml]\nschedulers: [rr]\nset: {topology: [deep/that.xml, "pu:3", host, that.xml]}\n' >there/set.yaml
cpus() { # of the line that describes a host
	head -n 1 | grep -oE ', [0-9]+ CPU' | tr -dc 0-9
}
hosts() { # DIR CPUS...: so many CPUs have the hosts of its points
	local dir=$1 point n=0
	shift
	for point in "$dir"/points/*.json; do
		[ "$(jq -r .summary.host "$point" | cpus)" = "$1" ] && shift && n=$((n + 1))
	done
	[ $# -eq 0 ] && pass "$dir: each on its host" || fail "$dir: each on its host" "$n are right: $(jq -r .summary.host "$dir"/points/*.json | tr '\n' ';')"
}
"${sweep[@]}" there/plan.yaml --out of-scenarios --quiet >/dev/null
hosts of-scenarios 16 16 2 2
"${sweep[@]}" there/set.yaml --out of-plan --quiet >/dev/null
hosts of-plan 2 3 "$("$COXSWAIN" topology | cpus)" 16
cp -r of-scenarios/points scenarios.points && cp -r of-plan/points plan.points
for dir in of-scenarios of-plan; do # from another folder, with files that are not those any more
	[ $dir = of-plan ] && plan=set.yaml || plan=plan.yaml
	sed -i.before '4s/$/ /' there/deep/that.xml
	expect "$dir: another topology is refused" 2 "$dir/topologies/(scenario-one-2|set-1)/that.xml: the sweep there began with another topology \(line 4 differs\)" \
		"${sweep[@]}" there/$plan --out $dir
	rm $dir/points/*1.json $dir/points/*3.json
	(cd / && "${sweep[@]}" "$TMP/$dir/plan.yaml" --out "$TMP/$dir" --quiet) >/dev/null 2>again.err || fail "$dir: goes on from another folder" "$(cat again.err)"
	diff -r $dir/points ${dir#of-}.points >differ && pass "$dir: but the folder goes on with its own, the same to the byte" || fail "$dir: but the folder goes on with its own, the same to the byte" "$(head -n 3 differ)"
	"${sweep[@]}" there/$plan --out $dir --points 1 --quiet >/dev/null 2>again.err && pass "$dir: so does a part" || fail "$dir: so does a part" "$(cat again.err)"
	mv there/deep/that.xml.before there/deep/that.xml
	(cd there && "${sweep[@]}" $plan --out ../$dir --quiet) >/dev/null 2>again.err && pass "$dir: as they were, from another folder" || fail "$dir: as they were, from another folder" "$(cat again.err)"
done
rm there/that.xml
expect "a topology that is not there any more" 2 'plan.yaml: .*there/one.yaml:[0-9]+: topology: found "that.xml", allowed a file beside the scenario' "${sweep[@]}" there/plan.yaml --out of-scenarios
nothing_left "nothing is left behind"
